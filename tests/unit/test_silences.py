"""Silence is what a monitor has observed, whatever the clocks say and however long it has been stopped itself."""

from datetime import timedelta

import pytest

from api_gateway.monitor import silences
from api_gateway.monitor.silences import Silences
from common.state.context import Status
from common.state.record import Control

STEP = timedelta(seconds=2)


class Clock:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(silences, "monotonic", made)
    return made


def control(heartbeat_us: int, fence: int = 1) -> Control:
    numbers = dict.fromkeys(("priority", "attempt", "attempt_limit", "created_us", "waiting_us"), 1)
    words = dict.fromkeys(("digest", "task_name", "queue"), "x")
    return Control(status=Status.RUNNING, fence=fence, heartbeat_us=heartbeat_us, **numbers, **words)


def look(found: Silences, seen: Control, clock: Clock, seconds: float = 1) -> float:
    clock.now += seconds
    found.begin_round(longest_step=STEP)
    silent = found.observe("task", seen)
    found.end_round()
    return silent.total_seconds()


def test_the_same_heartbeat_again_and_again_adds_up(clock: Clock) -> None:
    found = Silences()
    assert [look(found, control(5), clock) for _ in range(4)] == [0, 1, 2, 3]


def test_another_heartbeat_begins_anew_also_an_older_one(clock: Clock) -> None:
    found = Silences()
    for _ in range(3):
        look(found, control(5), clock)
    assert look(found, control(6), clock) == 0
    assert look(found, control(6), clock) == 1
    assert look(found, control(2), clock) == 0, "Redis's clock was set back"


def test_another_attempt_begins_anew(clock: Clock) -> None:
    found = Silences()
    look(found, control(5), clock)
    assert look(found, control(5, fence=2), clock) == 0


def test_a_stamp_far_in_the_past_means_nothing(clock: Clock) -> None:
    assert look(Silences(), control(heartbeat_us=1), clock) == 0


def test_a_pause_of_the_observer_counts_as_one_usual_step(clock: Clock) -> None:
    found = Silences()
    look(found, control(5), clock)
    assert look(found, control(5), clock, seconds=3600) == STEP.total_seconds()


def test_what_runs_no_more_is_forgotten(clock: Clock) -> None:
    found = Silences()
    look(found, control(5), clock)
    found.begin_round(longest_step=STEP)
    found.end_round()
    assert found.known == {}
