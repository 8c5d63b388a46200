"""SenseVoice in ONNX Runtime: load a model, transcribe, unload.

The model is not autoregressive: one run over the audio gives a distribution over the vocabulary every 60 ms, preceded
by four frames for language, emotion, event and whether numbers are written as digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.gpu.devices import Device
from common.gpu.residency import Model
from common.media.audio import SAMPLE_RATE_HZ
from common.models.errors import ModelDamaged
from common.settings import MIB
from services.sensevoice.decoding import TimedToken, best_name, decode
from services.sensevoice.features import Frontend
from services.sensevoice.model_folder import read_tokens, weights
from services.sensevoice.model_interface import Interface, read_interface
from services.sensevoice.models import ENGINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from common.media.audio import Samples

WORKSPACE_MIB = 300
"""Approximate memory of a model beyond its file; the residency measures it at the first load."""
SPEECH_PAD_MS = 200
"""Kept around speech: the VAD reacts late, and the first frames of a piece are recognized less well."""
TAGS = 4
"""Number of frames before the first frame of the audio."""

__all__ = ["ENGINE", "SPEECH_PAD_MS", "Recognition", "Recognizer", "TimedToken", "sensevoice", "transcribe"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """The result for some audio. Times are seconds from its beginning."""

    language: str | None
    """zh, en, yue, ja or ko; None if there is no speech."""
    emotion: str | None
    event: str | None
    text: str
    tokens: list[TimedToken]
    confidence: float
    """The geometric mean of the tokens' probabilities; 0 if there are none."""


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A loaded model. Calls do not change its state, so several threads may use it at a time."""

    session: Any
    interface: Interface
    frontend: Frontend
    vocabulary: tuple[str, ...]

    def scores(self, frames: NDArray[np.float32], language: str | None, *, itn: bool) -> NDArray[np.float32]:
        """Return the scores of every token, shape (4 + frames, vocabulary): for the tags, then for the audio."""
        lengths, languages, norms = (
            np.array([number], dtype=np.int32)
            for number in (len(frames), self.interface.language_id(language), self.interface.norm(itn=itn))
        )
        fed = dict(zip(self.interface.inputs, (frames[None], lengths, languages, norms), strict=True))
        with library_errors():
            found: NDArray[np.float32] = self.session.run([self.interface.output], fed)[0][0]
        return found


@cache
def library() -> Any:
    """Load ONNX Runtime once per process."""
    import onnxruntime

    return onnxruntime


def sensevoice(name: str, folder: Path, *, threads: int) -> Model[Any]:
    """Return the model of a folder, to be loaded on the CPU, whatever GPUs there are."""
    estimate_mib = round(weights(folder).stat().st_size / MIB) + WORKSPACE_MIB

    def load_on(_place: Device) -> Recognizer:
        return load(folder, threads=threads)

    return Model(ENGINE, f"{name}/{threads}", load_on, unload, estimate_mib)


def load(folder: Path, *, threads: int) -> Recognizer:
    """Load an export of SenseVoice, by sherpa-onnx or by FunASR.

    Raises:
        ModelDamaged: the folder does not contain a model. The file is validated before it is run.
    """
    session = open_session(weights(folder), threads)
    vocabulary = read_tokens(folder)
    interface = read_interface(session, folder, vocabulary)
    return Recognizer(session, interface, Frontend(interface.neg_mean, interface.inv_stddev), vocabulary)


def open_session(file: Path, threads: int) -> Any:
    """Return a session on the CPU: `threads` within an operation, one operation at a time."""
    options = library().SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its messages are in its exceptions too
    with library_errors():
        return library().InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


@contextmanager
def library_errors() -> Iterator[None]:
    """Translate errors of ONNX Runtime; its exceptions have no common base class."""
    says = library().capi.onnxruntime_pybind11_state
    refusals = (says.Fail, says.InvalidArgument, says.InvalidGraph, says.InvalidProtobuf, says.NotImplemented)
    try:
        yield
    except (*refusals, says.NoSuchFile, says.RuntimeException, ValueError) as error:
        raise ModelDamaged(reason=str(error)) from error


def unload(_model: Recognizer) -> None:
    """Nothing to do: the session frees its memory with its last reference, which the residency drops."""


def transcribe(model: Recognizer, samples: Samples, *, language: str | None, itn: bool) -> Recognition:
    """Transcribe up to half a minute of audio.

    `language` None detects it, and so does a language that the model does not know. `itn`, inverse text normalization,
    adds punctuation and writes numbers as digits. Several threads may call this at a time.
    """
    frames = model.frontend.frames(samples)
    if not len(frames):
        return Recognition(None, None, None, "", [], 0.0)
    scores = model.scores(frames, language, itn=itn)
    spoken, emotion, event = (best_name(scores[row], names) for row, names in enumerate(model.interface.tags))
    tokens = decode(scores[TAGS:], model.vocabulary, duration=len(samples) / SAMPLE_RATE_HZ)
    spoken = language if language in model.interface.languages else spoken
    return Recognition(
        spoken, emotion, event, "".join(token.text for token in tokens).strip(), tokens, confidence(tokens)
    )


def confidence(tokens: list[TimedToken]) -> float:
    if not tokens:
        return 0.0
    return math.exp(sum(math.log(max(token.probability, 1e-9)) for token in tokens) / len(tokens))
