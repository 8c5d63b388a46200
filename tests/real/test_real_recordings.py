"""Real Whisper on real recordings: our task gives plain faster-whisper's text, and the text is right."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import pytest

from tests.support.noises import applause, pink_noise, tones
from tests.support.real_runs import Heard, Listen, Listener
from tests.support.recordings import Recording
from tests.support.sounds import silence
from tests.support.timing_errors import boundary_errors, nearest_start_errors
from tests.support.word_errors import character_error_rate, word_errors

RATES = {
    "jfk": 0.0,
    "english": 0.0,
    "french": 0.0,
    "chinese": 0.2,
    "facts": 0.08,
    "silence40": 0.03,
}
"""The highest word error rate of Whisper base; in Chinese, character error rate."""
SOUNDS = {"silence": silence, "noise": pink_noise, "tones": tones, "applause": applause}


def exact(heard: Heard) -> list[tuple[float, float, str]]:
    return [(segment.start, segment.end, segment.text) for segment in heard.segments]


@pytest.mark.parametrize("name", RATES)
def test_the_task_gives_the_text_times_and_language_of_plain_whisper(
    whisper: Listener, plain: Listen, recordings: dict[str, Recording], name: str
) -> None:
    ours, theirs = whisper(recordings[name]), plain(recordings[name])
    assert exact(ours) == exact(theirs)
    assert [(w.start, w.end, w.text) for w in ours.words] == [(w.start, w.end, w.text) for w in theirs.words]
    assert ours.language == theirs.language


@pytest.mark.parametrize("name", RATES)
def test_the_text_is_right(plain: Listen, recordings: dict[str, Recording], name: str) -> None:
    """What the task gives is the same: see the test above."""
    recording = recordings[name]
    found = word_errors(recording.text, plain(recording).text, recording.language)
    assert found.rate <= RATES[name], found
    if name != "chinese":
        assert character_error_rate(recording.text, plain(recording).text, recording.language) <= RATES[name] + 0.02


@pytest.mark.parametrize("name", ["facts", "silence40"])
def test_words_and_segments_are_at_their_times(whisper: Listener, recordings: dict[str, Recording], name: str) -> None:
    ours = whisper(recordings[name])
    starts, ends = boundary_errors(recordings[name].utterances, ours.words)
    assert len(starts) > len(recordings[name].utterances) / 2
    assert median(starts) < 0.4
    assert median(ends) < 0.4
    assert median(nearest_start_errors(recordings[name].utterances, ours.segments)) < 0.5
    assert ours.words[0].start > recordings[name].utterances[0].start - 1.0, "no word is in the silence before"


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("service", ["whisper", "dual"])
def test_no_words_are_invented_where_nobody_speaks(
    request: pytest.FixtureRequest, write: Callable[..., Recording], service: str, sound: str
) -> None:
    ours: Heard = request.getfixturevalue(service)(write(SOUNDS[sound](30)))
    assert (ours.text, ours.segments) == ("", [])
    assert "No speech was found." in ours.output["warnings"]


def test_a_language_that_is_never_certain_is_voted_on_and_named(
    whisper: Listener, recordings: dict[str, Recording]
) -> None:
    ours = whisper(recordings["french"], language_detection_threshold=1.0)
    assert (ours.text, ours.language) == (whisper(recordings["french"]).text, "fr")
    assert "The language is uncertain: fr was detected" in ours.output["warnings"][0]
    assert whisper(recordings["french"]).output["warnings"] == []
