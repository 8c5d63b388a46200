# ruff: noqa: RUF001 - full-width marks are meant
"""Encodings: found out where they can be, refused in words where not."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.captions.encodings import CLEARLY_AHEAD, decode
from common.captions.errors import EncodingUnknown
from services.subtitle.contracts import ConvertInput
from services.subtitle.tasks import convert
from tests.support.folder_job import FolderJob
from tests.support.legacy_texts import LANGUAGES, write_srt

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
    assert (made.encoding, made.warnings) == ("gb18030", [])
    assert CLEARLY_AHEAD <= made.encoding_confidence <= 1
    assert SIMPLIFIED in job.read(made.subtitle_path)


def test_a_given_encoding_is_taken_but_a_mark_wins() -> None:
    assert decode(srt("Ł").encode("cp1250"), "cp1250")[0] == srt("Ł")
    assert decode(srt("Ł").encode("utf-8-sig"), "cp1250")[0] == srt("Ł")


def test_a_given_encoding_that_does_not_fit_is_refused() -> None:
    with pytest.raises(EncodingUnknown, match="utf-8"):
        decode(srt(SIMPLIFIED).encode("gb18030"), "utf-8")


LEGACY = [(name, codec) for name, language in LANGUAGES.items() for codec in language.encodings]


@pytest.mark.parametrize("named", [True, False], ids=["language", "no language"])
@pytest.mark.parametrize(("language", "codec"), LEGACY)
def test_legacy_files_are_read_right_or_refused(language: str, codec: str, named: bool) -> None:
    """Files of 200 cues are always read; of the short ones, those in which two encodings read alike may be refused."""
    for cues, first in ((1, 0), (5, 0), (5, 5), (200, 0)):
        content = write_srt(LANGUAGES[language].sentences, cues, first).encode(codec, "ignore")
        try:
            decoded = decode(content, None, language if named else None)
        except EncodingUnknown:
            assert cues < 200
            continue
        assert decoded.text == content.decode(codec)
        assert CLEARLY_AHEAD <= decoded.confidence <= 1


def test_no_guess_on_a_few_lines_is_wrong() -> None:
    choose, refused = random.Random(7), 0
    for _ in range(1_000):
        language, codec = choose.choice(LEGACY)
        sentences = LANGUAGES[language].sentences
        content = write_srt(tuple(choose.choices(sentences, k=3)), choose.choice([1, 2, 3])).encode(codec, "ignore")
        with suppress(EncodingUnknown):
            assert decode(content).text == content.decode(codec)
            continue
        refused += 1
    assert refused < 100


def test_a_tie_is_refused_with_its_candidates_and_the_language_decides() -> None:
    content = srt("naïve café").encode("cp1252")
    with pytest.raises(EncodingUnknown, match="`encoding`") as caught:
        decode(content)
    assert "cp1252" in caught.value.detail["candidates"]
    assert caught.value.detail["confidence"] < CLEARLY_AHEAD
    assert decode(content, None, "fr").text == srt("naïve café")


def test_utf8_with_a_few_broken_bytes_is_read_as_utf8_and_says_so(job: FolderJob) -> None:
    content = srt(SIMPLIFIED).encode().replace("乐".encode(), b"\xe4\xb9")
    given = ConvertInput.model_validate({"subtitle_path": job.put("a.srt", content), "format": "srt"})
    made = convert(given, job)
    assert (made.encoding, made.warnings) == ("utf-8", ["1 broken characters were replaced by U+FFFD"])
    assert SIMPLIFIED.replace("乐", "\ufffd") in job.read(made.subtitle_path)


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
