"""The faster-whisper library: load a model, find speech, transcribe, unload."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import BatonError, OutOfGpuMemory
from common.gpu.devices import Device, NvmlDevice, SimulatedDevice
from common.gpu.devices import library as nvml
from common.gpu.residency import Model
from common.media import vad
from common.media.audio import SAMPLE_RATE_HZ
from common.media.chunking import SampleSpan
from common.models.errors import ModelDamaged
from common.settings import MIB
from common.transcript.format import Segment, Word
from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.errors import ComputeTypeUnsupported, PromptTooLong
from services.faster_whisper.features import extractor_class
from services.faster_whisper.folder import refuse_damaged
from services.faster_whisper.library import batched_class, library, model_class
from services.faster_whisper.models import MODELS
from services.faster_whisper.windows import NO_WINDOW, OnWindow

if TYPE_CHECKING:
    from common.media.audio import Samples

ENGINE = "faster-whisper"
WORKSPACE_MIB = {"cuda": 700, "cpu": 200}
"""Approximate memory of a model beyond its weights; the residency measures it at the first load."""
WEIGHTS = {"float32": 2.0, "int8": 0.6, "int8_float16": 0.6, "int8_bfloat16": 0.6, "int8_float32": 0.6}
"""Factor of the file size, which is float16 for named models."""
PASSED_ON = (
    "task",
    "beam_size",
    "initial_prompt",
    "hotwords",
    "word_timestamps",
    "multilingual",
    "condition_on_previous_text",
    "compression_ratio_threshold",
    "log_prob_threshold",
    "no_speech_threshold",
    "max_new_tokens",
)
DETECTION = ("language_detection_segments", "language_detection_threshold")
"""Passed on if given; the tasks replace None by the settings."""
WINDOW_S = 30
BATCHED_VAD = {"min_silence_duration_ms": 160}

DAMAGED_FOLDER_ERRORS = (RuntimeError, ValueError, Exception)
"""Exact types, no subclasses: CTranslate2 raises the first two for a damaged folder, `tokenizers` plain `Exception`."""

# ---- models ----


def whisper(name: str, folder: Path, *, device: str, compute_type: str, cpu_threads: int = 0) -> Model[Any]:
    """Return the model of a folder, to be loaded where there is room; `device` is `cuda` or `cpu`."""
    wanted = ("float16" if device == "cuda" else "int8") if compute_type == "auto" else compute_type
    estimate_mib = round((folder / "model.bin").stat().st_size / MIB * WEIGHTS.get(wanted, 1.0)) + WORKSPACE_MIB[device]

    def load_on(place: Device) -> Any:
        if isinstance(place, SimulatedDevice):
            place.allocate(estimate_mib)
        index = nvml().nvmlDeviceGetIndex(place.handle) if isinstance(place, NvmlDevice) else 0
        return load(folder, device=device, device_index=index, compute_type=wanted, cpu_threads=cpu_threads)

    return Model(MODELS.engine, name, load_on, unload, estimate_mib, variant=f"{wanted}/{device}")


def load(folder: Path, *, compute_type: str, **where: Any) -> Any:
    """Load a CTranslate2 Whisper model.

    Raises:
        OutOfGpuMemory: it does not fit.
        ComputeTypeUnsupported: the device does not support this type.
        ModelDamaged: the folder does not contain a model.
    """
    refuse_damaged(folder)
    try:
        with library_errors():
            model = model_class()(str(folder), compute_type=compute_type, local_files_only=True, **where)
            model.feature_extractor = extractor_class()(**model.feat_kwargs)
            return model
    except Exception as error:
        if type(error) in DAMAGED_FOLDER_ERRORS:
            raise ModelDamaged(folder=folder.name, reason=str(error)) from error
        raise


@contextmanager
def window_callback(model: Any, on_window: OnWindow) -> Iterator[None]:
    """Call `on_window` before each step of each window that is decoded in the block."""
    model.on_window, model.window = on_window, NO_WINDOW
    try:
        yield
    finally:
        del model.on_window


def unload(model: Any) -> None:
    """Free the memory at once: the garbage collector does not see CTranslate2's."""
    model.model.unload_model()


# ---- speech ----


def find_speech(samples: Samples, params: TranscribeAudioInput) -> list[SampleSpan]:
    """Return the spans with speech, as faster-whisper's own `vad_filter` finds them."""
    return vad.find_speech(samples, **vad_options(params))


def vad_options(params: TranscribeAudioInput) -> dict[str, Any]:
    """Return the requested options; several windows at a time have their own defaults in faster-whisper."""
    chosen = params.vad.model_dump(exclude_none=True)
    if params.batch_size > 1:
        chosen = {**(chosen or BATCHED_VAD), "max_speech_duration_s": WINDOW_S}
    return chosen


