r"""Word times in ASS: `{\k50}` before a word gives its duration in hundredths of a second."""

import re
from collections.abc import Sequence

from common.captions.document import TimedWord
from common.captions.word_times import split_pieces
from services.subtitle.formats import substation

SYLLABLE = re.compile(r"\{[^{}]*?\\[kK][fo]?(\d{1,6})[^{}]*\}")


def parse_words(text: str, start: int, end: int) -> tuple[TimedWord, ...]:
    r"""Return the words of an event with `\k`, `\kf`, `\ko` or `\K`; none without."""
    found = list(SYLLABLE.finditer(text))
    if not found:
        return ()
    bounds = [0, *(match.end() for match in found)]
    stops = [*(match.start() for match in found), len(text)]
    texts = [
        "".join(run.text for run in substation.runs(text[begin:stop]))
        for begin, stop in zip(bounds, stops, strict=True)
    ]
    times = [start, start]
    for match in found:
        times.append(min(times[-1] + int(match.group(1)) * 10, max(end, start)))
    return tuple(
        split_pieces(
            [(before, after, piece) for before, after, piece in zip(times[:-1], times[1:], texts, strict=True)]
        )
    )


def write_words(words: Sequence[TimedWord], start: int) -> str:
    r"""Return the text of an event with `\k` before each word. A pause before a word is a syllable without text."""
    written, done = "", 0
    for word in words:
        space, spoken = word.text[: len(word.text) - len(word.text.lstrip())], word.text.lstrip()
        begin, end = to_hundredths(word.start - start), to_hundredths(word.end - start)
        pause = max(begin - done, 0)
        written += substation.escape(space) if written else ""
        written += (
            f"{{\\k{pause}}}" if pause else ""
        ) + f"{{\\k{max(end - done - pause, 0)}}}{substation.escape(spoken)}"
        done = max(done, end)
    return written


def to_hundredths(ms: int) -> int:
    return (ms + 5) // 10
