"""What of a draft the slow engine is told to expect: names and numbers, which it would otherwise guess at."""

import re
from collections.abc import Iterable

from common.transcript.format import Segment

MOST = 20
SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")  # noqa: RUF001 - as Chinese writes them
NAME = re.compile(r"(?<=\S\s)[A-Z][\w'-]+(?:\s[A-Z][\w'-]+)*")
"""Capitals where no sentence begins."""
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*%?")
ALWAYS_CAPITAL = frozenset({"I", "I'm", "I'll", "I've", "I'd"})


def terms(drafts: Iterable[Segment]) -> list[str]:
    """Return the names and numbers, each once, in the order of the draft."""
    found: dict[str, None] = {}
    for draft in drafts:
        for sentence in SENTENCE.split(draft.text):
            found.update(dict.fromkeys([*NAME.findall(sentence), *NUMBER.findall(sentence)]))
    return [term for term in found if term not in ALWAYS_CAPITAL][:MOST]


def prompt(given: str, expected: Iterable[str], said: str, longest: int) -> str:
    """Put a prompt together, the nearest text last; too long a text loses its oldest end.

    What the client has `given` always stays; `longest` is the most characters of the rest.
    """
    listed = ", ".join(expected)
    room = max(longest - len(listed), 0)
    kept = said[len(said) - room :] if room else ""
    return " ".join(part for part in (given, listed[:longest] and f"{listed[:longest]}.", kept.strip()) if part)
