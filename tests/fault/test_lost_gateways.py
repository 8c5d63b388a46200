"""A gateway that dies takes no task along: what it recorded, the next one publishes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import httpx

from common.clock import utcnow
from common.settings import RedisSettings, TaskSettings
from common.state.client import SyncRedis
from common.state.context import InputParams, Stage, WorkflowContext
from common.state.store import StateStore, Submission
from tests.support.faults import codes
from tests.support.stack import Stack
from tests.support.testing_service import ECHO
from tests.support.waiting import wait_until

SUBMISSIONS = 200


def test_a_task_recorded_by_a_gateway_that_died_is_published_by_the_next(stack: Stack) -> None:
    """The record alone, on the dispatch list: that is all that such a gateway leaves."""
    redis = SyncRedis(RedisSettings.model_validate({"url": stack.redis.url}))
    context = WorkflowContext(
        workflow_id="orphan",
        task_id="orphan",
        task_name=ECHO.name,
        created_at=utcnow(),
        updated_at=utcnow(),
        input_params=InputParams(task_name=ECHO.name, input_data={"text": "still here"}),
        shared_storage_path=PurePosixPath(stack.share / "workflows" / "orphan"),
        stages={ECHO.name: Stage()},
    )
    store = StateStore(TaskSettings(state_ttl=timedelta(hours=1)))
    assert redis.run(store.create(Submission(context, ECHO, digest="1", priority=5))).outcome == "created"
    redis.close()
    stack.worker()
    stack.gateway()
    assert stack.wait_for("orphan")["stages"][ECHO.name]["output"] == {"text": "still here"}
    assert codes(stack, "orphan") == ["started", "task_complete"]


def test_a_gateway_killed_between_record_and_broker_loses_nothing(stack: Stack) -> None:
    """The broker refuses messages while the record is still written, so death finds the gateway between the two."""
    stack.worker()
    gateway = stack.gateway()
    stack.redis.client.execute_command("ACL", "SETUSER", "default", "-lpush", "-rpush")
    tasks = [stack.submit("testing.echo", {"text": str(number)}) for number in range(3)]
    wait_until(lambda: stack.read_log("gateway").count("dispatch_failed"))
    gateway.kill()
    gateway.wait()
    stack.redis.client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert set(stack.redis.client.zrange("tasks:dispatch", 0, -1)) == set(tasks)
    stack.gateway()
    assert all(stack.wait_for(task_id)["status"] == "SUCCESS" for task_id in tasks)


def test_a_gateway_goes_on_publishing_after_the_broker_refused(stack: Stack) -> None:
    stack.worker()
    stack.gateway()
    stack.redis.client.execute_command("ACL", "SETUSER", "default", "-lpush", "-rpush")
    task_id = stack.submit("testing.echo")
    wait_until(lambda: stack.read_log("gateway").count("dispatch_failed"))
    stack.redis.client.execute_command("ACL", "SETUSER", "default", "+@all")
    assert stack.wait_for(task_id)["status"] == "SUCCESS"
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"


def test_every_accepted_task_is_done_though_a_gateway_dies_under_load(stack: Stack) -> None:
    stack.worker()
    gateway = stack.gateway()
    answers: dict[str, int] = {}

    def submit(number: int) -> None:
        """Post a task as a client does that only stops once the gateway has answered."""
        task_id = f"load-{number}"
        body = {"task_name": "testing.echo", "input_data": {"text": task_id}, "task_id": task_id}
        wait_until(lambda: post(task_id, body))

    def post(task_id: str, body: dict[str, Any]) -> bool:
        try:
            answers[task_id] = stack.http.post("/v1/tasks", json=body).status_code
        except httpx.TransportError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        posted = [pool.submit(submit, number) for number in range(SUBMISSIONS)]
        wait_until(lambda: len(answers) >= SUBMISSIONS // 4)
        gateway.kill()
        gateway.wait()
        assert len(answers) < SUBMISSIONS, "it must die in the middle"
        stack.gateway()
        for each in posted:
            each.result()
    assert set(answers.values()) <= {200, 202}  # 200: the gateway that died had recorded it, but not answered
    wait_until(lambda: stack.redis.client.zcard("tasks:index:SUCCESS") == SUBMISSIONS)
    assert all(codes(stack, task_id) == ["started", "task_complete"] for task_id in answers)
