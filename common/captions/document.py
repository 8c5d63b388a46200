"""The format-neutral model of a subtitle file: captions with times, speakers and styled text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

Format = Literal["srt", "vtt", "ass", "ssa", "sub", "json"]
Target = Literal["srt", "vtt", "ass", "ssa", "sub", "txt", "json"]

BOTTOM = 2
"""Alignments are number-pad keys, as in ASS: 2 is bottom center, 8 is top center."""
SECOND = "second"
"""Mark for the second language of a bilingual caption; only ASS and SSA render it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style. Marks are a subset of b, i, u, s and `SECOND`; a line break is a newline."""

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
    """The text as written in the source format; used when the target format is the same."""
    id: str = ""
    settings: str = ""
    """What follows the times on the timing line: WebVTT cue settings."""
    notes: str = ""
    """WebVTT comments that precede the cue."""

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


@dataclass
class Builder:
    """Collects captions and repairs their times."""

    captions: list[Caption] = field(default_factory=list)
    repaired: int = 0

    def add(self, start: int, end: int, runs: Iterable[Run], **more: Any) -> None:
        fixed = max(start, 0)
        fixed_end = max(end, fixed)
        self.repaired += (fixed, fixed_end) != (start, end)
        self.captions.append(Caption(fixed, fixed_end, tuple(merge_runs(runs)), **more))


def plain(text: str) -> tuple[Run, ...]:
    return (Run(text),)
