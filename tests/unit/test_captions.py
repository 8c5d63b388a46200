"""A transcript as text that players read; pysubs2, which we do not use for it, reads the same."""

import json

import pysubs2
import pytest

from common.captions import MEDIA_TYPES, Rendering, render
from common.transcript.format import Segment, Transcript

SAID = Transcript(
    language="en",
    duration=3_725.5,
    segments=[
        Segment(id=0, start=0.25, end=1.0, text="Hello <there> & you"),
        Segment(id=1, start=1.5, end=2.0, text="  "),
        Segment(id=2, start=2.0, end=2.9996, text="你好", speaker="Ann"),
        Segment(id=3, start=3_724.0, end=3_725.5, text="two\n\nlines"),
    ],
)


def test_srt_is_numbered_and_leaves_out_what_has_no_text() -> None:
    assert render(SAID, "srt") == (
        "1\n00:00:00,250 --> 00:00:01,000\nHello <\u2060there> & you\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\n你好\n\n"
        "3\n01:02:04,000 --> 01:02:05,500\ntwo\nlines\n\n"
    )


def test_vtt_escapes_and_names_the_speaker() -> None:
    assert render(SAID, "vtt") == (
        "WEBVTT\n\n"
        "00:00:00.250 --> 00:00:01.000\nHello &lt;there&gt; &amp; you\n\n"
        "00:00:02.000 --> 00:00:03.000\n<v Ann>你好</v>\n\n"
        "01:02:04.000 --> 01:02:05.500\ntwo\nlines\n\n"
    )


def test_txt_is_one_line_a_segment() -> None:
    assert render(SAID, "txt") == "Hello <there> & you\n你好\ntwo lines\n"


def test_json_is_the_whole_transcript() -> None:
    assert Transcript.model_validate(json.loads(render(SAID, "json"))) == SAID


@pytest.mark.parametrize("rendering", ["srt", "vtt"])
def test_another_library_reads_the_same_cues(rendering: Rendering) -> None:
    read = pysubs2.SSAFile.from_string(render(SAID, rendering), format_=rendering)
    spoken = [segment for segment in SAID.segments if segment.text.strip()]
    assert [(cue.start, cue.end) for cue in read] == [
        (round(segment.start * 1000), round(segment.end * 1000)) for segment in spoken
    ]


@pytest.mark.parametrize(("rendering", "empty"), [("srt", ""), ("vtt", "WEBVTT\n\n"), ("txt", "")])
def test_nothing_said_is_an_empty_file(rendering: Rendering, empty: str) -> None:
    assert render(Transcript(), rendering) == empty


def test_every_rendering_has_a_media_type() -> None:
    assert list(MEDIA_TYPES) == ["json", "srt", "vtt", "txt"]
