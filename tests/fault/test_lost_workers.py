"""A worker that dies costs an attempt, never a task, and leaves nothing behind."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import (
    child_of,
    children_of,
    codes,
    ffmpegs_of,
    is_broker_empty,
    is_gone,
    kill_worker,
    partial_files,
)
from tests.support.receiver import Receiver
from tests.support.stack import START_METHODS, Stack
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def ffmpeg_stack(shared_stack: Stack) -> Stack:
    """The module's stack, with ffmpeg beside the testing service."""
    shared_stack.worker("ffmpeg", BATON_TASKS__CANCEL_GRACE="10")
    return shared_stack


@pytest.fixture
def clean_stack(ffmpeg_stack: Stack) -> Iterator[Stack]:
    """The same, after which nothing of a test may be left in the broker or in half-written files."""
    yield ffmpeg_stack
    wait_until(lambda: is_broker_empty(ffmpeg_stack))
    assert partial_files(ffmpeg_stack) == []


def attempt_of(context: dict[str, Any], task: str = "testing.work") -> tuple[str, int]:
    return context["status"], context["stages"][task]["attempt"]


def test_a_killed_child_costs_one_attempt_and_the_callback_comes_once(clean_stack: Stack, receiver: Receiver) -> None:
    task_id = clean_stack.submit("testing.work", {"seconds": 0.6, "log": "runs.log"}, callback=receiver.url)
    os.kill(child_of(clean_stack, task_id), signal.SIGKILL)
    assert attempt_of(clean_stack.wait_for(task_id)) == ("SUCCESS", 2)
    assert codes(clean_stack, task_id) == ["started", "retrying", "resumed", "task_complete"]
    wait_until(lambda: receiver.types_of(task_id))
    after = clean_stack.submit(
        "testing.echo", {}, callback=receiver.url
    )  # a second delivery would have come before this one
    wait_until(lambda: receiver.types_of(after))
    assert receiver.types_of(task_id) == ["task.completed"]
    folders = sorted(folder.name for folder in (clean_stack.share / "workflows" / task_id).iterdir())
    assert folders == ["attempt-2"]


def test_a_killed_ffmpeg_worker_child_takes_its_ffmpeg_along(clean_stack: Stack, film: Path) -> None:
    shutil.copy(film, clean_stack.share / "film.mp4")
    task_id = clean_stack.submit("ffmpeg.transcode", {"media_path": "film.mp4", "container": "webm", "speed": "slow"})
    child = child_of(clean_stack, task_id)
    (ffmpeg,) = wait_until(lambda: ffmpegs_of(child))
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: is_gone(ffmpeg))
    wait_until(lambda: attempt_of(clean_stack.read(task_id), "ffmpeg.transcode") == ("RUNNING", 2))
    clean_stack.http.post(f"/v1/tasks/{task_id}/cancel")
    assert clean_stack.wait_for(task_id)["status"] == "CANCELLED"


def test_a_poisonous_task_fails_after_three_attempts_and_the_queue_goes_on(
    clean_stack: Stack, receiver: Receiver
) -> None:
    poison = clean_stack.submit("testing.work", {"seconds": 0.1, "die_on": [1, 2, 3, 4, 5]}, callback=receiver.url)
    others = [clean_stack.submit("testing.echo", {"text": str(n)}) for n in range(5)]
    assert all(clean_stack.wait_for(task_id)["status"] == "SUCCESS" for task_id in others)
    context = clean_stack.wait_for(poison)
    assert attempt_of(context) == ("FAILED", 3)
    assert context["error"]["code"] == "worker_lost"
    assert len(clean_stack.closing_events(poison)) == 1
    wait_until(lambda: receiver.types_of(poison) == ["task.failed"])


def test_an_attempt_that_hangs_in_c_is_killed_once_it_was_taken_back(clean_stack: Stack) -> None:
    task_id = clean_stack.submit("testing.work", {"seconds": 0.1, "hang_on": [1], "log": "hang.log"})
    hung = child_of(clean_stack, task_id)
    assert attempt_of(clean_stack.wait_for(task_id)) == ("SUCCESS", 2)
    assert is_gone(hung)


def test_an_engine_that_computes_with_the_interpreters_lock_held_is_not_taken_for_dead(clean_stack: Stack) -> None:
    task_id = clean_stack.submit("testing.work", {"seconds": 0.1, "spin_on": [1]})
    assert attempt_of(clean_stack.wait_for(task_id, timeout=100)) == ("SUCCESS", 1)


def test_a_killed_worker_is_noticed_by_its_silence(stack: Stack, receiver: Receiver) -> None:
    stack.gateway()
    worker = stack.worker()
    task_id = stack.submit("testing.work", {"seconds": 1, "log": "runs.log"}, callback=receiver.url)
    child_of(stack, task_id)
    kill_worker(worker)
    stack.worker()
    assert attempt_of(stack.wait_for(task_id)) == ("SUCCESS", 2)
    wait_until(lambda: receiver.types_of(task_id) == ["task.completed"])
    assert codes(stack, task_id) == ["started", "retrying", "resumed", "task_complete"]
    assert partial_files(stack) == []


@pytest.fixture(params=START_METHODS)
def either(request: pytest.FixtureRequest, stack: Stack) -> Stack:
    """A stack whose worker's processes are forked, and one where they are spawned."""
    stack.environment.update(START_METHODS[request.param])
    return stack


def test_a_dead_child_is_replaced_at_once(either: Stack) -> None:
    either.gateway()
    either.worker()
    task_id = either.submit("testing.work", {"seconds": 0.3, "die_on": [2]})
    child = child_of(either, task_id)
    os.kill(child, signal.SIGKILL)
    assert attempt_of(either.wait_for(task_id)) == ("SUCCESS", 3)
    assert codes(either, task_id) == ["started", "retrying", "resumed", "retrying", "resumed", "task_complete"]
    assert child not in children_of(either, "testing")


def test_a_child_dies_with_its_parent(either: Stack) -> None:
    either.gateway()
    worker = either.worker()
    task_id = either.submit("testing.work", {"seconds": 1, "log": "runs.log"})
    child = child_of(either, task_id)
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(child))
    either.worker()
    assert attempt_of(either.wait_for(task_id)) == ("SUCCESS", 2)
