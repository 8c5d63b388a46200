"""SubRip (SRT): numbered cues. There is no standard; this reads what players read, and writes what all of them do."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common.captions.builder import Builder
from common.captions.cleaning import protect_markup, unprotect_markup, without_blank_lines
from common.captions.document import BOTTOM, Caption, Document
from common.captions.tags import SRT_TAG, TYPE_TAG, markup, runs
from common.captions.timestamps import Timing, format_timestamp, looks_like_timing, parse_timing, repair_timing

ALIGNMENT = re.compile(r"\{\\an([1-9])\}")


class Block(NamedTuple):
    """The lines from one timing line to the next."""

    line: int
    """Number of the timing line, from 1."""
    timing: Timing | None
    """None if neither time can be read."""
    number: str
    """The number before the timing line."""
    lines: list[str]


def read(text: str) -> Document:
    built = Builder()
    lead, found = split_blocks(text.split("\n"))
    if any(line.strip() for line in lead):
        built.leave_out(1, "text before the first cue", lead)
    for block in found:
        add(built, block)
    return built.document("srt")


def add(built: Builder, block: Block) -> None:
    if not block.timing:
        built.leave_out(block.line, "the times cannot be read", block.lines)
        return
    built.report_timing(block.line, block.timing)
    body = without_blank_lines("\n".join([block.timing.text, *block.lines])).strip()
    place = ALIGNMENT.search(body)
    built.add(
        block.timing.start,
        block.timing.end,
        runs(body, SRT_TAG, TYPE_TAG, unprotect_markup),
        line=block.line,
        alignment=int(place.group(1)) if place else BOTTOM,
        raw=body,
        settings=block.timing.settings,
    )


def split_blocks(lines: list[str]) -> tuple[list[str], list[Block]]:
    """Return what precedes the first cue, and the cues without the number of the next one."""
    starts = list(find_timings(lines))
    numbered = 2 * sum(index > 0 and lines[index - 1].strip().isdecimal() for index, _ in starts) > len(starts)
    bounds = [*(index for index, _ in starts), len(lines)]
    unspaced = numbered and is_unspaced(lines, bounds[1:-1])
    blocks, number = list[Block](), ""
    lead = lines[: bounds[0]]
    if starts and lead and lead[-1].strip().isdecimal():
        number = lead.pop().strip()
    for (index, timing), stop in zip(starts, bounds[1:], strict=True):
        body = lines[index + 1 : stop]
        following = ""
        if stop < len(lines) and ends_in_number(body, number, numbered=numbered, unspaced=unspaced):
            following = body.pop().strip()
        blocks.append(Block(index + 1, timing, number, body))
        number = following
    return lead, blocks


def find_timings(lines: list[str]) -> Iterator[tuple[int, Timing | None]]:
    """Yield the index of each timing line, and its times; None if neither can be read."""
    for index, line in enumerate(lines):
        if timing := parse_timing(line):
            yield index, timing
        elif looks_like_timing(line, numbered=index > 0 and lines[index - 1].strip().isdecimal()):
            yield index, repair_timing(line)


def is_unspaced(lines: list[str], starts: list[int]) -> bool:
    """Return whether most cues follow the one before without an empty line."""
    near = [index for index in starts if index > 1 and lines[index - 1].strip().isdecimal()]
    return sum(bool(lines[index - 2].strip()) for index in near) * 2 > len(near)


def ends_in_number(lines: list[str], number: str, *, numbered: bool, unspaced: bool) -> bool:
    """Return whether the last line is the number of the next cue."""
    if not lines or not lines[-1].strip().isdecimal():
        return False
    if len(lines) == 1:
        return numbered
    if unspaced or not lines[-2].strip():
        return True
    return number.isdecimal() and int(lines[-1]) == int(number) + 1


def write(document: Document) -> str:
    same = document.format == "srt"
    return "".join(cue(number, caption, same=same) for number, caption in enumerate(document.captions, 1))


def cue(number: int, caption: Caption, *, same: bool) -> str:
    times = f"{format_timestamp(caption.start, ',')} --> {format_timestamp(caption.end, ',')}"
    if same and caption.raw is not None:
        return f"{number}\n{' '.join(filter(None, (times, caption.settings)))}\n{caption.raw}\n\n"
    place = "" if caption.alignment == BOTTOM else f"{{\\an{caption.alignment}}}"
    return f"{number}\n{times}\n{place}{without_blank_lines(markup(caption.runs, protect_markup))}\n\n"
