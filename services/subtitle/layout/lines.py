"""Lines of one cue: as few as possible, broken where it reads best, and of even length."""

from services.subtitle.layout.atoms import Row
from services.subtitle.layout.limits import CueRoom
from services.subtitle.layout.partition import Part, partition

A_LINE = 1_000.0
EVENNESS = 8.0


def lines(row: Row, page: CueRoom) -> list[Part]:
    """Return which atoms belong to which line."""

    def room(start: int) -> int:
        return page.width - (0 if start else page.lead)

    def fits(start: int, end: int) -> bool:
        return row.is_one_row(start, end) and row.width(start, end) <= room(start)

    def cost(start: int, end: int) -> float:
        slack = (room(start) - row.width(start, end)) / page.width
        broken = row.break_costs[start] if start else 0.0
        return A_LINE + EVENNESS * slack * slack + broken

    count = len(row.atoms)
    return [(0, count)] if fits(0, count) else partition(count, fits, cost)
