"""Interfaces between the stages and their engines. The real ones are in `engine` and `drafts`;
test doubles only simulate time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from common.media.chunking import SampleSpan
from common.transcript.format import Segment
from services.dual_stream.context import SlowTranscript
from services.dual_stream.drafts.catalog import DraftEngineName

if TYPE_CHECKING:
    from common.media.audio import Samples


class DraftEngine(Protocol):
    """Transcribes the utterances of a chunk, quickly, on the CPU."""

    @property
    def name(self) -> DraftEngineName: ...
    @property
    def model_name(self) -> str: ...

    def transcribe(
        self, samples: Samples, speech: list[SampleSpan], language: str | None, /
    ) -> Sequence[Segment | None]:
        """Return the draft of each utterance, with words, in seconds of these samples; None for one without text."""
        ...


class LanguageDetector(Protocol):
    """A draft engine that can tell the language."""

    def detect_language(self, speech: Samples) -> tuple[str, float] | None:
        """Return the language and its probability; None if it cannot tell."""
        ...


class FastEngine(Protocol):
    """Finds the speech of a chunk, and chooses who drafts it."""

    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        """Return the utterances of a chunk."""
        ...

    def choose(
        self, samples: Samples, speech: list[SampleSpan], channel: int | None, /
    ) -> tuple[DraftEngine | None, str | None]:
        """Return the engine that drafts a chunk of a channel, and its language; None for no drafts, or if unknown."""
        ...


class Session(Protocol):
    """A loaded model while it may be used. `step` yields to others who wait; read `model` again after it."""

    model: Any

    def step(self) -> None: ...


class SlowEngine(Protocol):
    """Transcribes accurately, on a device that it holds for a while."""

    def session(self) -> AbstractContextManager[Session]:
        """Acquire the device with the model loaded. Enter and leave it in the same thread."""
        ...

    def transcribe(
        self, model: Any, samples: Samples, speech: list[SampleSpan], *, prompt: str, language: str | None
    ) -> SlowTranscript:
        """Return the text, in seconds of these samples; `language` None detects it."""
        ...
