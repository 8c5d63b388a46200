"""The slow engine: Whisper on the GPU. The fast ones are in `draft_engines`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from common.gpu.residency import Model
from common.gpu.session import hold_model
from common.media.chunking import SampleSpan
from common.worker.job import Job
from services.dual_stream.context import SlowTranscript
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.engine_interfaces import Session
from services.faster_whisper import engine as whisper
from services.faster_whisper.contracts import TranscribeAudioInput as WhisperInput

if TYPE_CHECKING:
    from common.media.audio import Samples

Check = Callable[[], None]


class WhisperEngine:
    """The slow engine. `step` is called before each window, and periodically while it waits for the GPU."""

    def __init__(self, job: Job, model: Model[Any], params: TranscribeAudioInput, step: Check) -> None:
        self.job = job
        self.wanted = model
        self.step = step
        self.params = WhisperInput(
            audio_path=params.audio_path,
            word_timestamps=True,
            hotwords=params.hotwords,
            multilingual=params.multilingual,
            beam_size=params.beam_size,
            temperature=params.temperature,
        )

    def session(self) -> AbstractContextManager[Session]:
        """Acquire the GPU, as `job.gpu` does, with a check that also notices failures of other stages."""
        gpu = self.job.process.gpu
        claim = gpu.claim(self.job.task_id, self.job.priority)
        return hold_model(gpu, claim, self.wanted, timings=self.job.timings, check=self.step)

    def transcribe(
        self, model: Any, samples: Samples, speech: list[SampleSpan], *, prompt: str, language: str | None
    ) -> SlowTranscript:
        params = self.params.model_copy(update={"initial_prompt": prompt or None})
        with whisper.window_callback(model, self.step):
            heard = whisper.transcribe(model, samples, speech, params, language=language)
            segments = list(heard.segments)
            # a chunk is one window, so its segments have one language
            spoken = segments[0].language if segments and segments[0].language else heard.language
            return SlowTranscript(segments, spoken, heard.language_probability)
