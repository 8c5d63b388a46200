"""What turns add up to, and how they are written; what a pipeline's folder may say."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.models.errors import ModelDamaged
from services.pyannote import engine
from services.pyannote.contracts import DiarizeSpeakersInput
from services.pyannote.turns import Turn, one_at_a_time, overlap, rttm, speakers

TURNS = [Turn(0.0, 4.0, "A"), Turn(3.0, 5.0, "B"), Turn(6.0, 7.0, "B"), Turn(6.5, 6.75, "A"), Turn(6.5, 7.5, "C")]


def test_overlap_is_where_more_than_one_speaks() -> None:
    assert overlap(TURNS) == 1.5
    assert overlap([]) == 0.0
    assert overlap([Turn(0, 1, "A"), Turn(1, 2, "B")]) == 0.0


def test_exclusive_turns_are_cut_where_the_library_lets_them_overlap() -> None:
    found = one_at_a_time([Turn(0, 4, "A"), Turn(1, 2, "B"), Turn(4, 5, "A"), Turn(7, 9, "A"), Turn(8, 10, "B")])
    assert [(turn.start, turn.end, turn.speaker) for turn in found] == [
        (0, 1, "A"), (1, 2, "B"), (2, 5, "A"), (7, 8, "A"), (8, 10, "B"),
    ]  # fmt: skip
    assert one_at_a_time([]) == []


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9), st.sampled_from("ABC")), max_size=12))
def test_exclusive_turns_hold_the_same_speech_once(parts: list[tuple[int, int, str]]) -> None:
    turns = [Turn(start, start + length, label) for start, length, label in parts]
    found = one_at_a_time(turns)
    assert all(one.end <= other.start for one, other in pairwise(found))
    spoken = {second for turn in turns for second in range(int(turn.start), int(turn.end))}
    assert [second for turn in found for second in range(int(turn.start), int(turn.end))] == sorted(spoken)
    for turn in found:
        assert any(old.speaker == turn.speaker and old.start <= turn.start < old.end for old in turns)


def test_speakers_are_told_with_who_speaks_most_first() -> None:
    found = speakers(TURNS)
    assert list(found) == ["A", "B", "C"]
    assert (found["B"].seconds, found["B"].turns, found["B"].share) == (3.0, 2, 0.364)
    assert speakers([]) == {}


def test_rttm_has_a_line_for_each_turn() -> None:
    assert rttm(TURNS[1:2], "film") == "SPEAKER film 1 3.000 2.000 <NA> <NA> B <NA> <NA>\n"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"num_speakers": 2, "max_speakers": 3}, "not both"),
        ({"min_speakers": 3, "max_speakers": 2}, "max_speakers"),
        ({"num_speakers": 0}, "num_speakers"),
        ({"start": 2, "end": 1}, "after"),
        ({"model": "comunity"}, "community-1"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name(given: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        DiarizeSpeakersInput.model_validate({"audio_path": "talk.wav", **given})


@pytest.mark.parametrize(
    "config",
    [
        "pipeline: {name: os.system, params: {command: id}}",
        f"pipeline: {{name: {engine.PIPELINE}}}\npreprocessors: {{audio: {{name: os.system}}}}",
        "[]",
        "pipeline: {",
        "",
    ],
)
def test_a_folder_that_names_other_code_is_refused_before_it_is_loaded(config: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(config)
    with pytest.raises(ModelDamaged):
        engine.refuse_code(tmp_path)


def test_the_shipped_pipeline_names_no_other_code() -> None:
    engine.refuse_code(Path("tests/fixtures/models/pyannote"))
