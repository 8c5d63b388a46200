"""The two engines behind the stages: SenseVoice on the CPU, Whisper on the GPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from common.gpu.devices import CpuDevice
from common.gpu.residency import Model
from common.gpu.session import hold_model
from common.media.chunking import SampleSpan
from common.media.vad import find_speech
from common.transcript.format import Segment
from common.worker.job import Job
from services.dual_stream.context import SlowTranscript
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.engine_interfaces import Session
from services.dual_stream.settings import DualStreamSettings
from services.faster_whisper import engine as whisper
from services.faster_whisper.contracts import TranscribeAudioInput as WhisperInput
from services.faster_whisper.windows import OnWindow
from services.sensevoice import engine as sensevoice
from services.sensevoice.segments import segment_of

if TYPE_CHECKING:
    from common.media.audio import Samples

LANGUAGES = frozenset({"zh", "en", "yue", "ja", "ko"})
"""The languages that can be given to SenseVoice."""

Check = Callable[[], None]


class SenseVoiceEngine:
    """The fast engine. `step` is called before each piece of work."""

    def __init__(self, job: Job, model: Model[Any], params: TranscribeAudioInput, step: Check) -> None:
        self.job = job
        self.wanted = model
        self.itn = params.itn
        known = params.language in LANGUAGES and not params.multilingual
        self.language = params.language if known else None
        self.settings = job.settings.section(DualStreamSettings)
        self.step = step

    @cached_property
    def model(self) -> Any:
        """The model, in main memory, warm for the next task.

        The residency's lock is not held, because the slow engine needs it meanwhile. If the residency unloads the model
        during a long task, this reference keeps it alive.
        """

        def count(seconds: float) -> None:
            self.job.timings.model_load = (self.job.timings.model_load or 0.0) + seconds

        if not self.job.process.gpu.residency.devices_of(self.wanted):
            self.job.announce("load model", f"Loading {self.wanted.key}")
        with self.job.process.gpu.residency.use(CpuDevice(), self.wanted, on_load=count) as loaded:
            return loaded

    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        self.step()
        return find_speech(
            samples,
            min_silence_duration_ms=round(self.settings.shortest_pause.total_seconds() * 1000),
            max_speech_duration_s=self.settings.longest_utterance.total_seconds(),
            speech_pad_ms=sensevoice.SPEECH_PAD_MS,
        )

    def transcribe(self, samples: Samples) -> Segment | None:
        self.step()
        heard = sensevoice.transcribe(self.model, samples, language=self.language, itn=self.itn)
        return segment_of(heard, 0, 0.0) if heard.text else None


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
