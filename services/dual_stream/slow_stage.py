"""The slow stage: transcribes each chunk accurately, and holds the GPU only while there are chunks."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import Any

from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from services.dual_stream.alignment.hallucinations import looks_right
from services.dual_stream.alignment.hotwords import build_prompt
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.context import ProcessingContext, SlowTranscript, Utterance, to_medium_time
from services.dual_stream.engine_interfaces import Session, SlowEngine
from services.dual_stream.settings import DualStreamSettings

MARGIN = SAMPLE_RATE_HZ * 2 // 5
"""Kept around speech, as in faster-whisper's own filter."""
LONGEST_PAUSE = SAMPLE_RATE_HZ * 2
"""Longer pauses are removed."""


class SlowStage:
    """One thread enters and leaves the session, because the lock of the models on a device belongs to a thread."""

    def __init__(
        self,
        engine: SlowEngine,
        ledger: StreamCheckpoint,
        settings: DualStreamSettings,
        *,
        language: str | None,
        given: str = "",
    ) -> None:
        """`language` None uses the first one detected; `given` is the client's own prompt."""
        self.engine = engine
        self.settings = settings
        self.language = language or ledger.language
        self.given = given
        self.said = ledger.last.said
        self.inside = ExitStack()
        self.session: Session | None = None

    def process(self, context: ProcessingContext) -> None:
        context.said = self.said
        if not context.utterances:
            return
        speech = join_speech(context.utterances, len(context.samples))
        heard = self.engine.transcribe(
            self.model(), context.samples, speech, prompt=self.prompt(context), language=self.language
        )
        self.language = self.language or heard.language
        shifted = [to_medium_time(segment, context.start, context.end) for segment in heard.segments]
        context.heard = SlowTranscript(shifted, heard.language, heard.language_probability)
        context.said = self.said = self.previous_text(context)

    def prompt(self, context: ProcessingContext) -> str:
        longest = self.settings.prompt_length
        return build_prompt(self.given, context.terms, self.said, longest) if longest else self.given

    def previous_text(self, context: ProcessingContext) -> str:
        """Return the text that precedes the next chunk: the draft's where the slow engine's looks wrong."""
        segments = context.heard.segments if context.heard else []
        trusted = [segment.text for segment in segments if looks_right(segment, self.settings.fallback)]
        drafts = [utterance.draft.text for utterance in context.utterances if utterance.draft]
        text = " ".join(trusted if len(trusted) == len(segments) and trusted else drafts)
        return text[-self.settings.prompt_length :] if self.settings.prompt_length else ""

    def model(self) -> Any:
        """Acquire the device, or yield it to others if they wait and it was held for long."""
        if self.session is None:
            self.session = self.inside.enter_context(self.engine.session())
        else:
            self.session.step()
        return self.session.model

    def rest(self) -> None:
        """Release the device; its model stays loaded."""
        self.session = None
        self.inside.close()


def join_speech(utterances: list[Utterance], length: int) -> list[SampleSpan]:
    """Return the speech with margins, without long pauses."""
    edges = [(max(utterance.begin - MARGIN, 0), min(utterance.end + MARGIN, length)) for utterance in utterances]
    begins = [edges[0][0], *(late[0] for early, late in pairwise(edges) if late[0] - early[1] > LONGEST_PAUSE)]
    ends = [*(early[1] for early, late in pairwise(edges) if late[0] - early[1] > LONGEST_PAUSE), edges[-1][1]]
    return list(zip(begins, ends, strict=True))
