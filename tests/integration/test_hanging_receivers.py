"""One receiver that hangs, or is down, holds up no other, and is reported."""

from typing import Any

import pytest

from tests.support.receiver import Answer, Receiver
from tests.support.stack import Stack
from tests.support.waiting import wait_until

ECHO = ("testing.echo", {"text": "hello"})
MESSAGES = 96


@pytest.fixture
def patient_stack(stack: Stack) -> Stack:
    """A gateway that waits for an answer for longer than the test takes."""
    stack.gateway(BATON_CALLBACKS__TIMEOUT="600")
    stack.worker()
    return stack


def failing_receivers(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.http.get("/v1/monitoring/receivers").json()["receivers"]
    return found


def due_times(stack: Stack) -> dict[str, float]:
    return dict(stack.redis.client.zrange("callbacks:outbox", 0, -1, withscores=True))


def test_a_receiver_that_hangs_holds_up_no_other(patient_stack: Stack) -> None:
    with Receiver(Answer(delay=3_000)) as hanging, Receiver() as healthy:
        for _ in range(MESSAGES):
            patient_stack.submit(*ECHO, callback=hanging.url)
        wait_until(lambda: len(due_times(patient_stack)) == MESSAGES, timeout=60)
        patient_stack.submit(*ECHO, callback=healthy.url)
        healthy.wait_for(1)
        assert hanging.answered == 0
        assert len(hanging.seen) == 8  # callbacks.per_receiver
        hanging.released.set()
        hanging.wait_for(MESSAGES, timeout=60)
        assert len({seen.id for seen in hanging.seen}) == len(hanging.seen) == MESSAGES


def test_a_receiver_that_is_down_is_reported_and_gets_all_when_it_is_up(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    receiver = Receiver()
    tasks = [stack.submit(*ECHO, callback=receiver.url) for _ in range(20)]
    wait_until(lambda: failing_receivers(stack), timeout=60)
    [found] = failing_receivers(stack)
    assert found["receiver"] == f"http://127.0.0.1:{receiver.port}"
    assert found["failures"] >= 5
    ready = stack.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["warnings"] == ["1 callback receiver does not answer. GET /v1/monitoring/receivers lists them."]
    assert "baton_callback_receivers_failing 1.0" in stack.http.get("/metrics").text
    with receiver:
        receiver.wait_for(len(tasks), timeout=60)
        assert {seen.json["task_id"] for seen in receiver.seen} == set(tasks)
        wait_until(lambda: not due_times(stack))
        assert failing_receivers(stack) == []
        assert stack.http.get("/health/ready").json()["warnings"] == []


def test_a_gateway_that_dies_leaves_its_parked_messages_to_another(stack: Stack) -> None:
    first = stack.gateway(BATON_CALLBACKS__TIMEOUT="600", BATON_CALLBACKS__PER_RECEIVER="1")
    stack.worker()
    with Receiver(Answer(delay=3_000), 200) as receiver:
        stack.submit(*ECHO, callback=receiver.url)
        receiver.wait_for(1)
        parked = [stack.submit(*ECHO, callback=receiver.url) for _ in range(3)]
        wait_until(lambda: len(due_times(stack)) == 1 + len(parked))
        first.kill()
        first.wait()
        for message in due_times(stack):  # the leases, and the minute for which messages are parked, run out
            stack.redis.client.zadd("callbacks:outbox", {message: 0})
        stack.gateway()
        receiver.wait_for(1 + len(parked) + 1)
        wait_until(lambda: not due_times(stack))
        assert {seen.json["task_id"] for seen in receiver.seen} >= set(parked)
