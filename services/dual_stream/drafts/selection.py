"""The fast engine of a task: finds the utterances, and chooses for each chunk who drafts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from common.media.chunking import SampleSpan
from common.media.vad import find_speech
from common.worker.job import Job
from services.dual_stream.chosen_models import DraftModels
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.drafts.catalog import DraftEngineChoice, DraftEngineName, engine_for
from services.dual_stream.drafts.engines import SenseVoiceDrafts, WhisperDrafts
from services.dual_stream.drafts.parakeet import ParakeetDrafts
from services.dual_stream.engine_interfaces import DraftEngine, LanguageDetector
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.settings import DualStreamSettings
from services.sensevoice.engine import SPEECH_PAD_MS

if TYPE_CHECKING:
    from common.media.audio import Samples


VoteOf = Callable[[int | None], LanguageVote]
"""Returns the vote on the language of a channel; None is the mix of all."""


class DraftEngineSelector:
    """Chooses by language: the client's, the slow engine's as soon as it is certain, or else what the small Whisper
    detects in the chunk.
    """

    def __init__(
        self,
        choice: DraftEngineChoice,
        engines: Mapping[DraftEngineName, DraftEngine],
        *,
        settings: DualStreamSettings,
        vote_of: VoteOf,
        multilingual: bool,
        detector: LanguageDetector | None,
        step: Callable[[], None],
    ) -> None:
        """With `multilingual`, the language of each chunk is detected again."""
        self.choice = choice
        self.engines = engines
        self.models = {name: engine.model_name for name, engine in engines.items()}
        self.settings = settings
        self.vote_of = vote_of
        self.multilingual = multilingual
        self.detector = detector
        self.step = step
        self.detected: dict[int | None, str] = {}
        """What was detected with enough probability in each channel."""

    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        self.step()
        return find_speech(
            samples,
            min_silence_duration_ms=round(self.settings.shortest_pause.total_seconds() * 1000),
            max_speech_duration_s=self.settings.longest_utterance.total_seconds(),
            speech_pad_ms=SPEECH_PAD_MS,
        )

    def choose(
        self, samples: Samples, speech: list[SampleSpan], channel: int | None = None
    ) -> tuple[DraftEngine | None, str | None]:
        """Return the engine that drafts a chunk, and the chunk's language, both None if unknown."""
        if not self.engines or not speech:
            return None, None
        language = self.language_of(samples, speech, channel)
        name = engine_for(language, self.models, self.choice)
        return (self.engines[name] if name else None), language

    def language_of(self, samples: Samples, speech: list[SampleSpan], channel: int | None) -> str | None:
        vote = self.vote_of(channel)
        known = None if self.multilingual else vote.fixed or self.detected.get(channel)
        if known or self.detector is None:
            return known
        found = self.detector.detect_language(np.concatenate([samples[begin:end] for begin, end in speech]))
        if found and found[1] > vote.threshold:
            self.detected[channel] = found[0]
        return found[0] if found else None


def fast_engine(
    job: Job, drafts: DraftModels, params: TranscribeAudioInput, vote_of: VoteOf, step: Callable[[], None]
) -> DraftEngineSelector:
    """Return the fast engine of a task, with the draft engines that its models allow."""
    engines: dict[DraftEngineName, DraftEngine] = {}
    detector = None
    if "sensevoice" in drafts.models:
        engines["sensevoice"] = SenseVoiceDrafts(job, *drafts.models["sensevoice"], params, step)
    if "whisper" in drafts.models:
        engines["whisper"] = detector = WhisperDrafts(job, *drafts.models["whisper"], params, step)
    if "parakeet" in drafts.models:
        engines["parakeet"] = ParakeetDrafts(job, *drafts.models["parakeet"], step)
    return DraftEngineSelector(
        drafts.choice,
        engines,
        settings=job.settings.section(DualStreamSettings),
        vote_of=vote_of,
        multilingual=params.multilingual,
        detector=detector,
        step=step,
    )
