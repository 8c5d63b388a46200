"""Detect the areas of burned-in subtitles by reading a few frames from all over the video.

A sample is a pair of frames a fifth of a second apart; only text that stands still in both counts, which excludes
timecodes and tickers. Text that is the same in most samples is a logo. The rest is grouped by rows: subtitles recur in
the same rows, mostly centered; the writing on a shop does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from common.media.chunking import with_check
from services.paddleocr.areas import Box, FoundArea, bounding_box, overlap, same_row
from services.paddleocr.change_detection import CONTRAST, SAME, keep_dense
from services.paddleocr.engine import Line
from services.paddleocr.opencv import opencv
from services.paddleocr.text_similarity import is_same_text
from services.paddleocr.video import Frame, VideoTrack, resize

if TYPE_CHECKING:
    from services.paddleocr.engine import Picture
    from services.paddleocr.video import Luma

Read = Callable[[Sequence["Picture"]], list[list[Line]]]

APART_S = 0.2
SAMPLES = 12
EVERY_S = 1.0
"""Interval of samples in short videos."""
GLIMPSES = 240
"""Number of frame pairs compared in a long video; the most promising `SAMPLES` of them are read."""
SHORT_S = 40.0
"""Shorter videos are decoded completely; longer ones are sampled at their key frames."""
WIDTH = 640
"""Width of the pictures that are examined and read here, in pixels."""
SURE = 0.6
STILL = 0.5
"""Fraction of a line's strokes that must be the same in both frames."""
STATIC = 0.7
"""Fraction of the samples; text that is the same in more of them never changes."""
CENTRE = 0.1
MOSTLY = 0.7
ROOM = 1.3
"""Margin above and below the detected text, in line heights: there may be a second line."""
UPPER, LOWER = 0.35, 0.6
"""Subtitles are above or below these heights, unless they recur often."""
OFTEN = 4
DEFAULT_AREA = FoundArea(x=0, y=0.6, width=1, height=0.4, confidence=0, centred=True)
"""Area that is read if nothing was found: a few lines in hours of video are easily missed by samples."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame, and a mask of its static strokes (255, else 0)."""

    frame: Frame
    still: Luma

    @property
    def likelihood(self) -> int:
        cv2 = opencv()

        return int(cv2.countNonZero(keep_dense(self.still)))


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line of text in a sample; its box in fractions of the picture."""

    sample: int
    text: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class DetectedAreas:
    areas: list[FoundArea]
    """Most likely first."""
    preview: Frame | None
    """A frame with subtitles if there is one; None if nothing can be decoded."""


def detect_areas(
    video: VideoTrack, read: Read, check: Callable[[], None], *, start: float, end: float | None
) -> DetectedAreas:
    """Find the subtitle areas of a video between two times, in seconds."""
    pairs = list(with_check(sample_pairs(video, start, end), check))
    length = pairs[-1].frame.time - start if pairs else 0.0
    samples = most_promising(pairs, min(SAMPLES, max(round(length / EVERY_S), 1)))
    texts = read([sample.frame.luma for sample in samples])
    found = [
        line
        for number, (sample, lines) in enumerate(zip(samples, texts, strict=True))
        for line in lines_of(number, sample, lines)
    ]
    areas = areas_of(found, len(samples))
    shown = [line.sample for line in found if areas and overlap(areas[0].box, line.box) > STILL]
    preview = samples[shown[0]].frame if shown else next((sample.frame for sample in samples), None)
    return DetectedAreas(areas, preview)


# ---- samples ----


def sample_pairs(video: VideoTrack, start: float, end: float | None) -> Iterator[Sample]:
    """Yield pairs of frames from all over the video."""
    last = end if end is not None else video.duration or start + SHORT_S
    if last - start <= SHORT_S:
        yield from every_frame(video, start, last)
        return
    at = -1.0
    for number in range(GLIMPSES):
        pair = video.frame_pair(start + (last - start) * number / GLIMPSES, apart=APART_S)
        if pair and pair[0].time > at:
            at = pair[0].time
            yield sample(*pair)


def every_frame(video: VideoTrack, start: float, last: float) -> Iterator[Sample]:
    first: Frame | None = None
    for frame in video.frames(start):
        if frame.time > last:
            return
        if first is None:
            first = scale_down(frame)
        elif frame.time >= first.time + APART_S:
            yield sample(first, frame)
            first = None


def sample(first: Frame, second: Frame) -> Sample:
    cv2 = opencv()

    small, later = scale_down(first), scale_down(second)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
    edges = cv2.compare(cv2.morphologyEx(small.luma, cv2.MORPH_GRADIENT, kernel), CONTRAST, cv2.CMP_GT)
    same_value = cv2.compare(cv2.absdiff(small.luma, later.luma), SAME, cv2.CMP_LE)
    return Sample(small, cv2.bitwise_and(edges, same_value))


def scale_down(frame: Frame) -> Frame:
    height, width = frame.luma.shape
    if width <= WIDTH:
        return Frame(frame.time, frame.luma.copy())
    return Frame(frame.time, resize(frame.luma, (WIDTH, round(height * WIDTH / width))))


def most_promising(samples: list[Sample], count: int) -> list[Sample]:
    """Return the sample with the most strokes in each interval, so that the whole video is represented."""
    count = min(count, len(samples))
    stretches = (islice(samples, len(samples) * n // count, len(samples) * (n + 1) // count) for n in range(count))
    return [max(stretch, key=lambda sample: sample.likelihood) for stretch in stretches]


# ---- what the samples say ----


def lines_of(number: int, sample: Sample, lines: Sequence[Line]) -> Iterator[FoundLine]:
    """Yield the lines that stand still."""
    cv2 = opencv()

    height, width = sample.still.shape
    for line in lines:
        left, top, right, bottom = (max(round(edge), 0) for edge in line.box)
        part = sample.still[top:bottom, left:right]
        if line.score < SURE or not has_letters(line.text) or not part.size:
            continue
        # the edges of strokes cover a quarter of a line's box
        if cv2.countNonZero(keep_dense(part)) >= STILL * 0.25 * part.size:
            box = (left / width, top / height, right / width, bottom / height)
            yield FoundLine(number, line.text, line.score, box)


def has_letters(text: str) -> bool:
    """Return whether a text is more than a timecode or a counter."""
    return sum(character.isalpha() for character in text) >= len("ab")


def areas_of(found: Sequence[FoundLine], samples: int) -> list[FoundArea]:
    static = [line for line in found if is_static(line, found, samples)]
    changing = [line for line in found if line not in static]
    if not changing:  # a single line that stays all the time, in the center, may still be a subtitle
        static, changing = [], [line for line in static if is_central(line.box)]
    groups = [group for group in by_rows(changing) if is_subtitle_area(group, samples)]
    groups = [group for group in groups if mostly_central(group)] or groups
    areas = [area_of(group, static, samples) for group in groups]
    return sorted(areas, key=lambda area: -area.confidence)


def is_static(line: FoundLine, found: Sequence[FoundLine], samples: int) -> bool:
    same_place = (other for other in found if overlap(other.box, line.box) > MOSTLY)
    again = {other.sample for other in same_place if is_same_text(other.text, line.text)}
    return len(again) > max(STATIC * samples, 2)


def by_rows(found: Sequence[FoundLine]) -> list[list[FoundLine]]:
    """Group lines in the same rows, or directly below each other."""
    groups: list[list[FoundLine]] = []
    for line in sorted(found, key=lambda line: line.box[1]):
        near = next((group for group in groups if any(are_adjacent(member.box, line.box) for member in group)), None)
        if near:
            near.append(line)
        else:
            groups.append([line])
    return groups


def are_adjacent(first: Box, second: Box) -> bool:
    height = max(first[3] - first[1], second[3] - second[1])
    gap = max(first[1], second[1]) - min(first[3], second[3])
    return same_row(first, second) or gap < 0.8 * height


def is_subtitle_area(group: list[FoundLine], samples: int) -> bool:
    """Return whether this may be a subtitle area: recurring often, or centered in the upper or lower part."""
    seen = len({line.sample for line in group})
    _, top, _, bottom = bounding_box([line.box for line in group])
    outer = bottom < UPPER or top > LOWER
    central = mostly_central(group)
    return (central and outer) or (seen >= min(OFTEN, samples) and (central or outer))


def mostly_central(group: list[FoundLine]) -> bool:
    return sum(is_central(line.box) for line in group) >= MOSTLY * len(group)


def is_central(box: Box) -> bool:
    return abs((box[0] + box[2]) / 2 - 0.5) <= CENTRE


def area_of(group: list[FoundLine], static: list[FoundLine], samples: int) -> FoundArea:
    _, top, _, bottom = bounding_box([line.box for line in group])
    room = ROOM * max(line.box[3] - line.box[1] for line in group)
    central = sum(is_central(line.box) for line in group) / len(group)
    seen = len({line.sample for line in group})
    score = sum(line.score for line in group) / len(group)
    reach = FoundArea.of_box((0.0, top - room, 1.0, bottom + room))
    often = min(seen / max(min(3, samples), 1), 1.0)
    return reach.model_copy(
        update={
            "confidence": round(score * often * (0.5 + 0.5 * central), 4),
            "centred": central >= MOSTLY,
            "ignored": [line.box for line in unique_boxes(static) if overlap(reach.box, line.box) > 0],
        }
    )


def unique_boxes(static: list[FoundLine]) -> list[FoundLine]:
    kept: list[FoundLine] = []
    for line in static:
        if not any(overlap(other.box, line.box) > MOSTLY for other in kept):
            kept.append(line)
    return kept
