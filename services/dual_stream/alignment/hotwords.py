"""Names and numbers of a draft, given to the slow engine as hotwords, which it would otherwise have to guess."""

import re
from collections.abc import Iterable

from common.transcript.format import Segment

MOST = 20
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")  # noqa: RUF001 - as Chinese writes them
NAME = re.compile(r"(?<=\S\s)[A-Z][\w'-]+(?:\s[A-Z][\w'-]+)*")
"""Capitalized words that do not start a sentence."""
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
    """Build a prompt, the nearest text last; a text that is too long loses its oldest part.

    The client's own text (`given`) is always kept; `longest` is the maximum number of characters of the rest.
    """
    listed = ", ".join(expected)
    room = max(longest - len(listed), 0)
    kept = said[len(said) - room :] if room else ""
    return " ".join(part for part in (given, listed[:longest] and f"{listed[:longest]}.", kept.strip()) if part)
