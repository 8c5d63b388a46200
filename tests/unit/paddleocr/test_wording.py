"""Readings of one line are one text; other lines stay apart."""

import pytest

from services.paddleocr.text_similarity import OcrReading, is_same_text, language_of, vote


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("Good morning, everyone.", "Goodmorning everyone", True),
        ("Nobody knows the answer.", "Nobody knows the answor.", True),
        ("Chapter 1", "Chapter 2", False),
        ("Good morning", "Good night", False),
        ("你好，欢迎回来。", "你好,欢迎回来", True),  # noqa: RUF001 - the sign differs
        ("谁知道答案", "请把窗户打开", False),
        ("…", "!", False),
    ],
)
def test_two_readings_of_a_line_are_known_as_such(first: str, second: str, is_same: bool) -> None:
    assert is_same_text(first, second) is is_same


def test_the_majority_wins_and_spaces_are_kept() -> None:
    readings = [OcrReading("Goodmorning", 0.99), OcrReading("Good morning", 0.9), OcrReading("Good mourning", 0.95)]
    assert vote(readings) == OcrReading("Good morning", 0.99)


@pytest.mark.parametrize(
    ("text", "language"),
    [("今天我们 OK", "zh"), ("カメラを見て", "ja"), ("안녕하세요", "ko"), ("Hello", None), ("12:30", None)],
)
def test_the_script_tells_the_language_where_it_can(text: str, language: str | None) -> None:
    assert language_of(text) == language
