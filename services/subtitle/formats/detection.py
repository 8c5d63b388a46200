"""Detect the format of a text; the file name is ignored."""

import re
from collections.abc import Callable

from common.captions.document import Format
from common.captions.timestamps import parse_timing
from services.subtitle.errors import NotSubtitles
from services.subtitle.formats import lyrics, microdvd, mpl2

HEAD = 8_192
HEAD_LINES = 20
SECTION = re.compile(r"^\[(V4\+? Styles|Script Info|Events)\]", re.IGNORECASE | re.MULTILINE)
SSA = re.compile(r"^\[V4 Styles\]|^ScriptType:\s*v4\.00\s*$", re.IGNORECASE | re.MULTILINE)
TTML = re.compile(r"<(?:\w+:)?tt[\s>]")
JSON = re.compile(r'\s*[{\[]\s*["{}\[\]]')


def looks_like_json(text: str) -> bool:
    return bool(JSON.match(text))


def any_line(match: Callable[[str], object], text: str, limit: int | None = None) -> bool:
    return any(map(match, text.split("\n")[:limit]))


BY_HEAD: dict[Format, Callable[[str], bool]] = {
    "vtt": lambda head: head.startswith("WEBVTT"),
    "json": looks_like_json,
    "ssa": lambda head: bool(SECTION.search(head) and SSA.search(head)),
    "ass": lambda head: bool(SECTION.search(head)),
    "scc": lambda head: head.startswith("Scenarist_SCC"),
    "ttml": lambda head: bool(TTML.search(head)),
    "sub": lambda head: any_line(microdvd.LINE.match, head, HEAD_LINES),
    "mpl2": lambda head: any_line(mpl2.LINE.match, head, HEAD_LINES),
}
BY_TEXT: dict[Format, Callable[[str], bool]] = {
    "srt": lambda text: any_line(parse_timing, text),
    "lrc": lambda text: any_line(lyrics.LINE.match, text),
}


def format_of(text: str) -> Format:
    """Return the first format that the text matches.

    Raises:
        NotSubtitles: it matches none.
    """
    head = text.lstrip()[:HEAD]
    found = next((kind for kind, matches in BY_HEAD.items() if matches(head)), None)
    found = found or next((kind for kind, matches in BY_TEXT.items() if matches(text)), None)
    if not found:
        raise NotSubtitles
    return found
