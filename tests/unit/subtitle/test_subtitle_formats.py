"""TTML, SCC, EBU-STL, LRC, MPL2, and word times: there and back, and as ffmpeg reads them."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imageio_ffmpeg import get_ffmpeg_exe

from common.captions.document import Document
from common.transcript.format import Segment, Transcript, Word
from services.subtitle.contracts import ConvertInput, ConvertOutput, GenerateFilesInput
from services.subtitle.errors import CharactersUnsupported, FrameRateUnknown, NotATranscript, NotSubtitles, TimeTooLate
from services.subtitle.formats import registry as formats
from services.subtitle.formats import timed_text
from services.subtitle.tasks import convert, generate_files
from tests.support.folder_job import FolderJob

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello there</i>
friend

2
00:00:03,000 --> 00:00:04,000
It's café time

"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="en">
  <head><layout>
    <region xml:id="top" tts:origin="10% 5%" tts:extent="80% 20%" tts:displayAlign="before" tts:textAlign="center"/>
    <region xml:id="low" tts:origin="10% 75%" tts:extent="80% 20%" tts:displayAlign="after" tts:textAlign="center"/>
  </layout></head>
  <body><div begin="10s">
    <p region="low" begin="00:00:01.000" end="00:00:05.000">
      first <span tts:fontStyle="italic">slanted</span><br/>second line
    </p>
    <p region="top" begin="2s" end="3s">above &amp; beyond</p>
  </div></body>
</tt>
"""
LRC = """[ti:Song]
[00:01.00]First line
[00:03.50][00:09.00]Chorus
[00:05.00]<00:05.00>With <00:05.50>word <00:06.00>times
[00:07.00]
"""
MPL2 = "[10][25]/Hello|/there\n[30][40]plain\n"
WORDS = Transcript(
    language="en",
    duration=4,
    segments=[
        Segment(
            id=1,
            start=1,
            end=3,
            text="Hello brave world",
            words=[
                Word(start=1.0, end=1.4, text=" Hello"),
                Word(start=1.5, end=2.0, text=" brave"),
                Word(start=2.0, end=2.8, text=" world"),
            ],
        )
    ],
)


def convert_content(job: FolderJob, content: bytes | str, target: str, **options: Any) -> tuple[str, ConvertOutput]:
    given = {"subtitle_path": job.put("in", content), "format": target, **options}
    made = convert(ConvertInput.model_validate(given), job)
    return job.read(made.subtitle_path), made


def cues(document: Document) -> list[tuple[int, int, str]]:
    return [(caption.start, caption.end, caption.text) for caption in document.captions]


def read_by_ffmpeg(ffmpeg: str, folder: Path, name: str, text: str) -> list[tuple[int, int, str]]:
    (folder / name).write_text(text, encoding="utf-8")
    forced = ["-f", "mpl2"] if name.endswith(".txt") else []
    command = [ffmpeg, "-v", "error", *forced, "-i", str(folder / name), "-f", "srt", "-"]
    written = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return [(start, end, re.sub("<[^>]*>", "", body)) for start, end, body in cues(formats.read(written))]


@pytest.fixture(scope="module")
def ffmpeg() -> str:
    return str(get_ffmpeg_exe())


def test_ttml_is_read_with_relative_times_regions_and_styles(job: FolderJob) -> None:
    written, made = convert_content(job, TTML, "srt")
    assert (made.source_format, made.cues, made.warnings) == ("ttml", 2, [])
    assert written == (
        "1\n00:00:11,000 --> 00:00:15,000\nfirst <i>slanted</i>\nsecond line\n\n"
        "2\n00:00:12,000 --> 00:00:13,000\n{\\an8}above & beyond\n\n"
    )


def test_ttml_without_a_layout_is_at_the_bottom(job: FolderJob) -> None:
    text = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">hi</p></div></body></tt>'
    assert convert_content(job, text, "srt")[0] == "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n"


@pytest.mark.parametrize("text", [TTML.replace("<tt ", "<!DOCTYPE tt><tt "), TTML.replace("</div>", ""), TTML[:300]])
def test_ttml_that_is_broken_or_has_entities_is_refused(job: FolderJob, text: str) -> None:
    with pytest.raises(NotSubtitles):
        convert_content(job, text, "srt")


@pytest.mark.parametrize("target", ["ttml", "mpl2", "lrc"])
def test_a_format_gives_back_text_and_times(job: FolderJob, target: str) -> None:
    written, _ = convert_content(job, SRT, target)
    expected = cues(formats.read(SRT))
    if target == "lrc":
        expected = [(start, end, text.replace("\n", " ")) for start, end, text in expected]
    assert cues(formats.read(written)) == expected


def test_type_and_place_survive_in_ttml(job: FolderJob) -> None:
    back = formats.read(convert_content(job, SRT.replace("It's", "{\\an8}It's"), "ttml")[0])
    assert [{run.marks for run in caption.runs if run.text.strip()} for caption in back.captions][1] == {frozenset()}
    assert [caption.alignment for caption in back.captions] == [2, 8]


