"""Settings of the llm service: its providers, and how lines are sent to a model."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from common.settings import MIB, Seconds, Section
from services.llm.providers import OLLAMA, Provider


class LlmSettings(Section):
    default_provider: Annotated[str, Field(description="used if a task names none")] = "ollama"
    providers: Annotated[dict[str, Provider], Field(default_factory=lambda: {"ollama": OLLAMA})]
    batch_lines: Annotated[int, Field(ge=1, le=200, description="subtitle lines per request")] = 20
    batch_characters: Annotated[int, Field(ge=100, description="maximum number of characters of these lines")] = 4_000
    context_lines: Annotated[int, Field(ge=0, le=50, description="lines of context before and after them")] = 3
    answer_tries: Annotated[int, Field(ge=1, le=10, description="tries per batch if the answer is invalid")] = 3
    max_fallback: Annotated[
        float, Field(ge=0, le=1, description="share of lines that may keep their source text before a task fails")
    ] = 0.5
    summary_characters: Annotated[int, Field(ge=1_000, description="characters of a transcript per request")] = 24_000
    cache_ttl: Annotated[Seconds, Field(description="how long answers are reused; 0 disables the cache")] = timedelta(
        days=7
    )
    max_answer_bytes: Annotated[int, Field(gt=0, description="a longer answer is cut off")] = 8 * MIB
    max_input_bytes: Annotated[int, Field(gt=0, description="of a transcript")] = 64 * MIB

    @model_validator(mode="after")
    def default_exists(self) -> Self:
        if self.default_provider not in self.providers:
            raise ValueError(
                f"default_provider is not one of the providers: {', '.join(self.providers) or 'there is none'}"
            )
        return self
