"""Convert a transcript to the responses of OpenAI's endpoints.

Our transcript lacks some of OpenAI's segment fields. They are filled as follows: `tokens` is empty, `seek` is the
segment's own start (in Whisper's frames of 10 ms), `temperature` is the requested one.
"""

import math
from typing import Any

from fastapi import Response
from pydantic_core import to_json

from api_gateway.openai.requests import TranslationRequest
from api_gateway.synchronous.languages import SPACELESS
from common import captions
from common.transcript.format import Segment, Transcript
from services.faster_whisper.languages import NAMES

FRAMES_PER_S = 100
PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"
MEDIA_TYPES = {"srt": PLAIN, "vtt": "text/vtt; charset=utf-8"}
"""SRT has no media type; OpenAI sends it as plain text."""


def answer(transcript: Transcript, asked: TranslationRequest, headers: dict[str, str]) -> Response:
    """Return the response in the requested format."""
    match asked.response_format:
        case "srt" | "vtt":
            return Response(
                captions.render(transcript, asked.response_format), 200, headers, MEDIA_TYPES[asked.response_format]
            )
        case "text":
            return Response(f"{join_text(transcript, asked.task)}\n", 200, headers, PLAIN)
        case "verbose_json":
            return Response(to_json(verbose(transcript, asked)), 200, headers, JSON)
        case "json":
            short = {"text": join_text(transcript, asked.task), **usage(transcript, asked)}
            return Response(to_json(short), 200, headers, JSON)


def verbose(transcript: Transcript, asked: TranslationRequest) -> dict[str, Any]:
    told: dict[str, Any] = {
        "task": asked.task,
        "language": NAMES["en"] if asked.task == "translate" else NAMES.get(transcript.language or "", ""),
        "duration": transcript.duration,
        "text": join_text(transcript, asked.task),
    }
    if asked.segments:
        told["segments"] = [segment_of(segment, asked.temperature) for segment in transcript.segments]
    if asked.words:
        words = transcript.words
        told["words"] = [{"word": word.text.strip(), "start": word.start, "end": word.end} for word in words]
    return told | usage(transcript, asked)


def segment_of(segment: Segment, temperature: float) -> dict[str, Any]:
    return {
        "id": segment.id,
        "seek": round(segment.start * FRAMES_PER_S),
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": segment.avg_logprob or 0.0,
        "compression_ratio": segment.compression_ratio or 0.0,
        "no_speech_prob": segment.no_speech_prob or 0.0,
    }


def usage(transcript: Transcript, asked: TranslationRequest) -> dict[str, Any]:
    """Return what OpenAI would bill: whole seconds of audio. OpenAI reports it for transcriptions only."""
    seconds = {"type": "duration", "seconds": math.ceil(transcript.duration)}
    return {"usage": seconds} if asked.task == "transcribe" else {}


def join_text(transcript: Transcript, task: str) -> str:
    """Return the whole text on one line."""
    text = ""
    for segment in transcript.segments:
        text += continuation(segment.text, "en" if task == "translate" else segment.language, first=not text)
    return text


def continuation(text: str, language: str | None, *, first: bool) -> str:
    """Return the text of a segment as it continues the previous one."""
    return text if first or not text or language in SPACELESS else f" {text}"
