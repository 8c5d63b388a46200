"""subtitle.convert: from any format to any, and what none of them may lose."""

from itertools import product
from typing import Any

import pysubs2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.captions.document import Caption, Document, Run
from services.subtitle.contracts import ConvertInput, ConvertOutput
from services.subtitle.errors import FrameRateUnknown, NotATranscript, NotSubtitles, TimeTooLate
from services.subtitle.formats import registry as formats
from services.subtitle.tasks import convert
from tests.support.folder_job import FolderJob

FORMATS = ["srt", "vtt", "ass", "ssa", "sub", "json"]
SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\nfriend\n\n2\n00:00:03,000 --> 00:00:04,000\n你好\n"
VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue(b) { color: red }

REGION
id:fred
width:40%

NOTE before the first cue

intro
00:01.000 --> 00:02.500 line:0 position:20% align:left region:fred
<v Ann><b>Hello</b> <c.loud>there</c> &amp; &lt;you&gt;

NOTE in between

00:03.000 --> 00:04.000
<script>alert(1)</script> 1 < 2
"""
ASS = r"""[Script Info]
Title: own title
ScriptType: v4.00+
PlayResX: 640

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,DejaVu Sans,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Sign,Serif,33.5,&H0000FFFF,&H000000FF,&H00000000,&H00000000,-1,-1,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown
Dialogue: 3,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,,{\i1}Hello{\i0} {\pos(3,4)}there\Nfriend
Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,5,6,7,,EXIT
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\p1}m 0 0 l 10 10{\p0}
"""  # noqa: E501 - the format has one line for it
SUB = "{1}{1}25\n{25}{62}{Y:i}Hello|friend\n{75}{100}plain\n"


def convert_content(job: FolderJob, content: bytes | str, target: str, **options: Any) -> tuple[str, ConvertOutput]:
    given = {"subtitle_path": job.put("in", content), "format": target, **options}
    made = convert(ConvertInput.model_validate(given), job)
    return job.read(made.subtitle_path), made


def write_and_read(document: Document, kind: Any) -> Document:
    """Return a document as it is after it was written and read again."""
    return formats.read(formats.write(document, kind, fps=25.0), fps=25.0)


def times_and_texts(document: Document) -> list[tuple[int, int, str]]:
    return [(caption.start, caption.end, caption.text) for caption in document.captions]


TEXT = st.lists(
    st.sampled_from(
        ["Hello", "你好", "<i>", "</b>", "{x}", r"{\an8}", r"\N", "\\", "-->", "&amp;", "a<b", "12", "👍🏽", "،", " "]
    ),
    min_size=1,
    max_size=6,
).map(lambda words: " ".join(words).strip())
LINES = st.lists(TEXT.filter(bool), min_size=1, max_size=3).map("\n".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw captions whose times every format can hold exactly: multiples of 40 ms, of one frame at 25 a second."""
    captions, frame = [], 0
    for text in draw(st.lists(LINES, max_size=5)):
        frame += draw(st.integers(1, 90_000))
        end = frame + draw(st.integers(1, 200))
        marks = draw(st.sampled_from([frozenset[str](), frozenset({"i"})]))
        captions.append(Caption(frame * 40, end * 40, (Run(text, marks),)))
        frame = end
    return Document(captions, "json")


@pytest.mark.parametrize(("one", "other"), list(product(FORMATS, repeat=2)))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents())
def test_every_pair_of_formats_gives_back_text_and_times(one: str, other: str, document: Document) -> None:
    assert times_and_texts(write_and_read(write_and_read(document, one), other)) == times_and_texts(document)


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ssa"])
@settings(max_examples=5, deadline=None)
@given(document=documents())
def test_type_survives_where_the_format_has_it(kind: str, document: Document) -> None:
    back = write_and_read(document, kind)
    assert [{run.marks for run in caption.runs if run.text.strip()} for caption in back.captions] == [
        {run.marks for run in caption.runs} for caption in document.captions
    ]


@pytest.mark.parametrize(("source", "text"), [("srt", SRT), ("vtt", VTT), ("ass", ASS), ("sub", SUB)])
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_converts_to_every_other(job: FolderJob, source: str, text: str, target: str) -> None:
    written, made = convert_content(job, text, target, fps=25)
    assert (made.source_format, made.cues, made.empty, made.repaired) == (source, 2, False, 0)
    back = formats.read(written, fps=25)
    assert back.captions[0].start == 1000
    assert "Hello" in back.captions[0].text


