"""The demo's subtitles next to those that were expected."""

import pytest

from cli.stack.comparison import words_right

EXPECTED = "1\n00:00:00,000 --> 00:00:01,000\none two three\n\n2\n00:00:02,000 --> 00:00:03,000\nfour five\n\n"
CUE = "1\n00:00:00,000 --> 00:00:09,000\n"


@pytest.mark.parametrize(
    ("made", "right"),
    [
        (EXPECTED, 5),
        (CUE + "One, two\nthree. Four -- five!\n\n", 5),
        (CUE + "one three five\n\n", 3),
        (CUE + "five four three two one\n\n", 1),
        (CUE + "00 01 02\n\n", 0),
        ("", 0),
    ],
)
def test_words_count_in_their_order_without_signs_numbers_and_times(made: str, right: int) -> None:
    assert words_right(made, EXPECTED) == (right, 5)
