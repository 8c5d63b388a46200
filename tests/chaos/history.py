"""What clients and workers have recorded during a run, by the monotonic clock of one machine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, cast

from common.state.context import FINAL, Status

Kind = Literal["accepted", "status", "result", "event", "callback", "begin", "step", "end", "failure"]
OUTCOMES: frozenset[Kind] = frozenset({"result", "event", "callback"})
"""Observations that carry a task's result: reads, closing events and callbacks must agree on it."""

LONGEST_STEP_S = 1.0
"""A process that writes no step for longer was suspended, and did no work meanwhile."""

WORK: frozenset[Kind] = frozenset({"begin", "step", "end"})


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that somebody has recorded, at a monotonic time in seconds."""

    at: float
    kind: Kind
    task_id: str
    value: str = ""
    """A status; a result or the body of a callback, as canonical JSON."""
    attempt: int = 0
    pid: int = 0
    wants_callback: bool = False
    """Of an accepted task."""


@dataclass
class Attempt:
    """When one process worked on a task: spans of time in which no step is missing."""

    number: int
    pid: int
    spans: list[tuple[float, float]]

    def work(self, at: float) -> None:
        """Add a step: to the last span, or to a new one if the process was suspended in between."""
        began, last = self.spans[-1]
        self.spans[-1:] = [(began, at)] if at - last <= LONGEST_STEP_S else [(began, last), (at, at)]

    def overlap(self, other: "Attempt") -> float:
        """Return for how many seconds both worked."""
        pairs = product(self.spans, other.spans)
        return sum(max(0.0, min(mine[1], theirs[1]) - max(mine[0], theirs[0])) for mine, theirs in pairs)


@dataclass
class History:
    observations: list[Observation] = field(default_factory=list)

    def of_tasks(self) -> Iterator[tuple[str, list[Observation]]]:
        """Yield every task with its observations in the order of time."""
        by_task: dict[str, list[Observation]] = {}
        for observation in sorted(self.observations, key=lambda found: found.at):
            by_task.setdefault(observation.task_id, []).append(observation)
        yield from by_task.items()


def statuses(observations: Iterable[Observation]) -> list[Status]:
    return [Status(found.value) for found in observations if found.kind == "status"]


def is_final(observations: Iterable[Observation]) -> bool:
    return any(status in FINAL for status in statuses(observations))


def attempts(observations: Iterable[Observation]) -> list[Attempt]:
    """Return the attempts as the workers have recorded them, in the order of their beginnings."""
    found: dict[tuple[int, int], Attempt] = {}
    for observation in observations:
        if observation.kind in WORK:
            key = (observation.attempt, observation.pid)
            found.setdefault(key, Attempt(*key, [(observation.at, observation.at)])).work(observation.at)
    return list(found.values())


def parse_trace(text: str) -> list[Observation]:
    """Read what a traced worker writes: `id attempt pid kind monotonic`, a line for each begin, step and end."""
    lines = (line.split() for line in text.splitlines() if line.strip())
    return [
        Observation(float(at), cast("Kind", kind), task_id, "", int(attempt), int(pid))
        for task_id, attempt, pid, kind, at in lines
    ]
