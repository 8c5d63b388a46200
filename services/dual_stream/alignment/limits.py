"""Limits at which the draft's text replaces Whisper's."""

from typing import Annotated

from pydantic import Field

from common.settings import Section
from common.transcript.format import Segment


class FallbackLimits(Section):
    compression_ratio: Annotated[float, Field(gt=0, description="above")] = 2.4
    avg_logprob: Annotated[float, Field(le=0, description="below")] = -1.0
    repeats: Annotated[
        int, Field(ge=2, description="the same words this often in a row, unless the draft repeats them too")
    ] = 4
    disagreement: Annotated[float, Field(ge=0, le=1, description="above this, if the draft is confident")] = 0.6
    confident_draft: Annotated[float, Field(ge=0, le=1, description="above this, a draft outweighs a disagreement")] = (
        0.85
    )
    doubtful_words: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="words at the ends of an utterance that a confident draft lacks are dropped below this",
        ),
    ] = 0.5
    usable_draft: Annotated[
        float, Field(ge=0, le=1, description="below this, a draft is not used: neither its text nor its times")
    ] = 0.75

    def is_usable(self, draft: Segment | None) -> bool:
        return draft is not None and (draft.confidence or 0.0) >= self.usable_draft

    def is_confident(self, draft: Segment | None) -> bool:
        return draft is not None and (draft.confidence or 0.0) >= self.confident_draft
