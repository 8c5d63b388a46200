"""A worker that is told to stop finishes what it can and gives the rest back at once."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.faults import child_of, codes, ffmpegs_of, is_gone, partial_files
from tests.support.stack import START_METHODS, Stack
from tests.support.waiting import PATIENCE_S, wait_until

# so long that only a task that is given back is finished in time
SLOW = {
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 60}',
    "BATON_WORKER__SHUTDOWN_GRACE": "1",
}


@pytest.fixture(params=START_METHODS, autouse=True)
def start_method(request: pytest.FixtureRequest, stack: Stack) -> None:
    """Run each test with processes that are forked and with such that are spawned."""
    stack.environment.update(START_METHODS[request.param])


def test_a_short_task_is_finished_before_the_worker_stops(stack: Stack) -> None:
    stack.gateway()
    worker = stack.worker(**SLOW)
    task_id = stack.submit("testing.work", {"seconds": 0.6})
    child_of(stack, task_id)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert codes(stack, task_id) == ["started", "task_complete"]
    assert stack.http.get("/v1/monitoring/workers").json()["workers"] == [], "one that stopped in order is not missed"


def test_a_long_task_is_given_back_after_the_grace_and_its_attempt_is_not_counted(stack: Stack) -> None:
    stack.gateway(**SLOW)
    worker = stack.worker(**SLOW)
    long = {"seconds": 2, "checkpoint": True}
    task_id = stack.submit("testing.work", long)
    waiting = [stack.submit("testing.echo") for _ in range(3)]
    child = child_of(stack, task_id)
    wait_until(lambda: stack.read(task_id)["stages"]["testing.work"]["progress"]["percent"] > 10)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: stack.read(task_id)["status"] == "PENDING")
    assert is_gone(child)
    worker.wait(timeout=PATIENCE_S)
    assert partial_files(stack) == []
    stack.worker(**SLOW)
    context = stack.wait_for(task_id)
    stage = context["stages"]["testing.work"]
    assert (context["status"], stage["attempt"]) == ("SUCCESS", 2)
    assert stage["output"]["began_at"] > 0, "it resumes"
    assert codes(stack, task_id) == ["started", "retrying", "resumed", "task_complete"]
    assert stack.redis.client.hget(f"task_control:{task_id}", "attempt_limit") == "4"
    assert all(stack.wait_for(each)["status"] == "SUCCESS" for each in waiting)
    assert all(codes(stack, each) == ["started", "task_complete"] for each in waiting)


def test_a_stop_that_also_reaches_the_child_gives_its_task_back(stack: Stack) -> None:
    """As a supervisor does that signals the whole process group."""
    stack.gateway(**SLOW)
    worker = stack.worker(**SLOW)
    task_id = stack.submit("testing.work", {"seconds": 1})
    child = child_of(stack, task_id)
    worker.send_signal(signal.SIGTERM)
    os.kill(child, signal.SIGTERM)
    worker.wait(timeout=PATIENCE_S)
    assert stack.read(task_id)["status"] in {"PENDING", "SUCCESS"}
    stack.worker(**SLOW)
    assert stack.wait_for(task_id)["status"] == "SUCCESS"
    assert codes(stack, task_id).count("task_complete") == 1


def test_a_shutdown_that_signals_every_process_costs_no_attempt(stack: Stack, film: Path) -> None:
    """As an init system does: the worker, its child, and the ffmpeg below it."""
    stack.gateway(**SLOW)
    worker = stack.worker("ffmpeg", **SLOW)
    shutil.copy(film, stack.share / "film.mp4")
    task_id = stack.submit("ffmpeg.transcode", {"media_path": "film.mp4", "container": "webm", "speed": "slow"})
    child = child_of(stack, task_id)
    (ffmpeg,) = wait_until(lambda: ffmpegs_of(child))
    for pid in (ffmpeg, child, worker.pid):
        os.kill(pid, signal.SIGTERM)
    worker.wait(timeout=60)
    wait_until(lambda: stack.read(task_id)["status"] == "PENDING")
    assert is_gone(child)
    assert is_gone(ffmpeg)
    control = stack.redis.client.hgetall(f"task_control:{task_id}")
    assert int(control["attempt_limit"]) - int(control["attempt"]) == 3, "all attempts are left"
    assert partial_files(stack) == []


def test_an_idle_worker_stops_at_once(stack: Stack) -> None:
    worker = stack.worker(**SLOW)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0  # its process may only just be starting
