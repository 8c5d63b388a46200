"""Request options that a server accepts: as configured, then adapted to its refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Answers = Literal["json_schema", "json_object", "text"]
JsonSchema = dict[str, Any] | None

SIMPLER: dict[Answers, Answers] = {"json_schema": "json_object", "json_object": "text"}
OLD_LIMIT, NEW_LIMIT = "max_tokens", "max_completion_tokens"
"""OpenAI's newer models refuse the old name; many other servers only know it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Request options in addition to the messages."""

    answers: Answers
    limit: str = OLD_LIMIT

    def options(self, schema: JsonSchema, temperature: float | None, longest: int | None) -> dict[str, Any]:
        options = {
            "temperature": temperature,
            self.limit: longest,
            "response_format": self.response_format(schema) if schema else None,
        }
        return {name: value for name, value in options.items() if value is not None}

    def response_format(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        if self.answers == "json_schema":
            return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        return {"type": "json_object"} if self.answers == "json_object" else None

    def adapt_to(self, refusal: str) -> Dialect:
        """Return the dialect without the option that a refusal names; unchanged if it names none."""
        if NEW_LIMIT in refusal and self.limit == OLD_LIMIT:
            return replace(self, limit=NEW_LIMIT)
        if ("response_format" in refusal or "json_schema" in refusal) and self.answers in SIMPLER:
            return replace(self, answers=SIMPLER[self.answers])
        return self
