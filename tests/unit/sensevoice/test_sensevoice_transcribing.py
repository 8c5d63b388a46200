"""The tiny SenseVoice through our task hears what was said, when it was said, and says so as it goes."""

import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest

from common.errors import Cancelled
from common.files.checkpoint import Checkpoint
from common.state.context import Progress, Status
from common.transcript.format import Segment
from common.worker.heartbeat import Heartbeat
from tests.support.edit_distance import distance
from tests.support.service_bench import ServiceBench
from tests.support.sounds import RATE_HZ, silence, speech, write_wav

ENGLISH = [f"speech/en-{number:02}.flac" for number in range(12)]
CHINESE = [f"speech/zh-{number:02}.flac" for number in range(6)]
WORD_ERROR_RATE, CHARACTER_ERROR_RATE = 0.07, 0.004
"""What the model reaches, by what is known of it."""
ONSET_S = 0.15
Place = Callable[[str], str]


def units(text: str, *, words: bool) -> list[str]:
    plain = text.lower().translate({ord(mark): None for mark in ".,!?。"})
    return plain.split() if words else list("".join(plain.split()))


def error_rate(said: Iterable[str], heard: Iterable[str], *, words: bool) -> float:
    wanted, got = (units(" ".join(texts), words=words) for texts in (said, heard))
    return distance(wanted, got) / len(wanted)


def true_texts(truth: dict[str, Any], names: Iterable[str]) -> list[str]:
    return [segment["text"] for name in names for segment in truth[name]]


def test_single_utterances_are_heard_as_well_as_the_model_can(
    bench: ServiceBench, place: Place, truth: dict[str, Any]
) -> None:
    heard = {name: bench.transcript(audio_path=place(name)) for name in (*ENGLISH, *CHINESE)}
    english, chinese = ([heard[name].text for name in names] for names in (ENGLISH, CHINESE))
    assert error_rate(true_texts(truth, ENGLISH), english, words=True) <= WORD_ERROR_RATE
    assert error_rate(true_texts(truth, CHINESE), chinese, words=False) <= CHARACTER_ERROR_RATE
    assert {name: transcript.language for name, transcript in heard.items()} == {
        **dict.fromkeys(ENGLISH, "en"),
        **dict.fromkeys(CHINESE, "zh"),
    }


@pytest.mark.parametrize("name", ["speech/en-long.flac", "speech/zh-long.flac", "sample.mp4"])
def test_long_audio_is_heard_utterance_by_utterance(
    bench: ServiceBench, place: Place, truth: dict[str, Any], name: str
) -> None:
    bench.set(sensevoice={"chunk_length": 15})
    transcript = bench.transcript(audio_path=place(name))
    words = "zh" not in name
    limit = WORD_ERROR_RATE if words else CHARACTER_ERROR_RATE
    assert error_rate(true_texts(truth, [name]), [transcript.text], words=words) <= limit
    assert len(transcript.segments) == len(truth[name])
    for segment, said in zip(transcript.segments, truth[name], strict=True):
        assert segment.start == pytest.approx(said["start"], abs=0.3)
        assert segment.end == pytest.approx(said["end"], abs=0.5)


def test_words_begin_where_they_are_said(bench: ServiceBench, place: Place, truth: dict[str, Any]) -> None:
    late = []
    for name in (*ENGLISH[:9], *CHINESE):
        words = list(bench.transcript(audio_path=place(name)).words)
        said = truth[name][0]["words"]
        late += [abs(word.start - truly["start"]) for word, truly in zip(words, said, strict=True)]
    assert sum(late) / len(late) < ONSET_S / 2
    assert sum(delay < ONSET_S for delay in late) / len(late) > 0.95


def test_words_are_in_order_and_put_together_give_their_segment(bench: ServiceBench, place: Place) -> None:
    for name in ("speech/en-long.flac", "speech/zh-long.flac"):
        transcript = bench.transcript(audio_path=place(name))
        for segment in transcript.segments:
            assert "".join(word.text for word in segment.words).strip() == segment.text
            assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert all(one.end <= next_one.start for one, next_one in pairwise(transcript.words))
        assert all(0 < (word.probability or 0) <= 1 for word in transcript.words)


def test_chinese_is_told_character_by_character(bench: ServiceBench, place: Place) -> None:
    transcript = bench.transcript(audio_path=place("speech/zh-05.flac"))
    assert transcript.text == "大家喜欢听山。"
    assert {len(word.text.rstrip("。")) for word in transcript.words} == {1}


def test_every_segment_tells_its_language_emotion_and_event(bench: ServiceBench) -> None:
    pieces = [speech("speech/en-04.flac"), silence(1), speech("speech/zh-05.flac"), silence(1)]
    write_wav(bench.share / "both.wav", pieces)
    output = bench.output(audio_path="both.wav")
    transcript = bench.transcript_of(output)
    assert [segment.language for segment in transcript.segments] == ["en", "zh"]
    assert {(segment.emotion, segment.event) for segment in transcript.segments} == {("neutral", "speech")}
    assert (output["emotions"], output["events"]) == ({"neutral": 2}, {"speech": 2})
    assert output["language"] == "en", "it is spoken longer"


def test_a_language_that_is_given_is_the_language(bench: ServiceBench, place: Place) -> None:
    transcript = bench.transcript(audio_path=place("speech/zh-05.flac"), language="yue")
    assert (transcript.language, transcript.segments[0].language) == ("yue", "yue")


