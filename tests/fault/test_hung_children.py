"""A process that was given a delivery and does not claim it is reported and replaced; the task runs all the same."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.faults import children_of, codes, is_gone
from tests.support.stack import START_METHODS, Stack
from tests.support.testing_service import HANG_BEFORE_CLAIM
from tests.support.waiting import wait_until

SOON = {"BATON_WORKER__CLAIM_TIMEOUT": "1"}
LATE = {"BATON_WORKER__CLAIM_TIMEOUT": "600"}

# first imports that take long, as on a busy machine with a cold disk: the watchdog's, and the one before the first fork
SLOW_IMPORTS = """
import sys, time

class Slow:
    def find_spec(self, name, path=None, target=None):
        time.sleep({"encodings.idna": 3, "billiard.popen_fork": 1.5}.get(name, 0))

sys.meta_path.insert(0, Slow())
"""


# a spawned process that starts slowly, as one that imports torch on a busy machine
SLOW_START = """
import sys, time

if "--billiard-fork" in sys.orig_argv:
    time.sleep(4)
"""


@pytest.fixture(params=START_METHODS)
def either(request: pytest.FixtureRequest, stack: Stack) -> Stack:
    """A stack whose worker's processes are forked, and one where they are spawned."""
    stack.environment.update(START_METHODS[request.param])
    stack.gateway()
    return stack


def ready_child(stack: Stack) -> int:
    """Return the pid of the worker's process once that has run a task, so that it has started up."""
    stack.wait_for(stack.submit("testing.echo"), timeout=60)
    (child,) = wait_until(lambda: children_of(stack, "testing"))
    return child


def reasons(stack: Stack) -> dict[str, str]:
    found = stack.http.get("/v1/monitoring/health").json()["reasons"]
    return {reason["code"]: reason["message"] for reason in found}


def test_a_stopped_idle_process_is_replaced_when_it_does_not_take_its_delivery(either: Stack) -> None:
    either.worker(**SOON)
    child = ready_child(either)
    os.kill(child, signal.SIGSTOP)
    task_id = either.submit("testing.echo", {"text": "x"})
    assert either.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    assert is_gone(child)
    assert codes(either, task_id) == ["started", "task_complete"], "it costs no attempt"


def test_a_process_that_hangs_before_its_claim_is_replaced_and_reported(either: Stack) -> None:
    either.worker(**SOON)
    child = ready_child(either)
    (either.share / HANG_BEFORE_CLAIM).touch()
    task_id = either.submit("testing.echo", {"text": "x"})
    assert either.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    assert is_gone(child)
    assert codes(either, task_id) == ["started", "task_complete"], "it costs no attempt"
    message = wait_until(lambda: reasons(either).get("delivery_not_claimed"))
    assert task_id in message
    wait_until(lambda: either.redis.client.hget("monitor:actions", "delivery_not_claimed") == "1")


def test_while_it_hangs_the_wait_reason_names_the_worker(stack: Stack) -> None:
    stack.gateway()
    stack.worker(**LATE)
    (stack.share / HANG_BEFORE_CLAIM).touch()
    task_id = stack.submit("testing.echo")
    reason = wait_until(lambda: find_wait_reason(stack, task_id, "not_claimed"))
    assert "testing@" in reason["message"]


def find_wait_reason(stack: Stack, task_id: str, reason: str) -> dict[str, str] | None:
    found: dict[str, str] = stack.http.get(f"/v1/tasks/{task_id}/wait-reason").json()
    return found if found["reason"] == reason else None


def test_a_cancel_frees_the_worker_of_a_delivery_that_was_never_claimed(either: Stack) -> None:
    either.worker(**LATE)
    (either.share / HANG_BEFORE_CLAIM).touch()
    task_id = either.submit("testing.echo")
    wait_until(lambda: not (either.share / HANG_BEFORE_CLAIM).exists())
    either.http.post(f"/v1/tasks/{task_id}/cancel")
    assert either.wait_for(task_id)["status"] == "CANCELLED"
    after = either.submit("testing.echo")
    assert either.wait_for(after, timeout=60)["status"] == "SUCCESS"


def test_no_process_is_forked_while_the_parent_imports(stack: Stack, tmp_path: Path) -> None:
    """The first connection to Redis imports `encodings.idna`: a process forked meanwhile would wait for it for ever."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_IMPORTS)
    stack.gateway()
    # under this seed, Celery used to start the watchdog before the pool
    stack.worker(PYTHONPATH=str(tmp_path), PYTHONHASHSEED="3", **LATE)
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"


@pytest.mark.parametrize("limit", ["BATON_WORKER__CLAIM_TIMEOUT", "BATON_TASKS__CANCEL_GRACE"])
def test_a_process_that_starts_slowly_is_not_replaced_for_the_delivery_it_inherits(
    stack: Stack, tmp_path: Path, limit: str
) -> None:
    """A process that ends after its task may have the next delivery in its pipe: its successor gets that with it."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_START)
    stack.gateway()
    one_task_each = {"BATON_WORKER__MAX_MEMORY_MIB": "1"}
    stack.worker(PYTHONPATH=str(tmp_path), **START_METHODS["spawn"], **one_task_each, **{limit: "1"})
    for task_id in [stack.submit("testing.echo") for _ in range(4)]:
        assert stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
        assert codes(stack, task_id) == ["started", "task_complete"]
    assert "delivery_not_claimed" not in stack.read_log("worker")
    assert "attempt_killed" not in stack.read_log("worker")
