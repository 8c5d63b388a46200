"""The checker of histories finds each broken promise, names it, and finds none where all were kept."""

from datetime import timedelta

import pytest

from tests.chaos.checker import RULES, check
from tests.chaos.history import History, Observation, parse_trace

GRACE = timedelta(seconds=5)
KEPT = (
    Observation(0.0, "accepted", "a", wants_callback=True),
    Observation(0.1, "status", "a", "PENDING"),
    Observation(1.0, "begin", "a", attempt=1, pid=10),
    Observation(1.5, "status", "a", "RUNNING"),
    Observation(4.0, "step", "a", attempt=1, pid=10),
    Observation(5.0, "status", "a", "PENDING"),
    Observation(5.0, "begin", "a", attempt=2, pid=11),
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
    "attempts do not overlap": (
        *KEPT,
        Observation(10.5, "step", "a", attempt=1, pid=10),
        *(Observation(at, "step", "a", attempt=2, pid=11) for at in (10.0, 11.0)),
    ),
    "each callback is delivered": tuple(found for found in KEPT if found.kind != "callback"),
    "attempts are counted for failures only": (
        Observation(0.0, "accepted", "c"),
        Observation(1.0, "status", "c", "FAILED"),
    ),
}


def test_a_history_that_keeps_every_promise_is_accepted() -> None:
    assert check(History(list(KEPT)), GRACE) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_promise_is_named(rule: str) -> None:
    assert [found.rule for found in check(History(list(BROKEN[rule])), GRACE)] == [rule]


def test_an_overlap_within_the_grace_is_allowed() -> None:
    late = Observation(9.0, "step", "a", attempt=1, pid=10)
    assert check(History([*KEPT, late]), GRACE) == []


def test_a_failure_on_purpose_may_end_a_task() -> None:
    history = [*BROKEN["attempts are counted for failures only"], Observation(0.5, "failure", "c")]
    assert check(History(history), GRACE) == []


def test_the_order_of_recording_does_not_matter() -> None:
    assert check(History(list(reversed(KEPT))), GRACE) == []


def test_a_trace_of_the_testing_service_is_read() -> None:
    assert parse_trace("a 1 10 4.5\n\n") == [Observation(4.5, "step", "a", "", 1, 10)]
