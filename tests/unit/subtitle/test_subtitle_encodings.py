# ruff: noqa: RUF001 - full-width marks are meant
"""Encodings: found out where they can be, refused in words where not."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.subtitle.contracts import ConvertInput
from services.subtitle.errors import EncodingUnknown
from services.subtitle.formats.encodings import decode
from services.subtitle.tasks import convert
from tests.support.folder_job import FolderJob

SIMPLIFIED = "今天大家听音乐，我们喜欢看书。这个问题很重要！"
TRADITIONAL = "今天大家聽音樂，我們喜歡看書。這個問題很重要！"
JAPANESE = "今日は音楽を聞きます。ありがとうございました"
KOREAN = "오늘은 음악을 듣습니다. 안녕하세요 여러분"
FRENCH = "Ça va très bien, l’été «déjà» où"
RUSSIAN = "Привет, как дела? Хорошо"


def srt(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *((text, codec) for text in (SIMPLIFIED, RUSSIAN, "plain") for codec in ("utf-8", "utf-8-sig", "utf-16")),
        *((text, codec) for text in (SIMPLIFIED, FRENCH) for codec in ("utf-16-le", "utf-16-be", "utf-32")),
        (SIMPLIFIED, "gb18030"),
        ("大家看书", "gb18030"),
        ("七九一七", "gb18030"),
        (TRADITIONAL, "big5"),
        ("大家看書", "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (FRENCH, "cp1252"),
        ("naïve café", "cp1252"),
        ("¿Dónde está el niño?", "cp1252"),
        (RUSSIAN, "cp1251"),
        ("plain ascii", "ascii"),
    ],
)
def test_the_encoding_is_found_out(text: str, codec: str) -> None:
    assert decode(srt(text).encode(codec))[0] == srt(text)


def test_the_task_says_which_it_was(job: FolderJob) -> None:
    given = ConvertInput.model_validate(
        {"subtitle_path": job.put("a.srt", srt(SIMPLIFIED).encode("gb18030")), "format": "vtt"}
    )
    made = convert(given, job)
    assert made.encoding == "gb18030"
    assert SIMPLIFIED in job.read(made.subtitle_path)


def test_a_given_encoding_is_taken_but_a_mark_wins() -> None:
    assert decode(srt("Ł").encode("cp1250"), "cp1250")[0] == srt("Ł")
    assert decode(srt("Ł").encode("utf-8-sig"), "cp1250")[0] == srt("Ł")


def test_a_given_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(EncodingUnknown, match="utf-8"):
        decode(srt(SIMPLIFIED).encode("gb18030"), "utf-8")


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 40, b"\x00" * 500, b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", b"PK\x03\x04\x14"]
)
def test_binary_is_refused(content: bytes) -> None:
    with pytest.raises(EncodingUnknown):
        decode(content)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_refused(seed: int) -> None:
    with pytest.raises(EncodingUnknown):
        decode(random.Random(seed).randbytes(5_000))


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    with suppress(EncodingUnknown):
        assert isinstance(decode(content)[0], str)
