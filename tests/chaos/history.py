"""What clients and workers have recorded during a run, by the monotonic clock of one machine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from common.state.context import FINAL, Status

Kind = Literal["accepted", "status", "result", "event", "callback", "begin", "step", "end", "failure"]
OUTCOMES: frozenset[Kind] = frozenset({"result", "event", "callback"})
"""Observations that carry a task's result: reads, closing events and callbacks must agree on it."""

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
    """When one process worked on a task; without an end, until its last step."""

    number: int
    pid: int
    began: float
    last: float


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
            attempt = found.setdefault(key, Attempt(*key, began=observation.at, last=observation.at))
            attempt.last = observation.at
    return list(found.values())


def parse_trace(text: str) -> list[Observation]:
    """Read what the testing service's option `trace` writes: `id attempt pid monotonic` for each step."""
    lines = (line.split() for line in text.splitlines() if line.strip())
    return [Observation(float(at), "step", task_id, "", int(attempt), int(pid)) for task_id, attempt, pid, at in lines]
