"""Atoms: the smallest parts of a text between which it may break, with their widths and times."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from common.transcript.format import Word
from services.subtitle.layout.break_costs import break_costs
from services.subtitle.layout.breaks import can_break
from services.subtitle.layout.limits import CueRoom
from services.subtitle.layout.widths import width
from services.subtitle.layout.word_breaks import word_breaks


@dataclass(frozen=True, slots=True)
class Atom:
    """Words that stay together."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


def atoms(words: Sequence[Word], max_width: int, language: str | None = None) -> list[Atom]:
    """Group words into atoms: parts of one word, or what must stay together. A word wider than a line may break."""
    found = word_breaks("".join(word.text for word in words), language)
    groups: list[list[Word]] = []
    before, place = "", 0
    for word in words:
        possible = can_break(before, word.text) or place in found.between
        if groups and (not possible or (place in found.inside and fits_line(groups[-1], word, max_width))):
            groups[-1].append(word)
        else:
            groups.append([word])
        before = word.text or before
        place += len(word.text)
    return [Atom(tuple(group)) for group in groups]


def fits_line(group: Iterable[Word], word: Word, max_width: int) -> bool:
    return width("".join(part.text for part in group).strip()) + width(word.text) <= max_width


@dataclass(frozen=True)
class Row:
    """A row of atoms that knows the width of each part, and what a break costs before each atom."""

    atoms: list[Atom]
    language: str | None = None

    @cached_property
    def break_costs(self) -> list[float]:
        return break_costs(self.texts, self.language)

    @cached_property
    def row_starts(self) -> list[int]:
        """Return the atoms before which a line must break, and the end."""
        return [index for index, text in enumerate(self.texts) if index and text.startswith("\n")] + [len(self.atoms)]

    @cached_property
    def texts(self) -> list[str]:
        return [atom.text for atom in self.atoms]

    @cached_property
    def edges(self) -> list[int]:
        """Return the columns before each atom, and at the end."""
        return [0, *accumulate(map(width, self.texts))]

    @cached_property
    def indents(self) -> list[int]:
        """Return the columns of each atom's leading spaces, which disappear at the start of a line."""
        return [width(text) - width(text.lstrip()) for text in self.texts]

    def width(self, start: int, end: int) -> int:
        """Return the columns of a line with the atoms from `start` up to `end`."""
        return max(self.edges[end] - self.edges[start] - self.indents[start], 0)

    def line_end(self, start: int, room: int) -> int:
        """Return the latest end of a line that starts with `start`; it contains at least one atom."""
        reach = self.edges[start] + self.indents[start] + room
        latest = max(bisect_right(self.edges, reach) - 1, start + 1)
        return min(latest, self.row_starts[bisect_right(self.row_starts, start)])

    def is_one_row(self, start: int, end: int) -> bool:
        """Return whether no line must break inside of the part."""
        return self.row_starts[bisect_right(self.row_starts, start)] >= end

    def fits(self, start: int, end: int, page: CueRoom) -> bool:
        """Return whether the part fits on a page. An atom that is wider than a line may have a line of its own."""
        room = page.width - page.lead
        for _ in range(page.lines):
            start = self.line_end(start, room)
            if start >= end:
                return True
            room = page.width
        return False
