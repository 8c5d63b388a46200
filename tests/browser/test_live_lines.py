"""Lines of the Live view. The test acts as the worker, so it decides when each event happens."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from common.errors import NotMedia
from common.transcript.format import Segment
from tests.support.browsing import Browsing, Device, Scheme, assert_accessible
from tests.support.by_hand import AttemptByHand
from tests.support.stack import Stack
from tests.support.waiting import wait_until

SPEECH = Path(__file__).parents[1] / "fixtures/speech/en-long.flac"
NAME = "faster_whisper.transcribe_audio"
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 600}'}
MANY = 5_000
PATIENCE_S = 60
CENTRE_OF_THE_TEXT = (1000, 500)
PLACE = """(id) => {
  const line = document.querySelector(`.line[data-id="${id}"]`)?.getBoundingClientRect();
  const frame = document.querySelector(".lines")?.getBoundingClientRect();
  if (!line) return "nowhere";
  return line.top >= frame.top && line.bottom <= frame.bottom + 1 && frame.top < innerHeight ? "in view" : "elsewhere";
}"""
ON_SCREEN = """[...document.querySelectorAll(".line .text")]
  .filter((text) => text.checkVisibility({contentVisibilityAuto: true})).length"""
COUNT_CHANGES = """() => {
  window.touched = new Set();
  const line = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest(".line");
  new MutationObserver((records) => {
    for (const {target, addedNodes} of records) for (const node of [target, ...addedNodes]) {
      if (line(node)) touched.add(line(node).dataset.id);
    }
  }).observe(document.querySelector(".lines"), {childList: true, subtree: true, attributes: true, characterData: true});
}"""


@pytest.fixture(scope="module")
def workerless_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway without a worker: only the test causes events."""
    with Stack(tmp_path_factory.mktemp("quiet"), **PATIENT) as shared:
        shutil.copy(SPEECH, shared.share / "talk.flac")
        shared.gateway()
        yield shared


@pytest.fixture
def attempt(workerless_stack: Stack) -> Iterator[AttemptByHand]:
    with AttemptByHand(workerless_stack, workerless_stack.submit(NAME, {"audio_path": "talk.flac"})) as own:
        yield own


