"""The models of a task: those that may draft and the one for the final, downloaded if missing, not loaded yet."""

from dataclasses import dataclass, field, replace
from typing import Any

from common.gpu.residency import Model
from common.models.errors import ModelDownloadFailed, ModelGated, ModelMissing, ModelNotOnHub
from common.worker.job import Job
from common.worker.model_folders import folder_of
from services.dual_stream import models as own_models
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.drafts.catalog import (
    DraftEngineChoice,
    DraftEngineName,
    chosen_engine,
    engines_needed,
    engines_of,
)
from services.dual_stream.drafts.parakeet import parakeet
from services.dual_stream.settings import DualStreamSettings
from services.faster_whisper import engine as whisper
from services.faster_whisper import models as whisper_models
from services.faster_whisper.placement import default_model, device_kind
from services.faster_whisper.settings import FasterWhisperSettings
from services.sensevoice import engine as sensevoice
from services.sensevoice import models as sensevoice_models
from services.sensevoice.settings import SenseVoiceSettings

UNAVAILABLE = (ModelMissing, ModelDownloadFailed, ModelGated, ModelNotOnHub)


@dataclass(frozen=True, slots=True)
class DraftModels:
    """The engine that is wanted, and the name and the model of each engine that may draft."""

    choice: DraftEngineChoice
    models: dict[DraftEngineName, tuple[str, Model[Any]]] = field(default_factory=dict)
    unavailable: str | None = None
    """The small Whisper, if it is missing and `auto` does without it."""


def draft_models(params: TranscribeAudioInput, job: Job) -> DraftModels:
    """Return the models that may draft. `auto` does without the small Whisper if it cannot be had: the final does not
    need it, and a machine without a network may not have it.
    """
    settings = job.settings.section(DualStreamSettings)
    choice = chosen_engine(params.draft_engine or settings.draft_engine, params.draft_model)
    if choice == "auto" and params.draft_model:
        (choice, *_) = engines_of(params.draft_model)
    models: dict[DraftEngineName, tuple[str, Model[Any]]] = {}
    unavailable = None
    for engine in engines_needed(choice, None if params.multilingual else params.language):
        name = params.draft_model or default_draft_model(engine, job)
        try:
            models[engine] = name, LOADERS[engine](name, job)
        except UNAVAILABLE:
            if choice != "auto" or engine != "whisper":
                raise
            unavailable = name
    return DraftModels(choice, models, unavailable)


def default_draft_model(engine: DraftEngineName, job: Job) -> str:
    if engine == "sensevoice":
        return job.settings.section(SenseVoiceSettings).model
    settings = job.settings.section(DualStreamSettings)
    return settings.draft_whisper_model if engine == "whisper" else settings.draft_parakeet_model


def sensevoice_model(name: str, job: Job) -> Model[Any]:
    folder = folder_of(job, name, sensevoice_models.MODELS, sensevoice_models.REQUIRED)
    return sensevoice.sensevoice(name, folder, threads=job.settings.section(SenseVoiceSettings).threads)


def small_whisper_model(name: str, job: Job) -> Model[Any]:
    """Return a model for the CPU, apart from that of the slow engine, even if both have the same name: each reports
    its windows to its own stage. Unloading it drops the reference only, because the fast engine may still use it.
    """
    model = whisper_model(name, job, device="cpu", compute_type="auto")
    return replace(model, unload=lambda _: None, variant=f"{model.variant}/draft")


def parakeet_model(name: str, job: Job) -> Model[Any]:
    folder = folder_of(job, name, own_models.MODELS, own_models.REQUIRED)
    return parakeet(name, folder, threads=job.settings.section(SenseVoiceSettings).threads)


LOADERS = {"sensevoice": sensevoice_model, "whisper": small_whisper_model, "parakeet": parakeet_model}


def final_model(name: str, params: TranscribeAudioInput, job: Job) -> Model[Any]:
    return whisper_model(name, job, device=device_kind(job, "auto"), compute_type=params.compute_type)


def whisper_model(name: str, job: Job, *, device: str, compute_type: str) -> Model[Any]:
    folder = folder_of(job, name, whisper_models.MODELS, whisper_models.REQUIRED)
    threads = job.settings.section(FasterWhisperSettings).cpu_threads
    return whisper.whisper(name, folder, device=device, compute_type=compute_type, cpu_threads=threads)


def final_model_name(params: TranscribeAudioInput, job: Job) -> str:
    """Return the name of the final model: the task's, or else the configured one."""
    return params.model or default_model(device_kind(job, "auto"), job.settings.section(FasterWhisperSettings))
