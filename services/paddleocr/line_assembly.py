"""Assemble subtitles from readings: the same line over time becomes one, adjacent lines become one segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from common.transcript.format import Segment
from services.paddleocr.areas import Area, Box, FoundArea, bounding_box, overlap, same_row
from services.paddleocr.engine import Line
from services.paddleocr.text_similarity import OcrReading, is_same_text, is_wide, language_of, letters_and_digits, vote
from services.paddleocr.text_tracking import CELL, TextTrack, TrackCrop

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_STROKES = 0.12
"""Fraction of a line's cells that must contain new strokes; otherwise the track belongs to another line."""
SHORTEST_S = 0.15
GAP_S = 0.12
"""Gap in a line that a damaged frame or a cut may cause."""
TOGETHER = 0.6
"""Fraction of the shorter line's time that two lines of one subtitle must share."""
CENTRE = 0.12
"""Maximum distance of a centered line's middle from the picture's, as a fraction of its width."""
SPACE = 1.5
"""Maximum distance between two parts of one row, in heights."""
LINE_GAP = 1.0
"""Maximum distance between two lines of one subtitle, in heights."""
SURE = 0.9
WEAK = 0.4
"""If a track has less than this fraction of the strokes of another track of the same line, only part of the line was
new.
"""


class SeenLine(BaseModel):
    """One line of text with start and end, in seconds of the medium, and its position."""

    start: float
    end: float
    box: Box
    from_before: bool
    """It was present in the chunk's first frame."""
    goes_on: bool
    """It was present in the chunk's last frame."""
    strokes: int
    """Number of pixels that support the times."""
    readings: list[tuple[str, float]]
    """Texts and their scores."""

    @property
    def best(self) -> OcrReading:
        return vote([OcrReading(text, score) for text, score in self.readings])

    @property
    def duration(self) -> float:
        return self.end - self.start


# ---- a track and what was read in it ----


def rows(lines: Sequence[Line]) -> list[Line]:
    """Join the parts of one row that are separated by a wide space."""
    joined: list[Line] = []
    for line in sorted(lines, key=lambda line: line.box[0]):
        beside = (part for part in joined if same_row(part.box, line.box) and adjacent(part.box, line.box))
        last = next(beside, None)
        if last:
            joined[joined.index(last)] = row(last, line)
        else:
            joined.append(line)
    return sorted(joined, key=lambda line: line.box[1])


def adjacent(left: Box, right: Box) -> bool:
    return right[0] - left[2] < SPACE * (right[3] - right[1])