def test_normalisation_sets_punctuation_and_without_it_there_is_none(bench: ServiceBench, place: Place) -> None:
    name = place("speech/en-04.flac")
    with_it, without = (bench.transcript(audio_path=name, itn=itn).text for itn in (True, False))
    assert with_it != without
    assert units(with_it, words=True) == units(without, words=True)
    assert not {".", ","} & set(without)


def test_every_segment_is_told_as_a_fragment(bench: ServiceBench, place: Place) -> None:
    context = bench.run(audio_path=place("sample.mp4"))
    fragments = [json.loads(data) for kind, data in bench.events(context.task_id) if kind == "fragment"]
    segments = bench.transcript_of(context.stage.output or {}).segments
    assert [fragment["segment_index"] for fragment in fragments] == list(range(len(segments)))
    assert [fragment["segments"] for fragment in fragments] == [[segment_fields(segment)] for segment in segments]


def test_progress_is_by_audio_time_and_comes_with_each_segment(
    bench: ServiceBench, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = record_events(monkeypatch)
    context = bench.run(audio_path=place("sample.mp4"))
    progress = [news.percent for news in told if isinstance(news, Progress) and news.phase == "transcribe"]
    assert len(progress) == len(bench.transcript_of(context.stage.output or {}).segments) + 1
    assert progress == sorted(progress)
    assert 0 < progress[0] < 20
    last = context.stage.progress
    assert last
    assert (last.phase, last.percent, last.processed, last.total) == ("transcribe", 100.0, 26.112, 26.12)


def test_a_cancel_is_heard_between_two_segments_of_a_chunk(
    bench: ServiceBench, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = record_events(monkeypatch, stop_after=2)
    context = bench.run(audio_path=place("sample.mp4"))
    assert context.status is Status.CANCELLED
    assert len([news for news in told if not isinstance(news, Progress)]) == 2


def record_events(monkeypatch: pytest.MonkeyPatch, *, stop_after: int | None = None) -> list[Any]:
    """Return the list of what tasks will tell; after so many segments, the attempt is told to stop."""
    heard: list[Any] = []
    tell = Heartbeat.queue_event

    def record_event(self: Heartbeat, news: Any) -> None:
        heard.append(news)
        tell(self, news)
        if len([event for event in heard if not isinstance(event, Progress)]) == stop_after:
            self.stop = Cancelled()

    monkeypatch.setattr(Heartbeat, "queue_event", record_event)
    return heard


def segment_fields(segment: Segment) -> dict[str, Any]:
    return segment.model_dump(include={"id", "start", "end", "text"})


@pytest.mark.engine
def test_the_output_counts_and_names_what_was_heard(bench: ServiceBench, place: Place) -> None:
    output = bench.output(audio_path=place("sample.mp4"))
    transcript = bench.transcript_of(output)
    counted = (len(transcript.segments), len(list(transcript.words)))
    assert (output["language"], output["segments"], output["words"]) == ("en", *counted)
    assert counted[0] > 1
    assert output["duration"] == 26.112
    assert 0 < output["real_time_factor"] < 5
    assert (output["model"], output["source"], output["warnings"]) == ("tiny-test", "tiny test model", [])


@pytest.mark.engine
def test_a_clip_has_the_times_of_the_whole_file(bench: ServiceBench, place: Place) -> None:
    name = place("sample.mp4")
    whole = bench.transcript(audio_path=name).segments
    clip = bench.transcript(audio_path=name, start=7.0, end=14.0).segments
    inside = [word for word in whole if word.start >= 7.0 and word.end <= 14.0]
    assert [word.text for word in clip] == [word.text for word in inside]
    assert [word.start for word in clip] == pytest.approx([word.start for word in inside], abs=0.1)


def test_no_segment_is_longer_than_was_asked_for(bench: ServiceBench, place: Place) -> None:
    segments = bench.transcript(audio_path=place("speech/dialogue.flac"), max_segment=4, min_silence=2).segments
    assert len(segments) > 10
    assert max(segment.duration for segment in segments) <= 4


def test_chunks_are_cut_in_silences_and_their_times_are_those_of_the_file(
    bench: ServiceBench, place: Place, truth: dict[str, Any]
) -> None:
    name = place("speech/en-long.flac")
    whole = bench.transcript(audio_path=name)
    bench.set(sensevoice={"chunk_length": 10})
    output = bench.output(audio_path=name)
    chunked = bench.transcript_of(output)
    records = list(Checkpoint(next(bench.share.glob("workflows/t2/attempt-1/checkpoint.jsonl"))).records())
    assert len(records) >= 8
    cuts = [record["until"] / RATE_HZ for record in records[:-1]]
    said = truth["speech/en-long.flac"]
    assert not [(cut, word) for cut in cuts for word in said if word["start"] < cut < word["end"]]
    assert [segment.id for segment in chunked.segments] == list(range(len(said)))
    assert [segment.start for segment in chunked.segments] == pytest.approx(
        [segment.start for segment in whole.segments], abs=0.15
    )


def test_the_second_task_finds_the_model_warm(bench: ServiceBench, place: Place) -> None:
    name = place("speech/en-00.flac")
    assert bench.run(audio_path=name).stage.timings.model_load
    assert bench.run(audio_path=name).stage.timings.model_load is None


def test_where_there_is_a_card_it_is_left_to_others(bench: ServiceBench, place: Place) -> None:
    bench.set(gpu={"device": "simulated"})
    context = bench.run(audio_path=place("speech/en-00.flac"))
    assert context.error is None
    assert context.stage.timings.gpu_wait is None
    assert not [device for device in bench.process.gpu.devices.values() if device.free_mib() < device.total_mib]
