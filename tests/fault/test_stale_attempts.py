"""An attempt that was taken back while it was away can change nothing of the newer one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.support.faults import child_of, codes, is_broker_empty
from tests.support.stack import Stack
from tests.support.waiting import wait_until

AFTER_ITS_END_S = 2.0
"""In which the rest of the work is done, and fails for want of its folder."""


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two workers whose parents leave a stale child alone, so that it comes back."""
    with Stack(tmp_path_factory.mktemp("stack"), BATON_TASKS__CANCEL_GRACE="600") as own:
        own.gateway()
        own.worker()
        own.worker()
        yield own


@pytest.mark.parametrize("silent", [False, True], ids=["that reports", "that is silent"])
def test_a_stale_attempt_changes_no_state_no_event_and_no_file(two_workers: Stack, *, silent: bool) -> None:
    task_id = two_workers.submit("testing.work", {"seconds": 0.5, "silent": silent, "checkpoint": True})
    stale = child_of(two_workers, task_id)
    os.kill(stale, signal.SIGSTOP)
    try:
        context = two_workers.wait_for(task_id)
        assert (context["status"], context["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 2)
        before = read_everything(two_workers, task_id)
    finally:
        os.kill(stale, signal.SIGCONT)
    wait_until(lambda: is_broker_empty(two_workers))  # its delivery is over
    assert read_everything(two_workers, task_id) == before
    assert codes(two_workers, task_id) == ["started", "retrying", "resumed", "task_complete"]


def test_a_stale_attempt_is_killed_by_its_own_parent_when_it_does_not_let_go(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    task_id = stack.submit("testing.work", {"seconds": 0.5})
    stale = child_of(stack, task_id)
    os.kill(stale, signal.SIGSTOP)
    context = stack.wait_for(task_id)  # by the same worker, which has room again
    assert (context["status"], context["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 2)
    assert stack.read_log("worker").count("attempt_killed")


def read_everything(stack: Stack, task_id: str) -> dict[str, Any]:
    """Return all that is kept of a task: its record, its events, and the bytes of its second attempt's files."""
    client, folder = stack.redis.client, stack.share / "workflows" / task_id
    return {
        "context": client.get(f"workflow_state:{task_id}"),
        "control": client.hgetall(f"task_control:{task_id}"),
        "events": client.xrange(f"events:{task_id}"),
        "files": {str(file): content(file) for file in sorted((folder / "attempt-2").rglob("*"))},
    }


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def test_the_last_attempt_of_a_silent_worker_leaves_no_half_file_and_reports_no_bug(tmp_path: Path) -> None:
    with Stack(tmp_path, BATON_TASKS__MAX_ATTEMPTS="1", BATON_TASKS__CANCEL_GRACE="600") as stack:
        stack.gateway()
        stack.worker()
        task_id = stack.submit("testing.work", {"seconds": 1})
        half = stack.share / "workflows" / task_id / "attempt-1" / ".partial" / "result.txt"
        wait_until(half.exists)
        stale = child_of(stack, task_id)
        os.kill(stale, signal.SIGSTOP)
        try:
            assert stack.wait_for(task_id, "FAILED")["error"]["code"] == "worker_lost"
            wait_until(lambda: not half.parent.exists())
            stack.redis.kill()  # so that it cannot hear at once that it was taken back
        finally:
            os.kill(stale, signal.SIGCONT)
        wait_until(lambda: "heartbeat_failed" in stack.read_log("worker"))
        Event().wait(AFTER_ITS_END_S)
        stack.redis.start()
        wait_until(lambda: "attempt_fenced" in stack.read_log("worker"))
        assert not stack.read_log("worker").count("task_raised")