@pytest.mark.parametrize("target", ["srt", "vtt", "ass", "ssa"])
def test_pysubs2_reads_what_is_written(job: FolderJob, target: str) -> None:
    read = pysubs2.SSAFile.from_string(convert_content(job, SRT, target)[0])
    assert [(event.start, event.end, event.plaintext) for event in read] == [
        (1000, 2500, "Hello there\nfriend"),
        (3000, 4000, "你好"),
    ]


def test_pysubs2_reads_microdvd_that_is_written(job: FolderJob) -> None:
    read = pysubs2.SSAFile.from_string(convert_content(job, SUB, "sub", fps=25)[0])
    assert [(event.start, event.end, event.plaintext) for event in read] == [
        (1000, 2480, "Hello\nfriend"),
        (3000, 4000, "plain"),
    ]


def test_ass_to_ass_keeps_all_of_it(job: FolderJob) -> None:
    before, after = pysubs2.SSAFile.from_string(ASS), pysubs2.SSAFile.from_string(convert_content(job, ASS, "ass")[0])
    assert (after.events, after.styles, after.info) == (before.events, before.styles, before.info)


def test_ass_to_srt_keeps_type_and_leaves_out_comments_and_drawings(job: FolderJob) -> None:
    written, made = convert_content(job, ASS, "srt")
    assert made.cues == 2
    assert "<i>Hello</i> there\nfriend" in written
    assert "{\\an8}<b><i>EXIT</i></b>" in written


def test_vtt_to_vtt_keeps_settings_ids_notes_styles_and_regions(job: FolderJob) -> None:
    written, _ = convert_content(job, VTT, "vtt")
    head = VTT.partition("\nintro\n")[0]
    assert written.startswith(head)
    assert "\nintro\n00:00:01.000 --> 00:00:02.500 line:0 position:20% align:left region:fred\n" in written
    assert "<v Ann><b>Hello</b> <c.loud>there</c> &amp; &lt;you&gt;\n" in written
    assert "NOTE in between" in written
    assert "&lt;script>alert(1)&lt;/script> 1 &lt; 2" in written


def test_vtt_gives_place_and_speaker_to_other_formats(job: FolderJob) -> None:
    assert "{\\an7}<b>Hello</b> there & <\u2060you>" in convert_content(job, VTT, "srt")[0]
    assert ",Ann,0,0,0,,{\\an7}{\\b1}Hello{\\b0} there" in convert_content(job, VTT, "ass")[0]
    assert '"speaker": "Ann"' in convert_content(job, VTT, "json")[0]


def test_an8_in_srt_stays_and_becomes_a_line_at_the_top(job: FolderJob) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color=red>up</font>\n"
    assert "{\\an8}<font color=red>up</font>" in convert_content(job, text, "srt")[0]
    assert "--> 00:00:02.000 line:0\nup\n" in convert_content(job, text, "vtt")[0]
    assert "{\\an8}up" in convert_content(job, text, "ass")[0]


def test_microdvd_needs_a_frame_rate(job: FolderJob) -> None:
    with pytest.raises(FrameRateUnknown):
        convert_content(job, "{25}{50}hello\n", "srt")
    with pytest.raises(FrameRateUnknown):
        convert_content(job, SRT, "sub")
    assert "00:00:01,000 --> 00:00:02,000" in convert_content(job, "{25}{50}hello\n", "srt", fps=25)[0]
    assert "00:00:01,000 --> 00:00:02,480" in convert_content(job, SUB, "srt")[0]


def test_times_over_a_hundred_hours_are_kept_or_refused_but_never_cut(job: FolderJob) -> None:
    text = "1\n123:00:01,000 --> 123:00:02,000\nlate\n"
    assert "123:00:01,000 --> 123:00:02,000" in convert_content(job, text, "srt")[0]
    assert "123:00:01.000" in convert_content(job, text, "vtt")[0]
    assert '"start": 442801.0' in convert_content(job, text, "json")[0]
    for target in ("ass", "ssa"):
        with pytest.raises(TimeTooLate):
            convert_content(job, text, target)


