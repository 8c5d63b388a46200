"""Change all times of a subtitle file: by an offset, for another frame rate, or so that two points fit."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple, Self

from common.captions.document import Caption, Document, TimedWord
from common.captions.timestamps import format_timestamp, to_ms
from common.captions.word_times import TIMESTAMP
from common.transcript.format import LATEST_S, Segment, Transcript, Word
from services.subtitle.contracts import ShiftInput

QUOTED_CHARACTERS = 80


class TimeMap(NamedTuple):
    """A linear map of times in milliseconds."""

    factor: float
    offset: float

    @classmethod
    def of(cls, params: ShiftInput) -> Self:
        """Return the map that a request describes."""
        if params.points:
            first, last = params.points[0], params.points[-1]
            factor = (last.becomes - first.becomes) / (last.at - first.at) if first is not last else 1.0
            return cls(factor, 1000 * (first.becomes - factor * first.at))
        factor = params.from_fps / params.to_fps if params.from_fps and params.to_fps else 1.0
        return cls(factor, 1000 * params.offset)

    def at(self, milliseconds: float) -> int:
        return min(round(milliseconds * self.factor + self.offset), int(1000 * LATEST_S))

    def start(self, milliseconds: float) -> int:
        return max(self.at(milliseconds), 0)


def retime(document: Document, times: TimeMap) -> Document:
    """Return the document at its new times. Cues that would end before 0 are left out, and reported."""
    kept = [caption for caption in document.captions if times.at(caption.end) > 0]
    return replace(
        document,
        captions=[retime_caption(caption, times, document.format) for caption in kept],
        native=retime_native(document.native, times) if document.native is not None else None,
        warnings=[*document.warnings, *report_left_out(document, times)],
    )


def report_left_out(document: Document, times: TimeMap) -> Iterator[str]:
    for caption in document.captions:
        if times.at(caption.end) <= 0:
            text = " ".join(caption.text.split())[:QUOTED_CHARACTERS]
            yield f"line {caption.line}: the cue would end before 0 and is left out: {text}"


def retime_caption(caption: Caption, times: TimeMap, form: str) -> Caption:
    words = tuple(TimedWord(times.start(word.start), times.start(word.end), word.text) for word in caption.words)
    raw = caption.raw
    if raw is not None and form == "vtt":
        raw = TIMESTAMP.sub(lambda found: f"<{format_timestamp(times.start(to_ms(found)), '.')}>", raw)
    start, end = times.start(caption.start), times.start(caption.end)
    return replace(caption, start=start, end=end, words=words, raw=None if form == "lrc" else raw)


def retime_native(native: Any, times: TimeMap) -> Any:
    """Return a copy of an ASS or SSA document at its new times."""
    moved = deepcopy(native)
    moved.events = [event for event in moved.events if times.at(event.end) > 0 or event.type == "Comment"]
    for event in moved.events:
        event.start, event.end = times.start(event.start), times.start(event.end)
    return moved


def retime_transcript(transcript: Transcript, times: TimeMap) -> Transcript:
    """Return a transcript at its new times, with all that is known of its segments."""
    segments = [retime_segment(segment, times) for segment in transcript.segments if times.at(1000 * segment.end) > 0]
    duration = max(times.at(1000 * transcript.duration), 0) / 1000
    return transcript.model_copy(update={"segments": segments, "duration": duration})


def retime_segment(segment: Segment, times: TimeMap) -> Segment:
    words: list[Word] = [word.model_copy(update=new_times(word.start, word.end, times)) for word in segment.words]
    return segment.model_copy(update={**new_times(segment.start, segment.end, times), "words": words})


def new_times(start: float, end: float, times: TimeMap) -> dict[str, float]:
    return {"start": times.start(1000 * start) / 1000, "end": times.start(1000 * end) / 1000}
