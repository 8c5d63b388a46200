"""What can be refused at submission is, and the refusal says what would do."""

from typing import get_args

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES
from faster_whisper.utils import _MODELS
from pydantic import ValidationError

from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.languages import LanguageCode
from services.faster_whisper.models import REPOSITORIES

ALIASES = {"large", "turbo"}


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"language": "xx"}, "language", "'yue' or 'zh'"),
        ({"batch_size": 0}, "batch_size", "greater than or equal to 1"),
        ({"model": "huge"}, "model", "choose tiny-test, tiny,"),
        ({"model": "Systran/faster-whisper-small"}, "model", "a folder under share as models/my-model"),
        ({"beam_size": 99}, "beam_size", "less than or equal to 20"),
        ({"temperature": []}, "temperature", "at least 1 item"),
        ({"temperature": [2.0]}, "temperature.0", "less than or equal to 1"),
        ({"device": "tpu"}, "device", "'auto', 'cuda' or 'cpu'"),
        ({"compute_type": "int4"}, "compute_type", "'int8'"),
        ({"vad": {"treshold": 0.3}}, "vad.treshold", "Extra inputs"),
        ({"start": 10, "end": 5}, "end", "must be after start"),
        ({"batch_size": 8, "vad_filter": False}, "", "batch_size over 1 needs vad_filter"),
        ({"model": "small.en", "language": "zh"}, "", "supports English only"),
        ({"model": "large-v3-turbo", "task": "translate"}, "", "choose large-v3"),
        ({"language_detection_segments": 0}, "language_detection_segments", "greater than or equal to 1"),
        ({"max_new_tokens": 400}, "max_new_tokens", "less than or equal to 220"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(given: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TranscribeAudioInput.model_validate({"audio_path": "a.wav", **given})
    error = refused.value.errors()[0]
    assert ".".join(map(str, error["loc"])) == field
    assert said in error["msg"]


def test_the_languages_are_those_of_the_library() -> None:
    assert set(get_args(LanguageCode)) == set(_LANGUAGE_CODES)


def test_the_named_models_are_those_of_the_library() -> None:
    assert {name: place for name, place in _MODELS.items() if name not in ALIASES} == REPOSITORIES


def test_a_folder_under_share_is_taken_as_a_model() -> None:
    assert TranscribeAudioInput(audio_path="a.wav", model="models/faster_whisper/mine").model
