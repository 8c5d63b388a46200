"""SubRip (SRT): numbered cues. There is no standard; this reads what players read, and writes what all of them do."""

import re
from collections.abc import Iterator

from common.captions.cleaning import protect_markup, unprotect_markup, without_blank_lines
from common.captions.document import BOTTOM, Builder, Caption, Document
from common.captions.tags import SRT_TAG, TYPE_TAG, markup, runs
from common.captions.timestamps import format_timestamp, parse_timing

ALIGNMENT = re.compile(r"\{\\an([1-9])\}")
Cue = tuple[int, int, str, list[str]]


def read(text: str) -> Document:
    built = Builder()
    for start, end, settings, lines in cues(text.split("\n")):
        body = without_blank_lines("\n".join(lines)).strip()
        found = ALIGNMENT.search(body)
        built.add(
            start,
            end,
            runs(body, SRT_TAG, TYPE_TAG, unprotect_markup),
            alignment=int(found.group(1)) if found else BOTTOM,
            raw=body,
            settings=settings,
        )
    return Document(built.captions, "srt", repaired=built.repaired)


def cues(lines: list[str]) -> Iterator[Cue]:
    """Yield start, end, what follows the times, and the text lines of each cue."""
    starts = [(index, times) for index, line in enumerate(lines) if "-->" in line and (times := parse_timing(line))]
    ends = [index for index, _ in starts[1:]] + [len(lines)] * bool(starts)
    for (index, (start, end, settings)), stop in zip(starts, ends, strict=True):
        body = lines[index + 1 : stop]
        yield start, end, settings, body if stop == len(lines) else without_number(body)


def without_number(lines: list[str]) -> list[str]:
    """Return the lines without the next cue's number if it follows an empty line or stands alone."""
    if lines and lines[-1].strip().isdecimal() and (len(lines) == 1 or not lines[-2].strip()):
        return lines[:-1]
    return lines


def write(document: Document) -> str:
    same = document.format == "srt"
    return "".join(cue(number, caption, same=same) for number, caption in enumerate(document.captions, 1))


def cue(number: int, caption: Caption, *, same: bool) -> str:
    times = f"{format_timestamp(caption.start, ',')} --> {format_timestamp(caption.end, ',')}"
    if same and caption.raw is not None:
        return f"{number}\n{' '.join(filter(None, (times, caption.settings)))}\n{caption.raw}\n\n"
    place = "" if caption.alignment == BOTTOM else f"{{\\an{caption.alignment}}}"
    return f"{number}\n{times}\n{place}{without_blank_lines(markup(caption.runs, protect_markup))}\n\n"
