"""Pieces of a segment with times: its words, or shares of its time if it has none."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from common.transcript.format import Segment, Word
from services.subtitle.layout.breaks import can_break
from services.subtitle.layout.widths import breaks_anywhere, width
from services.subtitle.layout.word_breaks import word_breaks

DASH = re.compile(r"\s*[-\u2010\u2013\u2014]\s*\S")
DASHED_ROW = re.compile(r"\n(?=[ \t]*[-\u2010\u2013\u2014]\s*\S)")
CHUNK = re.compile(r"\s*\S+(?:\s+$)?")


def has_true_words(segment: Segment) -> bool:
    """Return whether its words give its text; after an edit by a user they may not."""
    return bool(segment.words) and "".join(word.text for word in segment.words).strip() == segment.text.strip()


def pieces(segment: Segment, max_width: int, language: str | None = None) -> list[Word]:
    """Return the pieces into which a segment can be split. Its line breaks become spaces, or nothing between wide
    letters; those before the dashes of a dialogue stay.

    A word stays whole unless it is wider than a line, such as a Chinese sentence that is given as one word.
    """
    words = (
        segment.words if has_true_words(segment) else [Word(start=segment.start, end=segment.end, text=segment.text)]
    )
    keep = max_width if has_true_words(segment) else 0
    dialogue = is_dialogue(segment.text)
    return [part for word in on_one_line(words, dialogue=dialogue) for part in cut(word, keep, language)]


def is_dialogue(text: str) -> bool:
    """Return whether several rows begin with a dash, one for each speaker."""
    return sum(DASH.match(row) is not None for row in text.split("\n")) > 1


def on_one_line(words: Iterable[Word], *, dialogue: bool) -> Iterator[Word]:
    before = ""
    for word in words:
        rows = DASHED_ROW.split(word.text) if dialogue else [word.text]
        text = "\n".join(unbroken(before if index == 0 else "", row) for index, row in enumerate(rows))
        before = text or before
        yield word if text is word.text else word.model_copy(update={"text": text})


def unbroken(before: str, text: str) -> str:
    if "\n" not in text:
        return text
    first, *rest = text.split("\n")
    joined = first.rstrip()
    for line in rest[:-1]:
        joined += line_joint((before + joined)[-1:], line.strip()) + line.strip()
    last = rest[-1].lstrip()
    return joined + line_joint((before + joined)[-1:], last) + last


def line_joint(left: str, right: str) -> str:
    """Return what separates two lines when they are joined."""
    wide = left and right and breaks_anywhere(left[-1]) and breaks_anywhere(right[0])
    return "" if wide or not left.strip() else " "


def cut(word: Word, keep: int, language: str | None) -> list[Word]:
    """Split a word wherever text may break, its time divided by width; what is at most `keep` wide stays whole."""
    parts = [word.text] if keep and width(word.text.strip()) <= keep else list(chunks(word.text, language))
    if len(parts) < 2:  # noqa: PLR2004 - nothing to cut
        return [word]
    total = max(width(word.text), 1)
    done, times = 0, [word.start]
    for part in parts:
        done += width(part)
        times.append(word.start + word.duration * done / total)
    timed = zip(parts, pairwise(times), strict=True)
    return [word.model_copy(update={"text": part, "start": start, "end": end}) for part, (start, end) in timed]


def chunks(text: str, language: str | None) -> Iterator[str]:
    """Yield the text in parts between which it may break; spaces stay with the following part."""
    if not text.strip():
        return
    between = word_breaks(text, language).between
    for found in CHUNK.finditer(text):
        chunk, begin = found.group(), 0
        for index in range(1, len(chunk)):
            before, after = chunk[index - 1], chunk[index]
            possible = can_break(before, after) or found.start() + index in between
            if not before.isspace() and not after.isspace() and possible:
                yield chunk[begin:index]
                begin = index
        yield chunk[begin:]
