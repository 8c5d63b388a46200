"""MPL2: one line per cue, in tenths of a second (`[10][25]Text|second line`); a slash before a line makes it italic."""

import re

from common.captions.builder import Builder
from common.captions.cleaning import without_blank_lines
from common.captions.document import Caption, Document, Run
from common.captions.timestamps import SHOWN_MS

LINE = re.compile(r"^\s*\[(\d{1,9})\]\[(\d{0,9})\]\s?(.*)$")
BAR = "\N{FULLWIDTH VERTICAL LINE}"
SLASH = "\N{FRACTION SLASH}"


def read(text: str) -> Document:
    built = Builder()
    for number, line in enumerate(text.split("\n"), 1):
        if match := LINE.match(line):
            start = int(match.group(1)) * 100
            end = int(match.group(2)) * 100 if match.group(2) else start + SHOWN_MS
            built.add(start, end, runs(match.group(3)), line=number, raw=match.group(3))
        elif line.strip():
            built.leave_out(number, "not a cue", [line])
    return built.document("mpl2")


def runs(text: str) -> list[Run]:
    made: list[Run] = []
    for line in text.strip().split("|"):
        italic = line.startswith("/")
        made.append(Run(("\n" if made else "") + line.removeprefix("/"), frozenset({"i"} if italic else ())))
    return made


def write(document: Document) -> str:
    return "".join(cue(caption) for caption in document.captions)


def cue(caption: Caption) -> str:
    start = (caption.start + 50) // 100
    end = max((caption.end + 50) // 100, start + 1)
    return f"[{start}][{end}]{body(caption)}\n"


def body(caption: Caption) -> str:
    """Return the text in one line; it is italic if all of it is."""
    written = [run.marks for run in caption.runs if run.text.strip()]
    italic = bool(written) and all("i" in marks for marks in written)
    lines = without_blank_lines(caption.text).replace("|", BAR).split("\n")
    return "|".join("/" + line if italic else re.sub("^/", SLASH, line) for line in lines)
