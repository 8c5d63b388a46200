"""The text of a task that has not ended, out of the records of its checkpoint."""

from pathlib import Path
from typing import Any

import pytest

from common.errors import FileMissing
from common.files.checkpoint import CHECKPOINT, Checkpoint
from common.transcript.format import Segment
from common.transcript.partial import ChunkText, TextFile, newest_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "attempt-1" / CHECKPOINT)


def make_segment(segment_id: int, text: str, **more: Any) -> Segment:
    return Segment(id=segment_id, start=segment_id * 10.0, end=segment_id * 10.0 + 5, text=text, **more)


def texts(checkpoint: Checkpoint) -> list[str]:
    return [segment.text for segment in TextFile(checkpoint.path).read().segments]


def test_the_chunks_follow_each_other_in_order_of_time(checkpoint: Checkpoint) -> None:
    checkpoint.append({"chunk": 1, "segments": [make_segment(2, "c")], "until": 960_000})
    checkpoint.append({"chunk": 0, "segments": [make_segment(0, "a"), make_segment(1, "b")], "language": "en"})
    read = TextFile(checkpoint.path).read()
    assert (texts(checkpoint), read.source, read.language, read.duration) == (["a", "b", "c"], "checkpoint", "en", 25.0)


def test_finals_take_the_place_of_the_drafts_of_their_chunk_alone(checkpoint: Checkpoint) -> None:
    drafts = [make_segment(0, "a draft", source="draft"), make_segment(1, "another", source="draft")]
    checkpoint.append(ChunkText(chunk=0, segments=drafts))
    checkpoint.append(ChunkText(chunk=1, segments=[make_segment(2, "later", source="draft")]))
    assert TextFile(checkpoint.path).read().source == "checkpoint"
    checkpoint.append(ChunkText(chunk=0, segments=[make_segment(0, "one final for both")], aligned=True))
    read = TextFile(checkpoint.path).read()
    assert [(segment.text, segment.source) for segment in read.segments] == [
        ("one final for both", "final"),
        ("later", "draft"),
    ]
    assert read.source == "aligned"


def test_a_draft_never_takes_the_place_of_what_is_aligned(checkpoint: Checkpoint) -> None:
    checkpoint.append(ChunkText(chunk=0, segments=[make_segment(0, "final")], aligned=True))
    checkpoint.append(ChunkText(chunk=0, segments=[make_segment(0, "late draft", source="draft")]))
    assert texts(checkpoint) == ["final"]


def test_other_records_are_the_services_own(checkpoint: Checkpoint) -> None:
    checkpoint.append({"downloaded": True})
    assert TextFile(checkpoint.path).read().source == "none"
    checkpoint.append({"chunk": 0, "segments": []})
    assert TextFile(checkpoint.path).read().source == "checkpoint", "it was heard, and nobody spoke"


def test_a_line_that_is_being_written_is_not_there_yet(checkpoint: Checkpoint) -> None:
    checkpoint.append(ChunkText(chunk=0, segments=[make_segment(0, "whole")]))
    before = TextFile(checkpoint.path).version
    with checkpoint.path.open("ab") as file:
        file.write(b'{"chunk": 1, "segments": [{"id": 1, "sta')
    assert texts(checkpoint) == ["whole"]
    assert TextFile(checkpoint.path).version != before


def test_the_newest_attempt_that_has_a_checkpoint_counts(tmp_path: Path) -> None:
    for number, text in ((2, "second"), (10, "tenth"), (9, "ninth")):
        Checkpoint(tmp_path / f"attempt-{number}" / CHECKPOINT).append(
            ChunkText(chunk=0, segments=[make_segment(0, text)])
        )
    (tmp_path / "attempt-11").mkdir()
    assert newest_checkpoint(tmp_path) == tmp_path / "attempt-10" / CHECKPOINT


def test_before_any_attempt_there_is_no_text(tmp_path: Path) -> None:
    read = TextFile(newest_checkpoint(tmp_path / "missing")).read()
    assert (read.source, read.segments) == ("none", [])


def test_an_output_that_is_removed_while_it_is_read_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        TextFile(tmp_path / "transcript.json", final=True).read()
