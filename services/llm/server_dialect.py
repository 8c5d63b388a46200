"""Requests that a server accepts: as configured, then adapted to its refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Answers = Literal["json_schema", "json_object", "text"]
JsonSchema = dict[str, Any] | None
Messages = list[dict[str, str]]

SIMPLER: dict[Answers, Answers] = {"json_schema": "json_object", "json_object": "text"}
OLD_LIMIT, NEW_LIMIT = "max_tokens", "max_completion_tokens"
"""OpenAI's newer models refuse the old name; many other servers only know it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of requests to one server."""

    answers: Answers
    limit: str = OLD_LIMIT
    system_role: bool = True
    temperature: bool = True
    stream: bool = False
    stream_usage: bool = True

    def options(self, schema: JsonSchema, temperature: float | None, longest: int | None) -> dict[str, Any]:
        """Return the options of a request, in addition to its messages."""
        options = {
            "temperature": temperature if self.temperature else None,
            self.limit: longest,
            "response_format": self.response_format(schema) if schema else None,
            "stream": self.stream or None,
            "stream_options": {"include_usage": True} if self.stream and self.stream_usage else None,
        }
        return {name: value for name, value in options.items() if value is not None}

    def response_format(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        if self.answers == "json_schema":
            return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        return {"type": "json_object"} if self.answers == "json_object" else None

    def messages(self, messages: Messages) -> Messages:
        """Return the messages; without a system role, its text precedes the first message of the user."""
        if self.system_role:
            return messages
        instructions = [message["content"] for message in messages if message["role"] == "system"]
        others = [message for message in messages if message["role"] != "system"]
        if not instructions or not others or others[0]["role"] != "user":
            return [{**message, "role": "user"} if message["role"] == "system" else message for message in messages]
        first = "\n\n".join([*instructions, others[0]["content"]])
        return [{"role": "user", "content": first}, *others[1:]]

    def adapt_to(self, refusal: str) -> Dialect:
        """Return the dialect without what a refusal names; unchanged if it names nothing that can be left out."""
        for pattern, adapt in ADAPTATIONS:
            if pattern.search(refusal) and (adapted := adapt(self)) != self:
                return adapted
        return self


Adaptation = tuple[re.Pattern[str], Callable[[Dialect], Dialect]]


def adaptation(pattern: str, adapt: Callable[[Dialect], Dialect]) -> Adaptation:
    return re.compile(pattern, re.IGNORECASE), adapt


ADAPTATIONS: Sequence[Adaptation] = (
    adaptation(NEW_LIMIT, lambda old: replace(old, limit=NEW_LIMIT)),
    adaptation(
        r"response_?format|json_?schema|json_object",
        lambda old: replace(old, answers=SIMPLER.get(old.answers, old.answers)),
    ),
    adaptation(r"stream_options|include_usage", lambda old: replace(old, stream_usage=False)),
    adaptation(r"\bstream", lambda old: replace(old, stream=True)),
    adaptation(
        r"developer instruction|system (role|prompt|message|instruction)|role.{0,20}system|system.{0,20}role|"
        r"roles must alternate",
        lambda old: replace(old, system_role=False),
    ),
    adaptation(
        r"temperature.*(support|default|deprecated)|(unsupported|unknown|unrecognized).*temperature",
        lambda old: replace(old, temperature=False),
    ),
)
"""What servers say when they refuse a part of a request, most specific first."""
