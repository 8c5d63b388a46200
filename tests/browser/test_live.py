"""Live view on the real stack with both engines: follow, edit, reconnect, cancel and download."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browsing import Browsing
from tests.support.faults import child_of, children_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAME = "dual_stream.transcribe_audio"
STEADY = {"model": "tiny-test", "draft_model": "tiny-test", "temperature": [0]}
A_CARD = {
    "BATON_DUAL_STREAM__CHUNK_LENGTH": "5",
    "BATON_GPU__DEVICE": "simulated",
    "BATON_FASTER_WHISPER__CPU_MODEL": "tiny-test",
    "BATON_FASTER_WHISPER__GPU_MODEL": "tiny-test",
    "BATON_SENSEVOICE__MODEL": "tiny-test",
    "BATON_DUAL_STREAM__DRAFT_ENGINE": "sensevoice",
}
PATIENT = {
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 100}',
    "BATON_TASKS__CANCEL_GRACE": "100",
}
"""Timeouts so long that a frozen worker is not considered dead."""
WORK_MS = 90_000
REMEMBER_DRAFTS = """() => {
  window.drafts = new Set();
  new MutationObserver(() => {
    for (const text of document.querySelectorAll(".line.draft .text")) drafts.add(text.textContent);
  }).observe(document.body, {childList: true, subtree: true, attributes: true});
}"""
CUT_OFF = "Failed to load resource|ERR_"


@pytest.fixture(scope="module")
def dual_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and a worker with a simulated card, which cuts audio into chunks of 5 s."""
    with Stack(tmp_path_factory.mktemp("dual"), **PATIENT) as shared:
        shutil.copy(FIXTURES / "sample.mp4", shared.share / "film.mp4")
        shared.gateway()
        shared.worker("dual_stream", **A_CARD)
        yield shared


