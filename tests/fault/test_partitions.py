"""A worker that is cut off from Redis stops its attempt before another one begins."""

import json
import os
import signal
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.support.faults import child_of, codes, is_gone, let_pass
from tests.support.proxy import Cut, Proxy
from tests.support.stack import QUICK, Stack
from tests.support.waiting import wait_until

HEARTBEAT = json.loads(QUICK["BATON_GPU_LOCK_MONITOR__HEARTBEAT"])
CUTS = [cut for cut in Cut if cut is not Cut.NONE]


@pytest.fixture
def proxy(stack: Stack) -> Iterator[Proxy]:
    """What stands between the first worker and Redis."""
    with Proxy(stack.redis.port) as opened:
        yield opened


def cut_worker(stack: Stack, proxy: Proxy) -> None:
    stack.worker(BATON_REDIS__URL=f"redis://127.0.0.1:{proxy.port}/0")


def spans(stack: Stack) -> dict[int, tuple[float, float]]:
    """Return the first and the last step of each attempt, on the machine's monotonic clock."""
    steps: dict[int, list[float]] = defaultdict(list)
    for line in (stack.share / "trace.log").read_text().splitlines():
        _task_id, attempt, _pid, at = line.split()
        steps[int(attempt)].append(float(at))
    return {attempt: (min(found), max(found)) for attempt, found in steps.items()}


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.value)
@pytest.mark.parametrize("silent", [False, True], ids=["checks", "never checks"])
def test_an_attempt_that_is_cut_off_ends_before_the_next_one_begins(
    stack: Stack, proxy: Proxy, cut: Cut, silent: bool
) -> None:
    stack.gateway()
    cut_worker(stack, proxy)
    task_id = stack.submit("testing.work", {"seconds": 8, "silent": silent, "trace": "trace.log"})
    child = child_of(stack, task_id)
    wait_until((stack.share / "trace.log").exists)
    proxy.fail(cut)
    stack.worker()
    assert stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    found = spans(stack)
    overlap = found[1][1] - found[2][0]
    assert overlap <= (HEARTBEAT["stop_grace"] + 0.5 if silent else 0.0), "and 0.5 s for a busy machine"
    assert is_gone(child) or not silent
    assert codes(stack, task_id).count("task_complete") == 1
    assert stack.redis.client.hget(f"task_control:{task_id}", "interruptions") == "1", "it costs no attempt"


def test_after_the_cut_the_worker_goes_on_with_the_same_task(stack: Stack, proxy: Proxy) -> None:
    stack.gateway()
    cut_worker(stack, proxy)
    task_id = stack.submit("testing.work", {"seconds": 3, "trace": "trace.log", "checkpoint": True})
    child_of(stack, task_id)
    proxy.fail(Cut.BLACK_HOLE)
    let_pass(HEARTBEAT["timeout"] + HEARTBEAT["stop_grace"] + 1)
    proxy.fail(Cut.NONE)
    context = stack.wait_for(task_id, timeout=60)
    assert context["status"] == "SUCCESS"
    assert context["stages"]["testing.work"]["attempt"] == 2
    assert stack.redis.client.hget(f"task_control:{task_id}", "attempt_limit") == "4", "it costs no attempt"


def test_a_machine_that_sleeps_costs_no_living_attempt(stack: Stack) -> None:
    gateway = stack.gateway()
    worker = stack.worker()
    task_id = stack.submit("testing.work", {"seconds": 2})
    child = child_of(stack, task_id)
    assert stack.redis.process
    everything = [gateway.pid, worker.pid, child, stack.redis.process.pid]
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    let_pass(3 * HEARTBEAT["timeout"])
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    context = stack.wait_for(task_id, timeout=60)
    assert (context["status"], context["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 1)
