"""Split a segment into cues: at pauses, sentences and clauses, and no more often than necessary."""

from services.subtitle.layout.atoms import Row
from services.subtitle.layout.limits import CueRoom, Limits
from services.subtitle.layout.partition import Part, partition

A_CUE = 20.0
EVENNESS = 10.0
TOO_SHORT = 20.0
BREAK = 2.0
LONG_PAUSE_SECONDS = 1.5
LONG_PAUSE = -60.0
"""Bonus for a split there: nobody wants to read what has not been said yet."""


def cuts(row: Row, limits: Limits, page: CueRoom) -> list[Part]:
    """Return which atoms belong to which cue."""
    capacity = page.width * page.lines

    def fits(start: int, end: int) -> bool:
        return duration(row, start, end) <= limits.max_duration and row.fits(start, end, page)

    def cost(start: int, end: int) -> float:
        slack = max(capacity - row.width(start, end), 0) / capacity
        short = max(limits.min_duration - duration(row, start, end), 0.0) / limits.min_duration
        return A_CUE + EVENNESS * slack * slack + TOO_SHORT * short + (cut_cost(row, start) if start else 0.0)

    return partition(len(row.atoms), fits, cost)


def duration(row: Row, start: int, end: int) -> float:
    return row.atoms[end - 1].end - row.atoms[start].start


def cut_cost(row: Row, at: int) -> float:
    pause = max(row.atoms[at].start - row.atoms[at - 1].end, 0.0)
    if pause >= LONG_PAUSE_SECONDS:
        return LONG_PAUSE
    return BREAK * row.break_costs[at] / (1 + 2 * pause)
