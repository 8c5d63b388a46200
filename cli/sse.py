"""Server-sent events as Baton sends them: `event`, `id` and `data` lines, ended by an empty line.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: dict[str, Any]
    id: str | None = None


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Yield each complete event; an event that is cut off is dropped, as the standard requires."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            collect(fields, line)
        elif "data" in fields:
            yield Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
            fields = {}
        else:
            fields = {}


def collect(fields: dict[str, str], line: str) -> None:
    name, _, value = line.partition(":")
    value = value.removeprefix(" ")
    if name == "data" and "data" in fields:
        fields["data"] += "\n" + value
    elif name:  # a line that starts with a colon is a comment
        fields[name] = value
