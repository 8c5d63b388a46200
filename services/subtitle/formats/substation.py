r"""Text of ASS and SSA events: convert from and to runs (`{\i1}`, `\N`, escapes of braces and backslashes).

A literal `{` is written `\{`, which libass shows as a brace, and a backslash is followed by a word joiner, so that
`C:\new` contains no line break: both as in ffmpeg (libavcodec/ass.c, ff_ass_bprint_text_event).
"""

import re
from collections.abc import Iterable, Iterator

from common.captions.cleaning import GUARD
from common.captions.document import BOTTOM, SECOND, Run

SECOND_STYLE = "Second"
TOKEN = re.compile(r"\\\u2060|\\[{}Nnh]|\{[^{}]*\}")
LITERAL = {f"\\{GUARD}": "\\", r"\{": "{", r"\}": "}", r"\N": "\n", r"\n": "\n", r"\h": "\u00a0"}
OVERRIDE = re.compile(r"\\([bius])(\d*)(?![a-zA-Z0-9])|\\r([^\\}]*)|\\p(\d+)")
ALIGNMENT = re.compile(r"\\an([1-9])|\\a(1[01]|[1-79])(?![0-9])")
SSA_ALIGNMENT = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
HEAVY = 700


def runs(text: str, base: frozenset[str] = frozenset()) -> Iterator[Run]:
    """Yield the text of an event without drawings; `base` are the marks of its style."""
    marks, drawing, position = base, False, 0
    for token in TOKEN.finditer(text):
        if token.start() > position and not drawing:
            yield Run(text[position : token.start()], marks)
        position = token.end()
        if literal := LITERAL.get(token.group()):
            yield Run(literal, marks)
        else:
            marks, drawing = apply_override(token.group(), marks, base, drawing=drawing)
    if position < len(text) and not drawing:
        yield Run(text[position:], marks)


def apply_override(
    block: str, marks: frozenset[str], base: frozenset[str], *, drawing: bool
) -> tuple[frozenset[str], bool]:
    """Return the marks after an override block, and whether a drawing follows."""
    for name, value, style, scale in OVERRIDE.findall(block):
        if name:
            on = int(value or 0) == 1 or (name == "b" and int(value or 0) >= HEAVY)
            marks = marks | {name} if on else marks - {name}
        elif scale:
            drawing = int(scale) > 0
        else:
            marks = base | {SECOND} if style == SECOND_STYLE else base
    return marks, drawing


def alignment(text: str, of_style: int = BOTTOM) -> int:
    r"""Return the number-pad key of a leading `\an8` or the older `\a6`."""
    found = ALIGNMENT.search(text)
    if not found:
        return of_style
    return int(found.group(1)) if found.group(1) else SSA_ALIGNMENT[int(found.group(2))]


def text(pieces: Iterable[Run], place: int = BOTTOM) -> str:
    """Return the text of an event of the style Default."""
    written, before = "" if place == BOTTOM else f"{{\\an{place}}}", frozenset[str]()
    for run in pieces:
        written += change(before, run.marks) + escape(run.text)
        before = run.marks
    return written


def change(before: frozenset[str], after: frozenset[str]) -> str:
    style = ""
    if SECOND in before ^ after:
        style = f"\\r{SECOND_STYLE if SECOND in after else ''}"
        before = frozenset()
    off = "".join(f"\\{name}0" for name in sorted(before - after - {SECOND}))
    on = "".join(f"\\{name}1" for name in sorted(after - before - {SECOND}))
    return f"{{{style}{off}{on}}}" if style or off or on else ""


def escape(text: str) -> str:
    """Return text in which nothing has a special meaning for ASS."""
    doubled = text.replace("\\", f"\\{GUARD}").replace("{", r"\{").replace("}", r"\}")
    return doubled.replace("\n", r"\N").replace("\u00a0", r"\h")
