"""The tasks of the faster_whisper service."""

from time import monotonic
from typing import Any

from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.transcript.doubts import language_warnings, text_warnings
from common.transcript.format import Transcript
from common.worker.job import Job
from common.worker.model_folders import downloads, folder_of
from common.worker.task import task
from services.faster_whisper import engine
from services.faster_whisper.contracts import (
    DOWNLOAD_MODEL,
    TRANSCRIBE_AUDIO,
    TranscribeAudioInput,
    TranscribeAudioOutput,
)
from services.faster_whisper.models import MODELS, REQUIRED, TEST_MODEL
from services.faster_whisper.placement import device_kind, name_of
from services.faster_whisper.settings import FasterWhisperSettings
from services.faster_whisper.transcription import Transcription

TRANSCRIPT = "transcript.json"

download_model = task(DOWNLOAD_MODEL)(downloads(MODELS))


@task(TRANSCRIBE_AUDIO)
def transcribe_audio(params: TranscribeAudioInput, job: Job) -> TranscribeAudioOutput:
    """Transcribe speech, continuing after the last recorded chunk.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
        DeviceUnavailable, ComputeTypeUnsupported, OutOfGpuMemory, PromptTooLong: see `placement` and `engine`.
    """
    settings = job.settings.section(FasterWhisperSettings)
    kind = device_kind(job, params.device)
    name = name_of(params, kind, settings)
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    with open_audio(source, track=params.track, start=params.start, end=params.end, longest=longest) as sound:
        work = Transcription(params, job, sound, model_of(name, kind, params, job))
        began, waited = monotonic(), job.timings.idle
        work.run()
        worked = monotonic() - began - (job.timings.idle - waited)
        sound.refuse_empty(work.until)
        return result(work, name, worked)


def model_of(name: str, kind: str, params: TranscribeAudioInput, job: Job) -> Model[Any]:
    """Return the model, downloaded if missing, not loaded yet."""
    folder, settings = folder_of(job, name, MODELS, REQUIRED), job.settings.section(FasterWhisperSettings)
    return engine.whisper(name, folder, device=kind, compute_type=params.compute_type, cpu_threads=settings.cpu_threads)


def result(work: Transcription, name: str, worked: float) -> TranscribeAudioOutput:
    """Write the transcript and return the task's output; `worked` in seconds."""
    transcript = Transcript(
        language=work.language,
        language_probability=work.language_probability,
        duration=round(work.sound.position, 3),
        engine=engine.ENGINE,
        model=name,
        segments=work.segments,
    )
    staged = work.job.staging(TRANSCRIPT)
    transcript.write(staged)
    heard = (work.until - work.resumed_at) / SAMPLE_RATE_HZ
    return TranscribeAudioOutput(
        transcript_path=work.job.publish(staged),
        language=transcript.language,
        language_probability=transcript.language_probability,
        duration=round(work.until / SAMPLE_RATE_HZ, 3),
        segments=len(transcript.segments),
        words=sum(1 for _ in transcript.words),
        real_time_factor=round(worked / heard, 4) if heard else None,
        model=name,
        source="tiny test model" if name == TEST_MODEL else "whisper",
        warnings=[*work.sound.warnings(speech=bool(transcript.segments)), *doubts(work, transcript)],
    )


def doubts(work: Transcription, transcript: Transcript) -> list[str]:
    """Return warnings about a text that may be wrong."""
    params = work.params
    detected = None if params.language else transcript.language
    uncertain = language_warnings(detected, transcript.language_probability, params.language_detection_threshold or 0.0)
    return [*uncertain, *text_warnings(transcript.segments, params.compression_ratio_threshold)]
