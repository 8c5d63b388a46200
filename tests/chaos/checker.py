"""Decides whether a history keeps every promise, in the style of Jepsen: each rule names what it found broken."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, pairwise

from common.state.context import FINAL, Status
from tests.chaos.history import OUTCOMES, History, Observation, attempts, is_final, statuses


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    task_id: str
    found: str


Rule = Callable[[Sequence[Observation], timedelta], Iterator[str]]


def check(history: History, longest_overlap: timedelta) -> list[Violation]:
    """Return every violation; two attempts at a task may both work for as long as `longest_overlap`."""
    return [
        Violation(name, task_id, found)
        for task_id, observations in history.of_tasks()
        for name, rule in RULES.items()
        for found in rule(observations, longest_overlap)
    ]


def lost(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    if any(found.kind == "accepted" for found in observations) and not is_final(observations):
        yield "accepted, and never seen to end"


def two_results(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    results = {found.value for found in observations if found.kind in OUTCOMES}
    if len(results) > 1:
        yield f"{len(results)} different results were seen: {sorted(results)}"


def backwards(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    for before, after in pairwise(statuses(observations)):
        if before in FINAL and after != before:
            yield f"{before} became {after}"


def overlapping(observations: Sequence[Observation], longest: timedelta) -> Iterator[str]:
    for first, second in combinations(attempts(observations), 2):
        overlap = first.overlap(second)
        if overlap > longest.total_seconds():
            pair = f"{first.number} (pid {first.pid}) and {second.number} (pid {second.pid})"
            yield f"attempts {pair} for {overlap:.3f} s"


def undelivered(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    wanted = any(found.wants_callback for found in observations)
    if wanted and is_final(observations) and not any(found.kind == "callback" for found in observations):
        yield "ended, and no callback came"


def counted_without_failure(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    """An end as FAILED that nobody caused: `failure` is recorded by who fails an attempt on purpose."""
    failed = Status.FAILED in statuses(observations)
    if failed and not any(found.kind == "failure" for found in observations):
        yield "FAILED, though no attempt of it failed"


def without_work(observations: Sequence[Observation], _: timedelta) -> Iterator[str]:
    """A success of which no worker knows: then the other rules have no attempts to decide on."""
    if Status.SUCCESS in statuses(observations) and not attempts(observations):
        yield "SUCCESS, and no worker has recorded an attempt"


RULES: dict[str, Rule] = {
    "no accepted task is lost": lost,
    "one result": two_results,
    "a final status stays": backwards,
    "attempts do not overlap": overlapping,
    "each callback is delivered": undelivered,
    "attempts are counted for failures only": counted_without_failure,
    "a task that succeeded was worked on": without_work,
}
