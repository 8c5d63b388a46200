"""Redis dies, or stands still, in mid-queue: nothing is lost, nothing runs twice at once, each task ends once."""

import signal
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from common.errors import StateUnavailable
from common.settings import RedisSettings
from common.state.append_only_file import AppendOnlyFile
from common.state.client import SyncRedis
from common.state.clock_steps import clock_steps
from common.state.context import Status
from common.worker.app import create_worker
from common.worker.job import Job
from services import settings
from tests.support.delivery import record, run
from tests.support.faults import codes, let_pass, starts
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack
from tests.support.testing_service import EchoInput, EchoOutput
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

QUEUED = 50
KILLS = 4
MOST_KILLS = 30
WORK = {"seconds": 0.1, "log": "runs.log"}


def count_successes(stack: Stack) -> int:
    count: int = stack.redis.client.zcard("tasks:index:SUCCESS")
    return count


def has_finished(stack: Stack, count: int) -> bool:
    return count_successes(stack) >= count


def each_ended_once(stack: Stack, tasks: list[str]) -> None:
    assert set(starts(stack)) == set(tasks)
    assert all(len(stack.closing_events(task_id)) == 1 for task_id in tasks)
    assert all(codes(stack, task_id)[-1] == "task_complete" for task_id in tasks)


def test_fifty_queued_tasks_outlive_a_redis_that_is_killed_again_and_again(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    stack.worker()
    tasks = [stack.submit("testing.work", WORK) for _ in range(QUEUED)]
    for number in range(1, KILLS + 1):
        wait_until(partial(has_finished, stack, number * QUEUED // (KILLS + 2)))
        stack.redis.kill()
        stack.redis.start()
    wait_until(lambda: count_successes(stack) == QUEUED, timeout=60)
    each_ended_once(stack, tasks)


def test_a_worker_whose_acknowledgement_was_lost_takes_the_next_task(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    for number in range(1, MOST_KILLS):
        stack.submit("testing.echo")
        wait_until(partial(has_finished, stack, number), every=0.0005)
        stack.redis.kill()  # between the result and the acknowledgement, with some luck
        stack.redis.start()
        wait_until(stack.is_ready)
        if "Couldn't ack" in stack.read_log("worker"):
            break
    assert "Couldn't ack" in stack.read_log("worker")
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"


def test_a_redis_that_stands_still_for_seven_seconds_loses_and_doubles_nothing(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    stack.worker()
    tasks = [stack.submit("testing.work", WORK) for _ in range(QUEUED)]
    wait_until(lambda: count_successes(stack) >= 10)
    stack.redis.signal(signal.SIGSTOP)
    let_pass(7)
    stack.redis.signal(signal.SIGCONT)
    wait_until(lambda: count_successes(stack) == QUEUED, timeout=60)
    each_ended_once(stack, tasks)
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"


def test_an_outage_longer_than_the_heartbeat_timeout_interrupts_an_attempt_and_costs_none(stack: Stack) -> None:
    """A worker cannot tell it from a network that is cut, behind which another one has been given the task."""
    stack.gateway()
    stack.worker()
    task_id = stack.submit("testing.work", {"seconds": 5, "log": "runs.log", "checkpoint": True})
    stack.wait_for(task_id, "RUNNING")
    stack.redis.kill()
    let_pass(3)
    stack.redis.start()
    stage = stack.wait_for(task_id)["stages"]["testing.work"]
    assert stage["attempt"] == 2
    assert stage["output"]["began_at"] > 0, "it resumes"
    assert starts(stack) == {task_id: 2}
    control = stack.redis.client.hgetall(f"task_control:{task_id}")
    assert (control["attempt_limit"], control["interruptions"]) == ("4", "1")


def test_an_attempt_outlives_an_outage_shorter_than_the_heartbeat_timeout(stack: Stack) -> None:
    patient = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 30}'}
    stack.gateway(**patient)
    stack.worker(**patient)
    task_id = stack.submit("testing.work", {"seconds": 5, "log": "runs.log"})
    stack.wait_for(task_id, "RUNNING")
    stack.redis.kill()
    let_pass(3)
    stack.redis.start()
    assert stack.wait_for(task_id)["stages"]["testing.work"]["attempt"] == 1
    assert starts(stack) == {task_id: 1}
    assert codes(stack, task_id) == ["started", "task_complete"]


def test_a_full_redis_refuses_new_tasks_and_goes_on_when_there_is_room(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    running = stack.submit("testing.work", {"seconds": 4, "log": "runs.log"})
    stack.wait_for(running, "RUNNING")
    stack.redis.client.config_set("maxmemory", 1)
    answer = stack.http.post("/v1/tasks", json={"task_name": "testing.echo", "input_data": {}})
    assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
    wait_until(lambda: "end" in (stack.share / "runs.log").read_text())
    stack.redis.client.config_set("maxmemory", 0)
    context = stack.wait_for(running)
    assert (context["status"], context["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 1)
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"


def test_an_end_that_redis_lost_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is killed between its answer and its file, and comes back without the end of the attempt."""
    server = RedisServer(tmp_path / "redis").start()
    share = {"share": str(tmp_path), "min_free_bytes": 0}
    app = create_worker(settings(redis={"url": server.url}, storage=share), "testing")
    file, before, ends = server.append_only_file, [], []

    def echo(params: EchoInput, _job: Job) -> EchoOutput:
        wait_until(lambda: not server.client.info("persistence")["aof_buffer_length"])  # the claim is written down
        before.append(file.read_bytes())
        return EchoOutput(text=params.text)

    def lose_file_once() -> AppendOnlyFile:
        ends.append(record(app).control.status)
        if len(ends) == 1:
            server.kill()
            file.write_bytes(before[0])
            server.start()
            assert record(app).control.status is Status.RUNNING
            raise StateUnavailable
        return SyncRedis.file(app.process.redis)

    try:
        monkeypatch.setattr(app.process.redis, "file", lose_file_once)
        assert run(app, echo).status is Status.SUCCESS
        assert ends == [Status.SUCCESS, Status.SUCCESS]
        assert record(app).control.status is Status.SUCCESS
    finally:
        app.process.redis.close()
        server.stop()


def test_a_task_that_asks_redis_during_an_outage_is_interrupted_and_has_not_failed(
    redis: SyncRedis, redis_server: RedisServer, tmp_path: Path
) -> None:
    """As one does that waits for a device; its Redis is another one here, which is not there."""
    storage = {"share": str(tmp_path / "share"), "min_free_bytes": 0}
    app = create_worker(settings(redis={"url": redis_server.url}, storage=storage), "testing")

    def ask(_params: EchoInput, _job: Job) -> EchoOutput:
        with closing(SyncRedis(RedisSettings.model_validate({"url": f"redis://127.0.0.1:{free_port()}/0"}))) as away:
            return EchoOutput(text=str(away.run(clock_steps())))

    with closing(app.process.redis):
        run(app, ask)
        control = record(app).control
    assert (control.status, control.attempt_limit, control.interruptions) == (Status.PENDING, 4, 1)
