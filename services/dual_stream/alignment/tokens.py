"""Tokens in which words of two engines can be compared: no case, punctuation or spelling variants; Chinese by
character.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from common.transcript.format import Word

ALONE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces: Han, hiragana, katakana."""
CHARACTER = re.compile(rf"[{ALONE}]")
UNIT = re.compile(rf"[{ALONE}]|\d|[^\W\d_{ALONE}]+")
WORD = re.compile(rf"[{ALONE}]|\d+(?:[.,:]\d+)*|[^\W\d_{ALONE}]+")
INSIDE = re.compile(r"(?<=\w)['’](?=\w)")  # noqa: RUF001 - as people write it
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


def spoken_words(text: str) -> list[str]:
    """Return a text's words, each number as one: "$1,000,000 一百" becomes 1,000,000 一 百."""
    return WORD.findall(plain(text))


def is_character(word: str) -> bool:
    """Return whether a word is one character of a script without spaces."""
    return CHARACTER.fullmatch(word) is not None


def plain(text: str) -> str:
    return INSIDE.sub("", unicodedata.normalize("NFKC", text).casefold())
