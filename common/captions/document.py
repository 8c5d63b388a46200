"""The format-neutral model of a subtitle file: captions with times, speakers and styled text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal, NamedTuple

Format = Literal["srt", "vtt", "ass", "ssa", "sub", "ttml", "scc", "stl", "lrc", "mpl2", "json"]
Target = Literal["srt", "vtt", "ass", "ssa", "sub", "ttml", "scc", "stl", "lrc", "mpl2", "txt", "json"]

BOTTOM = 2
"""Alignments are number-pad keys, as in ASS: 2 is bottom center, 8 is top center."""
SECOND = "second"
"""Mark for the second language of a bilingual caption; only ASS and SSA render it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style. Marks are a subset of b, i, u, s and `SECOND`; a line break is a newline."""

    text: str
    marks: frozenset[str] = frozenset()


class TimedWord(NamedTuple):
    """One word, with the space or line break that precedes it."""

    start: int
    """milliseconds"""
    end: int
    """milliseconds"""
    text: str


@dataclass(frozen=True, slots=True)
class Caption:
    start: int
    """milliseconds"""
    end: int
    """milliseconds"""
    runs: tuple[Run, ...]
    speaker: str = ""
    alignment: int = BOTTOM
    raw: str | None = None
    """The text as written in the source format; used when the target format is the same."""
    id: str = ""
    settings: str = ""
    """What follows the times on the timing line: WebVTT cue settings."""
    notes: str = ""
    """WebVTT comments that precede the cue."""
    words: tuple[TimedWord, ...] = ()
    """The words with their times, if the format has them. Concatenated and stripped, they are the text."""
    line: int = 0
    """Number of its line in the source, from 1; 0 if there is none."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Document:
    """A complete subtitle file."""

    captions: list[Caption]
    format: Format
    head: str = ""
    """What precedes the first WebVTT cue: header, styles and regions."""
    native: Any = None
    """The ASS or SSA document as a pysubs2 object, with all its styles."""
    repaired: int = 0
    """Number of cues with impossible times: negative, or not ending after they start."""
    warnings: list[str] = field(default_factory=list)
    """What was repaired or left out, with line numbers."""


def merge_runs(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs with neighbors of the same style merged, so that each is escaped as a whole."""
    for marks, alike in groupby(runs, key=lambda run: run.marks):
        yield Run("".join(run.text for run in alike), marks)


def plain(text: str) -> tuple[Run, ...]:
    return (Run(text),)
