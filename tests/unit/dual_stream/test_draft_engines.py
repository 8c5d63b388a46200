"""Who drafts: chosen by request, by setting, or by the language; with both tiny engines through the task."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from common.transcript.format import Segment, Word
from services.dual_stream.context import DrafterName, SlowTranscript
from services.dual_stream.contracts import TranscribeAudioInput
from services.dual_stream.drafts.catalog import DraftEngineChoice, DraftEngineName, engine_for
from services.dual_stream.drafts.selection import DraftEngineSelector
from services.dual_stream.drafts.words import join_words, words_by_utterance
from services.dual_stream.language_vote import LanguageVote
from services.dual_stream.settings import DualStreamSettings
from services.dual_stream.slow_stage import knows_other_names
from tests.support.service_bench import ServiceBench
from tests.support.sounds import silence, write_wav
from tests.unit.dual_stream.doubles import FastDouble

Place = Callable[[str], str]
TOYS: dict[str, Any] = {
    "dual_stream": {"draft_whisper_model": "tiny-test"},
    "sensevoice": {"model": "tiny-test"},
    "models": {"offline": True},
}
BOTH: dict[DraftEngineName, str] = {"sensevoice": "SenseVoiceSmall", "whisper": "tiny"}
SPEECH = np.zeros(16_000, dtype=np.float32)


def drafted(bench: ServiceBench, task_id: str) -> list[str]:
    told = [json.loads(data) for kind, data in bench.events(task_id) if kind == "draft"]
    return [segment["text"] for event in told for segment in event["segments"]]


# ---- by language ----


@pytest.mark.parametrize(
    ("language", "models", "engine"),
    [
        *((language, BOTH, "sensevoice") for language in ("zh", "yue", "en", "ja", "ko", None)),
        *((language, BOTH, "whisper") for language in ("fr", "de", "th")),
        ("fr", {"sensevoice": "SenseVoiceSmall"}, None),
        ("fr", {"sensevoice": "SenseVoiceSmall", "whisper": "tiny.en"}, None),
        ("en", {"whisper": "tiny.en"}, "whisper"),
        ("fr", BOTH | {"parakeet": "parakeet-tdt-0.6b-v3"}, "whisper"),
    ],
)
def test_a_language_is_drafted_by_the_engine_that_knows_it(
    language: str | None, models: dict[DraftEngineName, str], engine: str | None
) -> None:
    assert engine_for(language, models) == engine


@pytest.mark.parametrize(("language", "engine"), [("pt", "whisper"), ("en", "sensevoice"), (None, "sensevoice")])
def test_a_task_has_drafts_in_every_language(
    bench: ServiceBench, place: Place, language: str | None, engine: str
) -> None:
    """In Portuguese there were none: SenseVoice does not know it, but the tiny Whisper takes this sentence for it."""
    bench.set(**TOYS)
    context = bench.run(audio_path=place("speech/en-08.flac"), language=language, draft_model=None)
    output = context.stage.output or {}
    assert drafted(bench, context.task_id)
    assert (output["draft_engine"], output["draft_engines"]) == (engine, {engine: 1})
    assert (output["draft_model"], output["warnings"]) == ("tiny-test", [])


class Detector:
    """Detects these languages, one call after the other."""

    def __init__(self, *found: tuple[str, float]) -> None:
        self.found = list(found)

    def detect_language(self, _speech: np.ndarray) -> tuple[str, float]:
        return self.found.pop(0)


class Whisper(FastDouble):
    name = "whisper"
    model_name = "tiny"


def engines_chosen(
    detector: Detector, chunks: int, *, vote: LanguageVote | None = None, multilingual: bool = False
) -> list[str]:
    selector = DraftEngineSelector(
        "auto",
        {"sensevoice": FastDouble(), "whisper": Whisper()},
        settings=DualStreamSettings(),
        vote_of=cache(lambda _: vote or LanguageVote(None)),
        multilingual=multilingual,
        detector=detector,
        step=lambda: None,
    )
    chosen = [selector.choose(SPEECH, [(0, len(SPEECH))]) for _ in range(chunks)]
    return [f"{engine.name if engine else None} {language}" for engine, language in chosen]


def test_a_language_that_is_not_given_is_detected_from_the_first_speech() -> None:
    assert engines_chosen(Detector(("fr", 0.9)), 2) == ["whisper fr", "whisper fr"]


def test_an_uncertain_language_is_detected_again_in_the_next_chunk() -> None:
    assert engines_chosen(Detector(("th", 0.3), ("en", 0.9)), 3) == ["whisper th", "sensevoice en", "sensevoice en"]


def test_with_multilingual_each_chunk_is_drafted_by_the_engine_of_its_language() -> None:
    found = engines_chosen(Detector(("en", 0.9), ("fr", 0.9)), 2, vote=LanguageVote("en"), multilingual=True)
    assert found == ["sensevoice en", "whisper fr"]


def test_the_language_of_the_slow_engine_outweighs_the_small_whisper_s() -> None:
    vote = LanguageVote(None)
    vote.add(SlowTranscript([], "de", 0.9))
    assert engines_chosen(Detector(), 1, vote=vote) == ["whisper de"]


# ---- by request and by setting ----


@pytest.mark.parametrize(
    ("setting", "given", "engine"),
    [
        ("whisper", {"language": "en"}, "whisper"),
        ("sensevoice", {"language": "fr"}, "sensevoice"),
        ("whisper", {"draft_engine": "sensevoice"}, "sensevoice"),
        ("whisper", {"draft_engine": "auto", "language": "en"}, "sensevoice"),
        ("auto", {"draft_engine": "whisper", "draft_model": "tiny-test"}, "whisper"),
        ("auto", {"draft_model": "tiny-test"}, "sensevoice"),
        ("whisper", {"draft_model": "tiny-test"}, "whisper"),
    ],
)
def test_a_request_outweighs_the_setting_and_both_outweigh_the_language(
    bench: ServiceBench, place: Place, setting: DraftEngineChoice, given: dict[str, Any], engine: str
) -> None:
    bench.set(**TOYS | {"dual_stream": {"draft_whisper_model": "tiny-test", "draft_engine": setting}})
    output = bench.output(audio_path=place("speech/en-00.flac"), **{"draft_model": None, **given})
    assert output["draft_engines"] == {engine: 1}


def test_without_drafts_there_are_finals_all_the_same(bench: ServiceBench, place: Place) -> None:
    name = place("speech/en-00.flac")
    context = bench.run(audio_path=name, draft_engine="none", draft_model=None)
    output = context.stage.output or {}
    assert drafted(bench, context.task_id) == []
    assert (output["draft_engine"], output["draft_engines"], output["draft_model"]) == (None, {}, None)
    assert bench.transcript_of(output).segments
    assert not [loaded for loaded in bench.process.gpu.residency.loaded if loaded.startswith("sensevoice")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"draft_engine": "parrot"}, "auto"),
        ({"draft_engine": "none", "draft_model": "tiny"}, "omit draft_model"),
        ({"draft_engine": "sensevoice", "draft_model": "tiny"}, "not a model of draft_engine sensevoice"),
        ({"draft_model": "large-v3"}, "choose tiny-test, SenseVoiceSmall"),
        ({"draft_engine": "parakeet", "language": "zh"}, "parakeet does not know language zh"),
        ({"draft_model": "parakeet-tdt-0.6b-v3", "language": "zh"}, "parakeet does not know language zh"),
        ({"draft_model": "tiny.en", "language": "fr"}, "supports English only"),
        ({"draft_model": "tiny.en", "multilingual": True}, "supports English only"),
    ],
)
def test_draft_engines_that_do_not_fit_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TranscribeAudioInput.model_validate({"audio_path": "a.wav", **given})


# ---- the small Whisper ----


def test_a_missing_small_whisper_costs_the_drafts_and_not_the_task(bench: ServiceBench, place: Place) -> None:
    bench.set(**TOYS | {"dual_stream": {"draft_whisper_model": "tiny"}})
    given: dict[str, Any] = {"audio_path": place("speech/en-08.flac"), "language": "pt", "draft_model": None}
    output = bench.output(**given)
    assert output["segments"]
    assert (output["draft_engine"], output["source"]) == (None, "tiny test models")
    assert [warning for warning in output["warnings"] if "the draft model tiny is missing" in warning]
    assert bench.error(**given, draft_engine="whisper") == "model_missing", "what was asked for by name is needed"
    write_wav(bench.share / "quiet.wav", [silence(5)])
    assert bench.output(**given | {"audio_path": "quiet.wav"})["warnings"] == ["No speech was found."]


def test_the_draft_is_decoded_by_a_model_of_its_own(bench: ServiceBench, place: Place) -> None:
    """One model would report the windows of both stages to whichever set its callback last."""
    bench.output(audio_path=place("speech/en-00.flac"), draft_engine="whisper")
    loaded = [name for name in bench.process.gpu.residency.loaded if name.startswith("faster_whisper/tiny-test")]
    assert sorted(name.endswith("/draft") for name in loaded) == [False, True]


def test_whisper_s_drafts_have_words_at_their_times_and_a_confidence(bench: ServiceBench, place: Place) -> None:
    context = bench.run(audio_path=place("speech/en-00.flac"), draft_engine="whisper")
    records = [json.loads(line) for line in next(bench.share.rglob("checkpoint.jsonl")).read_text().splitlines()]
    (draft,) = [
        Segment.model_validate(row) for record in records if record["stage"] == "draft" for row in record["segments"]
    ]
    assert context.error is None
    assert draft.words
    assert [word.start for word in draft.words] == sorted(word.start for word in draft.words)
    assert draft.confidence == pytest.approx(
        np.exp(np.mean(np.log([word.probability or 0 for word in draft.words]))), abs=0.01
    )


def test_words_are_drafts_of_the_utterances_they_are_spoken_in() -> None:
    spoken = [
        Word(start=at, end=at + 0.4, text=f" {at}", probability=p) for at, p in ((0.1, 1.0), (0.9, 0.25), (3.9, 0.5))
    ]
    utterances = words_by_utterance(spoken, [(0, 16_000), (32_000, 48_000), (64_000, 80_000)])
    assert utterances == [spoken[:2], [], spoken[2:]]
    whole = join_words(utterances[0], "fr")
    assert whole
    assert (whole.start, whole.end, whole.text, whole.confidence, whole.language) == (0.1, 1.3, "0.1 0.9", 0.5, "fr")
    assert join_words([], "fr") is None


def test_names_in_a_whisper_draft_are_not_prompted_to_whisper() -> None:
    assert knows_other_names(DrafterName("sensevoice", "SenseVoiceSmall"))
    assert not knows_other_names(DrafterName("whisper", "tiny"))
    assert not knows_other_names(None)
