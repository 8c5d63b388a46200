"""The tiny Whisper through our task gives what plain faster-whisper gives, and says so as it goes."""

import json
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline

from common.files.checkpoint import Checkpoint
from common.media.audio import open_audio
from common.transcript.format import Segment
from services.faster_whisper import engine
from services.faster_whisper.contracts import TranscribeAudioInput
from services.faster_whisper.transcription import Transcription
from tests.support.edit_distance import distance
from tests.support.service_bench import ServiceBench
from tests.support.sounds import FIXTURES, RATE_HZ, silence, speech, write_wav
from tests.support.waiting import wait_until

CLIPS = [f"speech/{name}.flac" for name in [f"en-{n:02}" for n in range(12)] + [f"zh-{n:02}" for n in range(6)]]
Place = Callable[[str], str]
MODES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "vad": ({}, {"vad_filter": True}),
    "whole": ({"vad_filter": False}, {}),
    "words": ({"word_timestamps": True}, {"vad_filter": True, "word_timestamps": True}),
    "vad options": (
        {"vad": {"threshold": 0.3, "min_silence_duration_ms": 300}},
        {"vad_filter": True, "vad_parameters": {"threshold": 0.3, "min_silence_duration_ms": 300}},
    ),
    "hints": (
        {"initial_prompt": "hello everyone", "hotwords": "mountain", "beam_size": 2},
        {"vad_filter": True, "initial_prompt": "hello everyone", "hotwords": "mountain", "beam_size": 2},
    ),
    "language": ({"language": "zh"}, {"vad_filter": True, "language": "zh"}),
}


def rounded_segments(segments: Any) -> list[tuple[float, float, str]]:
    return [
        (round(float(segment.start), 3), round(float(segment.end), 3), segment.text.strip()) for segment in segments
    ]


def words_of(segments: Any) -> list[tuple[float, float, str]]:
    found = [word for segment in segments for word in segment.words or ()]
    return [(round(float(w.start), 3), round(float(w.end), 3), w.text if hasattr(w, "text") else w.word) for w in found]


def errors(said: str, heard: str) -> int:
    """Return the edit distance of two texts, by words where there are any, else by characters."""
    wanted, got = (text.lower().translate({ord(c): None for c in ".,!?。"}) for text in (said, heard))
    if " " in wanted:
        return distance(wanted.split(), got.split())
    return distance(list(wanted), list(got.replace(" ", "")))


def test_no_held_out_clip_is_worse_than_plain_and_no_time_differs(
    bench: ServiceBench, place: Place, plain_whisper: Any, truth: dict[str, Any]
) -> None:
    ours, theirs = 0, 0
    for clip in CLIPS:
        transcript = bench.transcript(audio_path=place(clip))
        segments, info = plain_whisper.transcribe(str(FIXTURES / clip), vad_filter=True, temperature=0)
        expected = list(segments)
        assert rounded_segments(transcript.segments) == rounded_segments(expected), clip
        assert transcript.language == info.language
        assert transcript.language_probability == pytest.approx(info.language_probability)
        said = " ".join(segment["text"] for segment in truth[clip])
        ours += errors(said, transcript.text)
        theirs += errors(said, " ".join(segment.text for segment in expected))
    assert ours <= theirs


@pytest.mark.engine
@pytest.mark.parametrize(
    ("file", "mode"),
    [("speech/en-long.flac", "vad"), ("speech/zh-long.flac", "vad"), *(("sample.mp4", mode) for mode in MODES)],
)
def test_a_single_chunk_is_what_plain_makes_of_it(
    bench: ServiceBench, place: Place, plain_whisper: Any, file: str, mode: str
) -> None:
    ours, theirs = MODES[mode]
    transcript = bench.transcript(audio_path=place(file), **ours)
    expected = list(plain_whisper.transcribe(str(FIXTURES / file), temperature=0, **theirs)[0])
    assert rounded_segments(transcript.segments) == rounded_segments(expected)
    assert words_of(transcript.segments) == words_of(expected)


@pytest.mark.engine
def test_batches_give_what_the_plain_batched_pipeline_gives(
    bench: ServiceBench, place: Place, plain_whisper: Any
) -> None:
    path = str(FIXTURES / "speech/en-long.flac")
    transcript = bench.transcript(audio_path=place("speech/en-long.flac"), batch_size=4)
    segments, _ = BatchedInferencePipeline(plain_whisper).transcribe(
        path, batch_size=4, temperature=0, without_timestamps=False
    )
    assert rounded_segments(transcript.segments) == rounded_segments(segments)