def test_ass_holds_times_over_ten_hours(job: FolderJob) -> None:
    text = "1\n30:00:01,000 --> 30:00:02,000\nlate\n"
    (event,) = pysubs2.SSAFile.from_string(convert_content(job, text, "ass")[0])
    assert (event.start, event.end) == (108_001_000, 108_002_000)


def test_impossible_times_are_mended_and_counted(job: FolderJob) -> None:
    text = "1\n-00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:05,000 --> 00:00:04,000\nb\n"
    written, made = convert_content(job, text, "srt")
    assert made.repaired == 2
    assert "00:00:00,000 --> 00:00:02,000\na" in written
    assert "00:00:05,000 --> 00:00:07,000\nb" in written
    assert [line.partition(":")[0] for line in made.warnings] == ["line 2", "line 6"]


def test_overlapping_cues_stay_as_they_are(job: FolderJob) -> None:
    text = "1\n00:00:01,000 --> 00:00:05,000\na\n\n2\n00:00:02,000 --> 00:00:03,000\nb\n\n"
    assert convert_content(job, text, "srt")[0] == text


@pytest.mark.parametrize(
    "text",
    [
        "00:00:01,000 --> 00:00:02,000\nhello",
        "\n\n7\n00:00:01.0 --> 00:00:02,000  X1:1 X2:2\n\nhello\n\n\n8\n",
        "1\r\n00:00:01,000 --> 00:00:02,000\r\nhello\r\n",
        "1\r00:00:01,000 --> 00:00:02,000\rhello\r",
        "garbage first\n00:01,000 --> 00:02,000\nhello",
    ],
)
def test_srt_is_read_as_players_read_it(text: str) -> None:
    assert times_and_texts(formats.read(text))[0][:2] == (1000, 2000)
    assert formats.read(text).captions[0].text.split("\n")[0] == "hello"


def test_text_that_ends_in_a_number_keeps_it() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\ncount\n3\n\n2\n00:00:03,000 --> 00:00:04,000\n4\n"
    assert [caption.text for caption in formats.read(text).captions] == ["count\n3", "4"]


@pytest.mark.parametrize(
    "content", ["just some words", "{not a frame}", "<html><body>404</body></html>", "a --> b", "[1]"]
)
def test_what_is_no_subtitles_is_refused(job: FolderJob, content: str) -> None:
    with pytest.raises((NotSubtitles, NotATranscript)):
        convert_content(job, content, "srt")


def test_a_broken_ass_event_is_reported_and_refused_if_it_is_the_only_one(job: FolderJob) -> None:
    broken = ASS.replace("0:00:01.00,0:00:02.50", "soon,later")
    written, made = convert_content(job, broken, "srt")
    assert "EXIT" in written
    (warning,) = made.warnings
    assert warning.startswith("line 14: the times cannot be read; left out: Dialogue: 3,soon,later,")
    with pytest.raises(NotSubtitles, match="line 14"):
        convert_content(job, "\n".join(broken.split("\n")[:14]), "srt")


@pytest.mark.parametrize("content", ["", "WEBVTT\n", '{"segments": []}'])
@pytest.mark.parametrize("target", ["srt", "vtt", "ass", "json", "txt"])
def test_subtitles_without_cues_stay_valid(job: FolderJob, content: str, target: str) -> None:
    written, made = convert_content(job, content, target)
    assert (made.cues, made.empty) == (0, True)
    assert formats.read(written).captions == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from([*SRT, *VTT, *ASS, *SUB]), max_size=300).map("".join))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for start in ("", "WEBVTT\n\n", "[Script Info]\n", "{1}{1}25\n", "00:01.000 --> 00:02.000\n"):
        try:
            formats.read(start + text)
        except (NotSubtitles, NotATranscript, FrameRateUnknown):
            continue


@pytest.mark.parametrize("hostile", ["{" * 200_000, "<" * 200_000, " " * 200_000, "{\\" * 100_000, "<v " * 60_000])
def test_long_runs_of_brackets_take_no_long_time(hostile: str) -> None:
    for start in ("WEBVTT\n\n00:01.000 --> 00:02.000\n", "00:01,000 --> 00:02,000\n", "{1}{1}25\n{1}{2}"):
        write_and_read(formats.read(start + hostile + "x"), "vtt")
    write_and_read(formats.read(ASS + "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,," + hostile), "srt")
