"""What a task says while it runs: the kinds of events, and how they are written.

Each task has one Redis stream, capped; the id of an event is its stream id.

A client that shows text keeps a map of segments by their id. A `draft` puts in the segments that the map has not; a
`fragment` puts its segments in place of what was there, but for one that is `modified`, which only a segment that says
`modified` itself replaces. Both may be heard again, after a reconnect or another attempt: the map ends the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from common.state.context import Status, WorkflowContext

Kind = Literal["progress", "draft", "fragment", "signal", "error"]
EVERY_TASK = "@tasks"
"""Stands where a task's stream has its id; no task can be called like this. Each change of a status is told there."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is small, big things are fetched by GET."""

    kind: Kind
    data: Mapping[str, Any]

    @property
    def json(self) -> str:
        return to_json(self.data).decode()

    @property
    def fields(self) -> tuple[str, str]:
        return self.kind, self.json


def closing(context: WorkflowContext) -> Event:
    """Return the one event that ends the stream of a task in this final state."""
    if context.status is Status.FAILED and context.error:
        return Event("error", context.error.model_dump())
    code = "task_complete" if context.status is Status.SUCCESS else "task_cancelled"
    return Event("signal", {"code": code})


def closes(kind: str, data_json: str) -> bool:
    """Tell whether an event ended an attempt for good."""
    return kind == "error" or (kind == "signal" and ('"task_complete"' in data_json or '"task_cancelled"' in data_json))
