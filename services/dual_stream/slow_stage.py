"""The slow stage: transcribes each chunk accurately, and holds the GPU only while there are chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from typing import Any

from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from common.transcript.format import Segment, Timed
from services.dual_stream.alignment.hallucinations import is_too_fast, looks_right
from services.dual_stream.alignment.hotwords import build_prompt, find_hotwords, last_sentences
from services.dual_stream.alignment.retiming import TimeSpan
from services.dual_stream.checkpoint import StreamCheckpoint
from services.dual_stream.context import DrafterName, ProcessingContext, SlowTranscript, Utterance, to_medium_time
from services.dual_stream.engine_interfaces import Session, SlowEngine
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.settings import DualStreamSettings

MARGIN = SAMPLE_RATE_HZ * 2 // 5
"""Kept around speech, as in faster-whisper's own filter."""
LEAST_COVERED = 0.25
"""Share of an utterance in which there must be words. Whisper that stops early may leave the first one: "Dr."."""
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
        vote_of: Callable[[int | None], LanguageVote],
        given: str = "",
        on_chunk: Callable[[ProcessingContext], None] = lambda _: None,
    ) -> None:
        """`vote_of` gives the vote on the language of a channel; `given` is the client's own prompt. `on_chunk` gets
        each chunk before it is transcribed.
        """
        self.engine = engine
        self.settings = settings
        self.vote_of = vote_of
        self.given = given
        self.on_chunk = on_chunk
        self.said = dict(ledger.said)
        self.inside = ExitStack()
        self.session: Session | None = None

    def process(self, context: ProcessingContext) -> None:
        context.said = self.said.get(context.channel, "")
        if not context.utterances:
            return
        self.on_chunk(context)
        prompt = self.prompt(context)
        heard = self.transcribe(context, prompt)
        if prompt and self.defects(context, heard):
            heard = min(heard, self.transcribe(context, ""), key=partial(self.defects, context))
        context.heard = self.vote_of(context.channel).add(heard)
        context.said = self.said[context.channel] = self.previous_text(context)

    def transcribe(self, context: ProcessingContext, prompt: str) -> SlowTranscript:
        """Return the text of a chunk in medium time."""
        speech = join_speech(context.utterances, len(context.samples))
        language = self.vote_of(context.channel).fixed
        heard = self.engine.transcribe(self.model(), context.samples, speech, prompt=prompt, language=language)
        shifted = [to_medium_time(segment, context.start, context.end) for segment in heard.segments]
        return SlowTranscript(shifted, heard.language, heard.language_probability)

    def defects(self, context: ProcessingContext, heard: SlowTranscript) -> int:
        """Count the utterances almost without text and the segments that look wrong: a prompt may cause both."""
        spoken = list(spoken_spans(heard.segments))
        spans = [(context.seconds(utterance.begin), context.seconds(utterance.end)) for utterance in context.utterances]
        silent = [span for span in spans if seconds_covered(span, spoken) < LEAST_COVERED * (span[1] - span[0])]
        wrong = (is_too_fast(segment) or not looks_right(segment, self.settings.fallback) for segment in heard.segments)
        return len(silent) + sum(wrong)

    def prompt(self, context: ProcessingContext) -> str:
        longest = self.settings.prompt_length
        drafts = [utterance.draft for utterance in context.utterances if utterance.draft]
        usable = filter(self.settings.fallback.is_usable, drafts) if knows_other_names(context.drafter) else ()
        return build_prompt(self.given, find_hotwords(usable), context.said, longest) if longest else self.given

    def previous_text(self, context: ProcessingContext) -> str:
        """Return the text that precedes the next chunk: the confident drafts where the slow engine's looks wrong."""
        segments = context.heard.segments if context.heard else []
        trusted = [segment.text for segment in segments if looks_right(segment, self.settings.fallback)]
        drafts = [utterance.draft for utterance in context.utterances if utterance.draft]
        confident = [draft.text for draft in drafts if self.settings.fallback.is_confident(draft)]
        text = " ".join(trusted if len(trusted) == len(segments) and trusted else confident)
        return last_sentences(text, self.settings.prompt_length)

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


def spoken_spans(segments: list[Segment]) -> Iterator[TimeSpan]:
    """Yield when there are words, or segments where words are missing."""
    for segment in segments:
        if segment.text.strip():
            parts: Sequence[Timed] = segment.words or [segment]
            yield from ((part.start, part.end) for part in parts)


def seconds_covered(span: TimeSpan, spoken: list[TimeSpan]) -> float:
    """Return how many seconds of the span have text."""
    return sum(max(min(end, span[1]) - max(start, span[0]), 0.0) for start, end in spoken)


def knows_other_names(drafter: DrafterName | None) -> bool:
    """Return whether names in a draft may help the slow engine: a small Whisper misspells them more than it does."""
    return drafter is not None and drafter.engine != "whisper"


def join_speech(utterances: list[Utterance], length: int) -> list[SampleSpan]:
    """Return the speech with margins, without long pauses."""
    edges = [(max(utterance.begin - MARGIN, 0), min(utterance.end + MARGIN, length)) for utterance in utterances]
    begins = [edges[0][0], *(late[0] for early, late in pairwise(edges) if late[0] - early[1] > LONGEST_PAUSE)]
    ends = [*(early[1] for early, late in pairwise(edges) if late[0] - early[1] > LONGEST_PAUSE), edges[-1][1]]
    return list(zip(begins, ends, strict=True))
