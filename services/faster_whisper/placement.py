"""Placement of a task's model: device, default model, and how the device is acquired."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, Protocol

from common.gpu.devices import CpuDevice, NvmlDevice
from common.gpu.residency import Model
from common.stall import ends_when_stalled
from common.worker.job import Job
from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.errors import DeviceUnavailable
from services.faster_whisper.settings import FasterWhisperSettings

DeviceKind = Literal["cuda", "cpu"]


class Session(Protocol):
    """A loaded model while it may be used; call `step` between two chunks, and read `model` again after it."""

    model: Any

    def step(self) -> None: ...


@dataclass
class CpuSession:
    """A session on the CPU of a worker that has a GPU: nobody waits for it, so it never yields."""

    model: Any
    step: Callable[[], None]


def device_kind(job: Job, wanted: str) -> DeviceKind:
    """Return where the model will run.

    Raises:
        DeviceUnavailable: `cuda` was requested and there is none.
    """
    cuda = any(isinstance(device, NvmlDevice) for device in job.process.gpu.devices.values())
    if wanted == "cuda" and not cuda:
        raise DeviceUnavailable
    return "cuda" if cuda and wanted != "cpu" else "cpu"


def name_of(params: TranscribeAudioInput, kind: DeviceKind, settings: FasterWhisperSettings) -> str:
    """Return the model that the task names, or else the configured one."""
    return params.model or default_model(kind, settings, params.task)


def default_model(kind: DeviceKind, settings: FasterWhisperSettings, task: str = "transcribe") -> str:
    if kind == "cpu":
        return settings.cpu_model
    return settings.gpu_translation_model if task == "translate" else settings.gpu_model


def acquire_session(job: Job, model: Model[Any], wanted: str) -> AbstractContextManager[Session]:
    """Acquire the GPU; if the task leaves it to others, load the model on the CPU for this task only."""
    if wanted == "cpu" and job.process.gpu.shared:
        return beside_the_card(job, model)
    return job.gpu(model)


@contextmanager
def beside_the_card(job: Job, model: Model[Any]) -> Iterator[CpuSession]:
    began = monotonic()
    job.announce("load model", f"Loading {model.key}")
    with ends_when_stalled(job.settings.gpu.load_timeout):
        loaded = model.load(CpuDevice())
    job.timings.model_load = monotonic() - began
    try:
        yield CpuSession(loaded, job.check)
    finally:
        model.unload(loaded)
