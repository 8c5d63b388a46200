"""Checkpoint records of a chunk: its draft as soon as there is one, then its final.

Both follow the rule of `common.transcript.partial`, so the partial text can be read at any time. Every segment of a
draft has a counterpart with the same id in the final, or is withdrawn.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from common.transcript.format import Segment
from common.transcript.partial import ChunkText
from services.dual_stream.drafts.catalog import DraftEngineName

Objection = Literal["empty", "compression_ratio", "avg_logprob", "repetition", "disagreement", "invented_ends"]
"""Why a text of the slow engine looks wrong."""


class Decision(BaseModel):
    """Whose text a segment has, and the objections to the slow engine's."""

    id: int
    source: Literal["final", "draft"]
    reasons: list[Objection] = []
    agreement: Annotated[float | None, Field(description="share of tokens that both have, 0 to 1")] = None
    compression_ratio: float | None = None
    avg_logprob: float | None = None
    draft_confidence: float | None = None
    dropped_start: Annotated[str, Field(description="words that the slow engine invented before the utterance")] = ""
    dropped_end: Annotated[str, Field(description="words that the slow engine invented after it")] = ""
    rejected: Annotated[str, Field(description="the slow engine's text, if it was not chosen")] = ""


class ChunkRecord(ChunkText):
    """Times are seconds of the medium; `until` is a sample index of the audio that is read."""

    start: float
    end: float
    until: int
    next_id: int
    channel: int | None = None
    """The channel that was transcribed; None for the mix of all."""


class DraftRecord(ChunkRecord):
    stage: Literal["draft"] = "draft"
    utterances: list[tuple[int, int, int]]
    """Id, begin and end of each, in samples of the chunk."""
    engine: DraftEngineName | None = None
    """Who drafted the utterances; None if nobody did."""
    model: str | None = None


class FinalRecord(ChunkRecord):
    stage: Literal["final"] = "final"
    aligned: bool = True
    said: str = ""
    """The end of the channel's text so far, which the slow engine gets as context for its next chunk."""
    decisions: Sequence[Decision] = ()
    withdrawn: Sequence[Segment] = ()
    """Drafts that neither engine confirmed, with an empty text."""

    @property
    def published(self) -> list[Segment]:
        """What clients get: the finals, and the withdrawn drafts, in order."""
        return sorted([*self.segments, *self.withdrawn], key=lambda segment: segment.id)
