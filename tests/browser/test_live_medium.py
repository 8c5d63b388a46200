"""Media playback in the Live view, behind an API key: expired links, and media that cannot be played."""

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from api_gateway.http.auth import key_hash
from tests.support.browsing import Browsing
from tests.support.by_hand import AttemptByHand
from tests.support.stack import Stack
from tests.support.waiting import wait_until

NAME = "faster_whisper.transcribe_audio"
KEY = "bk_right-and-very-long"
LONG_S, RATE_HZ, CHANNELS, BYTES = 300, 48_000, 2, 2
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 600}'}
SENT_AWAY = "401|ERR_"
DROP = """async ([taskId, name]) => {
  const {remember} = await import("/web/lib/media.js");
  const {link} = await import("/web/lib/api.js");
  const bytes = await (await fetch(await link("/v1/files/short.wav"))).blob();
  remember(taskId, new File([bytes], name, {type: "audio/wav"}));
  location.hash = `#/live/${taskId}`;
}"""


@pytest.fixture(scope="module")
def locked_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway that requires a key, without a worker."""
    with Stack(tmp_path_factory.mktemp("locked"), **PATIENT) as shared:
        elsewhere = {"BATON_STORAGE__ALLOWED_HOSTS": '["127.0.0.1"]'}
        shared.gateway(BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}"]', **elsewhere)
        shared.http.headers["X-API-Key"] = KEY
        silence(shared.share / "long.wav", LONG_S)
        silence(shared.share / "short.wav", 1)
        yield shared


def silence(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((CHANNELS, BYTES, RATE_HZ, 0, "NONE", ""))
        for _ in range(seconds):
            file.writeframes(bytes(RATE_HZ * CHANNELS * BYTES))


def start(stack: Stack, medium: str) -> str:
    return stack.submit(NAME, {"audio_path": medium})


def watch(browsing: Browsing, stack: Stack, task_id: str) -> Page:
    return browsing.open(f"{stack.url}/#/live/{task_id}", key=KEY)


def forget_links(stack: Stack) -> None:
    """Expire all links immediately."""
    for key in stack.redis.client.scan_iter("access_token:*"):
        stack.redis.client.delete(key)


def source(page: Page) -> str:
    url: str = page.evaluate("document.querySelector('video').src")
    return url


def test_a_link_that_runs_out_in_the_middle_is_renewed_and_the_place_kept(
    browsing: Browsing, locked_stack: Stack
) -> None:
    with AttemptByHand(locked_stack, start(locked_stack, "long.wav")) as attempt:
        attempt.tell("fragment", {"id": 0, "start": LONG_S - 10.0, "end": LONG_S - 5.0, "text": "near the end"})
        page = watch(browsing, locked_stack, attempt.task_id)
        expect(page.locator("video")).to_have_js_property("duration", LONG_S)
        before = source(page)
        forget_links(locked_stack)
        with browsing.allow(SENT_AWAY):
            page.get_by_text("near the end").first.click()
            wait_until(lambda: source(page) != before, timeout=60)
            expect(page.locator("video")).to_have_js_property("readyState", 4)
            expect(page.locator("video")).to_have_js_property("currentTime", LONG_S - 10)


def test_a_link_that_runs_out_before_it_is_used_is_renewed(browsing: Browsing, locked_stack: Stack) -> None:
    refused: list[str] = []

    def refuse_first(route: Route) -> None:
        if not refused and route.request.resource_type == "media":
            refused.append(route.request.url)
            forget_links(locked_stack)
        route.continue_()

    task_id = start(locked_stack, "short.wav")
    page = browsing.open(f"{locked_stack.url}/#/live", key=KEY)
    page.route("**/v1/files/**", refuse_first)
    with browsing.allow(SENT_AWAY):
        page.goto(f"{locked_stack.url}/#/live/{task_id}")
        expect(page.locator("video")).to_have_js_property("duration", 1)
    assert refused
    assert source(page) != refused[0]


def test_a_file_dropped_in_this_tab_is_played_from_there(browsing: Browsing, locked_stack: Stack) -> None:
    task_id = start(locked_stack, "short.wav")
    page = browsing.open(f"{locked_stack.url}/#/live", key=KEY)
    expect(page.get_by_role("heading", name="Live")).to_be_visible()
    page.evaluate(DROP, [task_id, "Mine at home.wav"])
    expect(page.get_by_role("heading", name="Mine at home.wav")).to_be_visible()
    expect(page.locator("video")).to_have_js_property("duration", 1)
    assert source(page).startswith("blob:")


def test_what_no_browser_plays_is_said_and_the_text_stays(browsing: Browsing, locked_stack: Stack) -> None:
    (locked_stack.share / "Größe 大.mp4").write_bytes(b"this is no film" * 1000)
    with AttemptByHand(locked_stack, start(locked_stack, "Größe 大.mp4")) as attempt:
        attempt.tell("fragment", {"id": 0, "start": 0, "end": 1, "text": "still here"})
        page = watch(browsing, locked_stack, attempt.task_id)
        expect(page.get_by_text("This browser cannot play Größe 大.mp4.")).to_be_visible()
        expect(page.get_by_text("still here")).to_be_visible()


def test_a_medium_that_lies_elsewhere_or_is_gone_is_told_as_such(browsing: Browsing, locked_stack: Stack) -> None:
    page = watch(browsing, locked_stack, start(locked_stack, "https://127.0.0.1:9/a%20film.mp4?key=1"))
    expect(page.get_by_text("The media file is on another server and is not played here")).to_be_visible()
    expect(page.get_by_role("heading", name="a film.mp4")).to_be_visible()
    silence(locked_stack.share / "brief.wav", 1)
    task_id = start(locked_stack, "brief.wav")
    (locked_stack.share / "brief.wav").unlink()
    with browsing.allow("404"):
        page = watch(browsing, locked_stack, task_id)
        expect(page.get_by_text("The file no longer exists.")).to_be_visible()