def row(left: Line, right: Line) -> Line:
    wide = is_wide(left.text[-1:] or " ") and is_wide(right.text[:1] or " ")
    text = f"{left.text}{'' if wide else ' '}{right.text}"
    x0, y0, x1, y1 = bounding_box([left.box, right.box])
    return Line(text, min(left.score, right.score), ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def seen_lines(
    track: TextTrack, times: Sequence[float], readings: Sequence[Sequence[Line]], place: Area, height: int
) -> Iterator[SeenLine]:
    """Yield the lines that are new in a text track.

    Args:
        track: Ended; its frames are indexes of `times`, which has one more at its end.
        times: Seconds of each frame.
        readings: The lines in each of its pictures, the first one first.
        place: The area of the band.
        height: Of the band in the work size, in pixels.
    """
    for line in readings[0]:
        box = in_work(line.box, track.crops[0])
        inside = track.within(box)
        if inside.sum() < max(LEAST_STROKES * CELL**2 * len(set(track.cells[inside].tolist())), 1):
            continue
        if track.was_arriving(box):
            continue  # it will have a track of its own
        start, end = track_lifetime(track, inside)
        others = same_lines(box, readings[1:], track.crops[1:])
        yield SeenLine(
            start=times[start],
            end=times[max(end, start)],
            box=in_picture(box, place, track.width, height),
            from_before=start == 0,
            goes_on=track.cut and end == int(track.ends.max()),
            strokes=int(inside.sum()),
            readings=[(line.text, line.score), *others],
        )


def in_work(box: Box, crop: TrackCrop) -> Box:
    left, top, right, bottom = (edge / crop.scale for edge in box)
    return left, top + crop.top, right, bottom + crop.top


def in_picture(box: Box, place: Area, width: int, height: int) -> Box:
    left, top, right, bottom = box
    return (
        round(place.x + left / width * place.width, 4),
        round(place.y + top / height * place.height, 4),
        round(place.x + right / width * place.width, 4),
        round(place.y + bottom / height * place.height, 4),
    )


def track_lifetime(track: TextTrack, inside: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the frame from which most of the strokes are present, and the one by which half of them have gone."""
    starts = np.bincount(track.starts[inside])
    ends = np.sort(track.ends[track.cells[inside]])
    return int(starts.argmax()), int(ends[len(ends) // 2])


def same_lines(box: Box, readings: Sequence[Sequence[Line]], crops: Sequence[TrackCrop]) -> Iterator[tuple[str, float]]:
    # if the first reading was confident, there are no others
    for lines, crop in zip(readings, crops, strict=False):
        for line in lines:
            if overlap(in_work(line.box, crop), box) > TOGETHER:
                yield line.text, line.score


# ---- lines over time ----


@dataclass
class LineAssembler:
    """All lines so far; returns those that can no longer change, as segments in chronological order."""

    places: Sequence[FoundArea]
    min_confidence: float
    longest: float
    """Seconds; what stays longer is a watermark or scenery."""
    language: str | None = None
    waiting: list[SeenLine] = field(default_factory=list)
    told: int = 0

    def add(self, found: Sequence[SeenLine], horizon: float) -> list[Segment]:
        """Add the lines of a chunk; what ended before `horizon`, in seconds, is final."""
        for line in sorted(found, key=lambda line: (line.start, line.box)):
            self.take(line)
        self.waiting.sort(key=lambda line: (line.start, line.box))
        open_from = min((line.start for line in self.waiting if self.may_go_on(line, horizon)), default=horizon)
        final = [line for line in self.waiting if line.end < horizon and line.start < open_from]
        self.waiting = [line for line in self.waiting if line not in final]
        return [self.segment(group) for group in group_lines([line for line in final if self.is_subtitle(line)])]

    def may_go_on(self, line: SeenLine, horizon: float) -> bool:
        return line.end >= horizon and line.duration <= self.longest

    def take(self, line: SeenLine) -> None:
        """Add a line, or extend the same earlier line; another text in its place ends that."""
        earlier = [
            other for other in self.waiting if same_place(other.box, line.box) and other.end > line.start - GAP_S
        ]
        for other in earlier:
            if is_same_text(other.best.text, line.best.text) and other.start - GAP_S < line.end:
                join(other, line)
                return
        for other in earlier:
            if other.start < line.start < other.end:
                other.end = line.start
        self.waiting.append(line)

    def is_subtitle(self, line: SeenLine) -> bool:
        best = line.best
        letters = len(letters_and_digits(best.text))
        sure = best.score >= (self.min_confidence if letters > 1 else max(self.min_confidence, SURE))
        return sure and letters > 0 and SHORTEST_S <= line.duration <= self.longest and self.in_place(line.box)

    def in_place(self, box: Box) -> bool:
        """Return whether a line is where subtitles are: not on a logo, and centered if all others are."""
        middle = (box[0] + box[2]) / 2
        places = [place for place in self.places if overlap(place.box, box) > TOGETHER]
        return any(
            (not place.centred or abs(middle - 0.5) <= CENTRE)
            and not any(overlap(logo, box) > TOGETHER for logo in place.ignored)
            for place in places
        )

    def segment(self, group: list[SeenLine]) -> Segment:
        number, self.told = self.told, self.told + 1
        readings = [line.best for line in sorted(group, key=lambda line: line.box[1])]
        text = "\n".join(reading.text for reading in readings)
        return Segment(
            id=number,
            start=round(min(line.start for line in group), 3),
            end=round(max(line.end for line in group), 3),
            text=text,
            language=self.language or language_of(text),
            confidence=round(min(reading.score for reading in readings), 4),
        )


def join(line: SeenLine, other: SeenLine) -> None:
    """Merge the other line into this one: its time, unless few of its strokes support that, and its readings."""
    weak, strong = sorted((line, other), key=lambda line: line.strokes)
    whole = weak.strokes > WEAK * strong.strokes
    start = min(line.start, other.start) if whole or strong.from_before else strong.start
    end = max(line.end, other.end) if whole or strong.goes_on else strong.end
    line.start, line.end, line.from_before, line.goes_on = start, end, strong.from_before, strong.goes_on
    line.strokes = strong.strokes
    line.readings.extend(other.readings)


def same_place(first: Box, second: Box) -> bool:
    return same_row(first, second) and min(first[2], second[2]) > max(first[0], second[0])


def group_lines(lines: Sequence[SeenLine]) -> list[list[SeenLine]]:
    """Group the lines that are shown one above the other at the same time."""
    groups: list[list[SeenLine]] = []
    for line in lines:
        group = next((group for group in groups if any(are_stacked(other, line) for other in group)), None)
        if group:
            group.append(line)
        else:
            groups.append([line])
    return groups


def are_stacked(first: SeenLine, second: SeenLine) -> bool:
    shared = min(first.end, second.end) - max(first.start, second.start)
    upper, lower = sorted((first.box, second.box), key=lambda box: box[1])
    close = lower[1] - upper[3] < LINE_GAP * (lower[3] - lower[1]) and not same_row(upper, lower)
    return close and shared > TOGETHER * min(first.duration, second.duration)
