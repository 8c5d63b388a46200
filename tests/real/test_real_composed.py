"""Real Whisper on speech that the tests compose, so that its text and times are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.support.noises import add_noise, pink_noise, tones
from tests.support.piper import compose
from tests.support.real_runs import Heard, Listen, Listener
from tests.support.recordings import Recording, Utterance
from tests.support.sentences import FACTS, STORY
from tests.support.sounds import RATE_HZ
from tests.support.timing_errors import boundary_errors
from tests.support.word_errors import word_errors

if TYPE_CHECKING:
    import numpy as np

Spoken = dict[str, "np.ndarray"]
Write = Callable[..., Recording]
TOLERANCE = 0.03
HIGHEST = {15: 0.03, 5: 0.1}
"""The highest word error rate by the signal-to-noise ratio in dB."""


def rate(recording: Recording, heard: Heard) -> float:
    return word_errors(recording.text, heard.text, recording.language).rate


def test_forty_seconds_of_silence_before_the_speech_cost_nothing(
    whisper: Listener, dual: Listener, plain: Listen, spoken: Spoken, write: Write
) -> None:
    recording = write(*compose([(text, spoken[text]) for text in STORY[:4]], lead=40))
    ours, streams, theirs = whisper(recording), dual(recording), plain(recording)
    assert (ours.text, rate(recording, ours)) == (theirs.text, 0.0)
    assert rate(recording, streams) <= TOLERANCE
    for heard in (ours, streams):
        assert heard.words[0].start == pytest.approx(40, abs=0.5)
        starts, ends = boundary_errors(recording.utterances, heard.words)
        assert median(starts + ends) < 0.3


@pytest.mark.parametrize("snr_db", HIGHEST)
def test_noise_adds_few_errors_and_no_words_before_and_after(
    whisper: Listener, plain: Listen, spoken: Spoken, write: Write, snr_db: int
) -> None:
    samples, utterances = compose([(text, spoken[text]) for text in STORY[:4]], lead=5, pause=1.5)
    recording = write(add_noise(samples, pink_noise(len(samples) / RATE_HZ), snr_db=snr_db), utterances)
    ours = whisper(recording)
    assert ours.text == plain(recording).text
    assert rate(recording, ours) <= HIGHEST[snr_db], ours.text
    assert ours.words[0].start > 4


def test_tones_before_the_speech_are_no_words(whisper: Listener, plain: Listen, spoken: Spoken, write: Write) -> None:
    samples, utterances = compose([(text, spoken[text]) for text in STORY[4:6]], lead=10)
    samples[: 9 * RATE_HZ] += tones(9)
    recording = write(samples, utterances)
    ours = whisper(recording)
    assert ours.text == plain(recording).text
    assert (rate(recording, ours), ours.words[0].start > 9) == (0.0, True)


def test_numbers_names_and_dates_are_right(
    whisper: Listener, dual: Listener, plain: Listen, spoken: Spoken, write: Write
) -> None:
    recording = write(*compose([(text, spoken[text]) for text in FACTS]))
    ours, streams = whisper(recording), dual(recording)
    assert ours.text == plain(recording).text
    assert rate(recording, ours) <= 0.05, ours.text
    assert rate(recording, streams) <= rate(recording, ours) + TOLERANCE, streams.text


def test_chunk_borders_cost_nothing(whisper: Listener, plain: Listen, spoken: Spoken, write: Write) -> None:
    recording = write(*compose([(text, spoken[text]) for text in STORY], pause=0.6))
    whisper.bench.set(faster_whisper={"chunk_length": 15})
    ours = whisper(recording)
    whisper.bench.set()
    assert rate(recording, ours) <= rate(recording, plain(recording)), ours.text
    assert [utterance for utterance in recording.utterances if not is_near_a_word(utterance, ours)] == []


def is_near_a_word(utterance: Utterance, heard: Heard) -> bool:
    return any(utterance.start < word.end and word.start < utterance.end for word in heard.words)
