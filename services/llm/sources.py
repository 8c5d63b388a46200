"""The lines of a Transcript, SRT or WebVTT file, with their markup, and the same lines with other texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from common.captions import srt, vtt
from common.captions.document import BOTTOM, Caption, Document
from common.captions.tags import markup
from common.captions.transcripts import document_of, transcript_of
from common.transcript.format import Segment, Transcript
from services.llm import markup as tags
from services.llm.errors import NotALineFile


@dataclass(frozen=True, slots=True)
class Source:
    """A transcript, and the lines whose text has markup in the file."""

    transcript: Transcript
    marked: Mapping[int, str]
    """Text with markup as in SRT, by id."""

    def lines(self) -> Iterable[Segment]:
        """Return the segments that have a text, with its markup."""
        for segment in self.transcript.segments:
            if segment.text.strip():
                yield segment.model_copy(update={"text": self.marked.get(segment.id, segment.text)})


def read(text: str) -> Source:
    """Parse Transcript JSON, WebVTT or SubRip.

    Raises:
        pydantic.ValidationError: it looks like JSON, but is not a Transcript.
        NotALineFile: there is text, but no cue in it.
    """
    if text.lstrip().startswith("{"):
        return Source(Transcript.model_validate_json(text), {})
    document: Document = vtt.read(text) if text.startswith("WEBVTT") else srt.read(text)
    if text.strip() and not document.captions and not text.startswith("WEBVTT"):
        raise NotALineFile
    marked = {number: marked_text(caption, document.format) for number, caption in enumerate(document.captions)}
    return Source(
        transcript_of(document),
        {number: text for number, text in marked.items() if text != document.captions[number].text.strip()},
    )


def marked_text(caption: Caption, form: str) -> str:
    """Return the text with its markup as in SRT."""
    if form == "srt" and caption.raw is not None:
        return caption.raw.strip()
    place = "" if caption.alignment == BOTTOM else f"{{\\an{caption.alignment}}}"
    return place + markup(caption.runs, str).strip()


def write_srt(transcript: Transcript, marked: Mapping[int, str]) -> str:
    """Return the segments with a text as SRT, those in `marked` with their markup."""
    spoken = [segment for segment in transcript.segments if segment.text.strip()]
    document = document_of(transcript.model_copy(update={"segments": spoken}))
    captions = [
        replace(caption, raw=tags.protect(marked[segment.id])) if segment.id in marked else caption
        for caption, segment in zip(document.captions, spoken, strict=True)
    ]
    return srt.write(Document(captions, "srt"))
