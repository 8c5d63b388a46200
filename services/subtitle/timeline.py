"""Timeline of turns: who spoke most in a span, or nearest to it."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from services.subtitle.turns import Turn

INSTANT = 0.0005
"""A word without duration is treated as a span of 1 ms."""


@dataclass(frozen=True)
class Timeline:
    """Turns in order of their starts."""

    turns: Sequence[Turn]

    @cached_property
    def starts(self) -> list[float]:
        return [turn.start for turn in self.turns]

    @cached_property
    def latest(self) -> list[int]:
        """Return for each turn which one up to it ends last."""

        def later(best: int, new: int) -> int:
            return new if self.turns[new].end >= self.turns[best].end else best

        return list(accumulate(range(len(self.turns)), later))

    def speaker(self, start: float, end: float, within: float) -> str | None:
        """Return who spoke most between the two times, or else who spoke nearest, at most `within` seconds away.

        Of two who spoke equally long, it is the one whose turn began later: an interruption has priority. Of two
        equally near, it is the earlier one.
        """
        widen = INSTANT if end <= start else 0.0
        shares = self.shares(start - widen, end + widen)
        if shares:
            return max(shares, key=lambda speaker: shares[speaker])
        return self.nearest(start, end, within)

    def shares(self, start: float, end: float) -> dict[str, tuple[float, float]]:
        """Return for each speaker in the span the duration (rounded to 0.1 ms), and when the last turn began."""
        shares: dict[str, tuple[float, float]] = {}
        for turn in self.overlapping(start, end):
            spoke, began = shares.get(turn.speaker, (0.0, turn.start))
            overlap = min(end, turn.end) - max(start, turn.start)
            shares[turn.speaker] = (round(spoke + overlap, 4), max(began, turn.start))
        return shares

    def overlapping(self, start: float, end: float) -> Iterator[Turn]:
        for index in range(bisect_left(self.starts, end) - 1, -1, -1):
            if self.turns[self.latest[index]].end <= start:
                return
            if self.turns[index].end > start:
                yield self.turns[index]

    def nearest(self, start: float, end: float, within: float) -> str | None:
        following = bisect_left(self.starts, end)
        near: list[tuple[float, str]] = []
        if following:
            before = self.turns[self.latest[following - 1]]
            near.append((start - before.end, before.speaker))
        if following < len(self.turns):
            near.append((self.turns[following].start - end, self.turns[following].speaker))
        distance, speaker = min(near, key=lambda candidate: candidate[0], default=(within + 1, None))
        return speaker if distance <= within else None
