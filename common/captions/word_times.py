"""Times of words inside the text of a cue: read from and written to WebVTT timestamp tags (`<00:00:01.500>`)."""

import re
from collections.abc import Iterator, Sequence

from common.captions.document import TimedWord
from common.captions.tags import VTT_TAG, vtt_escape, vtt_unescape
from common.captions.timestamps import STAMP, format_timestamp, to_ms

TIMESTAMP = re.compile(rf"<({STAMP.pattern})>")
TOKEN = re.compile(r"\s*\S+")

Piece = tuple[int, int, str]
"""Start and end in milliseconds, and the text that is spoken in between."""


def parse_words(body: str, start: int, end: int) -> tuple[TimedWord, ...]:
    """Return the words of a cue with timestamp tags; none without tags.

    Lines before the first one with a tag are repeated from an earlier cue: their words have no duration.
    """
    found = list(TIMESTAMP.finditer(body))
    if not found:
        return ()
    bounds = [0, *(match.end() for match in found)]
    stops = [*(match.start() for match in found), len(body)]
    texts = [vtt_unescape(VTT_TAG.sub("", body[begin:stop])) for begin, stop in zip(bounds, stops, strict=True)]
    times = [start, *(min(max(to_ms(match), start), max(end, start)) for match in found), max(end, start)]
    earlier, line_break, first = texts[0].rpartition("\n")
    pieces = [(start, start, earlier), (times[0], times[1], line_break + first)]
    pieces += [
        (before, max(after, before), text)
        for before, after, text in zip(times[1:-1], times[2:], texts[1:], strict=True)
    ]
    return tuple(split_pieces(pieces))


def split_pieces(pieces: Sequence[Piece]) -> Iterator[TimedWord]:
    """Yield the words of each piece; several words share its time by their lengths."""
    space = ""
    for start, end, text in pieces:
        tokens = TOKEN.findall(space + text)
        space = (space + text)[sum(map(len, tokens)) :]
        length = sum(len(token.strip()) for token in tokens)
        done = 0
        for token in tokens:
            begin = start + (end - start) * done // length
            done += len(token.strip())
            yield TimedWord(begin, start + (end - start) * done // length, token)


def write_words(words: Sequence[TimedWord]) -> str:
    """Return text with a timestamp tag before each word after the first."""
    first, *others = words
    tagged = [
        f"{space_before(word.text)}<{format_timestamp(word.start, '.')}>{vtt_escape(word.text.lstrip())}"
        for word in others
    ]
    return vtt_escape(first.text.lstrip()) + "".join(tagged)


def space_before(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]
