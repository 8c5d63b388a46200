"""Merging of events into a transcript by `lib/transcript.js`, run in a real browser."""

from itertools import permutations
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browsing import Browsing
from tests.support.stack import Stack

MERGE = """async (steps) => {
  const {EMPTY, edited, heard, inOrder, read} = await import("/web/lib/transcript.js");
  const take = {
    draft: (before, segments) => heard(before, "draft", {language: "en", segments}),
    fragment: (before, segments) => heard(before, "fragment", {language: "en", segments}),
    read: (before, segments) => read(before, {segments}),
    edited: (before, [segment]) => edited(before, segment),
  };
  let now = EMPTY;
  const same = [];
  for (const [step, segments] of steps) {
    const after = take[step](now, segments);
    same.push(after === now);
    now = after;
  }
  return {same, lines: inOrder(now)};
}"""
LINE_AT = """async (times) => {
  const {lineAt} = await import("/web/lib/transcript.js");
  const lines = [{id: 1, start: 1, end: 2}, {id: 2, start: 3, end: 6}, {id: 3, start: 4, end: 5}];
  return times.map((time) => lineAt(lines, time)?.id ?? null);
}"""
DRAFT = ["draft", [{"id": 0, "start": 0, "end": 1, "text": "draft"}]]
FINAL = ["fragment", [{"id": 0, "start": 0, "end": 1, "text": "final"}]]
EDIT = ["fragment", [{"id": 0, "start": 0, "end": 1, "text": "edit", "speaker": "Ann", "modified": True}]]
UNDONE = ["fragment", [{"id": 0, "start": 0, "end": 1, "text": "final", "speaker": None, "modified": False}]]

Step = list[Any]


@pytest.fixture
def page(browsing: Browsing, shared_stack: Stack) -> Page:
    return browsing.open(shared_stack.url)


def merge(page: Page, *steps: Step) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = page.evaluate(MERGE, list(steps))["lines"]
    return lines


def line_fields(page: Page, *steps: Step) -> list[tuple[str, str, bool]]:
    return [(line["text"], line["source"], line["modified"]) for line in merge(page, *steps)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([DRAFT], ("draft", "draft", False)),
        ([DRAFT, FINAL], ("final", "final", False)),
        ([FINAL, DRAFT], ("final", "final", False)),
        ([DRAFT, EDIT, FINAL], ("edit", "draft", True)),
        ([FINAL, EDIT, DRAFT, FINAL], ("edit", "final", True)),
        ([FINAL, EDIT, UNDONE], ("final", "final", False)),
        ([EDIT, UNDONE, FINAL], ("final", "final", False)),
    ],
)
def test_a_final_replaces_a_draft_and_nothing_but_an_edit_an_edit(
    page: Page, steps: list[Step], expected: tuple[str, str, bool]
) -> None:
    assert line_fields(page, *steps) == [expected]


def test_a_fragment_without_text_withdraws_a_draft_for_good(page: Page) -> None:
    withdrawn = ["fragment", [{"id": 0, "start": 0, "end": 1, "text": ""}]]
    assert merge(page, DRAFT, withdrawn) == merge(page, DRAFT, withdrawn, DRAFT) == []


def test_what_is_heard_again_changes_nothing(page: Page) -> None:
    answer = page.evaluate(MERGE, [DRAFT, DRAFT, FINAL, FINAL, EDIT, EDIT, FINAL, DRAFT, ["read", []], ["read", []]])
    assert answer["same"] == [False, True, False, True, False, True, True, True, False, True]


def test_in_whatever_order_segments_come_they_stand_in_the_order_of_time(page: Page) -> None:
    parts = [
        ["fragment", [{"id": number, "start": start, "end": 9, "text": "said"}]]
        for number, start in ((4, 2), (2, 2), (7, 1))
    ]
    for order in permutations(parts):
        assert [line["id"] for line in merge(page, *order)] == [7, 2, 4]


def test_what_is_read_takes_the_place_of_all(page: Page) -> None:
    other = {"id": 1, "start": 1, "end": 2, "text": "other", "speaker": "Ann", "confidence": 0.5, "words": []}
    (line,) = merge(page, DRAFT, EDIT, ["read", [other]])
    assert (line["id"], line["speaker"], line["confidence"], line["source"]) == (1, "Ann", 0.5, "final")
    assert "words" not in line


def test_an_edit_keeps_what_the_engine_knew(page: Page) -> None:
    before = {"id": 0, "start": 0, "end": 1, "text": "said", "confidence": 0.5, "language": "fr", "source": "draft"}
    (line,) = merge(page, ["read", [before]], EDIT)
    assert (line["text"], line["confidence"], line["language"], line["source"]) == ("edit", 0.5, "fr", "draft")


def test_the_line_of_a_time_is_found(page: Page) -> None:
    assert page.evaluate(LINE_AT, [0, 1, 1.9, 2, 3.5, 4.5, 5.5, 99]) == [None, 1, 1, None, 2, 3, None, None]
