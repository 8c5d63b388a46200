"""Format registry: detect the format of a text, and read and write each."""

import re

from common.captions import srt, txt, vtt
from common.captions.cleaning import clean
from common.captions.document import Document, Format, Target
from common.captions.timestamps import parse_timing
from common.captions.transcripts import document_of, dump, transcript_of
from services.subtitle import engine
from services.subtitle.errors import NotSubtitles
from services.subtitle.formats import microdvd, transcripts
from services.subtitle.formats.styles import AssStyle

HEAD = 8_192
SECTION = re.compile(r"^\[(V4\+? Styles|Script Info|Events)\]", re.IGNORECASE | re.MULTILINE)
SSA = re.compile(r"^\[V4 Styles\]|^ScriptType:\s*v4\.00\s*$", re.IGNORECASE | re.MULTILINE)
JSON = re.compile(r'\s*[{\[]\s*["{}\[\]]')
OWN_STYLE = AssStyle()


def looks_like_json(text: str) -> bool:
    return bool(JSON.match(text))


def format_of(text: str) -> Format:
    """Return the format, detected from the text; the file name is ignored.

    Raises:
        NotSubtitles: it matches none.
    """
    head = text.lstrip()[:HEAD]
    if head.startswith("WEBVTT"):
        return "vtt"
    if looks_like_json(head):
        return "json"
    if SECTION.search(head):
        return "ssa" if SSA.search(head) else "ass"
    if any(map(microdvd.LINE.match, head.splitlines()[:20])):
        return "sub"
    if any("-->" in line and parse_timing(line) for line in text.split("\n")):
        return "srt"
    raise NotSubtitles


def read(text: str, *, fps: float | None = None) -> Document:
    """Read subtitles or a transcript. An empty text is a file without cues.

    Raises:
        NotSubtitles, NotATranscript: the text has no known format.
        FrameRateUnknown: the format counts frames, and `fps` is None.
    """
    text = clean(text)
    if not text.strip():
        return Document([], "srt")
    document = read_as(format_of(text), text, fps)
    if document.warnings and not document.captions:
        raise NotSubtitles(f"No cue of the file can be read: {document.warnings[0]}. Check the file.")
    return document


def read_as(kind: Format, text: str, fps: float | None) -> Document:
    match kind:
        case "json":
            return document_of(transcripts.parse(text))
        case "ass" | "ssa":
            return engine.read(text, kind)
        case "sub":
            return microdvd.read(text, fps)
        case "vtt":
            return vtt.read(text)
        case "srt":
            return srt.read(text)


def write(document: Document, target: Target, *, fps: float | None = None, style: AssStyle = OWN_STYLE) -> str:
    """Write a document.

    Raises:
        FrameRateUnknown, TimeTooLate: the format needs `fps`, or cannot represent the times.
    """
    match target:
        case "srt":
            return srt.write(document)
        case "vtt":
            return vtt.write(document)
        case "ass" | "ssa":
            return engine.write(document, target, style)
        case "sub":
            return microdvd.write(document, fps)
        case "json":
            return dump(transcript_of(document))
        case "txt":
            return txt.write(document)
