"""SenseVoice transcription speech by speech, each in its own language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from common.gpu.devices import CpuDevice
from common.gpu.residency import Model
from common.media.audio import AudioTrack
from common.media.chunking import Chunk, SampleSpan
from common.media.vad import find_speech
from common.stall import ends_when_stalled
from common.worker.job import Job
from common.worker.transcription import ChunkedTranscription, FinishedChunk
from services.sensevoice import engine
from services.sensevoice.contracts import TranscribeAudioInput
from services.sensevoice.segments import segment_of
from services.sensevoice.settings import SenseVoiceSettings

if TYPE_CHECKING:
    from common.media.audio import Samples


class Transcription(ChunkedTranscription):
    """One attempt. The model is loaded only when the first speech has been found."""

    def __init__(self, params: TranscribeAudioInput, job: Job, sound: AudioTrack, model: Model[Any]) -> None:
        settings = job.settings.section(SenseVoiceSettings)
        chunk, stall = settings.chunk_length.total_seconds(), settings.stall_timeout
        super().__init__(job, sound, chunk=chunk, stall=stall)
        self.params = params
        self.model = model
        self.loaded: Any = None
        self.inside: ExitStack

    @property
    def language(self) -> str | None:
        """The requested language; None detects it."""
        return None if self.params.language == "auto" else self.params.language

    @override
    def run(self) -> None:
        with ExitStack() as self.inside:
            super().run()

    @override
    def find_speech(self, samples: Samples) -> list[SampleSpan]:
        return find_speech(
            samples,
            threshold=self.params.vad_threshold,
            min_silence_duration_ms=round(self.params.min_silence * 1000),
            max_speech_duration_s=self.params.max_segment,
            speech_pad_ms=engine.SPEECH_PAD_MS,
        )

    @override
    def decode(self, chunk: Chunk, speech: list[SampleSpan]) -> FinishedChunk:
        done, number = self.empty_record(chunk), self.next_id
        if speech and self.loaded is None:
            self.loaded = self.inside.enter_context(load_on_cpu(self.job, self.model))
        for begin, end in speech:
            heard = self.hear(chunk.samples[begin:end])
            self.advance(done, self.seconds(chunk.start + end))
            if heard.text:
                self.add(done, segment_of(heard, number + len(done.segments), self.seconds(chunk.start + begin)))
            self.report()
        return done

    def hear(self, samples: Samples) -> engine.Recognition:
        with ends_when_stalled(self.stall):
            return engine.transcribe(self.loaded, samples, language=self.language, itn=self.params.itn)


@contextmanager
def load_on_cpu(job: Job, model: Model[Any]) -> Iterator[Any]:
    """Yield the model in main memory, even if there is a GPU. It stays loaded for the next task."""

    def count(seconds: float) -> None:
        job.timings.model_load = seconds

    if not job.process.gpu.residency.devices_of(model):
        job.announce("load model", f"Loading {model.key}")
    with job.process.gpu.residency.use(CpuDevice(), model, on_load=count) as loaded:
        yield loaded