@pytest.mark.engine
def test_every_segment_is_told_as_a_fragment_and_progress_is_by_audio_time(
    bench: ServiceBench, place: Place, plain_whisper: Any
) -> None:
    context = bench.run(audio_path=place("sample.mp4"))
    told = bench.events(context.task_id)
    fragments = [json.loads(data) for kind, data in told if kind == "fragment"]
    expected = rounded_segments(
        plain_whisper.transcribe(str(FIXTURES / "sample.mp4"), vad_filter=True, temperature=0)[0]
    )
    assert [fragment["segment_index"] for fragment in fragments] == list(range(len(expected)))
    assert {fragment["language"] for fragment in fragments} == {"en"}
    assert [fragment["segments"] for fragment in fragments] == [
        [{"id": index, "start": start, "end": end, "text": text}] for index, (start, end, text) in enumerate(expected)
    ]
    stage = context.stage
    assert stage.progress
    assert (stage.progress.phase, stage.progress.percent, stage.progress.processed) == ("transcribe", 100.0, 26.112)


@pytest.mark.engine
def test_the_output_counts_and_names_what_was_heard(bench: ServiceBench, place: Place) -> None:
    output = bench.output(audio_path=place("sample.mp4"), word_timestamps=True)
    segments = bench.transcript_of(output).segments
    words = sum(len(segment.words) for segment in segments)
    assert (output["language"], output["segments"], output["words"]) == ("en", len(segments), words)
    assert len(segments) > 1
    assert output["duration"] == 26.112
    assert 0 < output["real_time_factor"] < 5
    assert (output["model"], output["source"], output["warnings"]) == ("tiny-test", "tiny test model", [])


@pytest.mark.engine
def test_the_language_is_detected_in_several_windows_and_an_uncertain_one_gives_a_warning(
    bench: ServiceBench, plain_whisper: Any
) -> None:
    """With no window above the threshold, most windows decide; one window alone has the language of the beginning."""
    clips = ["zh-long", *["en-long"] * 2]
    write_wav(bench.share / "two.wav", [speech(f"speech/{clips[0]}.flac")[: 25 * RATE_HZ], *map(half, clips[1:])])
    plain = {"vad_filter": True, "temperature": 0, "language_detection_threshold": 1.0}
    outputs = {
        windows: bench.output(
            audio_path="two.wav", language_detection_segments=windows, language_detection_threshold=1.0
        )
        for windows in (1, 4)
    }
    for windows, output in outputs.items():
        _, info = plain_whisper.transcribe(str(bench.share / "two.wav"), language_detection_segments=windows, **plain)
        assert output["language"] == info.language
        assert f"The language is uncertain: {info.language} was detected" in output["warnings"][0]
    assert [output["language"] for output in outputs.values()] == ["zh", "en"]


def half(name: str) -> np.ndarray:
    return speech(f"speech/{name}.flac")[: 60 * RATE_HZ]


def test_the_detection_of_the_language_is_configured(bench: ServiceBench, place: Place) -> None:
    bench.set(faster_whisper={"language_detection_threshold": 1.0})
    given = {"audio_path": place("speech/en-00.flac")}
    assert "The language is uncertain: en" in bench.output(**given)["warnings"][0]
    assert bench.output(**given, language_detection_threshold=0.1)["warnings"] == []
    assert bench.output(**given, language="en")["warnings"] == []


