"""When the draft's text stands in for Whisper's."""

from typing import Annotated

from pydantic import Field

from common.settings import Section


class FallbackLimits(Section):
    compression_ratio: Annotated[float, Field(gt=0, description="above")] = 2.4
    avg_logprob: Annotated[float, Field(le=0, description="below")] = -1.0
    repeats: Annotated[int, Field(ge=2, description="the same words so often in a row, and not so in the draft")] = 4
    disagreement: Annotated[float, Field(ge=0, le=1, description="above, where the draft is confident")] = 0.6
    confident_draft: Annotated[float, Field(ge=0, le=1, description="above, a draft outweighs a disagreement")] = 0.85
    usable_draft: Annotated[float, Field(ge=0, le=1, description="below, a draft never stands in")] = 0.3
