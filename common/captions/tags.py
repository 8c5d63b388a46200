"""SRT and WebVTT tags such as `<i>`: convert between tagged text and styled runs."""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape

from common.captions.document import Run

TYPE_TAG = re.compile(r"<\s*(/?)\s*([bius])\s*>", re.IGNORECASE)
SRT_TAG = re.compile(r"<\s*/?\s*(?:[bius]|font(?:\s[^<>]*)?)\s*>|\{\\[^{}]*\}", re.IGNORECASE)
VTT_TAG = re.compile(r"</?(?:[bius]|c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<[\d:.]+>")
VTT_TYPE = re.compile(r"<(/?)([bius])(?:\.[^<>\s]*)?(?:\s[^<>]*)?>")
VOICE = re.compile(r"<v(?:\.[^<>\s]*)?\s+([^<>]+)>")
RUBY_TEXT = re.compile(r"<rt(?:\.[^<>\s]*)?>([^<>]*)(?:</rt>|(?=</ruby>))")
TAG_NAMES = "bius"

Escape = Callable[[str], str]


def runs(text: str, tag: re.Pattern[str], kind: re.Pattern[str], plain: Escape) -> Iterator[Run]:
    """Yield the text between the tags; tags that do not match `kind` are dropped."""
    marks: frozenset[str] = frozenset()
    position = 0
    for found in tag.finditer(text):
        if found.start() > position:
            yield Run(plain(text[position : found.start()]), marks)
        position = found.end()
        if typed := kind.fullmatch(found.group()):
            closing, name = typed.group(1), typed.group(2).lower()
            marks = marks - {name} if closing else marks | {name}
    if position < len(text):
        yield Run(plain(text[position:]), marks)


def markup(pieces: Iterable[Run], escape: Escape) -> str:
    """Return the runs as text with tags."""
    written = ""
    for run in pieces:
        names = [name for name in TAG_NAMES if name in run.marks]
        opening = "".join(f"<{name}>" for name in names)
        closing = "".join(f"</{name}>" for name in reversed(names))
        written += f"{opening}{escape(run.text)}{closing}" if run.text else ""
    return written


def vtt_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def vtt_unescape(text: str) -> str:
    return unescape(text)


def parenthesize_ruby(text: str) -> str:
    """Return WebVTT text in which the reading follows its base in parentheses."""
    return RUBY_TEXT.sub(r"(\1)", text)


def voice_name(text: str) -> str:
    """Return the speaker named by a WebVTT voice tag."""
    found = VOICE.search(text)
    return unescape(found.group(1)).strip() if found else ""


def only_known_tags(text: str) -> str:
    """Return WebVTT text in which every unknown tag is escaped."""
    position, safe = 0, ""
    for found in VTT_TAG.finditer(text):
        safe += escape_angles(text[position : found.start()]) + found.group()
        position = found.end()
    return safe + escape_angles(text[position:])


def escape_angles(text: str) -> str:
    return text.replace("<", "&lt;").replace("-->", "--&gt;")
