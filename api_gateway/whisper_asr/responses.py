"""Responses in the formats of whisper-asr-webservice."""

from typing import Any
from urllib.parse import quote

from fastapi import Response
from pydantic_core import to_json

from api_gateway.synchronous.languages import SPACELESS
from api_gateway.whisper_asr.requests import Output
from common import captions
from common.transcript.format import Segment, Transcript

PLAIN = "text/plain; charset=utf-8"
MEDIA_TYPES: dict[Output, str] = {"json": "application/json"}


def render(transcript: Transcript, output: Output) -> str:
    """Return the transcript as a complete file."""
    match output:
        case "srt" | "vtt":
            return captions.render(transcript, output)
        case "txt":
            return "".join(f"{segment.text}\n" for segment in transcript.segments)
        case "tsv":
            return "start\tend\ttext\n" + "".join(map(tsv_line, transcript.segments))
        case "json":
            return to_json(document(transcript)).decode()


def tsv_line(segment: Segment) -> str:
    """Return the times in milliseconds, and the text."""
    return f"{round(1000 * segment.start)}\t{round(1000 * segment.end)}\t{segment.text.replace(chr(9), ' ')}\n"


def document(transcript: Transcript) -> dict[str, Any]:
    """Return the fields of faster-whisper's segments that a transcript has."""
    separator = "" if transcript.language in SPACELESS else " "
    return {
        "language": transcript.language,
        "segments": [segment_fields(segment) for segment in transcript.segments],
        "text": separator.join(segment.text for segment in transcript.segments),
    }


def segment_fields(segment: Segment) -> dict[str, Any]:
    words = [
        {"start": word.start, "end": word.end, "word": word.text, "probability": word.probability}
        for word in segment.words
    ]
    return {
        "id": segment.id,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
        "words": words or None,
    }


def answer(transcript: Transcript, output: Output, name: str, headers: dict[str, str]) -> Response:
    """Return the response; `name` is the file's name as the client sent it."""
    described = {
        "Asr-Engine": "faster_whisper",
        "Content-Disposition": f'attachment; filename="{quote(name)}.{output}"',
    }
    body = render(transcript, output)
    return Response(body, 200, described | headers, MEDIA_TYPES.get(output, PLAIN))
