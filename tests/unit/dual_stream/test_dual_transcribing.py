"""Both tiny engines through the task: what comes out is better than Whisper alone, and says whose it is."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from common.transcript.format import Word
from services.dual_stream.alignment.token_alignment import align
from services.dual_stream.alignment.tokens import normalize, tokenize
from services.dual_stream.contracts import TranscribeAudioInput
from tests.support.edit_distance import distance
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES, silence, write_wav

Place = Callable[[str], str]


def mean_delay(words: Sequence[Word], spoken: Sequence[Word]) -> float:
    """Return by how much the starts are off, in seconds, in the mean of the words that are right."""
    ours, theirs = tokenize(words), tokenize(spoken)
    pairs = [(ours[a], theirs[b]) for a, b in align(ours, theirs) if a is not None and b is not None]
    return float(np.mean([abs(one.start - other.start) for one, other in pairs if one.text == other.text]))


@pytest.mark.engine
@pytest.mark.parametrize("name", ["sample.mp4", "speech/en-long.flac", "speech/zh-long.flac"])
def test_words_and_times_are_better_than_plain_whisper_s(
    bench: ServiceBench, place: Place, plain_whisper: Any, truth: dict[str, Any], name: str
) -> None:
    said = [
        Word(text=f" {spoken['word']}", start=spoken["start"], end=spoken["end"])
        for s in truth[name]
        for spoken in s["words"]
    ]
    found, _ = plain_whisper.transcribe(str(FIXTURES / name), vad_filter=True, temperature=0, word_timestamps=True)
    theirs = [
        Word(text=spoken.word, start=spoken.start, end=spoken.end) for segment in found for spoken in segment.words
    ]
    ours = list(bench.transcript(audio_path=place(name)).words)
    wanted = [token.text for token in tokenize(said)]
    wrong, theirs_wrong = (distance(wanted, [token.text for token in tokenize(words)]) for words in (ours, theirs))
    assert wrong <= theirs_wrong
    assert wrong <= 0.15 * len(wanted)
    assert mean_delay(ours, said) < mean_delay(theirs, said)
    assert mean_delay(ours, said) < 0.1


DOUBT_ALL = {"fallback": {"avg_logprob": 0.0}}
"""No text of Whisper's is as probable as that, so each looks wrong, on every processor."""


@pytest.mark.engine
@pytest.mark.parametrize("settings", [{}, DOUBT_ALL], ids=["by default", "doubt all"])
def test_what_whisper_leaves_out_is_there_as_a_draft_and_marked(
    bench: ServiceBench, place: Place, settings: dict[str, Any]
) -> None:
    """Which sentences the tiny Whisper leaves out, or hears wrong, depends on the processor."""
    bench.set(dual_stream=settings)
    context = bench.run(audio_path=place("speech/en-long.flac"))
    output = context.stage.output or {}
    told = [json.loads(data) for kind, data in bench.events(context.task_id) if kind == "draft"]
    said = {segment["id"]: segment["text"] for event in told for segment in event["segments"]}
    segments = bench.transcript_of(output).segments
    drafts = {segment.id: segment.text for segment in segments if segment.source == "draft"}
    assert said.keys() <= {segment.id for segment in segments}
    assert drafts.items() <= said.items()
    assert len(drafts) == output["drafts_kept"]
    assert output["drafts_kept"] >= (len(said) // 2 if settings else 0)
    report = json.loads((bench.share / output["report_path"]["path"]).read_text())
    decisions = {decision["id"]: decision for decision in report["decisions"]}
    assert {number for number, decision in decisions.items() if decision["source"] == "draft"} == drafts.keys()
    left_out = {number for number, decision in decisions.items() if "empty" in decision["reasons"]}
    assert left_out <= drafts.keys()
    assert {decisions[number]["rejected"] for number in left_out} <= {""}


@pytest.mark.engine
def test_the_output_counts_and_names_what_was_heard(bench: ServiceBench, place: Place, truth: dict[str, Any]) -> None:
    output = bench.output(audio_path=place("sample.mp4"))
    transcript = bench.transcript_of(output)
    counted = (len(transcript.segments), len(list(transcript.words)))
    assert (output["language"], output["segments"], output["words"]) == ("en", *counted)
    assert (output["draft_model"], output["model"], output["source"]) == ("tiny-test", "tiny-test", "tiny test models")
    assert output["drafts_kept"] == len([segment for segment in transcript.segments if segment.source == "draft"])
    assert output["warnings"] == []
    assert output["duration"] == 26.112
    subtitles = (bench.share / output["srt_path"]["path"]).read_text()
    assert subtitles.count("-->") == len(transcript.segments) == len(truth["sample.mp4"])
    assert all(segment.text in subtitles for segment in transcript.segments)


def test_finals_tell_what_only_sensevoice_hears(bench: ServiceBench, place: Place) -> None:
    (segment,) = bench.transcript(audio_path=place("speech/en-08.flac")).segments
    assert (segment.source, segment.language) == ("final", "en")
    assert segment.event
    assert segment.emotion


@pytest.mark.engine
def test_a_clip_has_the_times_of_the_whole_film(bench: ServiceBench, place: Place) -> None:
    segments = bench.transcript(audio_path=place("sample.mp4"), start=7.0, end=14.0).segments
    assert normalize(segments[-1].text) == normalize("number nine eight seven")
    assert segments[-1].start == pytest.approx(11.7, abs=0.3)


def test_silence_takes_neither_the_card_nor_whisper(bench: ServiceBench) -> None:
    write_wav(bench.share / "quiet.wav", [silence(45)])
    context = bench.run(audio_path="quiet.wav")
    output = context.stage.output or {}
    assert (output["segments"], output["language"], output["warnings"]) == (0, None, ["No speech was found."])
    assert not [name for name in bench.process.gpu.residency.loaded if name.startswith("faster_whisper")]


def test_a_missing_model_of_either_engine_is_told_as_that(bench: ServiceBench, place: Place) -> None:
    bench.set(models={"offline": True})
    name = place("speech/en-00.flac")
    assert bench.error(audio_path=name, draft_model="SenseVoiceSmall") == "model_missing"
    assert bench.error(audio_path=name, model="small") == "model_missing"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"language": "xx"}, "language"),
        ({"model": "huge"}, "choose tiny-test"),
        ({"draft_model": "large-v3"}, "SenseVoiceSmall"),
        ({"start": 10, "end": 5}, "must be after start"),
        ({"model": "small.en", "language": "zh"}, "supports English only"),
        ({"device": "cuda"}, "Extra inputs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TranscribeAudioInput.model_validate({"audio_path": "a.wav", **given})
