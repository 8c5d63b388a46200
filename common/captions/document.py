"""Subtitles as they are between two formats: who says what, from when to when, in which type."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

Format = Literal["srt", "vtt", "ass", "ssa", "sub", "json"]
Target = Literal["srt", "vtt", "ass", "ssa", "sub", "txt", "json"]

BOTTOM = 2
"""An alignment is a key of the number pad: 2 is below in the middle, 8 above."""
SECOND = "second"
"""The mark of the second language of two; only ASS and SSA show it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one type. Its marks are among b, i, u, s and `SECOND`; a line break is a newline."""

    text: str
    marks: frozenset[str] = frozenset()


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
    """the text as the format it comes from writes it, for writing that format again"""
    id: str = ""
    settings: str = ""
    """what stands behind the times: WebVTT's cue settings"""
    notes: str = ""
    """WebVTT's comments before the cue"""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file."""

    captions: list[Caption]
    format: Format
    head: str = ""
    """what stands before the first cue of WebVTT: its header, styles and regions"""
    native: Any = None
    """ASS and SSA as pysubs2 holds it, with all styles"""
    repaired: int = 0
    """cues with times that could not be: before 0, or ending before they start"""


def together(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs with those of the same type put together, so that each is escaped as a whole."""
    for marks, alike in groupby(runs, key=lambda run: run.marks):
        yield Run("".join(run.text for run in alike), marks)


@dataclass
class Builder:
    """Collects captions and mends their times."""

    captions: list[Caption] = field(default_factory=list)
    repaired: int = 0

    def add(self, start: int, end: int, runs: Iterable[Run], **more: Any) -> None:
        fixed = max(start, 0)
        fixed_end = max(end, fixed)
        self.repaired += (fixed, fixed_end) != (start, end)
        self.captions.append(Caption(fixed, fixed_end, tuple(together(runs)), **more))


def plain(text: str) -> tuple[Run, ...]:
    return (Run(text),)