def test_scc_gives_back_the_text_and_times_within_four_frames(job: FolderJob) -> None:
    back = formats.read(convert_content(job, SRT, "scc")[0])
    assert [caption.text for caption in back.captions] == [caption.text for caption in formats.read(SRT).captions]
    for caption, wanted in zip(back.captions, formats.read(SRT).captions, strict=True):
        assert abs(caption.start - wanted.start) <= 134
        assert abs(caption.end - wanted.end) <= 134


def test_scc_refuses_what_it_has_no_characters_for(job: FolderJob) -> None:
    with pytest.raises(CharactersUnsupported) as caught:
        convert_content(job, SRT.replace("friend", "朋友"), "scc")
    assert caught.value.detail["characters"] == "友朋"
    assert (
        "and so..." in formats.read(convert_content(job, SRT.replace("friend", "and so…"), "scc")[0]).captions[0].text
    )


def test_lrc_is_read_with_repeated_lines_offsets_and_word_times(job: FolderJob) -> None:
    read = formats.read(LRC)
    assert cues(read) == [
        (1000, 3500, "First line"),
        (3500, 5000, "Chorus"),
        (5000, 7000, "With word times"),
        (9000, 14000, "Chorus"),
    ]
    assert [(word.start, word.text) for word in read.captions[2].words] == [
        (5000, "With"),
        (5500, " word"),
        (6000, " times"),
    ]


def test_mpl2_is_read_in_tenths_of_a_second(job: FolderJob) -> None:
    written, made = convert_content(job, MPL2, "srt")
    assert made.source_format == "mpl2"
    assert written.startswith(
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello\nthere</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nplain"
    )


@pytest.mark.parametrize(
    ("target", "name"), [("lrc", "a.lrc"), ("mpl2", "a.txt"), ("scc", "a.scc"), ("vtt", "a.vtt"), ("ass", "a.ass")]
)
def test_ffmpeg_reads_what_is_written(job: FolderJob, ffmpeg: str, tmp_path: Path, target: str, name: str) -> None:
    written, _ = convert_content(job, SRT, target)
    read = [cue for cue in read_by_ffmpeg(ffmpeg, tmp_path, name, written) if cue[2].strip()]
    plain = [text.replace("\\h", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for _, _, text in read]
    assert [" ".join(text.split()) for text in plain] == [
        "Hello there friend",
        "It's café time",
    ]
    if target != "scc":  # ffmpeg shows a caption when its line begins, not when the line's last command shows it
        assert [start for start, _, _ in read] == [1000, 3000]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("vtt", "Hello <00:00:01.500>brave <00:00:02.000>world"),
        ("ass", "{\\k40}Hello {\\k10}{\\k50}brave {\\k80}world"),
        ("ssa", "{\\k40}Hello {\\k10}{\\k50}brave {\\k80}world"),
        ("lrc", "[00:01.00]<00:01.00>Hello <00:01.50>brave <00:02.00>world"),
    ],
)
def test_word_times_are_written_where_wanted_and_read_again(job: FolderJob, target: str, expected: str) -> None:
    content = WORDS.model_dump_json()
    assert expected not in convert_content(job, content, target)[0]
    written, _ = convert_content(job, content, target, word_times=True)
    assert expected in written
    (caption,) = formats.read(written).captions
    assert [(word.start, word.text) for word in caption.words] == [(1000, "Hello"), (1500, " brave"), (2000, " world")]


def test_word_times_follow_the_lines_of_generated_files(job: FolderJob) -> None:
    limits = {"max_line_width": 12}
    given = {
        "transcript_path": job.put("t.json", WORDS.model_dump_json()),
        "formats": ["ass", "vtt"],
        "word_times": True,
    }
    made = generate_files(GenerateFilesInput.model_validate({**given, "limits": limits}), job)
    assert made.ass_path
    assert made.vtt_path
    assert "{\\k50}brave\\N{\\k80}world" in job.read(made.ass_path) or "Hello\\N{\\k10}{\\k50}brave" in job.read(
        made.ass_path
    )
    assert "<00:00:02.000>world" in job.read(made.vtt_path)


def test_ttml_paragraphs_without_duration_are_reported(job: FolderJob) -> None:
    text = TTML.replace("</div>", '<p begin="5s" end="5s">never shown</p></div>')
    _, made = convert_content(job, text, "srt")
    assert made.warnings == ["1 paragraphs have no duration; left out"]


