"""Structured answers: requested by a JSON schema, repaired, validated, and requested again with what was wrong."""

from collections.abc import Callable
from typing import Any, TypeVar

import json_repair
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from services.llm.engine import Endpoint
from services.llm.errors import AnswerTruncated, ContentFiltered
from services.llm.replies import Reply
from services.llm.server_dialect import Messages

T = TypeVar("T", bound="StructuredAnswer")
SHOWN_CHARACTERS = 4_000
"""Maximum length of a faulty answer that is shown to the model again."""
QUOTED_CHARACTERS = 120
"""Maximum length of a faulty answer in an error message."""
WRONG_FIELDS_NAMED = 3

Judge = Callable[[T], str]
"""Returns what is wrong with an answer, or an empty string."""


class StructuredAnswer(BaseModel):
    """Base class of structured answers. A strict schema requires all fields and no others; an answer may have more."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})

    @classmethod
    def from_loose(cls, value: Any) -> Any:
        """Return an answer of another shape in the shape of the schema, where the meaning is certain."""
        return value


async def answer_of(
    endpoint: Endpoint, kind: type[T], messages: Messages, judge: Judge[T], *, tries: int, temperature: float | None
) -> str:
    """Ask until an answer is valid; return what was wrong with the last one, or an empty string.

    `judge` keeps what it can use of each answer.

    Raises:
        AnswerTruncated, ContentFiltered, ContextTooLong: fewer lines at a time may help; the same ones do not.
    """
    asked = list(messages)
    wrong = ""
    for _ in range(tries):
        reply = await endpoint.ask(asked, schema=kind.model_json_schema(), temperature=temperature)
        refuse_unanswered(reply, endpoint)
        text = reply.text or reply.reasoning
        wrong = find_fault(kind, text, judge)
        if not wrong:
            break
        asked = [*messages, {"role": "assistant", "content": text[:SHOWN_CHARACTERS] or "(nothing)"}]
        asked += [{"role": "user", "content": wrong}]
        quoted = " ".join(text.split())[:QUOTED_CHARACTERS].rstrip(".")
        wrong = f"the model answered: {quoted or '(nothing)'}. {wrong}"
    return wrong


def refuse_unanswered(reply: Reply, endpoint: Endpoint) -> None:
    where = {"provider": endpoint.name, "model": endpoint.model}
    if reply.filtered:
        raise ContentFiltered(**where, reason=endpoint.failures.excerpt(reply.filtered))
    if reply.truncated:
        raise AnswerTruncated(**where, reason="the answer reached the server's limit of tokens")


def find_fault(kind: type[T], text: str, judge: Judge[T]) -> str:
    try:
        answer = kind.model_validate(kind.from_loose(parse_json(text)))
    except ValidationError as error:
        named = error.errors()[:WRONG_FIELDS_NAMED]
        wrong = "; ".join(f"{'.'.join(map(str, problem['loc']))} {problem['msg']}" for problem in named)
        return f"This is not the JSON object that was asked for: {wrong}. Answer with that object and nothing else."
    return judge(answer)


def parse_json(text: str) -> Any:
    """Return the JSON value in an answer, which may have text around it and small faults; None if there is none.

    Strings keep no lone surrogates, because a file cannot contain them.
    """
    written = json_in(text)
    try:
        return from_json(written)
    except ValueError:
        pass
    try:
        return json_repair.loads(written, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None


def json_in(text: str) -> str:
    """Return what lies between the first and the last bracket: some models add prose or a code fence around it.

    An answer that was cut off ends with its last complete object.
    """
    begins = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    begin, end = min(begins, default=-1), max(text.rfind("}"), text.rfind("]"))
    return text[begin : end + 1] if 0 <= begin < end else ""