# ---- text ----


@dataclass(frozen=True, slots=True)
class TranscriptionResult:
    """The result for some audio. The text is decoded while `segments` is read."""

    language: str
    language_probability: float
    segments: Iterator[Segment]
    """With ids from 0, in seconds from the beginning of the audio."""


def transcribe(
    model: Any, samples: Samples, speech: list[SampleSpan], params: TranscribeAudioInput, *, language: str | None
) -> TranscriptionResult:
    """Transcribe some audio; `language` None detects it.

    No state is kept between calls: the text depends only on the audio and the parameters.

    Raises:
        PromptTooLong: there is no room for text.
        OutOfGpuMemory: the device is full.
    """
    with library_errors():
        found, info = run(model, samples, speech, params, language)
    return TranscriptionResult(info.language, min(float(info.language_probability), 1.0), finish_segments(found))


def detect_language(model: Any, samples: Samples, windows: int, threshold: float) -> list[tuple[str, float]]:
    """Return languages with their probabilities, the detected one first.

    The first window of which one language is more probable than `threshold` decides; if there is none, the majority of
    the windows does (see `WhisperModel.detect_language`).
    """
    with library_errors():
        language, probability, others = model.detect_language(
            samples, language_detection_segments=windows, language_detection_threshold=threshold
        )
    rest = [(code, share(other)) for code, other in others if code != language]
    return [(language, share(probability)), *rest]


def run(
    model: Any, samples: Samples, speech: list[SampleSpan], params: TranscribeAudioInput, language: str | None
) -> tuple[Iterator[Any], Any]:
    """Return faster-whisper's segments and its information about the audio."""
    options = {name: getattr(params, name) for name in PASSED_ON} | {"language": language}
    options["temperature"] = list(params.temperature)
    options |= {name: value for name in DETECTION if (value := getattr(params, name)) is not None}
    if params.batch_size > 1:
        batched = batched_class()(model)
        settings = {"batch_size": params.batch_size, "without_timestamps": False}
        answer = batched.transcribe(samples, vad_parameters=vad_options(params), **settings, **options)
    elif params.vad_filter:
        # as `vad_filter=True` does, with the speech that was found while another chunk was decoded
        stamps = [{"start": start, "end": end} for start, end in speech]
        found, info = model.transcribe(join_speech(samples, speech), **options)
        answer = library().transcribe.restore_speech_timestamps(found, stamps, SAMPLE_RATE_HZ), info
    else:
        answer = model.transcribe(samples, **options)
    return answer  # type: ignore[no-any-return]  # the library has no types


def restored_time(seconds: float, speech: list[SampleSpan]) -> float:
    """Return the time in the audio of a time in its joined speech."""
    left = round(seconds * SAMPLE_RATE_HZ)
    for start, end in speech:
        if left < end - start:
            return (start + left) / SAMPLE_RATE_HZ
        left -= end - start
    return speech[-1][1] / SAMPLE_RATE_HZ


def join_speech(samples: Samples, speech: list[SampleSpan]) -> Samples:
    """Return only the speech. The library's `collect_chunks` copies everything before it with each span."""
    return np.concatenate([samples[start:end] for start, end in speech])


def finish_segments(found: Iterator[Any]) -> Iterator[Segment]:
    """Yield each segment as soon as it is decoded."""
    with library_errors():
        for index, heard in enumerate(found):
            yield segment_of(heard, index)


def segment_of(heard: Any, index: int) -> Segment:
    return Segment(
        id=index,
        **times(heard),
        text=heard.text.strip(),
        words=[Word(**times(word), text=word.word, probability=share(word.probability)) for word in heard.words or ()],
        language=heard.language,
        confidence=share(math.exp(heard.avg_logprob)),
        avg_logprob=float(heard.avg_logprob),
        compression_ratio=float(heard.compression_ratio),
        no_speech_prob=float(heard.no_speech_prob),
    )


def times(heard: Any) -> dict[str, float]:
    """Return start and end in order, rounded to milliseconds."""
    start = max(round(float(heard.start), 3), 0.0)
    return {"start": start, "end": max(round(float(heard.end), 3), start)}


def share(probability: float) -> float:
    return round(min(max(float(probability), 0.0), 1.0), 4)


@contextmanager
def library_errors() -> Iterator[None]:
    """Translate errors of faster-whisper and CTranslate2; they raise only these two classes."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        text = str(error)
        for sign, kind in SIGNS.items():
            if sign in text:
                raise kind(reason=text) from error
        raise


SIGNS: dict[str, type[BatonError]] = {
    "out of memory": OutOfGpuMemory,
    "compute type": ComputeTypeUnsupported,
    "No position encodings": PromptTooLong,
    "exceeds the `max_length`": PromptTooLong,
}
