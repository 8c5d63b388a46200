"""The pyannote.audio library: load a pipeline, diarize, unload."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from common.errors import OutOfGpuMemory
from common.gpu.devices import Device, NvmlDevice, SimulatedDevice
from common.gpu.devices import library as nvml
from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ
from common.models.errors import ModelDamaged
from common.settings import MIB
from common.worker.memory import keep_freed_memory
from services.pyannote.models import ENGINE
from services.pyannote.turns import DECIMALS, Diarization, Turn, one_at_a_time

WORKSPACE_MIB = 1_500
"""Approximate memory of a pipeline beyond its weights; the residency measures it at the first load."""
PIPELINE = "pyannote.audio.pipelines.SpeakerDiarization"
CONFIG = "config.yaml"
NOT_CODE = {"dependencies", "pipeline", "params", "version"}

OnStep = Callable[[str, float], None]
"""Receives the name of a step and its completed fraction, 0 to 1. An exception ends the work."""


@cache
def library() -> Any:
    """Load pyannote.audio once per process, with its telemetry disabled."""
    keep_freed_memory()  # torch allocates the same large blocks again at every step
    with warnings.catch_warnings():
        # it would decode files; we decode them ourselves
        warnings.filterwarnings("ignore", r"\s*torchcodec is not installed")
        import pyannote.audio
    from pyannote.audio.telemetry import set_telemetry_metrics

    set_telemetry_metrics(False)
    return pyannote.audio


@cache
def torch() -> Any:
    import torch as loaded

    return loaded


def diarizer(name: str, folder: Path) -> Model[Any]:
    """Return the pipeline of a folder, to be loaded where there is room; the library itself is loaded at once."""
    library()
    weights = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    estimate_mib = round(weights / MIB) + WORKSPACE_MIB

    def load_on(place: Device) -> Any:
        if isinstance(place, SimulatedDevice):
            place.allocate(estimate_mib)
        return load(folder, place)

    return Model(ENGINE, name, load_on, unload, estimate_mib)


def load(folder: Path, place: Device) -> Any:
    """Load a diarization pipeline.

    Raises:
        ModelDamaged: the folder does not contain one.
        OutOfGpuMemory: it does not fit.
    """
    refuse_code(folder)
    try:
        pipeline = library().Pipeline.from_pretrained(folder)
        return pipeline.to(torch().device(device_name(place)))
    except torch().cuda.OutOfMemoryError as error:
        raise OutOfGpuMemory(reason=str(error)) from error
    except Exception as error:  # whatever torch, pickle and pyannote raise for a foreign file
        raise ModelDamaged(folder=folder.name, reason=f"{type(error).__name__}: {error}"[:500]) from error


def refuse_code(folder: Path) -> None:
    """Refuse a configuration that names classes other than the pipeline's: pyannote would import and call them.

    Raises:
        ModelDamaged: it names others, or cannot be read.
    """
    try:
        config = yaml.safe_load((folder / CONFIG).read_text())
        plain = set(config) <= NOT_CODE and config["pipeline"]["name"] == PIPELINE
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise ModelDamaged(folder=folder.name, reason=f"{CONFIG} cannot be read: {error}") from error
    if not plain:
        raise ModelDamaged(folder=folder.name, reason=f"{CONFIG} does not belong to a {PIPELINE}")


def device_name(place: Device) -> str:
    return f"cuda:{nvml().nvmlDeviceGetIndex(place.handle)}" if isinstance(place, NvmlDevice) else "cpu"


def unload(pipeline: Any) -> None:
    """Free the GPU's memory at once; what torch keeps for itself is freed with the process."""
    pipeline.to(torch().device("cpu"))
    if torch().cuda.is_available():
        torch().cuda.empty_cache()


def diarize(
    pipeline: Any, samples: Path, count: int, *, offset: float, on_step: OnStep, **speakers: int | None
) -> Diarization:
    """Diarize raw float32 samples on disk, 16 kHz, mono; `offset` is added to all times.

    Raises:
        OutOfGpuMemory: the device is full.
    """

    def hook(step: str, _artifact: Any, *, total: int | None = None, completed: int | None = None, **_: Any) -> None:
        on_step(step, (completed or 0) / total if total else 1.0)

    waveform = torch().from_file(str(samples), shared=True, size=count, dtype=torch().float32).unsqueeze(0)
    try:
        found = pipeline({"waveform": waveform, "sample_rate": SAMPLE_RATE_HZ}, hook=hook, **speakers)
    except torch().cuda.OutOfMemoryError as error:
        raise OutOfGpuMemory(reason=str(error)) from error
    limit = offset + count / SAMPLE_RATE_HZ
    exclusive = turns_of(found.exclusive_speaker_diarization, offset, limit)
    return Diarization(turns_of(found.speaker_diarization, offset, limit), one_at_a_time(exclusive))


def turns_of(annotation: Any, offset: float, limit: float) -> Sequence[Turn]:
    """Return an annotation's tracks, clipped to the audio: the library's last window may end after it."""
    tracks = annotation.itertracks(yield_label=True)
    placed = (
        Turn(within(part.start, offset, limit), within(part.end, offset, limit), label) for part, _, label in tracks
    )
    return [turn for turn in placed if turn.duration > 0]


def within(seconds: float, offset: float, limit: float) -> float:
    return round(min(max(seconds + offset, offset), limit), DECIMALS)
