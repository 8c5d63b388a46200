"""Progress while a window is decoded: short clips and long chunks never stand still for longer than one window."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from services.faster_whisper import engine
from services.faster_whisper.contracts import TranscribeAudioInput
from tests.support.progress_events import longest_gap, progress_of, slow_down, slow_down_decoder
from tests.support.service_bench import ServiceBench
from tests.support.sounds import RATE_HZ, silence, speech, write_wav


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return slow_down_decoder(monkeypatch)


def speech_of_seconds(seconds: float) -> np.ndarray:
    clips = [speech(f"speech/en-{number:02}.flac") for number in range(12)]
    pieces: list[np.ndarray] = []
    while sum(map(len, pieces)) < seconds * RATE_HZ:
        pieces += [clips[len(pieces) // 2 % len(clips)], silence(1.0)]
    return np.concatenate(pieces)


def test_a_short_clip_moves_before_its_only_window_is_decoded(
    bench: ServiceBench, slow: list[float], place: Any
) -> None:
    context = bench.run(audio_path=place("sample.mp4"))
    assert len(slow) == 1, "one window"
    percents = [data["percent"] for _, data in progress_of(bench, context.task_id)]
    assert [percent for percent in percents if 0 < percent < 90]
    assert percents == sorted(percents)
    assert context.stage.progress.percent == 100


@pytest.mark.parametrize("given", [{}, {"batch_size": 2}, {"word_timestamps": True}, {"vad_filter": False}])
def test_a_chunk_of_several_windows_moves_in_every_window(
    bench: ServiceBench, slow: list[float], given: dict[str, Any]
) -> None:
    write_wav(bench.share / "long.wav", [speech_of_seconds(140)])
    context = bench.run(audio_path="long.wav", **given)
    assert context.error is None
    told = progress_of(bench, context.task_id)
    percents = [data["percent"] for _, data in told]
    assert percents == sorted(percents)
    assert context.stage.progress.percent == 100
    assert len(slow) >= (2 if "batch_size" in given else 3)
    least = len(slow) + ("batch_size" in given)
    assert len({percent for percent in percents if 0 < percent < 100}) >= least
    decoded = [at for at, data in told if data["phase"] == "transcribe"]
    assert longest_gap(decoded) < 1.5 * longest_gap(slow), "no gap is longer than a window"


def test_windows_without_text_move_too(bench: ServiceBench, slow: list[float]) -> None:
    write_wav(bench.share / "quiet.wav", [silence(100)])
    context = bench.run(audio_path="quiet.wav", vad_filter=False, no_speech_threshold=0.01, log_prob_threshold=None)
    percents = {data["percent"] for _, data in progress_of(bench, context.task_id)}
    assert len(slow) >= 4
    assert len([percent for percent in percents if 0 < percent < 100]) >= 4


def test_what_comes_before_the_first_window_is_named(
    bench: ServiceBench, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("find_speech", "load"):  # of phases that are shorter than a heartbeat, only the last is sent
        slow_down(monkeypatch, engine, name)
    context = bench.run(audio_path=place("sample.mp4"))
    messages = {data["phase"]: data["message"] for _, data in progress_of(bench, context.task_id)}
    assert list(messages) == ["prepare", "load model", "transcribe"]
    assert messages["load model"] == "Loading tiny-test"
    assert messages["prepare"]


def test_the_callback_gets_the_windows_of_the_audio(model: Any) -> None:
    seen: list[tuple[float, float]] = []
    given = {"audio_path": "x", "vad_filter": False, "temperature": [0], "language": "en"}
    params, samples = TranscribeAudioInput.model_validate(given), speech_of_seconds(100)
    with engine.window_callback(model, lambda start, end: seen.append((start, end))):
        list(engine.transcribe(model, samples, [], params, language="en").segments)
    windows = list(dict.fromkeys(seen))
    assert windows[0] == (0.0, 30.0)
    assert windows == sorted(windows)
    assert windows[-1][1] == pytest.approx(len(samples) / RATE_HZ, abs=0.05)
    assert all(early[1] >= late[0] for early, late in pairwise(windows)), "no audio is left out"


def test_times_in_joined_speech_are_those_of_the_audio() -> None:
    spans = [(RATE_HZ, 3 * RATE_HZ), (10 * RATE_HZ, 11 * RATE_HZ)]
    joined = [0.0, 1.5, 2.0, 2.5, 3.0, 9.0]
    assert [engine.restored_time(at, spans) for at in joined] == [1.0, 2.5, 10.0, 10.5, 11.0, 11.0]
