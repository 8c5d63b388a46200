"""pysubs2: reads and writes ASS and SSA with all their styles."""

import warnings
from bisect import bisect_right
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from common.captions.builder import Builder
from common.captions.document import BOTTOM, Caption, Document, Format
from common.captions.timestamps import SHOWN_MS
from services.subtitle.errors import NotSubtitles, TimeTooLate
from services.subtitle.formats import event_lines, karaoke, substation
from services.subtitle.formats.styles import ALIGNMENTS, HEIGHT, WIDTH, AssStyle, channels

if TYPE_CHECKING:
    from types import ModuleType

    from pysubs2 import SSAEvent, SSAFile, SSAStyle

LATEST_MS = 100 * 3_600_000 - 10
"""99:59:59.99: the hours have at most two digits, in pysubs2 and most players."""
SEPARATORS = str.maketrans(",\n\r", "   ")


@cache
def pysubs2() -> "ModuleType":
    import pysubs2

    return pysubs2


@cache
def long_format() -> Any:
    """Return pysubs2's format with times up to 100 hours. It clamps at 10, which libass and ffmpeg do not need."""
    from pysubs2.formats.substation import SubstationFormat

    class LongSubstation(SubstationFormat):
        @staticmethod
        @override
        def ms_to_timestamp(requested_ms: int) -> str:
            hundredths = (requested_ms + 5) // 10
            minutes, rest = divmod(max(hundredths, 0), 6_000)
            hour, minute = divmod(minutes, 60)
            return f"{hour}:{minute:02d}:{rest // 100:02d}.{rest % 100:02d}"

    return LongSubstation


def read(text: str, kind: Format) -> Document:
    """Read ASS or SSA.

    Raises:
        NotSubtitles: one of its fields cannot be read.
    """
    native: SSAFile = pysubs2().SSAFile()
    built = Builder()
    text = event_lines.without_broken(text, built)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it repairs a wrong margin, layer or alignment itself
            long_format().from_file(native, StringIO(text), kind)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:  # whichever field was wrong
        raise NotSubtitles(f"The file looks like {kind}, but a field cannot be read: {error}.") from error
    for event in native.events:
        if event.type == "Dialogue":
            add(built, native, event)
    read = built.document(kind, native=native)
    repair_events(native)
    return read


def repair_events(native: "SSAFile") -> None:
    """Sort the events as the captions are, and give those that end before they start the duration of the caption."""
    native.events.sort(key=lambda event: event.start)
    starts = [event.start for event in native.events]
    for event in native.events:
        if event.end <= event.start and event.type == "Dialogue":
            later = bisect_right(starts, event.start)
            event.end = min([event.start + SHOWN_MS, *starts[later : later + 1]])


def add(built: Builder, native: "SSAFile", event: "SSAEvent") -> None:
    style = native.styles.get(event.style)
    names = {"b": "bold", "i": "italic", "u": "underline", "s": "strikeout"}
    base = frozenset(mark for mark, name in names.items() if style and getattr(style, name))
    runs = list(substation.runs(event.text, base))
    if event.text and not runs:
        return  # only a drawing
    built.add(
        event.start,
        event.end,
        runs,
        speaker=event.name.strip(),
        words=karaoke.parse_words(event.text, event.start, event.end),
        alignment=substation.alignment(event.text, int(style.alignment) if style else BOTTOM),
    )


def write(document: Document, kind: Format, style: AssStyle, *, words: bool = False) -> str:
    """Write ASS or SSA, with its own styles or with the given one; `words` adds the time of each word.

    Raises:
        TimeTooLate: a time is 100 hours or more.
    """
    native = document.native or to_ssa_file(document, style, words=words)
    if any(max(event.start, event.end) > LATEST_MS for event in native.events):
        raise TimeTooLate
    written = StringIO()
    long_format().to_file(native, written, kind, header_notice="")
    return written.getvalue()


def to_ssa_file(document: Document, style: AssStyle, *, words: bool = False) -> "SSAFile":
    native: SSAFile = pysubs2().SSAFile()
    native.info.update(WrapStyle="0", ScaledBorderAndShadow="yes", PlayResX=str(WIDTH), PlayResY=str(HEIGHT))
    native.styles["Default"] = ssa_style(style, style.font_size)
    native.styles[substation.SECOND_STYLE] = ssa_style(style, style.font_size * style.second_size / 100)
    native.events = [event(caption, words=words) for caption in document.captions]
    return native


def event(caption: Caption, *, words: bool) -> "SSAEvent":
    text = substation.text(caption.runs, caption.alignment)
    if words and caption.words:
        text = substation.text([], caption.alignment) + karaoke.write_words(caption.words, caption.start)
    name = " ".join(caption.speaker.translate(SEPARATORS).split())
    made: SSAEvent = pysubs2().SSAEvent(start=caption.start, end=caption.end, text=text, name=name)
    return made


def ssa_style(style: AssStyle, size: float) -> "SSAStyle":
    library = pysubs2()
    made: SSAStyle = library.SSAStyle(
        fontname=style.font,
        fontsize=round(size, 1),
        primarycolor=library.Color(*channels(style.colour)),
        outlinecolor=library.Color(*channels(style.outline_colour)),
        tertiarycolor=library.Color(*channels(style.outline_colour)),
        bold=style.bold,
        italic=style.italic,
        outline=style.outline,
        shadow=style.shadow,
        alignment=library.Alignment(ALIGNMENTS[style.position]),
        marginv=style.margin,
    )
    return made
