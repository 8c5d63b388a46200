"""A transcript that may be wrong comes with a warning, and one that is right does not."""

import pytest

from common.transcript.doubts import language_warnings, text_warnings
from common.transcript.format import Segment
from common.transcript.loops import find_loops


def segments(*texts: str, ratio: float | None = 1.2) -> list[Segment]:
    return [
        Segment(id=n, start=10.0 * n, end=10.0 * n + 9, text=text, compression_ratio=ratio)
        for n, text in enumerate(texts)
    ]


def test_a_loop_inside_a_segment_is_named_with_its_time() -> None:
    (warning,) = text_warnings(segments("We met in May.", "And " + "then " * 100 + "we left."))
    assert 'repeats "then" 100 times from 10.0 s on' in warning


def test_a_loop_over_many_segments_is_one() -> None:
    (warning,) = text_warnings(segments("Hello.", *["Thank you for watching."] * 7, "Good night."))
    assert 'repeats "thank you for watching" 7 times from 10.0 s on' in warning


def test_a_loop_of_characters_is_written_without_spaces() -> None:
    (warning,) = text_warnings(segments("我们" * 8))
    assert 'repeats "我们" 8 times' in warning


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no. Never, never, never.",
        "We sold 1,000,000,000,000 copies for $10,000,000.",
        "Ha ha ha ha ha.",
        "The cat and the dog and the bird and the fish and the frog.",
    ],
)
def test_what_people_say_is_no_loop(text: str) -> None:
    assert text_warnings(segments(text)) == []


def test_two_loops_are_found_apart() -> None:
    words = ["then"] * 20 + ["a", "b", "c"] + ["so", "on"] * 10
    assert [
        (loop.phrase, loop.times, loop.start) for loop in find_loops((word, n) for n, word in enumerate(words))
    ] == [
        (("then",), 20, 0),
        (("so", "on"), 10, 23),
    ]


def test_a_text_that_compresses_too_well_is_named_with_its_time() -> None:
    (warning,) = text_warnings([*segments("All is well."), *segments("a b c d", "e f g h", ratio=3.0)])
    assert warning.startswith("2 segments look like a loop (compression ratio above 2.4), the first one at 0.0 s.")


def test_the_highest_ratio_is_that_of_the_task() -> None:
    assert text_warnings(segments("a b c d", ratio=3.0), 3.5) == []


def test_a_language_detected_with_a_low_probability_is_named() -> None:
    (warning,) = language_warnings("th", 0.42, 0.5)
    assert "th was detected with a probability of 0.42" in warning
    assert language_warnings("fr", 0.97, 0.5) == language_warnings(None, None, 0.5) == []