def make_segment(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Return segment `number`: it starts at twice its number in seconds and lasts a second and a half."""
    return {"id": number, "start": 2.0 * number, "end": 2.0 * number + 1.5, "text": text or f"line {number}", **more}


def watch(browsing: Browsing, stack: Stack, task_id: str, **look: Any) -> Page:
    page = browsing.open(f"{stack.url}/#/live/{task_id}", **look)
    expect(page.locator(".badge")).to_be_visible()
    return page


def line(page: Page, number: int) -> Locator:
    return page.locator(f'.line[data-id="{number}"]')


def text(page: Page, number: int) -> Locator:
    return line(page, number).locator(".text")


def begin_edit(page: Page, number: int) -> Locator:
    """Open a line's editor with the keyboard; return its text box."""
    line(page, number).locator(".cue").focus()
    page.keyboard.press("F2")
    typed = page.get_by_role("textbox", name="Text")
    expect(typed).to_be_focused()
    return typed


def change(stack: Stack, task_id: str, number: int, **changes: Any) -> None:
    stack.http.patch(f"/v1/tasks/{task_id}/transcript/segments/{number}", json=changes).raise_for_status()


# ---- what is shown ----


def test_a_draft_looks_like_one_until_its_final_comes(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    page = watch(browsing, workerless_stack, attempt.task_id)
    expect(page.get_by_text("Transcribing…")).to_be_visible()
    attempt.tell("draft", make_segment(0, "a quick guess"), make_segment(1))
    expect(line(page, 0)).to_have_class("line draft current")
    expect(line(page, 0).get_by_role("button", name="draft")).to_be_visible()  # screen readers announce it too
    attempt.move(40)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    attempt.tell("fragment", make_segment(0, "A careful word."))
    expect(text(page, 0)).to_have_text("A careful word.")
    expect(line(page, 0)).not_to_have_class("draft")
    expect(page.locator(".line.draft")).to_have_count(1)
    attempt.tell("draft", make_segment(0, "a late guess"), make_segment(2))
    expect(line(page, 2)).to_be_visible()
    expect(text(page, 0)).to_have_text("A careful word.")


def test_speakers_doubts_and_languages_are_told(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    known = {"language": "en", "source": "final"}
    segments = [
        Segment(**make_segment(0, speaker="Ann", **known)),
        Segment(**make_segment(1, speaker="Ann", confidence=0.31, **known)),
        Segment(**make_segment(2, speaker="Bo", language="fr", source="draft", event="laughter")),
    ]
    attempt.succeed(segments, language="en", language_probability=0.87, model="tiny")
    page = watch(browsing, workerless_stack, attempt.task_id)
    expect(page.locator(".speaker")).to_have_text(["Ann", "Bo"])
    expect(line(page, 1).locator(".mark")).to_have_text("unsure, 31 %")
    expect(line(page, 2).locator(".mark")).to_have_text(["draft kept", "fr", "laughter"])
    expect(page.get_by_text("English, 87 % sure")).to_be_visible()


def test_markup_in_a_text_stays_text(browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand) -> None:
    evil = "<script>document.title = 'gone'</script><img src=x onerror=alert(1)>"
    page = watch(browsing, workerless_stack, attempt.task_id)
    attempt.tell("fragment", make_segment(0, evil, speaker="<b>Ann</b>"), make_segment(1))
    expect(text(page, 0)).to_have_text(evil)
    expect(page.locator(".spoken")).to_have_text(evil)
    begin_edit(page, 1).fill(evil)
    page.keyboard.press("Enter")
    expect(text(page, 1)).to_have_text(evil)
    cues = "[...document.querySelector('video').textTracks[0].cues].map((cue) => cue.getCueAsHTML().textContent)"
    assert page.evaluate(cues) == [evil, evil]
    assert page.locator("main script, main img, main b").count() == 0
    assert page.title() == "Live · Baton"


def test_a_failure_says_why_and_what_to_do(browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand) -> None:
    page = watch(browsing, workerless_stack, attempt.task_id)
    attempt.fail(NotMedia("The file is <b>no</b> medium."))
    expect(page.get_by_role("alert")).to_contain_text("The file is <b>no</b> medium.")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".badge")).to_have_text("Waiting")
    expect(page.get_by_text("No worker of the queue faster_whisper is alive.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".badge")).to_have_text("Cancelled")


def test_the_list_has_what_runs_first_and_leads_to_it(browsing: Browsing, workerless_stack: Stack) -> None:
    with AttemptByHand(workerless_stack, workerless_stack.submit(NAME, {"audio_path": "talk.flac"})) as running:
        waiting = workerless_stack.submit(NAME, {"audio_path": "talk.flac"})
        page = browsing.open(f"{workerless_stack.url}/#/live")
        links = page.locator("a.choice")
        expect(links.first).to_contain_text("Running")
        running.move(62)
        expect(page.locator(f"a[href='#/live/{running.task_id}']")).to_contain_text("62 %")
        expect(page.locator(f"a[href='#/live/{waiting}']")).to_contain_text("Waiting")
        running.succeed([Segment(**make_segment(0))])
        expect(page.locator(f"a[href='#/live/{running.task_id}']")).to_contain_text("Done")
        page.locator(f"a[href='#/live/{running.task_id}']").click()
        expect(text(page, 0)).to_have_text("line 0")


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand, scheme: Scheme, device: Device
) -> None:
    attempt.tell("draft", make_segment(0, speaker="Ann"), make_segment(1, speaker="Bo"), make_segment(2))
    attempt.tell("fragment", make_segment(0), make_segment(3, confidence=0.2))
    page = watch(browsing, workerless_stack, attempt.task_id, scheme=scheme, device=device)
    expect(page.locator(".line")).to_have_count(4)
    begin_edit(page, 2)
    expect(page.locator(".connection")).not_to_have_text("Reconnecting…", timeout=15_000)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"


# ---- editing ----


def test_no_later_final_takes_an_edit_away_and_it_can_be_undone(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    page = watch(browsing, workerless_stack, attempt.task_id)
    attempt.tell("draft", make_segment(0, "a quick guess"))
    begin_edit(page, 0).fill("mine")
    page.get_by_label("Speaker").fill("Ann")
    page.keyboard.press("Enter")
    expect(line(page, 0).locator(".cue")).to_be_focused()
    attempt.tell("fragment", make_segment(0, "The engine's."), make_segment(1))
    expect(line(page, 1)).to_be_visible()
    expect(text(page, 0)).to_have_text("mine")
    expect(page.locator(".speaker")).to_have_text("Ann")
    page.get_by_role("button", name="Undo the edit at 0:00").click()
    expect(text(page, 0)).to_have_text("The engine's.")
    expect(page.locator(".line.modified")).to_have_count(0)


def test_what_is_typed_stays_when_the_line_changes_meanwhile(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    page = watch(browsing, workerless_stack, attempt.task_id)
    attempt.tell("draft", make_segment(0, "a quick guess"))
    typed = begin_edit(page, 0)
    typed.fill("what I type")
    attempt.tell("fragment", make_segment(0, "The engine's."))
    expect(page.get_by_text("This line has changed in the meantime: “The engine's.”")).to_be_visible()
    expect(typed).to_have_value("what I type")
    page.get_by_role("button", name="Use the new version").click()
    expect(typed).to_have_value("The engine's.")
    change(workerless_stack, attempt.task_id, 0, text="somebody else's")
    expect(page.get_by_text("This line has changed in the meantime: “somebody else's”")).to_be_visible()
    typed.fill("mine in the end")
    page.keyboard.press("Enter")
    expect(text(page, 0)).to_have_text("mine in the end")


def test_escape_leaves_a_line_as_it_was_and_times_must_fit(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    page = watch(browsing, workerless_stack, attempt.task_id)
    attempt.tell("fragment", make_segment(0), make_segment(1))
    begin_edit(page, 1).fill("never sent")
    page.keyboard.press("Escape")
    expect(text(page, 1)).to_have_text("line 1")
    begin_edit(page, 1)
    page.get_by_label("End (s)").fill("0.5")
    with browsing.allow("422"):
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("would end before it starts")
    page.get_by_label("Start (s)").fill("0.25")
    page.keyboard.press("Enter")
    expect(line(page, 1).locator(".time")).to_have_text("0:00")


# ---- the player ----


def test_a_line_leads_to_its_place_by_click_and_by_keyboard(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    attempt.tell("fragment", *(make_segment(number) for number in range(5)))
    page = watch(browsing, workerless_stack, attempt.task_id)
    at = "document.querySelector('video').currentTime"
    expect(page.locator(".stage.sound")).to_be_visible()
    text(page, 3).click()
    expect(line(page, 3).locator(".cue")).to_have_attribute("aria-current", "true")
    assert page.evaluate(at) == 6
    expect(page.locator(".spoken")).to_have_text("line 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(line(page, 1).locator(".cue")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate(at) == 2
    page.keyboard.press("Space")
    expect(page.locator("video")).to_have_js_property("paused", False)
    page.keyboard.press("Space")
    expect(page.locator("video")).to_have_js_property("paused", True)


def test_thousands_of_lines_stay_light_and_go_along(
    browsing: Browsing, workerless_stack: Stack, attempt: AttemptByHand
) -> None:
    for start in range(0, MANY, 500):
        attempt.tell(
            "fragment",
            *(make_segment(number, "some words " * (1 + number % 9)) for number in range(start, start + 500)),
        )
    page = watch(browsing, workerless_stack, attempt.task_id)
    wait_until(lambda: place(page, MANY - 1) == "in view", timeout=PATIENCE_S)
    page.evaluate(COUNT_CHANGES)
    attempt.tell("draft", make_segment(MANY))
    wait_until(lambda: place(page, MANY) == "in view", timeout=PATIENCE_S)
    attempt.tell("fragment", make_segment(7, "heard again"))
    wait_until(lambda: len(page.evaluate("[...touched]")) > 1, timeout=PATIENCE_S)
    assert set(page.evaluate("[...touched]")) == {"7", str(MANY)}, "the others were left alone"
    assert 0 < page.evaluate(ON_SCREEN) < 200, "only what is near is laid out"
    page.mouse.move(*CENTRE_OF_THE_TEXT)
    page.mouse.wheel(0, -50_000)
    wait_until(lambda: page.locator(".back-along").count(), timeout=PATIENCE_S)
    attempt.tell("draft", make_segment(MANY + 1))
    wait_until(lambda: place(page, MANY + 1) == "elsewhere", timeout=PATIENCE_S)
    page.evaluate("document.querySelector('.back-along').click()")
    wait_until(lambda: place(page, MANY + 1) == "in view", timeout=PATIENCE_S)


def place(page: Page, number: int) -> str:
    """Return where a line is, without Playwright's checks: they read the roles of all lines, which takes minutes."""
    found: str = page.evaluate(PLACE, number)
    return found
