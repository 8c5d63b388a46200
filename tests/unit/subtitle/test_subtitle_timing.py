"""When cues are shown: presets, gaps, frames, and speech at once."""

from itertools import pairwise
from typing import Any

import pytest

from common.transcript.format import Segment, Transcript
from services.subtitle.layout.cues import CueLayouter
from services.subtitle.layout.limits import Limits
from services.subtitle.layout.pieces import has_true_words
from tests.unit.subtitle.test_subtitle_segment import make_segment


def at_once(*said: tuple[float, float, str], **limits: Any) -> list[tuple[float, float, str]]:
    segments = [Segment(id=number, start=start, end=end, text=text) for number, (start, end, text) in enumerate(said)]
    cues = CueLayouter(Limits(**limits)).to_cues(Transcript(segments=segments)).segments
    return [(cue.start, cue.end, cue.text) for cue in cues]


def test_an_interjection_is_a_line_of_the_cue_that_it_interrupts() -> None:
    shown = at_once((1, 5, "first speaker talks"), (2, 3, "- interjection"), (4.9, 8, "third"))
    assert shown == [(1, 4.82, "- first speaker talks\n- interjection"), (4.9, 8, "third")]


def test_long_texts_at_once_are_two_cues_at_once() -> None:
    long = "what the first speaker says takes more than a line of forty-two columns"
    assert at_once((1, 6, long), (2, 4, "second"))[0][:2] == (1, 6)
    assert at_once((1, 6, long), (2, 4, "second"))[1] == (2, 4, "second")


def test_a_cue_ends_a_little_early_for_the_next_one() -> None:
    assert at_once((1, 5, "first"), (4.6, 8, "second")) == [(1, 4.52, "first"), (4.6, 8, "second")]


def test_overlapping_cues_of_one_speaker_follow_each_other() -> None:
    said = [Segment(id=n, start=n, end=n + 4, text=f"number {n}", speaker="A") for n in range(2)]
    cues = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert [(cue.start, cue.end) for cue in cues] == [(0, 0.92), (1, 5)]


def test_words_of_a_dialogue_keep_their_speakers() -> None:
    first = make_segment(["hello", "there"], [1.0, 1.0], start=0.0, identity=0, timed=True, space=" ")
    second = make_segment(["yes"], [1.0], start=0.5, identity=1, timed=True, space=" ")
    said = [first.model_copy(update={"speaker": "A"}), second.model_copy(update={"speaker": "B"})]
    (cue,) = CueLayouter().to_cues(Transcript(segments=said)).segments
    assert (cue.text, cue.speaker) == ("- hello there\n- yes", None)
    assert has_true_words(cue)
    assert [word.speaker for word in cue.words] == ["A", "A", "B"]


def test_short_gaps_are_closed() -> None:
    said = ((0.0, 2.0, "one"), (2.4, 4.0, "two"), (6.0, 8.0, "three"))
    assert [cue[:2] for cue in at_once(*said, close_gaps=0.5)] == [(0, 2.32), (2.4, 4), (6, 8)]


@pytest.mark.parametrize("fps", [23.976, 25.0, 29.97, 60.0])
def test_times_are_those_of_frames(fps: float) -> None:
    said = [(n * 2.345, n * 2.345 + 2.1, f"cue {n}") for n in range(20)]
    shown = at_once(*said, fps=fps)
    for start, end, _ in shown:
        assert abs(start * fps - round(start * fps)) < 0.04
        assert abs(end * fps - round(end * fps)) < 0.04
    assert all(round((after[0] - cue[1]) * fps) >= round(0.08 * fps) for cue, after in pairwise(shown))


@pytest.mark.parametrize(
    ("preset", "language", "columns", "speed"),
    [
        ("netflix", "en", 42, 20),
        ("netflix", "de", 42, 17),
        ("netflix", "zh-Hans", 32, 18),
        ("netflix", "ja", 26, 8),
        ("netflix", None, 42, 20),
        ("bbc", "en", 37, 17),
        ("ebu", "fr", 37, 15),
    ],
)
def test_presets_depend_on_the_language(preset: Any, language: str | None, columns: int, speed: float) -> None:
    limits = Limits(preset=preset).for_language(language, "hello")
    assert (limits.max_line_width, limits.max_speed) == (columns, speed)
    assert Limits(preset=preset, max_line_width=30).for_language(language, "").max_line_width == 30


@pytest.mark.parametrize(
    ("text", "columns"),
    [("今日は学校へ行きます", 26), ("今天天气很好", 32), ("안녕하세요 여러분", 32), ("สวัสดีครับ", 35)],
)
def test_the_script_shows_an_unknown_language(text: str, columns: int) -> None:
    assert Limits(preset="netflix").for_language(None, text).max_line_width == columns


def test_limits_that_contradict_a_preset_are_refused() -> None:
    with pytest.raises(ValueError, match="min_duration must not be over max_duration"):
        Limits(preset="ebu", min_duration=6.5)
