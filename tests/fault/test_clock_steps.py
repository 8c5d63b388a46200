"""Redis's clock is set: what was accepted stays, what is due stays due, and nobody is ended for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import Stack
from tests.support.stepped_redis import SteppedRedis
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


@pytest.fixture
def stepped_stack(tmp_path: Path) -> Iterator[Stack]:
    redis = SteppedRedis(tmp_path / "redis")
    with Stack(tmp_path, redis, BATON_TASKS__RETRY_BACKOFF="5") as own:
        own.gateway()
        yield own


def set_clock(stack: Stack, offset_s: int) -> None:
    assert isinstance(stack.redis, SteppedRedis)
    wait_until(lambda: stack.redis.client.exists("monitor:leader"))
    stack.redis.set_clock(offset_s)
    wait_until(lambda: "clock_step" in stack.read_log("gateway"))


def test_a_step_forward_by_more_than_the_time_to_live_loses_no_accepted_task(stepped_stack: Stack) -> None:
    waiting = stepped_stack.submit("testing.echo")
    set_clock(stepped_stack, 30 * DAY_S)
    assert stepped_stack.read(waiting)["status"] == "PENDING"
    health = stepped_stack.http.get("/v1/monitoring/health").json()
    assert "clock_step" in {reason["code"] for reason in health["reasons"]}
    assert stepped_stack.http.get("/v1/monitoring/stats").json()["actions"] == {"clock_step": 1}
    stepped_stack.worker()
    assert stepped_stack.wait_for(waiting)["status"] == "SUCCESS"


def test_a_step_back_by_an_hour_does_not_delay_a_retry(stepped_stack: Stack) -> None:
    stepped_stack.worker()
    task_id = stepped_stack.submit("testing.fail", {"failures": 1, "kind": "passing"})
    wait_until(lambda: stepped_stack.redis.client.hget(f"task_control:{task_id}", "attempt") == "1")
    stepped_stack.wait_for(task_id, "PENDING")
    set_clock(stepped_stack, -HOUR_S)
    assert stepped_stack.wait_for(task_id)["stages"]["testing.fail"]["attempt"] == 2


def test_a_step_forward_does_not_end_an_attempt_that_is_well(stepped_stack: Stack) -> None:
    stepped_stack.worker()
    task_id = stepped_stack.submit("testing.work", {"seconds": 6})
    stepped_stack.wait_for(task_id, "RUNNING")
    set_clock(stepped_stack, DAY_S)
    [beating] = stepped_stack.http.get("/v1/monitoring/heartbeats").json()["tasks"]
    assert beating["liveness"] == "alive"
    context = stepped_stack.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.work"]["attempt"]) == ("SUCCESS", 1)


def test_a_step_back_does_not_make_the_brokers_lock_last_longer(stepped_stack: Stack) -> None:
    """The one that a worker leaves that dies while it looks for messages to deliver again."""
    stepped_stack.redis.client.set("unacked_mutex", "of a dead worker", px=60_000)
    set_clock(stepped_stack, -HOUR_S)
    wait_until(lambda: stepped_stack.redis.client.get("unacked_mutex") != "of a dead worker", timeout=20)


def test_a_lease_that_a_step_forward_ends_interrupts_its_task_and_is_no_failure_of_it(stepped_stack: Stack) -> None:
    stepped_stack.worker(BATON_GPU__DEVICE="simulated")
    task_id = stepped_stack.submit("testing.hold", {"seconds": 6, "checkpoint": True})
    stepped_stack.wait_for(task_id, "RUNNING")
    wait_until(lambda: stepped_stack.redis.client.exists("gpu:locks"), timeout=20)
    set_clock(stepped_stack, DAY_S)
    assert stepped_stack.wait_for(task_id, timeout=60)["status"] == "SUCCESS"
    control = stepped_stack.redis.client.hgetall(f"task_control:{task_id}")
    assert (control["attempt"], control["attempt_limit"], control["interruptions"]) == ("2", "4", "1")