@contextmanager
def freeze(pid: int) -> Iterator[None]:
    """Freeze a process."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def start(stack: Stack) -> str:
    return stack.submit(NAME, {"audio_path": "film.mp4", **STEADY})


def watch(browsing: Browsing, stack: Stack, task_id: str) -> Page:
    page = browsing.open(f"{stack.url}/#/live/{task_id}")
    expect(page.get_by_role("heading", name="film.mp4")).to_be_visible()
    return page


def with_first_final(stack: Stack, task_id: str) -> bool:
    return any(kind == "fragment" for kind, _ in stack.events(task_id))


def expect_done(page: Page) -> None:
    expect(page.locator(".badge")).to_have_text("Done", timeout=WORK_MS)


def line_texts(page: Page) -> list[str]:
    texts: list[str] = page.locator(".line .text").all_inner_texts()
    return texts


def transcript(stack: Stack, task_id: str) -> list[dict[str, Any]]:
    segments: list[dict[str, Any]] = stack.http.get(f"/v1/tasks/{task_id}/transcript").json()["segments"]
    return segments


def edit(page: Page, line: Locator, text: str) -> Locator:
    """Edit a line with the keyboard only; return a locator that still matches it afterwards."""
    own = page.locator(f"""[data-id="{line.get_attribute("data-id")}"]""")
    own.locator(".cue").focus()
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="Text").fill(text)
    page.keyboard.press("Enter")
    expect(own.locator(".mark")).to_have_text("edited")
    return own


def subtitles(page: Page, folder: Path) -> str:
    with page.expect_download() as told:
        page.get_by_role("button", name="Download SRT").click()
    assert told.value.suggested_filename.endswith(".srt")
    told.value.save_as(folder / "taken.srt")
    return (folder / "taken.srt").read_text()


def submit_video(page: Page, video: Path) -> str:
    """Submit a video in the Submit view with the default settings; return the id of the task."""
    page.locator(".source-card input[type=file][multiple]").set_input_files(video)
    page.get_by_role("button", name="Submit task").click()
    page.wait_for_url("**/#/live/task_*")
    url: str = page.url
    return url.rpartition("/")[2]


def test_a_video_is_submitted_drafts_are_seen_then_finals_and_an_edit_is_in_the_subtitles(
    browsing: Browsing, dual_stack: Stack, tmp_path: Path
) -> None:
    (child,) = children_of(dual_stack, "dual_stream")
    with freeze(child):
        page = browsing.open(dual_stack.url)
        task_id = submit_video(page, FIXTURES / "sample.mp4")
        expect(page.locator(".badge")).to_have_text("Waiting")
        page.evaluate(REMEMBER_DRAFTS)
    wait_until(lambda: with_first_final(dual_stack, task_id), every=0.002, timeout=60)
    with freeze(child):
        expect(page.locator(".line.draft").first).to_be_visible()
        expect(page.locator(".line:not(.draft)").first).to_be_visible()
        edited = edit(page, page.locator(".line.draft").first, "What I wanted to hear.")
    expect_done(page)
    expect(page.locator(".line.draft")).to_have_count(0)
    assert line_texts(page) == [segment["text"] for segment in transcript(dual_stack, task_id)]
    expect(edited.locator(".text")).to_have_text("What I wanted to hear.")
    assert len(page.evaluate("[...drafts]")) > 1, "drafts were seen before the finals"
    assert "What I wanted to hear." in subtitles(page, tmp_path)


def test_a_gateway_that_is_killed_and_restarted_leaves_no_trace(browsing: Browsing, dual_stack: Stack) -> None:
    task_id = start(dual_stack)
    child = child_of(dual_stack, task_id)
    wait_until(lambda: with_first_final(dual_stack, task_id), every=0.002, timeout=60)
    with browsing.allow(CUT_OFF):
        with freeze(child):
            page = watch(browsing, dual_stack, task_id)
            edited = edit(page, page.locator(".line").first, "Said before the crash.")
            kill_gateway(dual_stack)
            expect(page.get_by_text("Reconnecting…").first).to_be_visible()
        dual_stack.gateway()
        expect_done(page)
        assert line_texts(page) == [segment["text"] for segment in transcript(dual_stack, task_id)]
        expect(edited.locator(".text")).to_have_text("Said before the crash.")
        expect(page.get_by_text("Reconnecting…")).to_have_count(0)


def kill_gateway(stack: Stack) -> None:
    gateway = next(process for process in reversed(stack.processes) if "tests.support.run_gateway" in str(process.args))
    gateway.kill()
    gateway.wait()


def test_what_ends_while_the_gateway_is_away_is_seen_when_it_is_back(browsing: Browsing, dual_stack: Stack) -> None:
    task_id = start(dual_stack)
    child = child_of(dual_stack, task_id)
    with browsing.allow(CUT_OFF):
        with freeze(child):
            page = watch(browsing, dual_stack, task_id)
            expect(page.locator(".badge")).to_have_text("Running")
            kill_gateway(dual_stack)
        key = f"task_control:{task_id}"
        wait_until(lambda: dual_stack.redis.client.hget(key, "status") == "SUCCESS", timeout=60)
        dual_stack.gateway()
        expect_done(page)
        assert line_texts(page) == [segment["text"] for segment in transcript(dual_stack, task_id)]


def test_a_task_is_cancelled_and_retried_from_the_page(browsing: Browsing, dual_stack: Stack) -> None:
    task_id = start(dual_stack)
    child = child_of(dual_stack, task_id)
    with freeze(child):
        page = watch(browsing, dual_stack, task_id)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Cancelling…")).to_be_disabled()
    expect(page.locator(".badge")).to_have_text("Cancelled", timeout=WORK_MS)
    page.get_by_role("button", name="Retry").click()
    expect_done(page)
    assert dual_stack.read(task_id)["stages"][NAME]["attempt"] == 2
    assert line_texts(page) == [segment["text"] for segment in transcript(dual_stack, task_id)]
