"""JSON that JavaScript reads and writes again as the same text."""

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.state.javascript_json import dumps

AGAIN = """
let text = '';
process.stdin.on('data', part => text += part);
process.stdin.on('end', () => process.stdout.write(
  JSON.stringify(text.split('\\n').map(line => JSON.stringify(JSON.parse(line))))));
"""
EXACT = 2**53
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-EXACT, EXACT)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
            | st.from_regex(r"[0-9]{1,11}", fullmatch=True),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CORNERS = [
    100.0, -0.0, 0.0, 1e-7, 1.5e-7, 1e-6, 0.000001234, 1e16, 1.2345678901234567e20, 1e21, 1.5e300, 5e-324, -1e-5, 0.1,
    {"10": 1, "9": 2, "a": 3, "01": 4, "4294967295": 5, "4294967294": 6, "0": 7},
    '\x00\x1f\x7f\u2028\b\f\n\r\t"\\/é😀',
]  # fmt: skip


def rewrite_in_javascript(texts: list[str]) -> list[str]:
    """Return what a real JavaScript engine makes of each text."""
    told = subprocess.run(["node", "-e", AGAIN], input="\n".join(texts), capture_output=True, text=True, check=True)
    again: list[str] = json.loads(told.stdout)
    return again


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_node_writes_the_same_text_again() -> None:
    texts = [dumps(value) for value in CORNERS]

    @given(VALUES)
    def collect(value: object) -> None:
        texts.append(dumps(value))

    collect()
    assert rewrite_in_javascript(texts) == texts


@given(VALUES)
def test_nothing_is_changed_on_the_way(value: object) -> None:
    assert json.loads(dumps(value), parse_int=float) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (1e20, "1" + 20 * "0"),
        (True, "true"),
    ],
)
def test_a_number_is_written_as_javascript_writes_it(value: float, text: str) -> None:
    assert dumps(value) == text


def test_members_that_look_like_indexes_come_first() -> None:
    assert dumps({"b": 1, "10": 2, "9": 3}) == '{"9":3,"10":2,"b":1}'
