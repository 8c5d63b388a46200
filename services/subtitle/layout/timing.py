"""Timing of cues: long enough to be read, and never over the next one, unless two people speak at once."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from math import ceil

from common.captions.timestamps import milliseconds
from services.subtitle.layout.limits import Limits

SHOT_REACH_MS = 300
"""Starts and ends this near to a shot change are moved to it: seven frames of film, as in Netflix's guide ("Timing to
Shot Changes").
"""
SHORTEST_MS = 200
"""Cues that start together follow each other at least at this distance; a longer one would shift them from the speech.
"""


@dataclass(frozen=True, slots=True)
class ReadingSpan:
    """Start and end in milliseconds, and the time needed for reading."""

    start: int
    end: int
    reading: int = 0
    overlaps: bool = False
    """Whether the next one is shown at the same time."""


def reading_time(columns: int, speed: float) -> int:
    return ceil(1000 * columns / speed)


def schedule(spans: Sequence[ReadingSpan], limits: Limits, shots: Sequence[int] = ()) -> list[ReadingSpan]:
    """Return when each is shown. The spans must be in the order of their starts.

    Each is shown for as long as reading takes, if the pause after it allows that, and for at least the minimum. Short
    gaps are closed. A start or an end near a shot change (milliseconds, in order) is moved to it. Times are set to
    frames if their rate is known.
    """
    shown = close_gaps(extend(snap_to_shots(spans, shots, limits), limits), limits)
    shown = end_at_shots(shown, shots, limits)
    return to_frames(shown, limits.fps, limits.min_gap) if limits.fps else shown


def extend(spans: Sequence[ReadingSpan], limits: Limits) -> list[ReadingSpan]:
    gap, shortest, longest = map(milliseconds, (limits.min_gap, limits.min_duration, limits.max_duration))
    shown: list[ReadingSpan] = []
    earliest = 0
    for index, span in enumerate(spans):
        start = max(span.start, earliest)
        end = max(span.end, start + min(max(shortest, span.reading), longest))
        end = min(end, start + longest)
        if index + 1 < len(spans) and not span.overlaps:
            end = min(end, spans[index + 1].start - gap)
        end = max(end, start + min(SHORTEST_MS, shortest))
        shown.append(replace(span, start=start, end=end))
        earliest = start if span.overlaps else end + gap
    return shown


def snap_to_shots(spans: Sequence[ReadingSpan], shots: Sequence[int], limits: Limits) -> list[ReadingSpan]:
    """Move each start to the nearest shot change within reach, unless that leaves too little of the span."""
    shortest = milliseconds(limits.min_duration)
    snapped: list[ReadingSpan] = []
    earliest = 0
    for span in spans:
        start, latest = span.start, max(span.end - shortest, span.start)
        shot = shot_near(shots, start)
        if shot is not None and earliest <= shot <= latest:
            start = shot
        snapped.append(replace(span, start=start, end=max(span.end, start)))
        earliest = start
    return snapped


def end_at_shots(spans: Sequence[ReadingSpan], shots: Sequence[int], limits: Limits) -> list[ReadingSpan]:
    """Move each end that is near a shot change to just before it, unless the cue would become too short or overlap."""
    gap, shortest, longest = map(milliseconds, (limits.min_gap, limits.min_duration, limits.max_duration))
    ended: list[ReadingSpan] = []
    for span, following in zip_longest(spans, spans[1:]):
        shot = shot_near(shots, span.end)
        before_next = following is None or span.overlaps or (shot or 0) <= following.start
        if shot is not None and before_next and shortest <= shot - gap - span.start <= longest:
            ended.append(replace(span, end=shot - gap))
        else:
            ended.append(span)
    return ended


def shot_near(shots: Sequence[int], at: int) -> int | None:
    """Return the shot change nearest to a time, if it is within reach."""
    place = bisect_left(shots, at)
    near = min(shots[max(place - 1, 0) : place + 1], key=lambda shot: abs(shot - at), default=None)
    return near if near is not None and abs(near - at) <= SHOT_REACH_MS else None


def close_gaps(spans: Sequence[ReadingSpan], limits: Limits) -> list[ReadingSpan]:
    """Show each cue up to the next one if the gap between them is shorter than `close_gaps`."""
    gap, shortest, longest = map(milliseconds, (limits.min_gap, limits.close_gaps, limits.max_duration))
    closed = list(spans)
    for index, (span, following) in enumerate(pairwise(spans)):
        if gap < following.start - span.end < shortest:
            closed[index] = replace(span, end=min(following.start - gap, span.start + longest))
    return closed


def to_frames(spans: Sequence[ReadingSpan], fps: float, min_gap_s: float) -> list[ReadingSpan]:
    """Return the spans with the times of the nearest frames, each at least one frame long."""
    gap = round(min_gap_s * fps)
    edges = [(round(span.start * fps / 1000), round(span.end * fps / 1000)) for span in spans]
    framed: list[ReadingSpan] = []
    earliest = 0
    for index, (span, (start, end)) in enumerate(zip(spans, edges, strict=True)):
        first = max(start, earliest)
        last = end if span.overlaps or index + 1 == len(spans) else min(end, edges[index + 1][0] - gap)
        last = max(last, first + 1)
        framed.append(replace(span, start=round(1000 * first / fps), end=round(1000 * last / fps)))
        earliest = first if span.overlaps else last + gap
    return framed
