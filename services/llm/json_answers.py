"""Structured answers: requested by a JSON schema, validated, and requested again with a description of the fault."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from services.llm.engine import Endpoint, Messages

T = TypeVar("T", bound="StructuredAnswer")
SHOWN_CHARACTERS = 4_000
"""Maximum length of a faulty answer that is shown to the model again."""
WRONG_FIELDS_NAMED = 3

Judge = Callable[[T], str]
"""Returns what is wrong with an answer, or an empty string."""


class StructuredAnswer(BaseModel):
    """Base class of structured answers. Strict schemas require all fields and no others."""

    model_config = ConfigDict(extra="forbid")


async def answer_of(
    endpoint: Endpoint, kind: type[T], messages: Messages, judge: Judge[T], *, tries: int, temperature: float | None
) -> str:
    """Ask until an answer is valid; return what was wrong with the last one, or an empty string.

    `judge` keeps what it can use of each answer.
    """
    asked = list(messages)
    wrong = ""
    for _ in range(tries):
        reply = await endpoint.ask(asked, schema=kind.model_json_schema(), temperature=temperature)
        wrong = find_fault(kind, reply.text, judge)
        if not wrong:
            break
        shown = reply.text[:SHOWN_CHARACTERS] or "(nothing)"
        asked = [*messages, {"role": "assistant", "content": shown}, {"role": "user", "content": wrong}]
    return wrong


def find_fault(kind: type[T], text: str, judge: Judge[T]) -> str:
    try:
        answer = kind.model_validate_json(json_in(text))
    except ValidationError as error:
        named = error.errors()[:WRONG_FIELDS_NAMED]
        wrong = "; ".join(f"{'.'.join(map(str, problem['loc']))} {problem['msg']}" for problem in named)
        return f"This is not the JSON object that was asked for: {wrong}. Answer with that object and nothing else."
    return judge(answer)


def json_in(text: str) -> str:
    """Return the JSON object in an answer: some models think aloud before it, or put it in a code fence."""
    begin, end = text.find("{", text.rfind("</think>") + 1), text.rfind("}")
    return text[begin : end + 1] if 0 <= begin < end else text
