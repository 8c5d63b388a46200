"""MicroDVD: one line per cue, in frames. `{1}{1}25` in the first line declares the frame rate."""

import re

from common.captions.builder import Builder
from common.captions.cleaning import protect_markup, unprotect_markup, without_blank_lines
from common.captions.document import Caption, Document, Run
from common.captions.timestamps import SHOWN_MS, from_frame, to_frame
from services.subtitle.errors import FrameRateUnknown

LINE = re.compile(r"^\s*\{\s*(\d{1,12})\s*\}\s*\{\s*(\d{0,12})\s*\}(.*)$")
CONTROL = re.compile(r"\{([A-Za-z]):([^{}]*)\}")
DECLARED = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")
BAR = "\N{FULLWIDTH VERTICAL LINE}"


def read(text: str, fps: float | None) -> Document:
    """Read MicroDVD; `fps` takes precedence over the file's declaration.

    Raises:
        FrameRateUnknown: neither is available.
    """
    found = [(number, line, LINE.match(line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    first = next((match for _, _, match in found if match), None)
    declared = declared_rate(first) if first else None
    rate = fps or declared
    if not rate:
        raise FrameRateUnknown
    built = Builder()
    for number, line, match in found:
        if not match:
            built.leave_out(number, "not a cue", [line])
        elif not (declared and match is first):
            start = from_frame(int(match.group(1)), rate)
            end = from_frame(int(match.group(2)), rate) if match.group(2) else start + SHOWN_MS
            built.add(start, end, runs(match.group(3)), line=number, raw=match.group(3))
    return built.document("sub")


def declared_rate(line: re.Match[str]) -> float | None:
    start, end, text = line.groups()
    if (start, end) in {("1", "1"), ("0", "0")} and DECLARED.fullmatch(text.strip()):
        return float(text.strip().replace(",", ".")) or None
    return None


def runs(text: str) -> list[Run]:
    """Return the lines as runs; `{Y:i}` applies to the whole cue, `{y:i}` to its line."""
    always: frozenset[str] = frozenset()
    made: list[Run] = []
    for line in text.strip().split("|"):
        marks = always
        for kind, value in CONTROL.findall(line):
            if kind in "Yy":
                marks |= frozenset(value.lower()) & frozenset("bius")
                always = marks if kind == "Y" else always
        made.append(Run(("\n" if made else "") + unprotect_markup(CONTROL.sub("", line)), marks))
    return made


def write(document: Document, fps: float | None) -> str:
    """Write MicroDVD.

    Raises:
        FrameRateUnknown: no `fps` was given.
    """
    if not fps:
        raise FrameRateUnknown
    return f"{{1}}{{1}}{fps:g}\n" + "".join(cue(caption, fps) for caption in document.captions)


def cue(caption: Caption, fps: float) -> str:
    start = to_frame(caption.start, fps)
    end = max(to_frame(caption.end, fps), start + 1)
    return f"{{{start}}}{{{end}}}{body(caption)}\n"


def body(caption: Caption) -> str:
    """Return the text in one line. Styles are kept if they apply to the whole cue; a bar, the line separator, is
    replaced.
    """
    seen = [run.marks for run in caption.runs if run.text.strip()]
    marks = sorted(frozenset.intersection(*seen) & frozenset("bius")) if seen else []
    text = protect_markup(without_blank_lines(caption.text)).replace("|", BAR).replace("\n", "|")
    return (f"{{Y:{','.join(marks)}}}" if marks else "") + text
