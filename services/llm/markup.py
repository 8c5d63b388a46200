r"""Markup in subtitle text: tags such as `<i>`, `<font …>` and `{\an8}`, speaker labels, and a dash per speaker.

What encloses a whole line never reaches the model. What stands inside is part of its text and must be in its answer.
"""

import re
from collections import Counter
from dataclasses import dataclass

from common.captions.cleaning import protect_markup
from common.captions.tags import SRT_TAG

TAG = re.compile(rf"{SRT_TAG.pattern}|</?[A-Za-z][^<>\n]*>", re.IGNORECASE)
OVERRIDE = re.compile(r"\{\\[^{}]*\}\s*")
LABEL = re.compile(r"(?:\[SPEAKER_\d+\]|SPEAKER_\d+:)[ :]*")
"""The label of a speaker without a name, as diarization writes it."""
OPENING = re.compile(r"<\s*([A-Za-z]+)[^<>]*>")
DASH_ROW = re.compile(r"^(?:<[^<>]*>|\{[^{}]*\})*\s*[-\u2010\u2013\u2014]\s*\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A text and what encloses it."""

    before: str
    text: str
    after: str

    def around(self, text: str) -> str:
        return self.before + text + self.after


def unwrap(text: str) -> Enclosed:
    """Separate a text from the tags and labels around the whole of it."""
    before, inner, after = "", text.strip(), ""
    while True:
        if found := OVERRIDE.match(inner) or LABEL.match(inner):
            before, inner = before + found.group(), inner[found.end() :]
        elif pair := enclosing_pair(inner):
            opening, closing = pair
            before, inner, after = before + opening, inner[len(opening) : -len(closing)], closing + after
        else:
            return Enclosed(before, inner, after) if inner.strip() else Enclosed("", text, "")


def enclosing_pair(text: str) -> tuple[str, str] | None:
    """Return the first and the last tag if they belong together and enclose the rest."""
    opening = OPENING.match(text)
    if not opening:
        return None
    name = opening.group(1)
    depth = 0
    for tag in re.finditer(rf"<\s*(/?)\s*{name}\b[^<>]*>", text, re.IGNORECASE):
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return (opening.group(), tag.group()) if tag.end() == len(text) else None
    return None


def same_markup(source: str, text: str) -> bool:
    """Return whether a text has the tags of its source, and a dash for each speaker of a dialogue."""
    return Counter(TAG.findall(source)) == Counter(TAG.findall(text)) and dashes(source) in {0, 1, dashes(text)}


def dashes(text: str) -> int:
    """Return the number of rows that begin with a dash."""
    return len(DASH_ROW.findall(text))


def plain(text: str) -> str:
    return TAG.sub("", text).strip()


def protect(text: str) -> str:
    """Return marked text in which nothing but its tags acts as markup in SRT."""
    written, position = "", 0
    for tag in TAG.finditer(text):
        written += protect_markup(text[position : tag.start()]) + tag.group()
        position = tag.end()
    return written + protect_markup(text[position:])
