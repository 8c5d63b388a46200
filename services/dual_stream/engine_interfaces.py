"""What the stages ask of their engines. The real ones are in `engine`; the tests' doubles keep time only."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from common.media.chunking import Span
from common.transcript.format import Segment
from services.dual_stream.context import Heard

if TYPE_CHECKING:
    from common.media.audio import Samples


class FastEngine(Protocol):
    """Finds speech and hears it, quickly, on the CPU."""

    def find_speech(self, samples: Samples) -> list[Span]:
        """Return the utterances of a chunk."""
        ...

    def hear(self, samples: Samples) -> Segment | None:
        """Return one utterance's draft, with words, in seconds of these samples; None where nothing is said."""
        ...


class Session(Protocol):
    """A model while it may be used. `step` gives way to others who wait; read `model` again after it."""

    model: Any

    def step(self) -> None: ...


class SlowEngine(Protocol):
    """Hears well, on a device that it takes for a while."""

    def session(self) -> AbstractContextManager[Session]:
        """Take the device with the model on it. Left in the thread that has entered it."""
        ...

    def hear(self, model: Any, samples: Samples, speech: list[Span], *, prompt: str, language: str | None) -> Heard:
        """Return what is said, in seconds of these samples; `language` None detects it."""
        ...
