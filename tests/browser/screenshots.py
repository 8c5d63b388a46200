"""Screenshots of the dashboard with real tasks: `make screenshots`. The README shows those outside `more`."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from PIL import Image
from playwright.sync_api import Page

from api_gateway.http.auth import key_hash
from tests.support.browsing import Browsing, Device, Scheme, running_chromium
from tests.support.faults import child_of
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

FOLDER = ROOT / "docs/screenshots"
IN_README = {f"{view}-{scheme}" for view in ("live", "gpu") for scheme in ("light", "dark")}
FIXTURES = ROOT / "tests/fixtures"
SERVICES = ("ffmpeg", "subtitle", "faster_whisper", "dual_stream")
TINY = {"model": "tiny-test", "temperature": [0]}
LIVE = "dual_stream.transcribe_audio"
BOX = {
    "BATON_GPU__DEVICE": "simulated",
    "BATON_GPU__HOST": "studio",
    "BATON_DUAL_STREAM__CHUNK_LENGTH": "5",
    # one task is frozen while it is shown
    "BATON_GPU_LOCK__LOCK_TIMEOUT": "600",
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 600}',
}
SETTLED_MS = 1_500
SEEK = "for (const video of document.querySelectorAll('video')) video.currentTime = 4.5"
"""Seek to a time when a line is spoken and burned in."""
COLOURS = 256
"""Size of the palette: it makes a screenshot two thirds smaller, without a visible difference."""


def main() -> None:
    (FOLDER / "more").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, running_chromium() as browser:
        browsing = Browsing(browser)
        photograph_login(browsing, Path(scratch) / "locked")
        with Stack(Path(scratch) / "open", **BOX) as stack, run_tasks(stack) as views:
            photograph(browsing, stack, views)
        assert browsing.troubles == [], browsing.troubles


def photograph_login(browsing: Browsing, folder: Path) -> None:
    with Stack(folder, BATON_AUTH__API_KEYS=f'["{key_hash("a")}"]') as locked:
        begin(locked)
        with browsing.allow("401"):
            photograph(browsing, locked, {"login": ""})


def begin(stack: Stack) -> None:
    """Start the gateway with the services that users have, without the testing service."""
    stack.spawn("api_gateway", "gateway", {})
    wait_until(stack.is_ready)


# ---- tasks to show ----


@contextmanager
def run_tasks(stack: Stack) -> Iterator[dict[str, str]]:
    """Run tasks of every kind, one of them frozen; yield the views to show and their routes."""
    begin(stack)
    for service in SERVICES:
        stack.worker(service)
    shutil.copy(FIXTURES / "sample.mp4", stack.share / "interview.mp4")
    shutil.copy(FIXTURES / "speech/dialogue.flac", stack.share / "dialogue.flac")
    (stack.share / "notes.mp4").write_text("no video at all")
    run_to_final_statuses(stack)
    live = stack.submit(LIVE, {"audio_path": "interview.mp4", "draft_model": "tiny-test", **TINY})
    child = child_of(stack, live)
    wait_until(lambda: fragments(stack, live) > 1, timeout=90, every=0.005)
    os.kill(child, signal.SIGSTOP)
    submit_waiting_tasks(stack)
    try:
        yield {
            **{view: f"#/{view}" for view in ("submit", "tasks", "gpu", "models", "workers")},
            "live": f"#/live/{live}",
            "task": f"#/tasks/{live}",
        }
    finally:
        os.kill(child, signal.SIGCONT)


def fragments(stack: Stack, task_id: str) -> int:
    return sum(kind == "fragment" for kind, _ in stack.events(task_id))


def run_to_final_statuses(stack: Stack) -> None:
    """Run tasks to each of the final statuses."""
    run_task(stack, "ffmpeg.extract_audio", video_path="interview.mp4")
    run_task(stack, "ffmpeg.probe", media_path="notes.mp4")
    heard = run_task(stack, "faster_whisper.transcribe_audio", audio_path="dialogue.flac", **TINY)
    run_task(stack, "faster_whisper.transcribe_audio", audio_path="interview.mp4", **TINY)
    transcript = heard["stages"]["faster_whisper.transcribe_audio"]["output"]["transcript_path"]["path"]
    run_task(stack, "subtitle.generate_files", transcript_path=transcript)
    cancelled = stack.submit("llm.summarize", {"transcript_path": transcript})
    stack.http.post(f"/v1/tasks/{cancelled}/cancel")


def run_task(stack: Stack, name: str, **given: Any) -> dict[str, Any]:
    return stack.wait_for(stack.submit(name, given), timeout=90)


def submit_waiting_tasks(stack: Stack) -> None:
    """Submit a task that waits for the card, and others that wait for a worker."""
    held_up = stack.submit("faster_whisper.transcribe_audio", {"audio_path": "dialogue.flac", **TINY})
    stack.wait_for(held_up, "RUNNING")
    for name in ("dialogue.flac", "interview.mp4"):
        stack.submit("faster_whisper.transcribe_audio", {"audio_path": name, **TINY})


# ---- the screenshots ----


def photograph(browsing: Browsing, stack: Stack, views: dict[str, str]) -> None:
    for scheme in get_args(Scheme):
        for device in get_args(Device):
            for view, where in views.items():
                page = browsing.open(f"{stack.url}/{where}", scheme=scheme, device=device)
                page.locator("main h1").wait_for()
                page.evaluate(SEEK)
                page.wait_for_timeout(SETTLED_MS)
                take(page, f"{view}-{scheme}{'-phone' if device == 'phone' else ''}")
                browsing.close()


def take(page: Page, name: str) -> None:
    path = FOLDER / ("" if name in IN_README else "more") / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
