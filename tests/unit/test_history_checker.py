"""The checker of histories finds each broken promise, names it, and finds none where all were kept."""

from datetime import timedelta

import pytest

from tests.chaos.checker import RULES, check
from tests.chaos.history import History, Observation, parse_trace

LONGEST = timedelta(seconds=5)


def steps(attempt: int, pid: int, first: int, last: int) -> tuple[Observation, ...]:
    """Return the trace of a process that works: a step every half second."""
    return tuple(Observation(n / 2, "step", "a", attempt=attempt, pid=pid) for n in range(2 * first, 2 * last + 1))


KEPT = (
    Observation(0.0, "accepted", "a", wants_callback=True),
    Observation(0.1, "status", "a", "PENDING"),
    Observation(1.0, "begin", "a", attempt=1, pid=10),
    Observation(1.5, "status", "a", "RUNNING"),
    *steps(1, 10, 1, 4),
    Observation(5.0, "status", "a", "PENDING"),
    Observation(5.0, "begin", "a", attempt=2, pid=11),
    *steps(2, 11, 5, 9),
    Observation(9.0, "end", "a", attempt=2, pid=11),
    Observation(9.1, "status", "a", "SUCCESS"),
    Observation(9.2, "result", "a", '{"n":1}'),
    Observation(9.3, "event", "a", '{"n":1}'),
    Observation(9.4, "callback", "a", '{"n":1}'),
    Observation(9.5, "callback", "a", '{"n":1}'),
)
BROKEN: dict[str, tuple[Observation, ...]] = {
    "no accepted task is lost": (Observation(0.0, "accepted", "b"), Observation(1.0, "status", "b", "RUNNING")),
    "one result": (*KEPT, Observation(9.6, "callback", "a", '{"n":2}')),
    "a final status stays": (*KEPT, Observation(9.6, "status", "a", "RUNNING")),
    "attempts do not overlap": (*KEPT, *steps(1, 10, 4, 11), *steps(2, 11, 9, 11)),
    "each callback is delivered": tuple(found for found in KEPT if found.kind != "callback"),
    "a task that succeeded was worked on": (
        Observation(0.0, "accepted", "d"),
        Observation(1.0, "status", "d", "SUCCESS"),
    ),
    "attempts are counted for failures only": (
        Observation(0.0, "accepted", "c"),
        Observation(1.0, "status", "c", "FAILED"),
    ),
}


def test_a_history_that_keeps_every_promise_is_accepted() -> None:
    assert check(History(list(KEPT)), LONGEST) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_promise_is_named(rule: str) -> None:
    assert [found.rule for found in check(History(list(BROKEN[rule])), LONGEST)] == [rule]


def test_an_overlap_within_the_grace_is_allowed() -> None:
    assert check(History([*KEPT, *steps(1, 10, 4, 9)]), LONGEST) == []


def test_a_suspended_process_does_not_work_meanwhile() -> None:
    awake_again = (*steps(1, 10, 12, 13), *steps(2, 11, 9, 16))
    assert check(History([*KEPT, *awake_again]), LONGEST) == []


def test_a_failure_on_purpose_may_end_a_task() -> None:
    history = [*BROKEN["attempts are counted for failures only"], Observation(0.5, "failure", "c")]
    assert check(History(history), LONGEST) == []


def test_the_order_of_recording_does_not_matter() -> None:
    assert check(History(list(reversed(KEPT))), LONGEST) == []


def test_the_trace_of_a_worker_is_read() -> None:
    assert parse_trace("a 1 10 step 4.5\n\n") == [Observation(4.5, "step", "a", "", 1, 10)]
