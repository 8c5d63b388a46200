"""`multilingual`: each window has its own language, and each segment says which."""

import re
from typing import Any

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline
from pydantic import ValidationError

from common.transcript.format import Segment
from services.faster_whisper.contracts import TranscribeAudioInput
from tests.support.service_bench import ServiceBench
from tests.support.sounds import RATE_HZ, silence, speech, write_wav

CLIPS = {name: [speech(f"speech/{name}-{number:02}.flac") for number in range(6)] for name in ("en", "zh")}
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def mixed(bench: ServiceBench) -> str:
    """Half a minute of English, then one of Mandarin: two windows."""
    write_wav(bench.share / "mixed.wav", [half_minute(CLIPS["en"]), half_minute(CLIPS["zh"])])
    return "mixed.wav"


def half_minute(clips: list[np.ndarray]) -> np.ndarray:
    spoken = np.concatenate([piece for clip in clips for piece in (clip, silence(1.0))])
    return np.pad(spoken, (0, max(30 * RATE_HZ - len(spoken), 0)))[: 30 * RATE_HZ]


def languages_by_time(bench: ServiceBench, output: dict[str, Any]) -> list[str | None]:
    return [segment.language for segment in bench.transcript_of(output).segments]


def written_in(segment: Segment) -> str:
    return "zh" if HAN.search(segment.text) else "en"


@pytest.mark.parametrize(("chunk", "options"), [(300, {"vad_filter": False}), (20, {})])
def test_each_segment_has_the_language_that_is_spoken_in_it(
    bench: ServiceBench, mixed: str, chunk: int, options: dict[str, Any]
) -> None:
    bench.set(faster_whisper={"chunk_length": chunk})
    output = bench.output(audio_path=mixed, multilingual=True, **options)
    segments = bench.transcript_of(output).segments
    assert [segment.language for segment in segments] == [written_in(segment) for segment in segments]
    assert {segment.language for segment in segments if segment.end < 25} == {"en"}
    assert "zh" in {segment.language for segment in segments if segment.start > 30}
    assert set(output["languages"]) == {"en", "zh"}
    assert output["language"] == max(output["languages"], key=lambda name: output["languages"][name])
    assert output["language_probability"] is None


def test_without_it_the_first_language_is_that_of_all(bench: ServiceBench, mixed: str) -> None:
    output = bench.output(audio_path=mixed)
    assert set(output["languages"]) == {"en"} == set(languages_by_time(bench, output))


def test_the_text_is_that_of_plain_faster_whisper(bench: ServiceBench, mixed: str, plain_whisper: Any) -> None:
    ours = bench.transcript(audio_path=mixed, multilingual=True)
    found, _ = plain_whisper.transcribe(str(bench.share / mixed), vad_filter=True, temperature=0, multilingual=True)
    assert [segment.text for segment in ours.segments] == [segment.text.strip() for segment in found]


@pytest.mark.parametrize("options", [{"batch_size": 4}, {"batch_size": 2, "word_timestamps": True}])
def test_each_window_of_a_batch_has_its_language(bench: ServiceBench, options: dict[str, Any]) -> None:
    long = [speech(f"speech/{language}-long.flac")[: 60 * RATE_HZ] for language in ("en", "zh")]
    write_wav(bench.share / "long.wav", long)
    segments = bench.transcript(audio_path="long.wav", multilingual=True, **options).segments
    for part, expected in (
        ([segment for segment in segments if segment.end < 30], "en"),
        ([segment for segment in segments if segment.start > 98], "zh"),
    ):
        assert {(segment.language, written_in(segment)) for segment in part} == {(expected, expected)}


def test_batches_give_the_text_of_the_plain_batched_pipeline(
    bench: ServiceBench, mixed: str, plain_whisper: Any
) -> None:
    ours = bench.transcript(audio_path=mixed, multilingual=True, batch_size=4)
    found, _ = BatchedInferencePipeline(plain_whisper).transcribe(
        str(bench.share / mixed), batch_size=4, temperature=0, without_timestamps=False, multilingual=True
    )
    assert [segment.text for segment in ours.segments] == [segment.text.strip() for segment in found]


def test_a_model_of_one_language_is_refused() -> None:
    with pytest.raises(ValidationError, match="English only"):
        TranscribeAudioInput.model_validate({"audio_path": "a.wav", "model": "tiny.en", "multilingual": True})
