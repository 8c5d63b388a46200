"""Format registry: read and write each format."""

from collections.abc import Callable
from dataclasses import dataclass

from common.captions import srt, txt, vtt
from common.captions.cleaning import clean
from common.captions.document import Document, Format, Target
from common.captions.transcripts import document_of, dump, transcript_of
from services.subtitle import engine
from services.subtitle.errors import NotSubtitles
from services.subtitle.formats import lyrics, microdvd, mpl2, stl_writer, timed_text, transcripts
from services.subtitle.formats.detection import format_of
from services.subtitle.formats.styles import AssStyle

OWN_STYLE = AssStyle()


@dataclass(frozen=True, slots=True)
class Options:
    """What some formats need in addition to the document."""

    fps: float | None = None
    style: AssStyle = OWN_STYLE
    words: bool = False


READERS: dict[Format, Callable[[str, float | None], Document]] = {
    "srt": lambda text, _: srt.read(text),
    "vtt": lambda text, _: vtt.read(text),
    "ass": lambda text, _: engine.read(text, "ass"),
    "ssa": lambda text, _: engine.read(text, "ssa"),
    "sub": microdvd.read,
    "ttml": lambda text, _: timed_text.read(text, "ttml"),
    "scc": lambda text, _: timed_text.read(text, "scc"),
    "lrc": lambda text, _: lyrics.read(text),
    "mpl2": lambda text, _: mpl2.read(text),
    "json": lambda text, _: document_of(transcripts.parse(text)),
}
WRITERS: dict[Target, Callable[[Document, Options], str]] = {
    "srt": lambda document, _: srt.write(document),
    "vtt": lambda document, options: vtt.write(document, words=options.words),
    "ass": lambda document, options: engine.write(document, "ass", options.style, words=options.words),
    "ssa": lambda document, options: engine.write(document, "ssa", options.style, words=options.words),
    "sub": lambda document, options: microdvd.write(document, options.fps),
    "ttml": lambda document, _: timed_text.write(document, "ttml"),
    "scc": lambda document, _: timed_text.write(document, "scc"),
    "lrc": lambda document, options: lyrics.write(document, words=options.words),
    "mpl2": lambda document, _: mpl2.write(document),
    "json": lambda document, _: dump(transcript_of(document)),
    "txt": lambda document, _: txt.write(document),
}


def read(text: str, *, fps: float | None = None) -> Document:
    """Read subtitles or a transcript. An empty text is a file without cues.

    Raises:
        NotSubtitles, NotATranscript: the text has no known format, or no cue of it can be read.
        FrameRateUnknown: the format counts frames, and `fps` is None.
    """
    text = clean(text)
    if not text.strip():
        return Document([], "srt")
    document = READERS[format_of(text)](text, fps)
    if document.warnings and not document.captions:
        raise NotSubtitles(f"No cue of the file can be read: {document.warnings[0]}. Check the file.")
    return document


def write_bytes(
    document: Document, target: Target, *, fps: float | None = None, style: AssStyle = OWN_STYLE, words: bool = False
) -> bytes:
    """Write a document as a file: text in UTF-8, or EBU-STL, which is binary.

    Raises:
        FrameRateUnknown, TimeTooLate: the format needs `fps`, or cannot represent the times.
        CharactersUnsupported: the format cannot represent the text.
    """
    if target == "stl":
        return stl_writer.write(document)
    return write(document, target, fps=fps, style=style, words=words).encode()


def write(
    document: Document, target: Target, *, fps: float | None = None, style: AssStyle = OWN_STYLE, words: bool = False
) -> str:
    """Write a document; `words` adds the times of words, where the format and the captions have them.

    Raises:
        FrameRateUnknown, TimeTooLate: the format needs `fps`, or cannot represent the times.
        CharactersUnsupported: the format cannot represent the text.
    """
    return WRITERS[target](document, Options(fps, style, words))
