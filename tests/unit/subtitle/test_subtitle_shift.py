"""subtitle.shift: all times move together, in every format, and nothing disappears silently."""

from typing import Any

import pytest

from common.transcript.format import Segment, Transcript, Word
from services.subtitle.contracts import ShiftInput, ShiftOutput
from services.subtitle.tasks import shift
from tests.support.folder_job import FolderJob

SRT = """1
00:00:01,000 --> 00:00:03,000
<i>one</i>

2
00:01:40,000 --> 00:01:42,500
two

"""


def shifted(job: FolderJob, name: str, content: str | Transcript, **given: Any) -> tuple[str, ShiftOutput]:
    made = shift(ShiftInput(subtitle_path=job.put(name, content), **given), job)
    return job.path(made.subtitle_path).read_text(), made


@pytest.mark.parametrize(
    ("given", "times"),
    [
        ({"offset": 1.5}, ["00:00:02,500 --> 00:00:04,500", "00:01:41,500 --> 00:01:44,000"]),
        ({"offset": -0.25}, ["00:00:00,750 --> 00:00:02,750", "00:01:39,750 --> 00:01:42,250"]),
        ({"from_fps": 25, "to_fps": 24}, ["00:00:01,042 --> 00:00:03,125", "00:01:44,167 --> 00:01:46,771"]),
        (
            {"from_fps": 25, "to_fps": 24, "offset": 10},
            ["00:00:11,042 --> 00:00:13,125", "00:01:54,167 --> 00:01:56,771"],
        ),
        ({"points": [{"at": 1, "becomes": 3}]}, ["00:00:03,000 --> 00:00:05,000", "00:01:42,000 --> 00:01:44,500"]),
        (
            {"points": [{"at": 1, "becomes": 2}, {"at": 100, "becomes": 200}]},
            ["00:00:02,000 --> 00:00:06,000", "00:03:20,000 --> 00:03:25,000"],
        ),
    ],
)
def test_times_change_and_the_text_does_not(job: FolderJob, given: dict[str, Any], times: list[str]) -> None:
    written, made = shifted(job, "film.srt", SRT, **given)
    assert written == f"1\n{times[0]}\n<i>one</i>\n\n2\n{times[1]}\ntwo\n\n"
    assert (made.cues, made.left_out, made.source_format) == (2, 0, "srt")


def test_a_cue_that_would_end_before_0_is_left_out_and_reported(job: FolderJob) -> None:
    written, made = shifted(job, "film.srt", SRT, offset=-4)
    assert written == "1\n00:01:36,000 --> 00:01:38,500\ntwo\n\n"
    assert (made.cues, made.left_out, made.warnings) == (
        1,
        1,
        ["line 2: the cue would end before 0 and is left out: one"],
    )


def test_a_cue_that_would_begin_before_0_begins_at_0(job: FolderJob) -> None:
    written, made = shifted(job, "film.srt", SRT, offset=-2)
    assert "00:00:00,000 --> 00:00:01,000" in written
    assert made.left_out == 0


def test_word_times_in_webvtt_move_too(job: FolderJob) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:03.000\none <00:00:02.000>two\n"
    written, _ = shifted(job, "film.vtt", text, offset=1)
    assert "00:00:02.000 --> 00:00:04.000" in written
    assert "<00:00:03.000>" in written


def test_ass_keeps_its_styles(job: FolderJob) -> None:
    text = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Odd,Comic,77\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Odd,,0,0,0,,{\\pos(1,2)}hello\n"
    )
    written, _ = shifted(job, "film.ass", text, offset=1)
    assert "Style: Odd,Comic,77" in written
    assert "0:00:02.00,0:00:03.00,Odd,,0,0,0,,{\\pos(1,2)}hello" in written


def test_a_transcript_keeps_all_that_is_known(job: FolderJob) -> None:
    words = [Word(start=1, end=2, text="one", probability=0.5, speaker="A")]
    said = Segment(id=7, start=1, end=2, text="one", words=words, speaker="A", avg_logprob=-0.5)
    source = Transcript(language="en", duration=9, segments=[said])
    written, made = shifted(job, "t.json", source, offset=1)
    after = Transcript.model_validate_json(written)
    moved = words[0].model_copy(update={"start": 2, "end": 3})
    assert after.segments == [said.model_copy(update={"start": 2, "end": 3, "words": [moved]})]
    assert (after.language, after.duration, made.source_format) == ("en", 10, "json")


def test_the_result_can_have_another_format(job: FolderJob) -> None:
    written, _ = shifted(job, "film.srt", SRT, offset=1, format="vtt")
    assert written.startswith("WEBVTT\n\n00:00:02.000 --> 00:00:04.000\n<i>one</i>")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"from_fps": 25},
        {"offset": 1, "points": [{"at": 1, "becomes": 2}]},
        {"points": [{"at": 5, "becomes": 2}, {"at": 4, "becomes": 3}]},
        {"points": [{"at": 1, "becomes": 3}, {"at": 4, "becomes": 3}]},
    ],
)
def test_a_change_that_means_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give|point"):
        ShiftInput(subtitle_path="film.srt", **given)
