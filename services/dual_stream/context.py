"""What is known of one chunk of audio on its way through the stages; each one adds its part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.media.audio import SAMPLE_RATE_HZ
from common.transcript.format import Segment, Timed

if TYPE_CHECKING:
    from common.media.audio import Samples


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech without a pause. Its id is the id of its segment, in the draft and in the final.

    `begin` and `end` are samples of the chunk. `draft` is None where the fast engine heard nothing.
    """

    id: int
    begin: int
    end: int
    draft: Segment | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What the slow engine made of a chunk: segments with words, in seconds of the medium."""

    segments: list[Segment]
    language: str
    language_probability: float


@dataclass(slots=True)
class ProcessingContext:
    """One chunk. `start` and `end` are seconds of the medium, `until` is its last sample in what is read of it."""

    index: int
    start: float
    end: float
    until: int
    samples: Samples
    utterances: list[Utterance] = field(default_factory=list)
    next_id: int = 0
    """The id that the next chunk's first utterance gets."""
    terms: list[str] = field(default_factory=list)
    """Names and numbers of the draft, for the slow engine to expect."""
    heard: Heard | None = None
    said: str = ""
    """The end of the text up to here, which the slow engine sees before the next chunk."""

    def seconds(self, sample: int) -> float:
        """Return the time in the medium of one of the chunk's samples."""
        return round(self.start + sample / SAMPLE_RATE_HZ, 3)


def to_medium_time(segment: Segment, offset: float, limit: float) -> Segment:
    """Return an engine's segment as one of the medium. An engine may name a time after the end of what it was given."""
    words = [word.model_copy(update=times(word, offset, limit)) for word in segment.words]
    return segment.model_copy(update={"words": words, **times(segment, offset, limit)})


def times(timed: Timed, offset: float, limit: float) -> dict[str, float]:
    return {name: round(min(getattr(timed, name) + offset, limit), 3) for name in ("start", "end")}
