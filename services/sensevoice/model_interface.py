"""Inputs and outputs of a SenseVoice model, validated before it is run: another model would return nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.models.errors import ModelDamaged
from services.sensevoice.features import WIDTH
from services.sensevoice.model_folder import read_normalisation

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUTO = 0
LANGUAGES = {"zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
NORMS = {"with_itn": 14, "without_itn": 15}
"""The ids of SenseVoiceSmall, which its export by FunASR does not contain."""
FIXED = {"model_type": "sense_voice_ctc", "normalize_samples": "0", "lfr_window_size": "7", "lfr_window_shift": "6"}
"""Required metadata, if present."""
INPUTS = (("tensor(float)", 3), ("tensor(int32)", 1), ("tensor(int32)", 1), ("tensor(int32)", 1))
"""Frames, their count, language, text norm: the names differ between exports, the order does not."""
EMOTIONS = ("HAPPY", "SAD", "ANGRY", "NEUTRAL", "FEARFUL", "DISGUSTED", "SURPRISED", "EMO_UNKNOWN", "EMO_UNK")
EVENTS = (
    *("Speech", "BGM", "Applause", "Laughter", "Cry", "Sneeze", "Breath", "Cough", "Sing", "Speech_Noise"),
    *("Event_UNK", "EVENT_UNK"),
)
NOT_KNOWN = frozenset({"nospeech", "EMO_UNKNOWN", "EMO_UNK", "Event_UNK", "EVENT_UNK"})

TagNames = Mapping[int, str | None]
"""Names by token id."""


@dataclass(frozen=True, slots=True)
class Interface:
    """How to call the model. `tags` are those of its first three frames: language, emotion, event."""

    inputs: tuple[str, ...]
    output: str
    auto: int
    languages: Mapping[str, int]
    with_itn: int
    without_itn: int
    neg_mean: NDArray[np.float32]
    inv_stddev: NDArray[np.float32]
    tags: tuple[TagNames, TagNames, TagNames]

    def language_id(self, language: str | None) -> int:
        return self.languages.get(language or "", self.auto)

    def norm(self, *, itn: bool) -> int:
        return self.with_itn if itn else self.without_itn


def read_interface(session: Any, folder: Path, vocabulary: tuple[str, ...]) -> Interface:
    """Return the interface of a model.

    Raises:
        ModelDamaged: it is not a SenseVoice model, or its tokens belong to another one.
    """
    told = session.get_modelmeta().custom_metadata_map
    refuse_other_models(session, told, len(vocabulary))
    norms = {name: number_of(told, name, usual) for name, usual in NORMS.items()}
    neg_mean, inv_stddev = normalisation(told, folder)
    return Interface(
        inputs=tuple(tensor.name for tensor in session.get_inputs()),
        output=session.get_outputs()[0].name,
        auto=number_of(told, "lang_auto", AUTO),
        languages={name: number_of(told, f"lang_{name}", usual) for name, usual in LANGUAGES.items()},
        with_itn=norms["with_itn"],
        without_itn=norms["without_itn"],
        neg_mean=neg_mean,
        inv_stddev=inv_stddev,
        tags=(
            tags((*LANGUAGES, "nospeech"), vocabulary),
            tags(EMOTIONS, vocabulary),
            tags(EVENTS, vocabulary),
        ),
    )


def refuse_other_models(session: Any, told: Mapping[str, str], tokens: int) -> None:
    other = {name: told[name] for name, value in FIXED.items() if told.get(name, value) != value}
    if other:
        raise ModelDamaged(reason="the metadata belongs to another model", metadata=other)
    inputs = tuple((tensor.type, len(tensor.shape)) for tensor in session.get_inputs())
    if inputs != INPUTS or session.get_inputs()[0].shape[2] != WIDTH:
        raise ModelDamaged(reason="the inputs belong to another model", inputs=[list(tensor) for tensor in inputs])
    output = session.get_outputs()[0]
    if output.type != "tensor(float)" or output.shape[2:] != [tokens]:
        raise ModelDamaged(reason="the tokens belong to another model", output=str(output.shape), tokens=tokens)


def number_of(told: Mapping[str, str], name: str, usual: int) -> int:
    return int(float_of(told.get(name, str(usual))))


def normalisation(told: Mapping[str, str], folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the negative mean and the inverse standard deviation, float32, shape (560,)."""
    here = {"neg_mean", "inv_stddev"} <= told.keys()
    vectors = (floats(told["neg_mean"]), floats(told["inv_stddev"])) if here else read_normalisation(folder)
    shift, scale = (np.array(vector, dtype=np.float32) for vector in vectors)
    if shift.shape != (WIDTH,) or scale.shape != (WIDTH,):
        raise ModelDamaged(reason=f"the normalization does not have {WIDTH} numbers")
    return shift, scale


def floats(text: str) -> list[float]:
    return [float_of(number) for number in text.split(",")]


def float_of(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ModelDamaged(reason=f"the metadata contains no numbers: {error}") from error


def tags(names: tuple[str, ...], vocabulary: tuple[str, ...]) -> TagNames:
    """Return the ids of some tags, each with its public name."""
    numbers = {token: number for number, token in enumerate(vocabulary)}
    known = {numbers[f"<|{name}|>"]: name for name in names if f"<|{name}|>" in numbers}
    return {number: None if name in NOT_KNOWN else name.lower() for number, name in known.items()}
