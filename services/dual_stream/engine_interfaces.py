"""Interfaces between the stages and their engines. The real ones are in `engine`; test doubles only simulate time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from common.media.chunking import SampleSpan
from common.transcript.format import Segment
from services.dual_stream.context import SlowTranscript

if TYPE_CHECKING:
    from common.media.audio import Samples


class FastEngine(Protocol):
    """Finds and transcribes speech, quickly, on the CPU."""

    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        """Return the utterances of a chunk."""
        ...

    def transcribe(self, samples: Samples) -> Segment | None:
        """Return the draft of one utterance, with words, in seconds of these samples; None if it has no text."""
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
