"""Gateways take turns in leading while the clock of Redis is set: one always leads, and each step is handled once."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.faults import let_pass
from tests.support.ports import free_port
from tests.support.stack import Stack
from tests.support.stepped_redis import SteppedRedis
from tests.support.waiting import wait_until

HOUR_S = 3_600


@pytest.fixture
def stepped_stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, SteppedRedis(tmp_path / "redis")) as own:
        yield own


def leader(stack: Stack) -> str:
    """Return the name of the gateway that leads, once one does."""
    held: str = wait_until(lambda: stack.redis.client.get("monitor:leader"))
    return held.partition(" ")[0]


def another_gateway(stack: Stack) -> subprocess.Popen[bytes]:
    """Start a gateway on a port of its own and wait until it is ready."""
    port = free_port()
    process = stack.gateway(BATON_GATEWAY__PORT=str(port))
    wait_until(lambda: answers(port))
    return process


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False


def set_clock(stack: Stack, offset_s: int) -> None:
    assert isinstance(stack.redis, SteppedRedis)
    stack.redis.set_clock(offset_s)


def steps_handled(stack: Stack) -> int:
    return int(stack.redis.client.hget("monitor:actions", "clock_step") or 0)


@pytest.mark.parametrize("offset_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_a_leader_that_dies_while_the_clock_is_set_is_replaced_and_the_step_handled(
    stepped_stack: Stack, offset_s: int
) -> None:
    first = stepped_stack.gateway()
    before = leader(stepped_stack)
    second = another_gateway(stepped_stack)
    let_pass(1)  # it has looked at the clock by then
    first.kill()
    set_clock(stepped_stack, offset_s)
    wait_until(lambda: steps_handled(stepped_stack) == 1)
    assert leader(stepped_stack) != before
    assert f'"leader": "{leader(stepped_stack)}", "after": "{before}"' in stepped_stack.read_log("gateway")
    assert second.poll() is None


def test_a_step_that_another_leader_has_handled_is_not_handled_again(stepped_stack: Stack) -> None:
    first = stepped_stack.gateway()
    before = leader(stepped_stack)
    second = another_gateway(stepped_stack)
    os.kill(first.pid, signal.SIGSTOP)
    wait_until(lambda: leader(stepped_stack) != before)
    set_clock(stepped_stack, HOUR_S)
    wait_until(lambda: steps_handled(stepped_stack) == 1)
    os.kill(first.pid, signal.SIGCONT)
    second.kill()
    wait_until(lambda: leader(stepped_stack) == before)
    let_pass(1)
    assert steps_handled(stepped_stack) == 1
    set_clock(stepped_stack, 2 * HOUR_S)
    wait_until(lambda: steps_handled(stepped_stack) == 2)


def test_a_step_while_no_gateway_runs_is_handled_by_the_next(stepped_stack: Stack) -> None:
    first = stepped_stack.gateway()
    wait_until(lambda: stepped_stack.redis.client.exists("monitor:clock_reading"))
    first.kill()
    first.wait()
    set_clock(stepped_stack, -HOUR_S)
    stepped_stack.gateway()
    wait_until(lambda: steps_handled(stepped_stack) == 1)
    let_pass(1)
    assert steps_handled(stepped_stack) == 1
