"""Render transcripts as SRT, WebVTT, plain text or JSON."""

from typing import Literal

from common.captions import srt, txt, vtt
from common.captions.transcripts import document_of, dump
from common.transcript.format import Transcript

Rendering = Literal["srt", "vtt", "txt", "json"]

MEDIA_TYPES: dict[Rendering, str] = {
    "json": "application/json",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "txt": "text/plain",
}
"""Media type of each rendering. If a client accepts all of them, the first one is sent."""


def render(transcript: Transcript, rendering: Rendering) -> str:
    """Return the transcript as a complete file. Segments without text appear only in the JSON."""
    if rendering == "json":
        return dump(transcript)
    spoken = [segment for segment in transcript.segments if segment.text.strip()]
    document = document_of(transcript.model_copy(update={"segments": spoken}))
    writers = {"srt": srt.write, "vtt": vtt.write, "txt": txt.write}
    return writers[rendering](document)
