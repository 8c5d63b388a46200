"""Parakeet as a fast engine, as far as it goes without its model: choice, errors, and words from tokens."""

from collections.abc import Callable
from typing import Any

import pytest

from common.models.errors import ModelDamaged
from services.dual_stream.drafts.catalog import PARAKEET_LANGUAGES, DraftEngineName, engine_for
from services.dual_stream.drafts.parakeet import KIND, library, load, words_of
from services.dual_stream.models import PARAKEET
from tests.support.service_bench import ServiceBench

Place = Callable[[str], str]
FILES = ("encoder-model.int8.onnx", "decoder_joint-model.int8.onnx", "vocab.txt")


@pytest.mark.parametrize("given", [{"draft_engine": "parakeet"}, {"draft_model": PARAKEET}])
def test_a_missing_model_is_reported_as_that(bench: ServiceBench, place: Place, given: dict[str, str]) -> None:
    bench.set(models={"offline": True})
    chosen: dict[str, Any] = {"draft_model": None, **given}
    assert bench.error(audio_path=place("speech/en-00.flac"), **chosen) == "model_missing"


@pytest.mark.parametrize("missing", [None, *FILES])
def test_a_folder_without_a_model_is_reported_as_damaged(
    bench: ServiceBench, place: Place, missing: str | None
) -> None:
    folder = bench.share / "models/mine"
    folder.mkdir(parents=True)
    for name in FILES:
        if name != missing:
            (folder / name).write_text("no model")
    with pytest.raises(ModelDamaged):
        load(folder, threads=1)
    name = place("speech/en-00.flac")
    assert bench.error(audio_path=name, draft_engine="parakeet", draft_model="models/mine") == "model_damaged"


def test_the_installed_onnx_asr_knows_the_model() -> None:
    from onnx_asr.loader import AsrTypeNames  # noqa: PLC0415 - heavy
    from onnx_asr.resolver import model_repos  # noqa: PLC0415 - heavy

    assert KIND in AsrTypeNames.__args__  # type: ignore[attr-defined]  # of a Literal
    assert model_repos[f"nemo-{PARAKEET}"] == f"istupakov/{PARAKEET}-onnx"
    assert library().load_model


def test_it_drafts_only_the_languages_that_it_knows() -> None:
    models: dict[DraftEngineName, str] = {"parakeet": PARAKEET}
    assert len(PARAKEET_LANGUAGES) == 25
    assert engine_for("fr", models, "parakeet") == engine_for(None, models, "parakeet") == "parakeet"
    assert engine_for("th", models, "parakeet") is None


def test_tokens_are_joined_to_words_with_times_and_probabilities() -> None:
    words = words_of([" Bon", "jour", ",", " toi"], [0.08, 0.24, 0.4, 1.6], [0.0, -0.6, -0.6, -0.1], 10.0, 11.7)
    assert [(word.text, word.start, word.end) for word in words] == [(" Bonjour,", 10.08, 10.72), (" toi", 11.6, 11.7)]
    assert [word.probability for word in words] == pytest.approx([0.6703, 0.9048], abs=0.0001)
    assert words_of([], [], [], 0.0, 1.0) == []
