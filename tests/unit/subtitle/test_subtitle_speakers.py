"""subtitle.assign_speakers."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.transcript.format import Segment, Transcript, Word
from services.subtitle import turns
from services.subtitle.contracts import AssignSpeakersInput, AssignSpeakersOutput
from services.subtitle.errors import NotDiarization
from services.subtitle.speakers import assign
from services.subtitle.tasks import assign_speakers
from services.subtitle.timeline import Timeline
from services.subtitle.turns import Turn
from tests.support.folder_job import FolderJob

RTTM = Path(__file__).parents[2] / "fixtures" / "speech" / "dialogue.rttm"
Said = list[tuple[str, float, float]]
Talk = list[tuple[float, float, str]]

THREE = [("a", 0.0, 1.0), ("b", 1.0, 2.0), ("c", 2.0, 3.0)]
A_B_A = [("a", "A"), ("b", "B"), ("c", "A")]
TWO = [("one", 0.0, 1.0), ("two", 1.0, 2.0)]
A_WORD = [("word", 1.0, 2.0)]


def transcript(*said: Said, identity: int = 5) -> Transcript:
    segments = []
    for index, words in enumerate(said):
        timed = [Word(start=start, end=end, text=f" {text}") for text, start, end in words]
        text = "".join(word.text for word in timed).strip()
        whole = {"start": timed[0].start, "end": timed[-1].end, "text": text, "words": timed}
        segments.append(Segment.model_validate({"id": identity + index, **whole}))
    return Transcript(segments=segments)


def timeline(talk: Talk) -> Timeline:
    return Timeline(turns.parse(json.dumps([{"start": s, "end": e, "speaker": who} for s, e, who in talk])))


def who(made: Transcript) -> list[tuple[str, str | None]]:
    return [(segment.text, segment.speaker) for segment in made.segments]


@pytest.mark.parametrize(
    ("case", "said", "talk", "expected"),
    [
        ("one speaker", TWO, [(0, 5, "A")], [("one two", "A")]),
        ("a change between words", TWO, [(0, 1, "A"), (1, 2, "B")], [("one", "A"), ("two", "B")]),
        ("a word across two turns", TWO, [(0, 1.4, "A"), (1.4, 3, "B")], [("one", "A"), ("two", "B")]),
        ("overlap: the greater share", A_WORD, [(0, 1.4, "A"), (1.2, 2, "B")], [("word", "B")]),
        ("overlap: shares add up", A_WORD, [(1, 1.3, "A"), (1.3, 1.7, "B"), (1.7, 2, "A")], [("word", "A")]),
        ("a tie: who began later", A_WORD, [(0, 5, "A"), (0.5, 4, "B")], [("word", "B")]),
        ("a tie, the other way round", A_WORD, [(0, 5, "B"), (0.5, 4, "A")], [("word", "A")]),
        ("a tie: the last turn counts", A_WORD, [(1, 1.2, "A"), (1.3, 1.8, "B"), (1.6, 1.9, "A")], [("word", "A")]),
        ("a gap: the nearest turn", A_WORD, [(0, 0.5, "A"), (2.2, 3, "B")], [("word", "B")]),
        ("a gap: as near, so the one before", A_WORD, [(0, 0.5, "A"), (2.5, 3, "B")], [("word", "A")]),
        ("too far from any turn", A_WORD, [(8, 9, "A")], [("word", None)]),
        ("a far word goes with the one before it", [("one", 0, 1), ("far", 5, 6)], [(0, 1, "A")], [("one far", "A")]),
        ("a far first word goes with the next", [("far", 0, 1), ("two", 5, 6)], [(5, 6, "A")], [("far two", "A")]),
        ("a word without length", [("x", 1.5, 1.5)], [(0, 1, "A"), (1, 2, "B")], [("x", "B")]),
        ("to and fro", THREE, [(0, 1, "A"), (1, 2, "B"), (2, 3, "A")], A_B_A),
        ("an inner short turn", THREE, [(0, 3, "A"), (1, 2, "B")], A_B_A),
        ("nobody", TWO, [], [("one two", None)]),
    ],
)  # fmt: skip
def test_each_case(case: str, said: Said, talk: Talk, expected: list[tuple[str, str | None]]) -> None:
    assert who(assign(transcript(said), timeline(talk), within=1.0)) == expected


def test_without_turns_nothing_changes() -> None:
    said = transcript(TWO)
    assert assign(said, timeline([]), within=1.0) == said


def test_a_segment_without_words_goes_to_who_spoke_most_of_it() -> None:
    said = Transcript(segments=[Segment(id=1, start=0, end=10, text="no words")])
    made = assign(said, timeline([(0, 4, "A"), (4, 7, "B"), (7, 10, "A")]), within=1.0)
    assert who(made) == [("no words", "A")]


def test_an_edited_segment_is_not_cut() -> None:
    said = transcript(TWO)
    edited = said.segments[0].model_copy(update={"text": "one, too", "modified": True})
    made = assign(Transcript(segments=[edited]), timeline([(0, 1.2, "A"), (1.2, 2, "B")]), within=1.0)
    assert who(made) == [("one, too", "A")]
    assert [word.speaker for word in made.segments[0].words] == ["A", "B"]


def test_a_word_in_two_pieces_is_not_torn_apart() -> None:
    words = [Word(start=0, end=1, text=" don"), Word(start=1, end=2, text="'t")]
    said = Transcript(segments=[Segment(id=0, start=0, end=2, text="don't", words=words)])
    assert who(assign(said, timeline([(0, 1, "A"), (1, 2, "B")]), within=1.0)) == [("don't", "A")]


def test_the_first_part_keeps_the_id_and_the_others_get_new_ones() -> None:
    said = transcript(TWO, [("three", 3, 4), ("four", 4, 5)], identity=5)
    talk: Talk = [(0, 1, "A"), (1, 2, "B"), (3, 4, "A"), (4, 5, "B")]
    made = assign(said, timeline(talk), within=1.0)
    assert [segment.id for segment in made.segments] == [5, 7, 6, 8]
    assert assign(made, timeline(talk), within=1.0) == made


def test_a_speaker_that_is_known_stays_where_no_turn_is_near() -> None:
    said = transcript(A_WORD)
    named = said.segments[0].model_copy(update={"speaker": "Ann"})
    assert who(assign(Transcript(segments=[named]), timeline([(50, 60, "B")]), within=1.0)) == [("word", "Ann")]


TIMES = st.floats(0, 30)
TALK = st.lists(
    st.tuples(TIMES, st.floats(0, 5), st.sampled_from("ABC")).map(lambda t: (t[0], t[0] + t[1], t[2])), max_size=12
)


@settings(max_examples=200, deadline=None)
@given(TALK, st.lists(st.floats(0, 1.5), min_size=1, max_size=20))
def test_no_word_is_lost_and_the_order_stays(talk: Talk, steps: list[float]) -> None:
    said: Said = []
    for number, step in enumerate(steps):
        start = said[-1][2] if said else 0.0
        said.append((f"w{number}", start, start + step))
    before = transcript(said)
    made = assign(before, timeline(talk), within=1.0)
    assert [word.text for word in made.words] == [word.text for word in before.words]
    assert " ".join(segment.text for segment in made.segments) == before.segments[0].text
    assert len({segment.id for segment in made.segments}) == len(made.segments)


@settings(max_examples=200, deadline=None)
@given(TALK, TIMES, st.floats(0, 5))
def test_the_time_line_agrees_with_looking_at_every_turn(talk: Talk, start: float, length: float) -> None:
    line = timeline(talk)
    end = start + length
    overlapping = [turn for turn in line.turns if turn.start < end and turn.end > start]
    assert sorted(line.overlapping(start, end), key=str) == sorted(overlapping, key=str)


def run(job: FolderJob, said: Transcript, diarization: bytes | str, **options: Any) -> AssignSpeakersOutput:
    given = {"transcript_path": job.put("t.json", said), "diarization_path": job.put("d", diarization), **options}
    return assign_speakers(AssignSpeakersInput.model_validate(given), job)


def test_a_real_dialogue_gets_its_speakers_back(job: FolderJob, truth: Callable[[str], Transcript]) -> None:
    said = truth("speech/dialogue.flac")
    bare = [segment.model_copy(update={"speaker": None}) for segment in said.segments]
    made = run(job, said.model_copy(update={"segments": bare}), RTTM.read_bytes())
    assert who(job.transcript(made.transcript_path)) == who(said)
    assert (set(made.speakers), made.segments, made.unassigned) == ({"A", "B"}, 16, [])


def test_a_run_on_dialogue_is_cut_where_the_speaker_changes(
    job: FolderJob, run_on: Callable[[str], Transcript]
) -> None:
    made = run(job, run_on("speech/dialogue.flac"), RTTM.read_bytes())
    speakers = [segment.speaker for segment in job.transcript(made.transcript_path).segments]
    assert all(one != other for one, other in pairwise(speakers))
    changes = [line.split()[7] for line in RTTM.read_text().splitlines()]
    assert speakers == [name for index, name in enumerate(changes) if index == 0 or changes[index - 1] != name]


@pytest.mark.parametrize(
    "content",
    [
        '[{"start": 0, "end": 3, "speaker": "A"}]',
        '{"turns": [{"start": 0, "end": 3, "speaker": "A", "confidence": 1}]}',
        ";; a comment\nSPKR-INFO x 1 <NA> <NA> <NA> unknown A <NA>\nSPEAKER x 1 0 3 <NA> <NA> A <NA> <NA>\n\n",
        "\ufeffSPEAKER x 1 0.0 3 <NA> <NA> A\r\n",
    ],
)
def test_rttm_and_json_are_read(job: FolderJob, content: str) -> None:
    assert run(job, transcript(TWO), content).speakers == {"A": 2.0}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("hello", "neither"),
        ('{"segments": []}', "neither"),
        ('[{"start": 0, "end": "x", "speaker": "A"}]', "neither"),
        ('[{"start": NaN, "end": 1, "speaker": "A"}]', "neither"),
        ("SPEAKER x 1 0 3", "Line 1"),
        ("SPEAKER x 1 0 1 <NA> <NA> A\nSPEAKER x 1 zero 3 <NA> <NA> A", "Line 2"),
        ("SPEAKER x 1 nan 3 <NA> <NA> A", "Line 1"),
    ],
)
def test_what_is_no_diarization_is_refused(job: FolderJob, content: str, told: str) -> None:
    with pytest.raises(NotDiarization, match=told):
        run(job, transcript(TWO), content)


@pytest.mark.parametrize("content", ["", "[]", "\n\n"])
def test_an_empty_diarization_changes_nothing(job: FolderJob, content: str) -> None:
    said = transcript(TWO)
    made = run(job, said, content)
    assert job.transcript(made.transcript_path) == said
    assert (made.speakers, made.unassigned) == ({}, [5])


def test_turns_are_sorted_and_those_without_length_left_out() -> None:
    found = timeline([(5, 6, "B"), (1, 1, "A"), (0, 2, "C")]).turns
    assert found == [Turn(start=0, end=2, speaker="C"), Turn(start=5, end=6, speaker="B")]
