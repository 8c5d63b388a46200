"""Chunks of two engines' texts, written by hand: utterances of a second a word, with a pause between."""

import re
from collections.abc import Sequence

import numpy as np

from common.media.audio import SAMPLE_RATE_HZ
from common.transcript.format import Segment, Word
from common.transcript.loops import ALONE
from services.dual_stream.alignment.tokens import normalize
from services.dual_stream.context import ProcessingContext, SlowTranscript, Utterance

WORD_S, PAUSE_S = 0.5, 1.0
CONFIDENT = 0.95
CHINESE = f"[{ALONE}]"


def words_of(text: str, start: float, each: float) -> list[Word]:
    """Return words of a text: by spaces, Chinese by character; each with the space before it."""
    found = re.findall(rf" ?{CHINESE}[^\w\s]*| ?[^\s{ALONE}]+", text)
    return [
        Word(text=piece, start=round(start + n * each, 3), end=round(start + (n + 1) * each, 3), probability=0.9)
        for n, piece in enumerate(found)
    ]


def draft(number: int, text: str, start: float, confidence: float, language: str) -> Segment | None:
    words = words_of(text, start, WORD_S)
    if not words:
        return None
    return Segment(
        id=number,
        start=start,
        end=words[-1].end,
        text=text,
        words=words,
        language=language,
        source="draft",
        confidence=confidence,
    )


def chunk(
    drafts: Sequence[str],
    finals: Sequence[str],
    *,
    confidence: float = CONFIDENT,
    late: float = 0.2,
    avg_logprob: float = -0.3,
    language: str = "en",
    draft_language: str | None = None,
) -> ProcessingContext:
    """Return a chunk in which each draft is an utterance, and each final a segment of Whisper's, that much `late`."""
    utterances: list[Utterance] = []
    heard: list[Segment] = []
    at = PAUSE_S
    for number, (drafted, said) in enumerate(zip(drafts, finals, strict=True)):
        length = max(len(words_of(text, 0, WORD_S)) for text in (drafted, said, "one")) * WORD_S
        spoken = draft(number, drafted, at, confidence, draft_language or language)
        utterances.append(Utterance(number, round(at * SAMPLE_RATE_HZ), round((at + length) * SAMPLE_RATE_HZ), spoken))
        words = words_of(said, at + late, length / max(len(words_of(said, 0, 1)), 1))
        if words:
            heard.append(
                Segment(
                    id=len(heard),
                    start=words[0].start,
                    end=words[-1].end,
                    text=said.strip(),
                    words=words,
                    language=language,
                    avg_logprob=avg_logprob,
                    confidence=0.7,
                )
            )
        at += length + PAUSE_S
    context = ProcessingContext(0, 0.0, at, round(at * SAMPLE_RATE_HZ), np.zeros(0, dtype=np.float32))
    context.utterances, context.next_id = utterances, len(utterances)
    context.heard = SlowTranscript(heard, language, 0.9)
    return context


def content(text: str) -> tuple[str, ...]:
    return normalize(text)
