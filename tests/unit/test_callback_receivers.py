"""How many tries a receiver of callbacks may have at once."""

import pytest

from api_gateway.callbacks.receivers import Receivers, origin_of

HANGING = "http://hanging:1"
FINE = "http://fine:2"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receivers(clock: Clock) -> Receivers:
    return Receivers(limit=2, failures_allowed=3, clock=clock)


def fail(receivers: Receivers, times: int) -> None:
    for _ in range(times):
        assert receivers.admit(HANGING)
        receivers.release(HANGING, answered=False)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://N8N:5678/w?signature=a", "http://n8n:5678"),
        ("https://user:pass@host/x", "https://host"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ],
)
def test_a_receiver_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_a_receiver_has_its_limit_and_the_others_have_theirs(receivers: Receivers) -> None:
    assert [receivers.admit(HANGING) for _ in range(3)] == [True, True, False]
    assert receivers.admit(FINE)
    receivers.release(HANGING, answered=True)
    assert receivers.admit(HANGING)


def test_parked_messages_come_in_order_as_room_comes(receivers: Receivers) -> None:
    assert receivers.admit(HANGING)
    assert receivers.admit(HANGING)
    for number in range(3):
        receivers.park(HANGING, f"msg_{number}", number)
    assert receivers.take_ready(9) == []
    assert receivers.until_ready() is None
    receivers.release(HANGING, answered=True)
    assert receivers.until_ready() == 0
    assert receivers.take_ready(9) == [("msg_0", 0)]


def test_no_more_are_taken_than_there_are_slots(receivers: Receivers) -> None:
    receivers.park(HANGING, "msg_0", 0)
    receivers.park(FINE, "msg_1", 1)
    assert len(receivers.take_ready(1)) == 1
    assert len(receivers.take_ready(1)) == 1
    assert receivers.take_ready(1) == []


def test_after_failures_in_a_row_there_is_one_try_at_a_time_with_growing_pauses(
    receivers: Receivers, clock: Clock
) -> None:
    fail(receivers, 3)
    assert not receivers.admit(HANGING)
    assert [(found.receiver, found.failures) for found in receivers.failing] == [(HANGING, 3)]
    receivers.park(HANGING, "msg_1", 1)
    pauses = []
    for _ in range(6):
        pause = receivers.until_ready()
        assert pause
        pauses.append(pause)
        clock.now += pause
        assert receivers.admit(HANGING)
        assert not receivers.admit(HANGING)
        receivers.release(HANGING, answered=False)
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_one_answer_closes_the_circuit(receivers: Receivers, clock: Clock) -> None:
    fail(receivers, 3)
    clock.now += 1
    assert receivers.admit(HANGING)
    receivers.release(HANGING, answered=True)
    assert receivers.failing == []
    assert [receivers.admit(HANGING) for _ in range(3)] == [True, True, False]


def test_a_try_that_was_never_sent_says_nothing_of_the_receiver(receivers: Receivers) -> None:
    for _ in range(9):
        assert receivers.admit(HANGING)
        receivers.release(HANGING, answered=None)
    assert receivers.failing == []


def test_what_is_idle_is_forgotten(receivers: Receivers) -> None:
    assert receivers.admit(FINE)
    receivers.release(FINE, answered=True)
    assert receivers.known == {}
