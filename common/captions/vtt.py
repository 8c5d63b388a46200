"""WebVTT (https://www.w3.org/TR/webvtt1/). Settings, ids, notes, styles and regions are preserved."""

from common.captions.cleaning import without_blank_lines
from common.captions.document import Builder, Caption, Document
from common.captions.placement import alignment_of, settings_of
from common.captions.tags import (
    VTT_TAG,
    VTT_TYPE,
    markup,
    only_known_tags,
    runs,
    voice_name,
    vtt_escape,
    vtt_unescape,
)
from common.captions.timestamps import format_timestamp, parse_timing

HEADER = "WEBVTT"
BESIDE = ("NOTE", "STYLE", "REGION")


def read(text: str) -> Document:
    first, *blocks = split_blocks(text)
    built, heads, notes = Builder(), ["\n".join(first)], list[str]()
    for block in blocks:
        if add_cue(built, block, "\n\n".join(notes)):
            notes.clear()
        elif block[0].startswith(BESIDE):
            (notes if built.captions else heads).append("\n".join(block))
    return Document(built.captions, "vtt", head="\n\n".join(heads), repaired=built.repaired)


def split_blocks(text: str) -> list[list[str]]:
    """Return the lines of each block; blocks are separated by empty lines, and the first one is the header."""
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if not line.strip():
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [blocks[0], *filter(None, blocks[1:])]


def add_cue(built: Builder, block: list[str], notes: str) -> bool:
    """Add the block's cue, if it has one; return whether it did."""
    at = next((index for index, line in enumerate(block[:2]) if parse_timing(line)), None)
    times = parse_timing(block[at]) if at is not None else None
    if at is None or times is None:
        return False
    start, end, settings = times
    body = "\n".join(block[at + 1 :])
    built.add(
        start,
        end,
        runs(body, VTT_TAG, VTT_TYPE, vtt_unescape),
        speaker=voice_name(body),
        alignment=alignment_of(settings),
        raw=only_known_tags(body),
        id=block[0] if at else "",
        settings=settings,
        notes=notes,
    )
    return True


def write(document: Document) -> str:
    same = document.format == "vtt"
    head = document.head if same and document.head.startswith(HEADER) else HEADER
    return f"{head}\n\n" + "".join(cue(caption, same=same) for caption in document.captions)


def cue(caption: Caption, *, same: bool) -> str:
    settings = caption.settings if same else settings_of(caption.alignment)
    times = f"{format_timestamp(caption.start, '.')} --> {format_timestamp(caption.end, '.')}"
    before = [part for part in (f"{caption.notes}\n" if caption.notes else "", caption.id) if part and same]
    body = caption.raw if same and caption.raw is not None else format_caption(caption)
    return "\n".join([*before, " ".join(filter(None, (times, settings))), body]) + "\n\n"


def format_caption(caption: Caption) -> str:
    body = without_blank_lines(markup(caption.runs, vtt_escape))
    speaker = vtt_escape(" ".join(caption.speaker.split()))
    return f"<v {speaker}>{body}</v>" if speaker else body
