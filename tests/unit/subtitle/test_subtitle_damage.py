"""Damaged subtitle files: every text is in the result, or reported with its line number."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.captions.document import Document
from services.subtitle.contracts import ConvertInput, ConvertOutput
from services.subtitle.errors import FrameRateUnknown, NotATranscript, NotSubtitles
from services.subtitle.formats import registry as formats
from services.subtitle.tasks import convert
from tests.support.folder_job import FolderJob

UNSPACED = """1
00:00:01,000 --> 00:00:02,000
one
2
00:00:03,000 --> 00:00:04,000
1848
3
00:00:05,000 --> 00:00:06,000
1984
"""
ROLLING = """WEBVTT
Kind: captions

00:00:01.000 --> 00:00:03.000 align:start position:0%
before it
this<00:00:01.500><c> is</c><00:00:02.000><c> new</c>

00:00:03.000 --> 00:00:03.010 align:start position:0%
this is new

00:00:03.010 --> 00:00:05.000 align:start position:0%
this is new
and<00:00:03.500><c> so</c><00:00:04.000><c> on</c>

00:00:05.000 --> 00:00:05.010 align:start position:0%
and so on
"""


def convert_text(job: FolderJob, text: str, target: str = "srt") -> tuple[str, ConvertOutput]:
    given = {"subtitle_path": job.put("in", text), "format": target, "fps": 25}
    made = convert(ConvertInput.model_validate(given), job)
    return job.read(made.subtitle_path), made


def cues(document: Document) -> list[tuple[int, int, str]]:
    return [(caption.start, caption.end, caption.text) for caption in document.captions]


def test_a_cue_without_readable_times_is_reported_with_its_line_and_text(job: FolderJob) -> None:
    text = "1\n-112:-7:-40,-860 --> -112:-7:-38,-100\nbad\n\n2\n00:00:06,000 --> 00:00:07,000\nok\n"
    written, made = convert_text(job, text)
    assert written == "1\n00:00:06,000 --> 00:00:07,000\nok\n\n"
    assert made.warnings == ["line 2: the times cannot be read; left out: bad"]


def test_a_file_without_blank_lines_keeps_the_numbers_out_of_the_text_and_years_in_it() -> None:
    assert [text for _, _, text in cues(formats.read(UNSPACED))] == ["one", "1848", "1984"]


def test_a_file_without_numbers_keeps_all_numbers_in_the_text() -> None:
    text = "00:00:01,000 --> 00:00:02,000\n7\n00:00:03,000 --> 00:00:04,000\n\n8\n"
    assert [text for _, _, text in cues(formats.read(text))] == ["7", "8"]


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("00:00:01,249.0999999999999 --> 00:00:01,251.79999999999995", 1249, 1252),
        ("00:00:01 --> 00:00:02", 1000, 2000),
        ("0:0:1,5 --> 0:0:2,25", 1500, 2250),
        ("00:01,500 --> 00:02,250", 1500, 2250),
        ("00:00:01.500000 --> 00:00:02.2504", 1500, 2250),
        ("00:00:01:500 --> 00:00:02:250", 1500, 2250),
        ("00:00:01,500 -> 00:00:02,250", 1500, 2250),
        ("00: 00: 01, 500-->00:00:02 ,250", 1500, 2250),
        ("00:00:01,500 → 00:00:02,250", 1500, 2250),
    ],
)
def test_times_are_read_in_the_ways_they_are_written(times: str, start: int, end: int) -> None:
    text = f"1\n{times}\nhello\n\n2\n00:00:03,000 --> 00:00:04,000\nok\n"
    assert cues(formats.read(text)) == [(start, end, "hello"), (3000, 4000, "ok")]


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("-00:00:02,000 --> 00:00:01,000", 0, 1000),
        ("00:00:05,000 --> 00:00:03,000", 5000, 6000),
        ("00:00:03,000 --> 00:00:03,000", 3000, 5000),
        ("00:00:03,000 --> x", 3000, 5000),
        ("x --> 00:00:05,000", 3000, 5000),
    ],
)
@pytest.mark.parametrize("head", ["", "WEBVTT\n\n"])
def test_impossible_times_are_repaired_and_reported(head: str, times: str, start: int, end: int) -> None:
    read = formats.read(f"{head}1\n{times}\nhello\n\n2\n00:00:06,000 --> 00:00:07,000\nok\n")
    assert cues(read) == [(start, end, "hello"), (6000, 7000, "ok")]
    assert read.repaired == 1
    assert re.match(rf"line {4 if head else 2}: ", read.warnings[0])


@pytest.mark.parametrize("target", ["srt", "vtt", "ass", "ssa", "sub", "json", "txt"])
@pytest.mark.parametrize("source", ["srt", "ass"])
def test_cues_are_sorted_in_every_output(job: FolderJob, source: str, target: str) -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nlater\n\n2\n00:00:01,000 --> 00:00:02,000\nfirst\n"
    if source == "ass":
        events = "Dialogue: 0:00:05.00,0:00:06.00,later\nDialogue: 0:00:01.00,0:00:02.00,first"
        text = f"[Events]\nFormat: Start, End, Text\n{events}"
    written, made = convert_text(job, text, target)
    assert written.index("first") < written.index("later")
    assert made.warnings == ["cues were not in the order of their starts; 2 have been moved"]


def test_ass_that_ends_before_it_starts_gets_a_duration_in_ass_too(job: FolderJob) -> None:
    text = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:05.00,0:00:03.00,back, to front"
    assert "0:00:05.00,0:00:07.00,Default,,0,0,0,,back, to front" in convert_text(job, text, "ass")[0]


def test_ruby_stands_in_parentheses_after_its_base(job: FolderJob) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<ruby>漢<rt>kan</rt>字<rt>ji</ruby> there\n"
    assert "漢(kan)字(ji) there" in convert_text(job, text, "srt")[0]
    assert "<ruby>漢<rt>kan</rt>字<rt>ji</ruby> there" in convert_text(job, text, "vtt")[0]


def test_rolling_captions_lose_their_repeats_and_keep_their_word_times(job: FolderJob) -> None:
    read = formats.read(ROLLING)
    assert cues(read) == [(1000, 3010, "before it\nthis is new"), (3010, 5010, "and so on")]
    assert read.warnings == ["3 repeated lines of rolling captions were removed"]
    words = read.captions[1].words
    assert [(word.start, word.text) for word in words] == [(3010, "and"), (3500, " so"), (4000, " on")]
    assert '"text": " so"' in convert_text(job, ROLLING, "json")[0]
    assert "\nand<00:00:03.500><c> so</c><00:00:04.000><c> on</c>\n" in convert_text(job, ROLLING, "vtt")[0]


def test_a_line_that_is_said_twice_in_ordinary_captions_stays() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nno\n\n00:02.000 --> 00:03.000\nno\n"
    assert len(formats.read(text).captions) == 2


def test_many_warnings_are_counted() -> None:
    broken = "".join(f"{number}\n0:00:{number},0 --> 0:00:{number},0\nx\n\n" for number in range(1, 59)) * 3
    read = formats.read(broken)
    assert len(read.warnings) == 101
    assert read.warnings[-1] == "and 75 more"


GOOD = {
    "srt": "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nword{n}a\nword{n}b\n\n" for n in range(1, 9)),
    "vtt": "WEBVTT\n\n" + "".join(f"00:{n:02}.000 --> 00:{n:02}.900\nword{n}a\nword{n}b\n\n" for n in range(1, 9)),
    "ass": "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    + "".join(f"Dialogue: 0,0:00:{n:02}.00,0:00:{n:02}.90,Default,,0,0,0,,word{n}a\n" for n in range(1, 9)),
    "sub": "{1}{1}25\n" + "".join(f"{{{n * 25}}}{{{n * 25 + 20}}}word{n}a|word{n}b\n" for n in range(1, 9)),
}


@st.composite
def damaged(draw: st.DrawFn, good: str) -> str:
    """Draw a file in which characters and lines are missing, repeated, moved or replaced."""
    text = good
    for _ in range(draw(st.integers(1, 6))):
        lines = text.split("\n")
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        place = draw(st.integers(0, len(text)))
        kinds = {
            "cut": lambda: text[:place] + text[place + 1 :],  # noqa: B023 - used at once
            "insert": lambda: text[:place] + draw(st.sampled_from(list("0:-,.>x\n{}[]7 "))) + text[place:],  # noqa: B023
            "drop line": lambda: "\n".join(lines[:at] + lines[at + 1 :]),  # noqa: B023
            "repeat line": lambda: "\n".join([*lines[:at], lines[other], *lines[at:]]),  # noqa: B023
            "end": lambda: text[: max(place, len(text) // 2)],  # noqa: B023
        }
        text = kinds[draw(st.sampled_from(sorted(kinds)))]()
    return text


@pytest.mark.parametrize("kind", GOOD)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_text_of_a_damaged_file_vanishes_silently(kind: str, data: st.DataObject) -> None:
    text = data.draw(damaged(GOOD[kind]))
    try:
        read = formats.read(text)
    except (NotSubtitles, NotATranscript, FrameRateUnknown):
        return
    # WebVTT has names before its cues: a line of text there cannot be told from one
    result = "\n".join([*(f"{caption.id}\n{caption.text}" for caption in read.captions), *read.warnings])
    for word in re.findall(r"word\d[ab]", text):
        assert word in result, (word, text, read.warnings)
    assert all(caption.start < caption.end for caption in read.captions)
    assert [caption.start for caption in read.captions] == sorted(caption.start for caption in read.captions)
