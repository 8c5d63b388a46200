"""Names and numbers of a draft, given to the slow engine as hotwords, which it would otherwise have to guess."""

import re
from collections.abc import Iterable

from common.transcript.format import Segment

MOST = 20
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")  # noqa: RUF001 - as Chinese writes them
NAME = re.compile(r"(?<=\S\s)[A-Z][\w'-]+(?:\s[A-Z][\w'-]+)*")
"""Capitalized words that do not start a sentence."""
SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)|[。！？][”’」』）]*")  # noqa: RUF001 - as Chinese writes them
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*%?")
ALWAYS_CAPITAL = frozenset({"I", "I'm", "I'll", "I've", "I'd"})


def find_hotwords(drafts: Iterable[Segment]) -> list[str]:
    """Return the names and numbers, each once, in the order of the draft."""
    found: dict[str, None] = {}
    for draft in drafts:
        for sentence in SENTENCE.split(draft.text):
            found.update(dict.fromkeys([*NAME.findall(sentence), *NUMBER.findall(sentence)]))
    return [term for term in found if term not in ALWAYS_CAPITAL][:MOST]


def build_prompt(given: str, expected: Iterable[str], said: str, longest: int) -> str:
    """Build a prompt, the nearest text last; a text that is too long loses its oldest sentences.

    The client's own text (`given`) is always kept; `longest` is the maximum number of characters of the rest.
    """
    listed = ", ".join(expected)
    kept = last_sentences(said, max(longest - len(listed), 0))
    return " ".join(part for part in (given, listed[:longest] and f"{listed[:longest]}.", kept) if part)


def last_sentences(text: str, longest: int) -> str:
    """Return the last whole sentences with no more than `longest` characters.

    A prompt that ends in the middle of a sentence makes Whisper stop early.
    """
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    starts = [0, *ends[:-1]] if ends else []
    kept = (text[start : ends[-1]].strip() for start in starts)
    return next((sentences for sentences in kept if len(sentences) <= longest), "")
