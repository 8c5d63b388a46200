"""Timing of cues: long enough to be read, never over the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from common.captions.timestamps import milliseconds
from services.subtitle.layout.limits import Limits

SHORTEST_MS = 200
"""Cues that start together follow each other at least at this distance; a longer one would shift them from the speech.
"""


@dataclass(frozen=True, slots=True)
class ReadingSpan:
    """Start and end in milliseconds, and the time needed for reading."""

    start: int
    end: int
    reading: int = 0


def reading_time(columns: int, speed: float) -> int:
    return ceil(1000 * columns / speed)


def schedule(spans: Sequence[ReadingSpan], limits: Limits) -> list[ReadingSpan]:
    """Return when each is shown. The spans must be in the order of their starts.

    Each is shown for as long as reading takes, if the pause after it allows that, and for at least the minimum.
    """
    gap, shortest, longest = map(milliseconds, (limits.min_gap, limits.min_duration, limits.max_duration))
    shown: list[ReadingSpan] = []
    earliest = 0
    for index, span in enumerate(spans):
        start = max(span.start, earliest)
        end = max(span.end, start + min(max(shortest, span.reading), longest))
        end = min(end, start + longest)
        if index + 1 < len(spans):
            end = min(end, spans[index + 1].start - gap)
        end = max(end, start + min(SHORTEST_MS, shortest))
        shown.append(ReadingSpan(start, end, span.reading))
        earliest = end + gap
    return shown