def test_the_first_text_does_not_wait_for_the_second_chunk(
    bench: ServiceBench, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading ahead and searching for speech would take a core from the first window."""
    read: list[float] = []
    publish = Transcription.publish

    def publish_and_note(self: Transcription, segments: list[Segment]) -> None:
        read.append(self.sound.position)
        publish(self, segments)

    monkeypatch.setattr(Transcription, "publish", publish_and_note)
    bench.set(faster_whisper={"chunk_length": 6})
    bench.output(audio_path=place("speech/en-long.flac"))
    assert read[0] < 7
    assert read[-1] > 60


def test_words_put_together_give_their_segment(bench: ServiceBench, place: Place) -> None:
    for segment in bench.transcript(audio_path=place("sample.mp4"), word_timestamps=True).segments:
        assert "".join(word.text for word in segment.words).strip() == segment.text


@pytest.mark.engine
def test_a_clip_has_the_times_of_the_whole_file(
    bench: ServiceBench, place: Place, plain_whisper: Any, truth: dict[str, Any]
) -> None:
    transcript = bench.transcript(audio_path=place("sample.mp4"), start=7.0, end=14.0)
    with open_audio(FIXTURES / "sample.mp4", start=7.0, end=14.0) as sound:
        clip = np.concatenate(list(sound.blocks()))
    found, _ = plain_whisper.transcribe(clip, vad_filter=True, temperature=0)
    assert rounded_segments(transcript.segments) == [
        (round(s + 7, 3), round(e + 7, 3), text) for s, e, text in rounded_segments(found)
    ]
    spoken = [segment["start"] for segment in truth["sample.mp4"] if 7.0 < segment["start"] < 14.0]
    assert [segment.start for segment in transcript.segments] == pytest.approx(spoken, abs=0.5)


@pytest.mark.engine
def test_each_chunk_is_what_plain_makes_of_it_and_no_cut_is_in_speech(
    bench: ServiceBench, plain_whisper: Any, truth: dict[str, Any]
) -> None:
    names = [f"speech/en-{number:02}.flac" for number in range(6)]
    pieces = [piece for name in names for piece in (speech(name), silence(1.5))]
    write_wav(bench.share / "long.wav", pieces)
    bench.set(faster_whisper={"chunk_length": 6})
    transcript = bench.transcript(audio_path="long.wav")
    spoken = speech_spans(pieces, [truth[name][0] for name in names])
    records = list(Checkpoint(next(bench.share.glob("workflows/*/attempt-1/checkpoint.jsonl"))).records())
    assert len(records) >= 3
    cuts = [record["until"] / RATE_HZ for record in records[:-1]]
    assert not [(cut, start, end) for cut in cuts for start, end in spoken if start < cut < end]
    samples, begin, expected = np.concatenate(pieces), 0, []
    for record in records:
        audio = samples[begin : record["until"]]
        found, _ = plain_whisper.transcribe(audio, vad_filter=True, temperature=0, language="en")
        expected += [
            (round(s + begin / RATE_HZ, 3), round(e + begin / RATE_HZ, 3), t) for s, e, t in rounded_segments(found)
        ]
        begin = record["until"]
    assert begin == len(samples)
    assert rounded_segments(transcript.segments) == expected
    assert [segment.id for segment in transcript.segments] == list(range(len(expected)))


def speech_spans(pieces: list[np.ndarray], truths: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return when somebody speaks in clips that alternate with silences, in seconds."""
    begins = np.cumsum([0, *(len(piece) for piece in pieces)])[:-1:2] / RATE_HZ
    return [(begin + segment["start"], begin + segment["end"]) for begin, segment in zip(begins, truths, strict=True)]


def test_two_transcriptions_at_once_on_one_model_give_what_each_gives_alone(model: Any) -> None:
    samples = speech("speech/en-long.flac")
    prompts = ("hello everyone welcome back", "The doctor, the teacher.")

    def hear(prompt: str) -> Any:
        given = {"vad_filter": False, "temperature": [0], "initial_prompt": prompt, "audio_path": "x"}
        return engine.transcribe(model, samples, [], TranscribeAudioInput.model_validate(given), language=None).segments

    alone = [list(hear(prompt)) for prompt in prompts]
    assert alone[0] != alone[1], "else this shows nothing"
    together: list[list[Segment | None]] = [
        list(column) for column in zip(*zip_longest(*map(hear, prompts)), strict=True)
    ]
    assert [[cell for cell in column if cell] for column in together] == alone


def test_a_prompt_is_forgotten_with_its_task(bench: ServiceBench, place: Place) -> None:
    name = place("speech/en-long.flac")
    before = bench.transcript(audio_path=name, vad_filter=False)
    prompted = bench.transcript(audio_path=name, vad_filter=False, initial_prompt="hello everyone welcome back")
    assert prompted != before
    assert bench.transcript(audio_path=name, vad_filter=False) == before


def test_the_second_task_finds_the_model_warm(bench: ServiceBench, place: Place) -> None:
    name = place("speech/en-00.flac")
    assert bench.run(audio_path=name).stage.timings.model_load
    assert bench.run(audio_path=name).stage.timings.model_load is None


def test_a_model_that_nobody_uses_is_unloaded_after_its_time(bench: ServiceBench, place: Place) -> None:
    bench.set(gpu={"device": "cpu", "model_idle_ttl": 0.3})
    name = place("speech/en-00.flac")
    assert bench.run(audio_path=name).stage.timings.model_load
    wait_until(lambda: not bench.process.gpu.residency.loaded)
    assert bench.run(audio_path=name).stage.timings.model_load, "and is loaded again for the next task"


def test_a_prompt_that_leaves_no_room_for_text_is_told_as_that(bench: ServiceBench, place: Place) -> None:
    words = "village " * 240
    assert bench.error(audio_path=place("speech/en-00.flac"), initial_prompt=words, hotwords=words) == "prompt_too_long"
