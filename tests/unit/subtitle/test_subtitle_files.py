"""subtitle.generate_files."""

from collections.abc import Callable
from typing import Any

import pysubs2
import pytest

from common.transcript.format import Segment, Transcript
from services.subtitle.contracts import GenerateFilesInput, GenerateFilesOutput
from services.subtitle.errors import NotATranscript, NotSubtitles, SubtitlesTooLarge, TranscriptsDiffer
from services.subtitle.tasks import generate_files
from tests.support.folder_job import FolderJob

Truth = Callable[[str], Transcript]

ALL = ["srt", "vtt", "ass", "txt", "json"]
SAID = Transcript(
    segments=[
        Segment(id=0, start=0.5, end=2, text="Hello, world", speaker="Ann"),
        Segment(id=1, start=3, end=4.25, text="你好", speaker="Bo"),
    ]
)
TRANSLATED = Transcript(
    segments=[Segment(id=0, start=0.5, end=2, text="Bonjour"), Segment(id=1, start=3, end=4.25, text="Salut")]
)


def generate(job: FolderJob, transcript: Transcript | bytes | str, **options: Any) -> GenerateFilesOutput:
    options = {"formats": ALL, **options}
    return generate_files(
        GenerateFilesInput.model_validate({"transcript_path": job.put("t.json", transcript), **options}), job
    )


@pytest.mark.parametrize(
    "segment",
    [
        '{"id": 1, "start": 1e308, "end": 1e309, "text": "x"}',
        '{"id": 1, "start": 0, "end": 1e308, "text": "x"}',
        '{"id": 1, "start": NaN, "end": NaN, "text": "x"}',
        '{"id": 1, "start": 0, "end": Infinity, "text": "x"}',
        '{"id": 1' + "0" * 400 + ', "start": 0, "end": 1, "text": "x"}',
        '{"id": 1, "start": 0, "end": 1, "text": "x", "words": [{"text": "x", "start": 0, "end": 1e309}]}',
    ],
)
def test_a_number_that_no_medium_has_is_an_error_that_names_it(job: FolderJob, segment: str) -> None:
    with pytest.raises(NotATranscript) as raised:
        generate(job, f'{{"language": "en", "segments": [{segment}]}}')
    assert all(place.startswith("segments.0") for place in raised.value.detail["wrong"])


def one_segment(text: str) -> Transcript:
    return Transcript(segments=[Segment(id=0, start=1, end=3, text=text)])


def test_each_format_is_what_it_should_be(job: FolderJob) -> None:
    made = generate(job, SAID, segmenting=False)
    assert (made.cues, made.empty) == (2, False)
    assert job.read(made.srt_path) == (
        "1\n00:00:00,500 --> 00:00:02,000\nHello, world\n\n2\n00:00:03,000 --> 00:00:04,250\n你好\n\n"
    )
    assert job.read(made.vtt_path) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n<v Ann>Hello, world</v>\n\n"
        "00:00:03.000 --> 00:00:04.250\n<v Bo>你好</v>\n\n"
    )
    assert job.read(made.txt_path) == "Hello, world\n你好\n"
    assert job.transcript(made.json_path) == SAID
    assert "Dialogue: 0,0:00:00.50,0:00:02.00,Default,Ann,0,0,0,,Hello, world\n" in job.read(made.ass_path)


def test_only_wanted_formats_are_made(job: FolderJob) -> None:
    made = generate(job, SAID, formats=["vtt"])
    assert made.vtt_path
    assert [made.srt_path, made.ass_path, made.txt_path, made.json_path] == [None] * 4


@pytest.mark.parametrize("name", ["speech/en-long.flac", "speech/zh-long.flac", "speech/dialogue.flac"])
def test_pysubs2_reads_the_same_from_every_file(job: FolderJob, run_on: Truth, name: str) -> None:
    made = generate(job, run_on(name))
    cues = job.transcript(made.json_path).segments
    for path in (made.srt_path, made.vtt_path, made.ass_path):
        read = pysubs2.SSAFile.from_string(job.read(path))
        assert [event.plaintext for event in read] == [cue.text for cue in cues]
        assert [event.start / 1000 for event in read] == pytest.approx([cue.start for cue in cues], abs=0.006)
        assert [event.end / 1000 for event in read] == pytest.approx([cue.end for cue in cues], abs=0.006)


def test_the_speaker_can_stand_before_the_text(job: FolderJob) -> None:
    made = generate(job, SAID, speaker_prefix=True)
    assert "\nAnn: Hello, world\n" in job.read(made.srt_path)
    assert job.read(made.txt_path) == "Ann: Hello, world\nBo: 你好\n"
    assert job.transcript(made.json_path).segments[0].text == "Hello, world"


def test_the_speakers_name_counts_for_the_width(job: FolderJob) -> None:
    said = Transcript(segments=[Segment(id=0, start=0, end=6, text="a" * 30 + " " + "b" * 8, speaker="Professor")])
    lines = job.read(generate(job, said, speaker_prefix=True).srt_path).split("\n")[2:4]
    assert lines == ["Professor: " + "a" * 30, "b" * 8]


@pytest.mark.parametrize(("position", "text"), [("below", "Hello, world\nBonjour"), ("above", "Bonjour\nHello, world")])
def test_a_second_language_stands_above_or_below(job: FolderJob, position: str, text: str) -> None:
    made = generate(job, SAID, second_path=job.put("fr.json", TRANSLATED), second_position=position)
    assert f"\n{text}\n" in job.read(made.srt_path)
    assert made.unmatched == []
    assert r"{\rSecond}Bonjour" in job.read(made.ass_path)
    assert pysubs2.SSAFile.from_string(job.read(made.ass_path))[0].plaintext == text


