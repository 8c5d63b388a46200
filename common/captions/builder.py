"""Collect the captions of a file: repair their times, sort them, and report what was repaired or left out."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from common.captions.document import Caption, Document, Format, Run, merge_runs
from common.captions.timestamps import SHOWN_MS, Timing

WARNINGS = 100
"""How many warnings are listed; the others are counted."""
LONGEST_QUOTE = 500
"""Characters of a text in a warning."""


@dataclass
class Builder:
    """Collects captions in the order of the file."""

    captions: list[Caption] = field(default_factory=list)
    repaired: int = 0
    warnings: list[str] = field(default_factory=list)

    def add(self, start: int, end: int, runs: Iterable[Run], line: int = 0, **more: Any) -> None:
        """Add a caption; `line` is where it stands in the file."""
        if start < 0:
            self.repair(line, "the cue started before 0; it starts at 0 now")
        self.captions.append(Caption(max(start, 0), end, tuple(merge_runs(runs)), line=line, **more))

    def repair(self, line: int, what: str) -> None:
        self.repaired += 1
        self.report(line, what)

    def report_timing(self, line: int, timing: Timing) -> None:
        """Report a time that could not be read."""
        if timing.fault and timing.end > timing.start:
            self.repair(line, timing.fault)
        elif timing.fault:
            self.report(line, timing.fault)  # `with_durations` counts it

    def leave_out(self, line: int, why: str, lines: Iterable[str]) -> None:
        """Report text that is left out."""
        text = " | ".join(written.strip() for written in lines if written.strip())
        self.report(line, f"{why}; left out: {text[:LONGEST_QUOTE]}" if text else why)

    def report(self, line: int, what: str) -> None:
        self.warnings.append(f"line {line}: {what}" if line else what)

    def document(self, source: Format, **more: Any) -> Document:
        """Return the captions in the order of their starts."""
        ordered = sorted(self.captions, key=lambda caption: caption.start)
        moved = sum(before is not after for before, after in zip(self.captions, ordered, strict=True))
        captions = list(self.with_durations(ordered))
        if moved:
            self.report(0, f"cues were not in the order of their starts; {moved} have been moved")
        return Document(captions, source, repaired=self.repaired, warnings=shorten(self.warnings), **more)

    def with_durations(self, captions: list[Caption]) -> Iterator[Caption]:
        """Yield the captions; one that does not end after its start ends at the next one, at most two seconds later."""
        starts = [caption.start for caption in captions]
        for caption in captions:
            if caption.end > caption.start:
                yield caption
                continue
            following = bisect_right(starts, caption.start)
            end = min([caption.start + SHOWN_MS, *starts[following : following + 1]])
            self.repair(caption.line, f"the cue did not end after its start; it lasts {end - caption.start} ms now")
            yield replace(caption, end=end)


def shorten(warnings: list[str]) -> list[str]:
    left = len(warnings) - WARNINGS
    return warnings if left <= 0 else [*warnings[:WARNINGS], f"and {left} more"]
