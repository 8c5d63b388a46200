"""The engine by itself: what dual_stream uses too."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from common.gpu.devices import CpuDevice
from services.sensevoice import engine
from services.sensevoice.settings import SenseVoiceSettings
from tests.support.sounds import FIXTURES, speech

CLIPS = [f"speech/{name}.flac" for name in ("en-00", "en-08", "zh-00", "zh-05")]


def recognize(model: engine.Recognizer, name: str, *, language: str | None = None) -> engine.Recognition:
    return engine.transcribe(model, speech(name), language=language, itn=False)


def test_several_threads_at_once_hear_what_each_hears_alone(model: engine.Recognizer) -> None:
    alone = [recognize(model, name) for name in CLIPS]
    assert len({transcript.text for transcript in alone}) == len(CLIPS), "else this shows nothing"
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda name: recognize(model, name), CLIPS * 5))
    assert together == alone * 5


def test_a_model_is_loaded_on_the_cpu_with_the_threads_that_it_is_given() -> None:
    wanted = engine.sensevoice("tiny-test", FIXTURES / "models/sensevoice", threads=3)
    loaded = wanted.load(CpuDevice())
    options = loaded.session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert loaded.session.get_providers() == ["CPUExecutionProvider"]
    assert recognize(loaded, CLIPS[0]).text == "the red village is near the village"
    wanted.unload(loaded)


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (2, 1), (3, 1), (4, 2), (16, 14)])
def test_two_cores_are_left_to_others(monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert SenseVoiceSettings().threads == threads
    assert SenseVoiceSettings(intra_op_threads=5).threads == 5


@pytest.mark.parametrize("count", [0, 1, 399])
def test_too_little_audio_says_nothing(model: engine.Recognizer, count: int) -> None:
    nothing = engine.transcribe(model, np.zeros(count, dtype=np.float32), language=None, itn=True)
    assert nothing == engine.Recognition(None, None, None, "", [], 0.0)


def test_a_language_that_the_model_does_not_know_is_found_out(model: engine.Recognizer) -> None:
    assert recognize(model, "speech/zh-05.flac", language="de") == recognize(model, "speech/zh-05.flac")


def test_a_language_is_asked_of_the_model(model: engine.Recognizer) -> None:
    samples = model.frontend.frames(speech("speech/en-00.flac"))
    asked = [model.scores(samples, language, itn=False) for language in (None, "en", "zh")]
    assert not np.array_equal(asked[1], asked[2])
    assert {asked[n].shape for n in range(3)} == {(4 + len(samples), len(model.vocabulary))}


def test_confidence_is_high_for_speech_and_lower_for_noise(model: engine.Recognizer) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
    assert recognize(model, "speech/en-00.flac").confidence > 0.9
    assert engine.transcribe(model, noise, language=None, itn=False).confidence < 0.9
