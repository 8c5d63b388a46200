"""Cues at shot changes."""

from json import dumps

import pytest

from common.transcript.format import Segment, Transcript
from services.subtitle.contracts import SegmentInput
from services.subtitle.errors import NotAShotList
from services.subtitle.layout.cues import CueLayouter
from services.subtitle.shots import Shots, parse
from services.subtitle.tasks import segment
from tests.support.folder_job import FolderJob

Times = list[tuple[float, float]]


def shown(*said: tuple[float, float], shots: list[float]) -> Times:
    segments = [Segment(id=n, start=start, end=end, text="words") for n, (start, end) in enumerate(said)]
    cues = CueLayouter(shots=Shots(shots=shots)).to_cues(Transcript(segments=segments)).segments
    return [(cue.start, cue.end) for cue in cues]


@pytest.mark.parametrize(
    ("said", "shot", "expected"),
    [
        ((2.0, 4.0), 2.2, (2.2, 4.0)),
        ((2.0, 4.0), 1.8, (1.8, 4.0)),
        ((2.0, 4.0), 2.5, (2.0, 4.0)),
        ((2.0, 4.0), 3.9, (2.0, 3.82)),
        ((2.0, 4.0), 4.2, (2.0, 4.12)),
        ((2.0, 4.0), 4.5, (2.0, 4.0)),
        ((2.0, 2.9), 2.2, (2.0, 2.9)),
    ],
)
def test_times_near_a_shot_change_are_moved_to_it(
    said: tuple[float, float], shot: float, expected: tuple[float, float]
) -> None:
    assert shown(said, shots=[shot]) == [expected]


def test_cues_at_one_shot_change_keep_their_distance() -> None:
    assert shown((1.0, 2.9), (3.1, 5.0), shots=[3.0]) == [(1.0, 2.92), (3.0, 5.0)]


def test_the_task_takes_shots_and_frames_from_the_file(job: FolderJob) -> None:
    said = Transcript(
        segments=[Segment(id=0, start=2.013, end=4, text="words"), Segment(id=1, start=8.01, end=9, text="x")]
    )
    (job.share / "shots.json").write_text(dumps({"fps": 25.0, "shots": [2.16]}))
    made = segment(SegmentInput(transcript_path=job.put("t.json", said), shots_path="shots.json"), job)
    cues = job.transcript(made.transcript_path).segments
    assert [cue.start for cue in cues] == [2.16, 8.0]


@pytest.mark.parametrize("text", ["", "{", '{"shots": ["a"]}', "[1, -2]", '"x"'])
def test_a_file_that_lists_no_shots_is_refused(text: str) -> None:
    with pytest.raises(NotAShotList):
        parse(text)


def test_a_list_of_seconds_is_enough() -> None:
    assert parse("[3, 1.5]") == Shots(shots=[1.5, 3.0])
