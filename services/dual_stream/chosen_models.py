"""The models of a task: one for each engine, downloaded if missing, not loaded yet."""

from typing import Any

from common.gpu.residency import Model
from common.worker.job import Job
from common.worker.model_folders import folder_of
from services.dual_stream.contracts import TranscribeAudioInput
from services.faster_whisper import engine as whisper
from services.faster_whisper import models as whisper_models
from services.faster_whisper.placement import device_kind
from services.faster_whisper.settings import FasterWhisperSettings
from services.sensevoice import engine as sensevoice
from services.sensevoice import models as sensevoice_models
from services.sensevoice.settings import SenseVoiceSettings


def draft_model(name: str, job: Job) -> Model[Any]:
    folder = folder_of(job, name, sensevoice_models.MODELS, sensevoice_models.REQUIRED)
    return sensevoice.sensevoice(name, folder, threads=job.settings.section(SenseVoiceSettings).threads)


def final_model(name: str, params: TranscribeAudioInput, job: Job) -> Model[Any]:
    folder = folder_of(job, name, whisper_models.MODELS, whisper_models.REQUIRED)
    threads = job.settings.section(FasterWhisperSettings).cpu_threads
    return whisper.whisper(
        name, folder, device=device_kind(job, "auto"), compute_type=params.compute_type, cpu_threads=threads
    )


def model_names(params: TranscribeAudioInput, job: Job) -> tuple[str, str]:
    """Return the names of the draft model and the final model: the task's, or else the configured ones."""
    whispers = job.settings.section(FasterWhisperSettings)
    default = whispers.gpu_model if device_kind(job, "auto") == "cuda" else whispers.cpu_model
    return params.draft_model or job.settings.section(SenseVoiceSettings).model, params.model or default
