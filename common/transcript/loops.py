"""Find loops in a text: phrases that a model repeats because it is stuck, and texts that compress like one."""

import re
import unicodedata
import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from typing_extensions import override

LONGEST_PHRASE = 8
"""Longest phrase that is searched for repetitions, in words."""
MANY_TIMES, MANY_WORDS = 6, 12
"""Nobody says a phrase this often in a row, and this many words of it."""

ALONE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces: Han, hiragana, katakana."""
CHARACTER = re.compile(rf"[{ALONE}]")
WORD = re.compile(rf"[{ALONE}]|\d+(?:[.,:]\d+)*|[^\W\d_{ALONE}]+")
INSIDE = re.compile(r"(?<=\w)['’](?=\w)")  # noqa: RUF001 - as people write it


@dataclass(slots=True)
class Loop:
    """A phrase said `times` times in a row; `start` is when, in seconds of the medium."""

    phrase: tuple[str, ...]
    times: int
    start: float

    @override
    def __str__(self) -> str:
        shown = " ".join(self.phrase)
        return "".join(self.phrase) if CHARACTER.search(shown) else shown


def plain(text: str) -> str:
    """Return the text without case and without apostrophes in words."""
    return INSIDE.sub("", unicodedata.normalize("NFKC", text).casefold())


def spoken_words(text: str) -> list[str]:
    """Return a text's words, each number as one: "$1,000,000 一百" becomes 1,000,000 一 百."""
    return WORD.findall(plain(text))


def is_character(word: str) -> bool:
    """Return whether a word is one character of a script without spaces."""
    return CHARACTER.fullmatch(word) is not None


def compression_ratio(text: str) -> float:
    """Return by how much zlib compresses the text, which is how Whisper itself detects loops."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0


def max_repetitions(words: Sequence[str]) -> int:
    """Return the highest number of consecutive repetitions of any phrase."""
    most = 1 if words else 0
    for size in range(1, min(LONGEST_PHRASE, len(words) // 2) + 1):
        run = 0
        for place in range(len(words) - size):
            run = run + 1 if words[place] == words[place + size] else 0
            most = max(most, run // size + 1)
    return most


def find_loops(timed: Iterable[tuple[str, float]]) -> list[Loop]:
    """Return the loops in a sequence of words with their times, across segments, in constant memory."""
    recent: deque[tuple[str, float]] = deque(maxlen=LONGEST_PHRASE * MANY_WORDS)
    runs = [0] * (LONGEST_PHRASE + 1)
    found: list[Loop] = []
    current: Loop | None = None
    for word, start in timed:
        recent.append((word, start))
        looping = longest_run(recent, runs)
        if looping is None:
            current = None
        elif current is None:
            current = begin_loop(recent, *looping)
            found.append(current)
        else:
            current.times = max(current.times, looping[1] if len(current.phrase) == looping[0] else current.times)
    return found


def longest_run(recent: Sequence[tuple[str, float]], runs: list[int]) -> tuple[int, int] | None:
    """Update the runs by size of the phrase; return size and times of the shortest phrase that is repeated often."""
    looping = None
    for size in range(1, min(LONGEST_PHRASE, len(recent) - 1) + 1):
        runs[size] = runs[size] + 1 if recent[-1][0] == recent[-1 - size][0] else 0
        times = runs[size] // size + 1
        if looping is None and times >= MANY_TIMES and times * size >= MANY_WORDS:
            looping = size, times
    return looping


def begin_loop(recent: Sequence[tuple[str, float]], size: int, times: int) -> Loop:
    said = list(recent)[-min(size * times, len(recent)) :]
    return Loop(tuple(word for word, _ in said[:size]), times, said[0][1])
