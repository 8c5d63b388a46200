"""The tasks of the faster_whisper service."""

from time import monotonic
from typing import Any, Literal

from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ, open_audio
from common.transcript.doubts import language_warnings, text_warnings
from common.transcript.format import Transcript
from common.transcript.languages import seconds_by_language
from common.worker.job import Job
from common.worker.model_folders import downloads, folder_of
from common.worker.task import task
from services.faster_whisper import engine, language_detection
from services.faster_whisper.contracts import (
    DETECT_LANGUAGE,
    DOWNLOAD_MODEL,
    TRANSCRIBE_AUDIO,
    ComputeType,
    DetectLanguageInput,
    DetectLanguageOutput,
    TranscribeAudioInput,
    TranscribeAudioOutput,
)
from services.faster_whisper.models import MODELS, REQUIRED, TEST_MODEL
from services.faster_whisper.placement import default_model, device_kind, name_of
from services.faster_whisper.settings import FasterWhisperSettings
from services.faster_whisper.transcription import Transcription

TRANSCRIPT = "transcript.json"

download_model = task(DOWNLOAD_MODEL)(downloads(MODELS))


@task(TRANSCRIBE_AUDIO)
def transcribe_audio(params: TranscribeAudioInput, job: Job) -> TranscribeAudioOutput:
    """Transcribe speech, continuing after the last recorded chunk.

    Raises:
        NotMedia, NoAudioTrack, ClipOutsideMedia, MediaTooLong, TooManyChannels: see `common.media.audio`.
        ModelMissing, ModelDamaged, ModelGated, ModelNotOnHub, ModelDownloadFailed: see `common.models.store`.
        DeviceUnavailable, ComputeTypeUnsupported, OutOfGpuMemory, PromptTooLong: see `placement` and `engine`.
    """
    settings = job.settings.section(FasterWhisperSettings)
    kind = device_kind(job, params.device)
    name = name_of(params, kind, settings)
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    with open_audio(
        source,
        track=params.track,
        language=params.language,
        start=params.start,
        end=params.end,
        longest=longest,
        split=params.channels == "split",
    ) as sound:
        work = Transcription(params, job, sound, model_of(name, kind, params.compute_type, job))
        began, waited = monotonic(), job.timings.idle
        work.run()
        worked = monotonic() - began - (job.timings.idle - waited)
        sound.refuse_empty(work.until)
        return result(work, name, worked)


@task(DETECT_LANGUAGE)
def detect_language(params: DetectLanguageInput, job: Job) -> DetectLanguageOutput:
    """Detect the spoken language.

    Raises:
        InvalidInput: the model supports only English.
        Those of `transcribe_audio`, except PromptTooLong.
    """
    settings = job.settings.section(FasterWhisperSettings)
    kind = device_kind(job, params.device)
    name = params.model or default_model(kind, settings)
    source, longest = job.fetch(params.audio_path), settings.max_duration.total_seconds()
    with open_audio(source, track=params.track, start=params.start, end=params.end, longest=longest) as sound:
        found = language_detection.detect_language(params, job, sound, model_of(name, kind, "auto", job))
        sound.refuse_empty(round((sound.position - sound.start) * SAMPLE_RATE_HZ))
        return DetectLanguageOutput(
            language=found[0].language if found else None,
            language_probability=found[0].probability if found else None,
            track=sound.chosen,
            candidates=found,
            duration=round(sound.position - sound.start, 3),
            model=name,
            source=source_of(name),
            warnings=[*sound.damage_warnings, *([] if found else ["No speech was found."])],
        )


def model_of(name: str, kind: str, compute_type: ComputeType, job: Job) -> Model[Any]:
    """Return the model, downloaded if missing, not loaded yet."""
    folder, settings = folder_of(job, name, MODELS, REQUIRED), job.settings.section(FasterWhisperSettings)
    return engine.whisper(name, folder, device=kind, compute_type=compute_type, cpu_threads=settings.cpu_threads)


def result(work: Transcription, name: str, worked: float) -> TranscribeAudioOutput:
    """Write the transcript and return the task's output; `worked` in seconds."""
    spoken = seconds_by_language(work.segments)
    several = work.params.multilingual or len(spoken) > 1
    transcript = Transcript(
        language=next(iter(spoken), None) if several else work.language,
        language_probability=None if several else work.language_probability,
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
        languages=spoken,
        track=work.sound.chosen,
        duration=round(work.until / SAMPLE_RATE_HZ, 3),
        segments=len(transcript.segments),
        words=sum(1 for _ in transcript.words),
        real_time_factor=round(worked / heard, 4) if heard else None,
        model=name,
        source=source_of(name),
        warnings=[*work.sound.warnings(speech=bool(transcript.segments)), *doubts(work, transcript)],
    )


def source_of(name: str) -> Literal["whisper", "tiny test model"]:
    return "tiny test model" if name == TEST_MODEL else "whisper"


def doubts(work: Transcription, transcript: Transcript) -> list[str]:
    """Return warnings about a text that may be wrong."""
    params = work.params
    detected = None if params.language else transcript.language
    uncertain = language_warnings(detected, transcript.language_probability, params.language_detection_threshold or 0.0)
    return [*uncertain, *text_warnings(transcript.segments, params.compression_ratio_threshold)]
