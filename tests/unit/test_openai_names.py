"""Names of models and languages as OpenAI's clients write them."""

import pytest

from api_gateway.openai.errors import UnsupportedValue
from api_gateway.openai.model_names import CONFIGURED, resolve
from api_gateway.synchronous.languages import language_code
from services.faster_whisper.models import ENGINE, NAMES, REPOSITORIES


@pytest.mark.parametrize("name", sorted(CONFIGURED))
@pytest.mark.parametrize("prefix", ["", "openai/"])
def test_openai_s_own_models_stand_for_the_configured_one(name: str, prefix: str) -> None:
    assert resolve(prefix + name) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_id_and_every_repository_is_known(name: str) -> None:
    assert resolve(name) == resolve(f"{ENGINE}/{name}") == resolve(REPOSITORIES.get(name, name)) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("whisper-large-v3", "large-v3"),
        ("openai/whisper-large-v3", "large-v3"),
        ("openai/whisper-large-v3-turbo", "large-v3-turbo"),
        ("whisper-base", "base"),
        ("large", "large-v3"),
        ("turbo", "large-v3-turbo"),
        ("models/mine", "models/mine"),
        ("whisper-9", "whisper-9"),
    ],
)
def test_other_names_of_a_model(name: str, expected: str) -> None:
    assert resolve(name) == expected


def test_a_model_that_tells_speakers_apart_is_refused() -> None:
    with pytest.raises(UnsupportedValue, match="pyannote"):
        resolve("gpt-4o-transcribe-diarize")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("EN", "en"),
        ("English", "en"),
        ("zh-Hant-TW", "zh"),
        ("", None),
        (None, None),
        ("haitian creole", "ht"),
    ],
)
def test_a_language_is_a_code_a_locale_or_a_name(language: str | None, expected: str | None) -> None:
    assert language_code(language) == expected
