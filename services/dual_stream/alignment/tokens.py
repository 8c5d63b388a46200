"""Tokens in which words of two engines can be compared: no case, punctuation or spelling variants; Chinese by
character.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from common.transcript.format import Word
from common.transcript.loops import ALONE, plain

UNIT = re.compile(rf"[{ALONE}]|\d|[^\W\d_{ALONE}]+")
ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS: dict[str, tuple[str, ...]] = {
    **{word: (str(digit),) for digit, word in enumerate(ENGLISH)},
    **{word: (str(digit),) for digit, word in enumerate("零一二三四五六七八九")},
    **{word: ("1", str(digit)) for digit, word in enumerate(TEENS)},
    **{word: (str(digit),) for digit, word in enumerate(TENS, 2)},
    "〇": ("0",),  # noqa: RUF001 - the Chinese zero
    "两": ("2",),
}
"""Number words as digits. Of twenty, the second digit is the next word, or missing."""


@dataclass(frozen=True, slots=True)
class AlignmentToken:
    """The unit of comparison. `word` is the index of the word it is part of; times are seconds."""

    text: str
    start: float
    end: float
    word: int

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


def tokenize(words: Sequence[Word]) -> list[AlignmentToken]:
    """Return the tokens of each word, which share its time. Punctuation alone has no tokens."""
    return [token for place, word in enumerate(words) for token in parts(word, place)]


def parts(word: Word, place: int) -> Iterator[AlignmentToken]:
    texts = normalize(word.text)
    length = word.duration / len(texts) if texts else 0.0
    for number, text in enumerate(texts):
        start = word.start + number * length
        yield AlignmentToken(text, start, start + length, place)


@lru_cache(maxsize=1_000)
def normalize(text: str) -> tuple[str, ...]:
    """Return a text's tokens: "Twenty-five 25% 二五" becomes 2 5 2 5 2 5."""
    return tuple(token for unit in UNIT.findall(plain(text)) for token in NUMBERS.get(unit, (unit,)))
