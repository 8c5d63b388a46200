"""The slow engine: Whisper on the GPU. The fast ones are in `drafts`."""

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
from services.faster_whisper.windows import OnWindow

if TYPE_CHECKING:
    from common.media.audio import Samples

Check = Callable[[], None]


class WhisperEngine:
    """The slow engine. `step` is called before each step in a window, and periodically while it waits for the GPU."""

    def __init__(
        self, job: Job, model: Model[Any], params: TranscribeAudioInput, step: Check, on_window: OnWindow
    ) -> None:
        """`on_window` also gets which part of the samples is decoded, in seconds."""
        self.job = job
        self.wanted = model
        self.step = step
        self.on_window = on_window
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
        job = self.job
        return hold_model(gpu, claim, self.wanted, timings=job.timings, check=self.step, announce=job.announce)

    def transcribe(
        self, model: Any, samples: Samples, speech: list[SampleSpan], *, prompt: str, language: str | None
    ) -> SlowTranscript:
        params = self.params.model_copy(update={"initial_prompt": prompt or None})

        def on_window(start: float, end: float) -> None:
            self.step()
            self.on_window(whisper.restored_time(start, speech), whisper.restored_time(end, speech))

        with whisper.window_callback(model, on_window):
            heard = whisper.transcribe(model, samples, speech, params, language=language)
            segments = list(heard.segments)
            # a chunk is one window, so its segments have one language
            spoken = segments[0].language if segments and segments[0].language else heard.language
            return SlowTranscript(segments, spoken, heard.language_probability)
