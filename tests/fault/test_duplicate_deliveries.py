"""A delivery is only a hint: the same message again runs nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from common.worker.app import broker_priority, create_app
from services import settings
from tests.support.faults import broker_queue, child_of, codes, is_broker_empty, starts, wait_for_messages
from tests.support.stack import Stack
from tests.support.waiting import wait_until


@pytest.fixture
def publisher(stack: Stack) -> Iterator[Celery]:
    """A Celery app like the gateway's own."""
    with create_app(settings(redis={"url": stack.redis.url})) as app:
        yield app


def test_the_same_message_before_during_and_after_the_run_runs_nothing(stack: Stack, publisher: Celery) -> None:
    stack.gateway(BATON_GPU_LOCK_MONITOR__RECONCILE_INTERVAL="3600")  # every copy is this test's own
    task_id = stack.submit("testing.work", {"seconds": 1, "log": "runs.log"})
    (message,) = wait_for_messages(stack)
    stack.redis.client.delete(broker_queue())
    stack.worker()
    stack.worker()
    stack.redis.client.lpush(broker_queue(), message, message, message)
    child_of(stack, task_id)
    stack.redis.client.lpush(broker_queue(), message)
    publish(publisher, stack.read(task_id))
    wait_until(lambda: stack.read_log("worker").count("delivery_refused") >= 2)
    assert stack.read(task_id)["status"] == "RUNNING"
    finished = stack.wait_for(task_id)
    publish(publisher, finished)
    stack.redis.client.lpush(broker_queue(), message)
    wait_until(lambda: stack.read_log("worker").count("delivery_refused") == 6)
    assert starts(stack) == {task_id: 1}
    assert codes(stack, task_id) == ["started", "task_complete"]
    assert stack.read(task_id) == finished
    wait_until(lambda: is_broker_empty(stack))


def test_a_message_of_a_removed_task_runs_nothing(stack: Stack) -> None:
    stack.gateway()
    task_id = stack.submit("testing.work", {"log": "runs.log"})
    (message,) = wait_for_messages(stack)
    assert stack.http.post(f"/v1/tasks/{task_id}/cancel").status_code == 202
    assert stack.http.delete(f"/v1/tasks/{task_id}").status_code == 204
    stack.redis.client.lpush(broker_queue(), message)
    stack.worker()
    wait_until(lambda: stack.read_log("worker").count('"status": "GONE", "event": "delivery_refused"') == 2)
    assert not (stack.share / "runs.log").exists()
    assert stack.http.get(f"/v1/tasks/{task_id}").status_code == 404
    wait_until(lambda: is_broker_empty(stack))


def publish(app: Celery, context: dict[str, Any]) -> None:
    app.send_task(
        context["task_name"],
        args=[context],
        task_id=context["task_id"],
        queue="testing",
        priority=broker_priority(5),
    )