def make_stl(texts: list[tuple[str, str, bytes]]) -> bytes:
    """Return EBU-STL at 25 frames a second, open subtitles, Latin (EBU Tech 3264, sections 5 and 6)."""
    general = bytearray(b" " * 1024)
    count = b"%05d" % len(texts)
    head = {
        0: b"437STL25.01",
        11: b"0",
        12: b"00",
        14: b"09",
        238: count,
        243: count,
        248: b"001",
        251: b"40",
        253: b"23",
    }
    for at, value in {**head, 255: b"1", 256: b"00000000", 264: b"00000000", 272: b"11", 274: b"GBR"}.items():
        general[at : at + len(value)] = value
    blocks = []
    for number, (start, end, text) in enumerate(texts):
        times = bytes(map(int, start.split(":"))) + bytes(map(int, end.split(":")))
        block = bytes([0]) + number.to_bytes(2, "little") + bytes([0xFF, 0]) + times + bytes([20, 2, 0])
        blocks.append(block + text.ljust(112, b"\x8f"))
    return bytes(general) + b"".join(blocks)


def test_ebu_stl_is_read(job: FolderJob) -> None:
    content = make_stl([("0:0:1:0", "0:0:2:12", b"Hello\x8athere"), ("0:0:3:0", "0:0:4:0", b"caf\xc2e")])
    written, made = convert_content(job, content, "srt")
    assert (made.source_format, made.encoding) == ("stl", "ebu-stl")
    assert [(start, end, text) for start, end, text in cues(formats.read(written))] == [
        (1000, 2480, "Hello\nthere"),
        (3000, 4000, "café"),
    ]


@pytest.mark.parametrize(
    "text", ["Żółw i łabędź, déjà vu…", "Привет, как дела?", "Καλημέρα σε όλους", "שלום לכולם", "مرحبا بالجميع"]
)
def test_ebu_stl_gives_back_text_times_place_and_type(job: FolderJob, text: str) -> None:
    lines = "\n".join([text] * 9)  # more than one block holds
    srt = f"1\n00:00:01,000 --> 00:00:02,400\n{{\\an8}}<i>{lines}</i>\n\n2\n01:00:03,000 --> 01:00:04,000\n{text}\n"
    given = {"subtitle_path": job.put("in.srt", srt), "format": "stl"}
    made = convert(ConvertInput.model_validate(given), job)
    back = timed_text.read_stl((job.share / made.subtitle_path.path).read_bytes())
    plain = text.replace("…", "...")
    assert cues(back) == [(1000, 2400, "\n".join([plain] * 9)), (3_603_000, 3_604_000, plain)]
    assert [caption.alignment for caption in back.captions] == [8, 2]
    assert {run.marks for run in back.captions[0].runs if run.text.strip()} == {frozenset("i")}


def test_ebu_stl_refuses_what_it_cannot_represent(job: FolderJob) -> None:
    for text, wrong in (
        (SRT.replace("friend", "朋友"), CharactersUnsupported),
        (SRT.replace("00:00:04", "24:00:04"), TimeTooLate),
    ):
        with pytest.raises(wrong):
            convert(ConvertInput.model_validate({"subtitle_path": job.put("in.srt", text), "format": "stl"}), job)


def test_word_times_lose_neither_the_speaker_nor_the_second_language(job: FolderJob) -> None:
    segment = WORDS.segments[0].model_copy(update={"speaker": "Ann"})
    first = job.put("t.json", WORDS.model_copy(update={"segments": [segment]}).model_dump_json())
    given = {"transcript_path": first, "formats": ["ass"], "word_times": True, "speaker_prefix": True}
    made = generate_files(GenerateFilesInput.model_validate(given), job)
    assert made.ass_path
    assert "{\\k40}Ann: Hello {\\k10}{\\k50}brave {\\k80}world" in job.read(made.ass_path)
    other = segment.model_copy(update={"text": "Hallo", "words": []})
    second = job.put("s.json", WORDS.model_copy(update={"segments": [other]}).model_dump_json())
    made = generate_files(GenerateFilesInput.model_validate({**given, "second_path": second}), job)
    assert made.ass_path
    assert "Ann: Hello brave world\\N{\\rSecond}Hallo" in job.read(made.ass_path)


@pytest.mark.parametrize("kind", ["ttml", "scc", "lrc", "mpl2"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    good = {"ttml": TTML, "lrc": LRC, "mpl2": MPL2}.get(kind) or formats.write(formats.read(SRT), "scc")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(good)))
        cut = data.draw(st.integers(0, 12))
        good = (
            good[:at]
            + data.draw(st.sampled_from(["", "9", ":", "<", ">", '"', "x", "\n", "[", "]", " "]))
            + good[at + cut :]
        )
    with suppress(NotSubtitles, NotATranscript, FrameRateUnknown):
        formats.read(good)


@pytest.mark.parametrize(
    "line", ["[00:01.00]x\n", "[00:01.00]\n", "[10][20]x\n", "Dialogue: 0,0:00:02.00,0:00:01.00,,,0,0,0,,x\n"]
)
@pytest.mark.timeout(20)
def test_tens_of_thousands_of_lines_take_no_long_time(line: str) -> None:
    head = "[Events]\n" if line.startswith("Dialogue") else "[00:02.00]y\n" if ":" in line else ""
    formats.read(head + line * 30_000)
