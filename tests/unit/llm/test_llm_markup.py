"""Tags, labels and dashes around and inside subtitle text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.markup import Enclosed, plain, protect, same_markup, unwrap

pieces = st.sampled_from(
    ["<i>", "</i>", "<b>", "</b>", '<font color="red">', "</font>", "{\\an8}", "[SPEAKER_01] ", "a", " b", "-->"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<i>all of it</i>", Enclosed("<i>", "all of it", "</i>")),
        ("{\\an8}<b><i>x</i></b>", Enclosed("{\\an8}<b><i>", "x", "</i></b>")),
        ("<i>Run</i> to <i>me</i>", Enclosed("", "<i>Run</i> to <i>me</i>", "")),
        ("<i>a <i>b</i></i>", Enclosed("<i>", "a <i>b</i>", "</i>")),
        ("SPEAKER_00: Hello", Enclosed("SPEAKER_00: ", "Hello", "")),
        ("[laughs] Hello", Enclosed("", "[laughs] Hello", "")),
        ("5 < 6 and <3", Enclosed("", "5 < 6 and <3", "")),
        ("<i>unclosed", Enclosed("", "<i>unclosed", "")),
    ],
)
def test_what_encloses_a_whole_line_is_separated(text: str, expected: Enclosed) -> None:
    assert unwrap(text) == expected


@given(st.lists(pieces, max_size=12).map("".join))
def test_separating_loses_nothing(text: str) -> None:
    enclosed = unwrap(text)
    assert enclosed.around(enclosed.text).strip() == text.strip()
    assert "<i>" not in plain(text)


@pytest.mark.parametrize(
    ("source", "text", "same"),
    [
        ("<i>a</i> b", "B <i>A</i>", True),
        ("<i>a</i> b", "A B", False),
        ("a", "<i>A</i>", False),
        ("- Who?\n- Me.", "- Qui ?\n- Moi.", True),
        ("- Who?\n- Me.", "- Qui ? Moi.", False),
        ("- Who?", "Qui ?", True),
    ],
)
def test_markup_is_compared_with_the_source(source: str, text: str, same: bool) -> None:
    assert same_markup(source, text) is same


def test_text_cannot_end_its_cue() -> None:
    written = protect("<i>a</i> 00:00:01,000 --> 00:00:02,000")
    assert written.startswith("<i>a</i> ")
    assert "-->" not in written