def test_ids_that_only_one_language_has_are_told(job: FolderJob) -> None:
    other = TRANSLATED.model_copy(
        update={"segments": [TRANSLATED.segments[0], Segment(id=8, start=3, end=4, text="Quoi")]}
    )
    made = generate(job, SAID, second_path=job.put("fr.json", other))
    assert made.unmatched == [1, 8]
    assert "Quoi" not in job.read(made.srt_path)


def test_a_transcript_of_something_else_is_refused(job: FolderJob) -> None:
    other = Transcript(segments=[Segment(id=99, start=0, end=1, text="x")])
    with pytest.raises(TranscriptsDiffer):
        generate(job, SAID, second_path=job.put("fr.json", other))


def test_the_style_is_in_the_ass_file(job: FolderJob) -> None:
    style = {"font": "DejaVu Sans", "font_size": 20, "colour": "#FF8000", "position": "top", "bold": True}
    read = pysubs2.SSAFile.from_string(job.read(generate(job, SAID, ass_style=style).ass_path))
    own = read.styles["Default"]
    assert (own.fontname, own.fontsize, own.bold, int(own.alignment)) == ("DejaVu Sans", 20, True, 8)
    assert (own.primarycolor.r, own.primarycolor.g, own.primarycolor.b) == (255, 128, 0)
    assert read.styles["Second"].fontsize == 15


def test_an_empty_transcript_makes_empty_files_that_are_valid(job: FolderJob) -> None:
    made = generate(job, Transcript())
    assert (made.cues, made.empty) == (0, True)
    assert (job.read(made.srt_path), job.read(made.txt_path)) == ("", "")
    assert job.read(made.vtt_path) == "WEBVTT\n\n"
    assert list(pysubs2.SSAFile.from_string(job.read(made.ass_path))) == []
    assert job.transcript(made.json_path).segments == []


def test_a_subtitle_file_serves_as_a_transcript(job: FolderJob) -> None:
    made = generate(job, "1\n00:00:01,000 --> 00:00:02,000\nhello\n", formats=["txt"])
    assert job.read(made.txt_path) == "hello\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a --> b",
        "1 < 2 & 3 > 2 &lt;",
        "tag <b>shown</b> as text",
        r"{\an8} as text",
        r"C:\new\Hard {braces} \h",
        "שלום עולם",
        "👨‍👩‍👧 👍🏽 ok",
        "42",
        "00:00:01,000 --> 00:00:02,000",
        "{y:i}not italic",
    ],
)
@pytest.mark.parametrize("kind", ["srt", "vtt", "ass"])
def test_text_that_looks_like_markup_stays_text(job: FolderJob, text: str, kind: str) -> None:
    made = generate(job, one_segment(text), formats=[kind], segmenting=False)
    again = generate(job, job.read(getattr(made, f"{kind}_path")), formats=["json"], segmenting=False)
    assert [cue.text for cue in job.transcript(again.json_path).segments] == [text]


def test_no_script_and_no_second_cue_can_be_brought_into_webvtt(job: FolderJob) -> None:
    text = "x\n\n00:00:05.000 --> 00:00:09.000\n<script>alert(1)</script>\r\rNOTE y\u2028\x00<img onerror=x>"
    read = job.read(generate(job, one_segment(text), formats=["vtt"], segmenting=False).vtt_path)
    assert read.count("-->") == 1
    assert read.count("\n\n") == 2
    assert "<script" not in read
    assert "<img" not in read


def test_no_line_of_text_becomes_a_second_cue_in_srt(job: FolderJob) -> None:
    text = "x\n\n2\n00:00:05,000 --> 00:00:09,000\nevil"
    read = job.read(generate(job, one_segment(text), formats=["srt"], segmenting=False).srt_path)
    assert len(pysubs2.SSAFile.from_string(read)) == 1
    assert read.count("\n\n") == 1


def test_a_speakers_name_cannot_break_the_file(job: FolderJob) -> None:
    said = Transcript(segments=[Segment(id=0, start=0, end=1, text="hi", speaker="A,B>\n\n00:01.000 --> 00:02.000")])
    made = generate(job, said, segmenting=False, speaker_prefix=True)
    (event,) = pysubs2.SSAFile.from_string(job.read(made.ass_path))
    assert event.text.endswith("hi")
    assert job.read(made.vtt_path).count("-->") == 1
    assert job.read(made.srt_path).count("-->") == 1


@pytest.mark.parametrize(
    "content", [b"", b"{}]", b'{"segments": 3}', b"[1, 2]", b'{"text": "of whisper.cpp"}', b"null"]
)
def test_what_is_no_transcript_is_refused(job: FolderJob, content: bytes) -> None:
    with pytest.raises((NotATranscript, NotSubtitles)):
        generate(job, content)


def test_the_wrong_fields_are_named(job: FolderJob) -> None:
    with pytest.raises(NotATranscript) as raised:
        generate(job, b'{"segments": [{"id": 0, "start": 2, "end": 1, "text": "x"}, {"id": 1}]}')
    assert set(raised.value.detail["wrong"]) >= {"segments.0", "segments.1.start"}


def test_files_and_cues_over_the_limits_are_refused(job: FolderJob) -> None:
    job.configure("subtitle", max_input_bytes=100)
    with pytest.raises(SubtitlesTooLarge) as raised:
        generate(job, b" " * 101)
    assert raised.value.detail["setting"] == "subtitle.max_input_bytes"
    job.configure("subtitle", max_cues=1)
    with pytest.raises(SubtitlesTooLarge):
        generate(job, SAID)
