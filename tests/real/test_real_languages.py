"""Real Whisper on other languages than English, and on two in one file; the voices are espeak-ng's.

These voices are hard for Whisper base: the bound is what plain faster-whisper makes of the same file, not a fixed rate.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path

import numpy as np
import pytest

from tests.support import espeak
from tests.support.piper import PiperVoice, compose
from tests.support.real_runs import PLAIN, Heard, Listen, Listener, heard_by_library
from tests.support.recordings import Recording
from tests.support.sentences import FOREIGN, STORY
from tests.support.sounds import RATE_HZ
from tests.support.word_errors import word_errors

Sentence = tuple[str, np.ndarray]
Write = Callable[..., Recording]


@pytest.fixture(scope="session")
def foreign(voice: PiperVoice) -> dict[str, list[Sentence]]:
    """The sentences of each language, spoken; espeak-ng is installed where Piper is."""
    assert voice
    return {code: list(zip(lines, espeak.speak(code, list(lines)), strict=True)) for code, lines in FOREIGN.items()}


@pytest.mark.parametrize("code", FOREIGN)
def test_a_language_is_detected_and_its_text_is_that_of_plain_whisper(
    whisper: Listener, dual: Listener, plain: Listen, foreign: dict[str, list[Sentence]], write: Write, *, code: str
) -> None:
    """Two streams detect it too; their text is worse in German and Spanish: see docs/benchmarks.md."""
    recording = write(*compose(foreign[code], pause=0.8), language=code)
    ours, streams, theirs = whisper(recording), dual(recording), plain(recording)
    assert (ours.text, ours.language, streams.language) == (theirs.text, code, code)
    assert {segment.language for segment in (*ours.segments, *streams.segments)} == {code}


@pytest.mark.parametrize("code", ["de", "es"])
def test_each_segment_of_two_languages_in_one_file_has_its_own(
    whisper: Listener,
    models: Path,
    foreign: dict[str, list[Sentence]],
    spoken: dict[str, np.ndarray],
    write: Write,
    *,
    code: str,
) -> None:
    """English first. The pause between the languages is where Whisper's first window ends: see docs/benchmarks.md for
    what happens to a window with two languages.
    """
    first, english = compose([(text, spoken[text]) for text in STORY[:6]], pause=0.8)
    second, other = compose(foreign[code], lead=2.5, pause=0.8)
    border = len(first) / RATE_HZ
    recording = write(np.concatenate([first, second]), english)
    ours, theirs = whisper(recording, multilingual=True), hear_plainly(models, recording)
    assert ours.text == theirs.text
    assert [segment.language for segment in ours.segments] == [
        "en" if segment.start < border else code for segment in ours.segments
    ]
    assert set(ours.output["languages"]) == {"en", code}
    assert word_errors(recording.text, text_of(ours, 0, border), "en").wrong == 0
    alone = write(second, other, language=code)
    most = word_errors(alone.text, whisper(alone).text, code).wrong
    found = word_errors(alone.text, text_of(ours, border, inf), code)
    assert found.wrong <= most + 2, "the end of the English text is its context"


def text_of(heard: Heard, begin: float, end: float) -> str:
    return " ".join(segment.text for segment in heard.segments if begin <= segment.start < end)


def hear_plainly(models: Path, recording: Recording) -> Heard:
    """Return what plain faster-whisper makes of it with `multilingual`."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy

    model = WhisperModel(str(models / "base"), device="cpu", compute_type="int8")
    found, info = model.transcribe(str(recording.file), **PLAIN, multilingual=True)
    return heard_by_library(list(found), info.language)
