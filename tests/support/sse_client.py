"""A small client of Server-Sent Events that can disconnect after any event."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.stack import Stack


@dataclass(frozen=True)
class SseEvent:
    id: str
    kind: str
    data: Any

    @property
    def order(self) -> tuple[int, int]:
        milliseconds, _, sequence = self.id.partition("-")
        return int(milliseconds), int(sequence)

    @property
    def closes(self) -> bool:
        return self.kind == "error" or self.data.get("code") in {"task_complete", "task_cancelled"}


def follow(stack: Stack, task_id: str, last_event_id: str = "") -> Iterator[SseEvent]:
    """Yield the events of one connection; it is closed when the caller stops reading."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with stack.http.stream("GET", f"/v1/tasks/{task_id}/events", headers=headers) as answer:
        yield from parsed(answer)


def parsed(answer: httpx.Response) -> Iterator[SseEvent]:
    assert answer.status_code == 200, answer.status_code
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield SseEvent(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
            fields = {}
