"""From scores to words, case by case, and whatever the scores are."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sensevoice.decoding import best_name, decode

VOCABULARY = (
    *("<blank>", "<unk>", "<|zh|>", "▁the", "▁wal", "king", "s", "'", "▁", "天", "气", "我们", ".", "。", "▁我"),
    *("▁love", "か", "ー", "▁안녕", "50", "%", "。▁", "\u3000"),
)
B = VOCABULARY.index("<blank>")


def scores(*path: str | int) -> Any:
    """Return the scores of a path that is certain, a token a frame."""
    rows = np.full((len(path), len(VOCABULARY)), -20.0, dtype=np.float32)
    for frame, token in enumerate(path):
        rows[frame, VOCABULARY.index(token) if isinstance(token, str) else token] = 0.0
    return rows


def words(*path: str | int) -> list[str]:
    return [token.text for token in decode(scores(*path), VOCABULARY, duration=len(path) * 0.06)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), []),
        ((B, B, B), []),
        (("▁the", "▁the", B, "▁the"), [" the", " the"]),
        (("▁wal", "king", "s"), [" walkings"]),
        (("▁wal", B, "s", B, "s"), [" walss"]),
        (("king",), ["king"]),
        (("▁", "s", "▁", "king"), [" s", " king"]),
        (("▁", "▁the"), [" the"]),
        (("▁",), []),
        (("天", "气"), ["天", "气"]),
        (("我们", "天"), ["我", "们", "天"]),
        (("天", "。"), ["天。"]),
        (("天", "。▁", "s"), ["天。", " s"]),
        (("▁the", "."), [" the."]),
        (("▁wal", "'", "s"), [" wal's"]),
        (("▁我", "▁love", "天"), [" 我", " love", "天"]),
        (("天", "s", "king", "气"), ["天", "sking", "气"]),
        (("天", "。", "s"), ["天。", "s"]),
        (("か", "ー"), ["か", "ー"]),
        (("▁안녕", "s"), [" 안녕s"]),
        (("▁", "50", "%"), [" 50%"]),
        (("<|zh|>", "天", "<unk>", "气"), ["天", "气"]),
        ((".", "天"), [".", "天"]),
        (("天", "\u3000", "气"), ["天", " 气"]),
    ],
)
def test_pieces_become_words_or_characters(path: tuple[str | int, ...], expected: list[str]) -> None:
    assert words(*path) == expected


def test_a_word_begins_with_its_first_piece_and_lasts_until_the_next() -> None:
    path: tuple[str | int, ...] = (B, B, "▁the", "▁the", B, "▁wal", "king", *[B] * 20)
    first, second = decode(scores(*path), VOCABULARY, duration=10.0)
    assert (first.start, first.end) == pytest.approx((0.09, 0.27))
    assert (second.start, second.end) == pytest.approx((0.27, 0.39 + 0.3))


def test_no_word_begins_before_the_audio_or_ends_after_it() -> None:
    (token,) = decode(scores("▁the", "▁the"), VOCABULARY, duration=0.1)
    assert (token.start, token.end) == (0.0, 0.1)


def test_a_piece_of_several_characters_shares_its_time_among_them() -> None:
    first, second = decode(scores(B, "我们", "我们", *[B] * 10), VOCABULARY, duration=1.0)
    assert (first.start, first.end, second.start) == pytest.approx((0.03, 0.09, 0.09))


def test_a_word_is_as_probable_as_its_pieces_are_on_average() -> None:
    rows = np.zeros((2, len(VOCABULARY)), dtype=np.float32)
    rows[0, VOCABULARY.index("▁wal")] = np.log(len(VOCABULARY) - 1)
    rows[1, VOCABULARY.index("s")] = 50.0
    (token,) = decode(rows, VOCABULARY, duration=1.0)
    assert token.probability == pytest.approx((0.5 + 1.0) / 2)


def test_a_tag_is_the_best_of_its_kind_whatever_else_scores_better() -> None:
    row = np.array([9.0, 1.0, 3.0, 2.0], dtype=np.float32)
    assert best_name(row, {1: "en", 2: "zh", 3: None}) == "zh"
    assert best_name(row, {1: "en", 3: None}) is None
    assert best_name(row, {}) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=40))
def test_nothing_that_was_said_is_lost_and_times_only_grow(path: list[int]) -> None:
    duration = len(path) * 0.06
    found = decode(scores(*path), VOCABULARY, duration=duration)
    said = [number for number, before in zip(path, [None, *path], strict=False) if number != before]
    text = "".join(VOCABULARY[number] for number in said if not VOCABULARY[number].startswith("<"))
    assert "".join(token.text for token in found).split() == text.replace("▁", " ").split()
    assert all(one.start <= one.end <= other.start for one, other in pairwise(found))
    assert all(0 <= token.start <= token.end <= duration for token in found)
    assert all(token.text.strip() for token in found)
