"""Task events: their kinds and their format.

Each task has one capped Redis stream; the id of an event is its stream id.

A client that displays text keeps a map of segments by id. A `draft` adds the segments that the map does not have; a
`fragment` replaces its segments, except those marked `modified`, which only a segment marked `modified` may replace.
A segment of a `fragment` that has no text withdraws the draft with its id: it stays in the map, and is not shown. Both
may arrive again, after a reconnect or in another attempt: the map ends up the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from common.state.context import Status, WorkflowContext

EventKind = Literal["progress", "draft", "fragment", "signal", "error"]
EVERY_TASK = "@tasks"
"""Used in place of a task id in the stream's key; no task can have this id. Every status change is published there."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data` is small; large results are fetched with GET."""

    kind: EventKind
    data: Mapping[str, Any]

    @property
    def json(self) -> str:
        return to_json(self.data).decode()

    @property
    def fields(self) -> tuple[str, str]:
        return self.kind, self.json


def final_event(context: WorkflowContext) -> Event:
    """Return the event that ends the stream of a task in this final state."""
    if context.status is Status.FAILED and context.error:
        return Event("error", context.error.model_dump())
    code = "task_complete" if context.status is Status.SUCCESS else "task_cancelled"
    return Event("signal", {"code": code})


def is_final(kind: str, data_json: str) -> bool:
    """Return whether an event ended the task."""
    return kind == "error" or (kind == "signal" and ('"task_complete"' in data_json or '"task_cancelled"' in data_json))
