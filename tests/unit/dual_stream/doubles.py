"""Engines that know what is said at each moment of a generated medium, and keep time only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, get_ident
from typing import Any, ClassVar

import numpy as np

from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import Chunk, SampleSpan
from common.transcript.format import Segment, Word
from services.dual_stream.context import SlowTranscript
from services.dual_stream.drafts.catalog import DraftEngineName

CHUNK_S = 20
UTTERANCE_S = 4


def chunks(count: int, first: int = 0) -> Iterator[Chunk]:
    """Make chunks whose samples are the number of the chunk, one at a time."""
    length = CHUNK_S * SAMPLE_RATE_HZ
    for index in range(first, count):
        yield Chunk(index, index * length, np.full(length, index, dtype=np.float32))


def segment_of(number: int, text: str, start: float, end: float) -> Segment:
    words, step = text.split(" "), (end - start) / len(text.split(" "))
    return Segment(
        id=number,
        start=start,
        end=end,
        text=text,
        words=[
            Word(
                text=f" {word}", start=round(start + n * step, 3), end=round(start + (n + 1) * step, 3), probability=0.9
            )
            for n, word in enumerate(words)
        ],
        language="en",
        confidence=0.95,
        avg_logprob=-0.2,
    )


@dataclass
class FastDouble:
    """Hears four utterances in each chunk; `pause_s` for each chunk."""

    name: ClassVar[DraftEngineName] = "sensevoice"
    model_name: ClassVar[str] = "double"

    pause_s: float = 0.0
    before: Callable[[int], None] = lambda _: None
    heard: list[int] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    """Chunks whose drafts are improbable."""

    def find_speech(self, samples: np.ndarray) -> list[SampleSpan]:
        Event().wait(self.pause_s)
        length = len(samples) // 4
        return [(n * length, (n + 1) * length - SAMPLE_RATE_HZ) for n in range(4)]

    def choose(
        self, _samples: np.ndarray, _speech: list[SampleSpan], _channel: int | None
    ) -> tuple[FastDouble, str | None]:
        return self, None

    def transcribe(self, samples: np.ndarray, speech: list[SampleSpan], _language: str | None) -> list[Segment]:
        return [self.draft(samples, begin, end) for begin, end in speech]

    def draft(self, samples: np.ndarray, begin: int, end: int) -> Segment:
        number = int(samples[0])
        if number not in self.heard:
            self.before(number)
            self.heard.append(number)
        draft = segment_of(
            0,
            f"chunk {number} says one of four words and Anna Berg hears it",
            begin / SAMPLE_RATE_HZ + 0.2,
            end / SAMPLE_RATE_HZ,
        )
        return draft.model_copy(update={"confidence": 0.5}) if number in self.doubtful else draft


@dataclass
class SlowSession:
    model: Any = "a model"
    steps: int = 0

    def step(self) -> None:
        self.steps += 1


@dataclass
class SlowDouble:
    """Hears the same, with capitals, a bit late."""

    pause_s: float = 0.0
    before: Callable[[int], None] = lambda _: None
    heard: list[int] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    """Chunks in which it hears nothing."""
    stops: set[int] = field(default_factory=set)
    """Chunks in which it stops after the first utterance if it has a prompt."""
    fades: set[int] = field(default_factory=set)
    """Chunks in which it has only the first word of each later utterance if it has a prompt."""
    sessions: int = 0
    entered: int = 0
    left: int = 0

    @contextmanager
    def session(self) -> Iterator[SlowSession]:
        self.sessions += 1
        self.entered = get_ident()
        try:
            yield SlowSession()
        finally:
            self.left = get_ident()

    def transcribe(
        self, _model: Any, samples: np.ndarray, speech: list[SampleSpan], *, prompt: str, language: str | None
    ) -> SlowTranscript:
        number = int(samples[0])
        self.before(number)
        Event().wait(self.pause_s)
        self.heard.append(number)
        self.prompts.append(prompt)
        begins = [n * len(samples) / 4 / SAMPLE_RATE_HZ for n in range(4)]
        texts = [f"Chunk {number} says {n} of four words and Anna Berg hears it." for n in range(4)]
        found = [
            segment_of(n, text, begin + 0.4, begin + 4.2)
            for n, (text, begin) in enumerate(zip(texts, begins, strict=True))
        ]
        assert speech
        if number in self.silent:
            found = []
        elif number in self.stops and prompt:
            found = found[:1]
        elif number in self.fades and prompt:
            found = [found[0], *(segment_of(s.id, "Chunk", s.start, s.start + 0.4) for s in found[1:])]
        return SlowTranscript(found, language or "en", 0.9)
