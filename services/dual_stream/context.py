"""Processing context of one chunk of audio; each stage adds its part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.media.audio import SAMPLE_RATE_HZ
from common.transcript.format import Segment, Timed
from services.dual_stream.drafts.catalog import DraftEngineName

if TYPE_CHECKING:
    from common.media.audio import Samples


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech without a pause. Its id is the id of its segment, in the draft and in the final.

    `begin` and `end` are samples of the chunk. `draft` is None if the fast engine found no text.
    """

    id: int
    begin: int
    end: int
    draft: Segment | None = None


@dataclass(frozen=True, slots=True)
class DrafterName:
    """Who drafts a chunk."""

    engine: DraftEngineName
    model: str


@dataclass(frozen=True, slots=True)
class SlowTranscript:
    """The slow engine's result for a chunk: segments with words, in seconds of the medium."""

    segments: list[Segment]
    language: str
    language_probability: float


@dataclass(slots=True)
class ProcessingContext:
    """One chunk. `start` and `end` are seconds of the medium, `until` is the last sample index of the audio that is
    read.
    """

    index: int
    start: float
    end: float
    until: int
    samples: Samples
    utterances: list[Utterance] = field(default_factory=list)
    drafter: DrafterName | None = None
    """None if nobody does."""
    next_id: int = 0
    """Id of the next chunk's first utterance."""
    heard: SlowTranscript | None = None
    said: str = ""
    """The end of the channel's text so far, which the slow engine gets as context for its next chunk."""
    channel: int | None = None
    """None for the mix of all."""
    channels: int = 1

    @property
    def speaker(self) -> str | None:
        """The label of the channel's segments."""
        return None if self.channel is None else f"channel_{self.channel}"

    def progress_at(self, at: float) -> float:
        """Return how far the progress is at second `at`: each channel is a part of the chunk."""
        return self.start + ((self.channel or 0) * (self.end - self.start) + at - self.start) / self.channels

    def seconds(self, sample: int) -> float:
        """Return the time in the medium of a sample of the chunk."""
        return round(self.start + sample / SAMPLE_RATE_HZ, 3)


def to_medium_time(segment: Segment, offset: float, limit: float) -> Segment:
    """Return an engine's segment in medium time. An engine may return times after the end of its input."""
    words = [word.model_copy(update=times(word, offset, limit)) for word in segment.words]
    return segment.model_copy(update={"words": words, **times(segment, offset, limit)})


def times(timed: Timed, offset: float, limit: float) -> dict[str, float]:
    return {name: round(min(getattr(timed, name) + offset, limit), 3) for name in ("start", "end")}
