"""When each cue is shown: long enough to be read, never over the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from common.captions.timestamps import milliseconds
from services.subtitle.layout.limits import Limits

SHORTEST_MS = 200
"""Cues that begin together follow each other at this distance at least; a longer one would move speech out of step."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in milliseconds, and how long reading takes."""

    start: int
    end: int
    reading: int = 0


def reading_time(columns: int, speed: float) -> int:
    return ceil(1000 * columns / speed)


def schedule(spans: Sequence[Span], limits: Limits) -> list[Span]:
    """Return when each is shown, in order of their starts, which must be given in that order.

    Each is shown for as long as reading takes where the pause after it has the room, and for at least the minimum.
    """
    gap, shortest, longest = map(milliseconds, (limits.min_gap, limits.min_duration, limits.max_duration))
    shown: list[Span] = []
    earliest = 0
    for index, span in enumerate(spans):
        start = max(span.start, earliest)
        end = max(span.end, start + min(max(shortest, span.reading), longest))
        end = min(end, start + longest)
        if index + 1 < len(spans):
            end = min(end, spans[index + 1].start - gap)
        end = max(end, start + min(SHORTEST_MS, shortest))
        shown.append(Span(start, end, span.reading))
        earliest = end + gap
    return shown
