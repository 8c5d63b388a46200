"""What a model answered: the text, without its reasoning, from a completion or a stream of its parts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

REASONING = re.compile(r"\s*<(think|thinking|reasoning)>(?:.*?</\1>|.*\Z)", re.DOTALL)
"""Reasoning before the answer; it has no end if the answer was truncated."""
REASONING_END = re.compile(r"</(?:think|thinking|reasoning)>")
"""Some chat templates contain the opening tag, so that the answer has only the closing one."""
CHANNEL = re.compile(r"^.*<\|channel\|>final(?:<\|[^|]*\|>[^<]*)?<\|message\|>", re.DOTALL)
"""The start of the final channel in the Harmony format of gpt-oss (https://cookbook.openai.com/articles/openai-harmony)."""
CONTROL_TOKEN = re.compile(r"<\|(?:return|end|im_end|eot_id|endoftext)\|>\s*$")


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's answer."""

    text: str
    finish_reason: str = "none"
    refusal: str = ""
    """Why the model refuses, in its own words."""
    reasoning: str = ""
    """What the server separated as reasoning; some servers put the whole answer there."""

    @property
    def filtered(self) -> str:
        """Return why the request was refused because of its content, or an empty string."""
        if self.refusal:
            return f"the model refuses: {self.refusal}"
        return "the provider's content filter removed the answer" if self.finish_reason == "content_filter" else ""

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of one request, as counted by the server."""

    input_tokens: int = 0
    output_tokens: int = 0


def reply_of(answer: Any) -> Reply:
    """Return the reply in a chat completion; an answer that is not one has no text."""
    choice = first_choice(answer)
    message = getattr(choice, "message", None)
    return make_reply(
        content=text_of(getattr(message, "content", None)),
        refusal=text_of(getattr(message, "refusal", None)),
        reasoning=reasoning_of(message),
        finish_reason=getattr(choice, "finish_reason", None),
    )


async def reply_of_stream(chunks: AsyncIterator[Any]) -> tuple[Reply, TokenCount]:
    """Collect a streamed completion."""
    content, refusal, reasoning, finish_reason, tokens = "", "", "", None, TokenCount()
    async for chunk in chunks:
        choice = first_choice(chunk)
        delta = getattr(choice, "delta", None)
        content += text_of(getattr(delta, "content", None))
        refusal += text_of(getattr(delta, "refusal", None))
        reasoning += reasoning_of(delta)
        finish_reason = getattr(choice, "finish_reason", None) or finish_reason
        tokens = tokens_of(chunk) if getattr(chunk, "usage", None) else tokens
    return make_reply(content=content, refusal=refusal, reasoning=reasoning, finish_reason=finish_reason), tokens


def make_reply(*, content: str, refusal: str, reasoning: str, finish_reason: Any) -> Reply:
    return Reply(
        without_reasoning(content),
        finish_reason if isinstance(finish_reason, str) and finish_reason else "none",
        refusal,
        reasoning,
    )


def first_choice(answer: Any) -> Any:
    choices = getattr(answer, "choices", None)
    return choices[0] if isinstance(choices, list) and choices else None


def text_of(content: object) -> str:
    """Return a text, or the texts in a list of parts, joined.

    A lone surrogate becomes a question mark: JSON can contain one, but a file cannot.
    """
    if isinstance(content, list):
        return "".join(text_of(part.get("text")) for part in content if isinstance(part, dict))
    return content.encode(errors="replace").decode() if isinstance(content, str) else ""


def reasoning_of(message: Any) -> str:
    return text_of(getattr(message, "reasoning_content", None)) or text_of(getattr(message, "reasoning", None))


def without_reasoning(text: str) -> str:
    """Return the answer after the model's reasoning, if it put both into its text."""
    if "<|message|>" in text:
        text = CONTROL_TOKEN.sub("", CHANNEL.sub("", text))
    if begins := REASONING.match(text):
        return text[begins.end() :].strip()
    ends = None if "<think" in text else REASONING_END.search(text)
    return text[ends.end() :].strip() if ends else text


def tokens_of(answer: Any) -> TokenCount:
    used = getattr(answer, "usage", None)
    return TokenCount(
        count_of(getattr(used, "prompt_tokens", None)), count_of(getattr(used, "completion_tokens", None))
    )


def count_of(value: object) -> int:
    """Return a count from the server's answer; the library checks no types."""
    return value if isinstance(value, int) and value > 0 else 0
