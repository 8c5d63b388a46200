"""WebVTT (https://www.w3.org/TR/webvtt1/). Settings, ids, notes, styles and regions are preserved."""

import re
from collections.abc import Iterator
from dataclasses import replace

from common.captions.builder import Builder
from common.captions.cleaning import without_blank_lines
from common.captions.document import Caption, Document
from common.captions.placement import alignment_of, settings_of
from common.captions.rolling import remove_repeats
from common.captions.tags import (
    VTT_TAG,
    VTT_TYPE,
    markup,
    only_known_tags,
    parenthesize_ruby,
    runs,
    voice_name,
    vtt_escape,
    vtt_unescape,
)
from common.captions.timestamps import format_timestamp, looks_like_timing, parse_timing, repair_timing
from common.captions.word_times import parse_words, write_words

HEADER = "WEBVTT"
METADATA = re.compile(r"[:=]|^(?:NOTE|STYLE|REGION)\b")
BESIDE = ("NOTE", "STYLE", "REGION")


def read(text: str) -> Document:
    (_, first), *blocks = split_blocks(text)
    built, heads, notes = Builder(), ["\n".join(first)], list[str]()
    if stray := [line for line in first[1:] if not METADATA.search(line)]:
        built.leave_out(2, "text in the header", stray)
    for line, block in blocks:
        if block[0].startswith(BESIDE) and not any(map(parse_timing, block[:2])):
            (notes if built.captions else heads).append("\n".join(block))
            continue
        for at, cue_lines in split_cues(block):
            if add_cue(built, cue_lines, line + at, "\n\n".join(notes)):
                notes.clear()
    read = built.document("vtt", head="\n\n".join(heads))
    captions, repeats = remove_repeats(read.captions)
    found = [f"{repeats} repeated lines of rolling captions were removed"] if repeats else []
    return replace(read, captions=captions, warnings=read.warnings + found)


def split_blocks(text: str) -> list[tuple[int, list[str]]]:
    """Return the number of the first line and the lines of each block. Blocks are separated by empty lines.

    The first one is the header. It ends before a timing line that follows it directly.
    """
    blocks: list[tuple[int, list[str]]] = [(1, [])]
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            blocks.append((number + 1, []))
        else:
            if len(blocks) == 1 and parse_timing(line):
                blocks.append((number, []))
            blocks[-1][1].append(line)
    return [blocks[0], *(block for block in blocks[1:] if block[1])]


def split_cues(block: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the position and the lines of each cue of a block; a timing line in the text begins another cue."""
    numbered = [index > 0 and block[index - 1].strip().isdecimal() for index in range(len(block))]
    timings = [
        index
        for index, line in enumerate(block)
        if parse_timing(line) or looks_like_timing(line, numbered=numbered[index])
    ]
    first = timings[0] if timings else 0
    starts = [first - (first == 1 or numbered[first]), *(index - numbered[index] for index in timings[1:])]
    if starts[0] > 0:
        yield 0, block[: starts[0]]
    for start, stop in zip(starts, [*starts[1:], len(block)], strict=True):
        yield start, block[start:stop]


def add_cue(built: Builder, block: list[str], line: int, notes: str) -> bool:
    """Add the block's cue, if it has one; return whether it did."""
    at = next((index for index, text in enumerate(block[:2]) if parse_timing(text)), None)
    if at is None:
        at = next((index for index, text in enumerate(block[:2]) if repair_timing(text)), None)
    times = (parse_timing(block[at]) or repair_timing(block[at])) if at is not None else None
    if at is None or times is None:
        built.leave_out(line, "text without readable times", block)
        return False
    built.report_timing(line + at, times)
    body = "\n".join([*filter(None, [times.text]), *block[at + 1 :]])
    built.add(
        times.start,
        times.end,
        runs(parenthesize_ruby(body), VTT_TAG, VTT_TYPE, vtt_unescape),
        line=line + at,
        speaker=voice_name(body),
        alignment=alignment_of(times.settings),
        raw=only_known_tags(body),
        id=block[0] if at else "",
        settings=times.settings,
        notes=notes,
        words=parse_words(body, times.start, times.end),
    )
    return True


def write(document: Document, *, words: bool = False) -> str:
    """Write WebVTT; `words` adds the time of each word, where the captions have them."""
    same = document.format == "vtt"
    head = document.head if same and document.head.startswith(HEADER) else HEADER
    return f"{head}\n\n" + "".join(cue(caption, same=same, words=words) for caption in document.captions)


def cue(caption: Caption, *, same: bool, words: bool = False) -> str:
    settings = caption.settings if same else settings_of(caption.alignment)
    times = f"{format_timestamp(caption.start, '.')} --> {format_timestamp(caption.end, '.')}"
    before = [part for part in (f"{caption.notes}\n" if caption.notes else "", caption.id) if part and same]
    body = caption.raw if same and caption.raw is not None else format_caption(caption, words=words)
    return "\n".join([*before, " ".join(filter(None, (times, settings))), body]) + "\n\n"


def format_caption(caption: Caption, *, words: bool = False) -> str:
    tagged = write_words(caption.words) if words and caption.words else markup(caption.runs, vtt_escape)
    body = without_blank_lines(tagged)
    speaker = vtt_escape(" ".join(caption.speaker.split()))
    return f"<v {speaker}>{body}</v>" if speaker else body
