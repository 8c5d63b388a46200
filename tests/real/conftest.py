"""Real models, real recordings, and the services that run on them: `make test-real`.

A test run downloads nothing. Without models or recordings, the tests are skipped with advice; a folder that is named
but incomplete is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np  # noqa: TC002 - pytest reads annotations
import pytest

from tests.support import real_models
from tests.support.piper import PiperVoice
from tests.support.real_runs import PLAIN, STEADY, WORDS, Heard, Listen, Listener, heard_by_library, share_with
from tests.support.recordings import Recording, Utterance, find_recordings, recording_of
from tests.support.redis_server import RedisServer
from tests.support.sentences import FACTS, STORY
from tests.support.service_bench import ServiceBench
from tests.support.sounds import write_wav


def available(find: Callable[[], Path]) -> Path:
    try:
        return find()
    except real_models.NotAvailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def models() -> Path:
    return available(real_models.models_folder)


@pytest.fixture(scope="session")
def recordings() -> dict[str, Recording]:
    return find_recordings(available(real_models.recordings_folder))


@pytest.fixture(scope="session")
def voice() -> PiperVoice:
    return PiperVoice(available(real_models.voice_file))


@pytest.fixture(scope="session")
def whisper(redis_server: RedisServer, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    share = share_with(models, tmp_path_factory.mktemp("share"))
    bench = ServiceBench("faster_whisper", redis_server.url, share, STEADY | WORDS)
    yield Listener(bench)
    bench.close()


@pytest.fixture(scope="session")
def dual(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """Two streams whose drafts are nonsense: the toy SenseVoice knows no real speech."""
    share = share_with(models, tmp_path_factory.mktemp("share"))
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()  # both benches number their tasks from 1
    bench = ServiceBench("dual_stream", server.url, share, STEADY | {"draft_model": "tiny-test"})
    yield Listener(bench)
    bench.close()
    server.stop()


@pytest.fixture(scope="session")
def plain(models: Path) -> Listen:
    """Plain faster-whisper; each recording is transcribed once."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy

    model = WhisperModel(str(models / "base"), device="cpu", compute_type="int8")
    known: dict[Path, Heard] = {}

    def listen(recording: Recording) -> Heard:
        if recording.file not in known:
            found, info = model.transcribe(str(recording.file), **PLAIN)
            known[recording.file] = heard_by_library(list(found), info.language)
        return known[recording.file]

    return listen


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Recording]:
    """Return a function that writes samples as a recording, with what is spoken in them and when."""
    numbers = count()

    def write_samples(samples: np.ndarray, utterances: Sequence[Utterance] = (), *, language: str = "en") -> Recording:
        file = tmp_path / f"{tmp_path.name}-{next(numbers)}.wav"
        write_wav(file, [samples])
        return recording_of(file, language, list(utterances))

    return write_samples


@pytest.fixture(scope="session")
def spoken(voice: PiperVoice) -> dict[str, np.ndarray]:
    """The sentences of the tests, spoken."""
    sentences = [*STORY, *FACTS]
    return dict(zip(sentences, voice.speak(sentences), strict=True))
