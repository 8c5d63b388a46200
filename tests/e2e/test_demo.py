"""`baton demo`: the first thing that a user runs."""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.command import ROOT
from tests.support.processes import holders
from tests.support.waiting import wait_until

DEMO = [sys.executable, "-m", "cli", "demo"]


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the demo a place of its own for its temporary folder, and see that it leaves it empty."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    folder.rmdir()


@pytest.mark.engine
def test_the_demo_makes_subtitles_of_a_film_and_leaves_nothing(scratch: Path) -> None:
    ran = subprocess.run(DEMO, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for task in ("ffmpeg.extract_audio", "faster_whisper.transcribe_audio", "subtitle.generate_files"):
        assert re.search(rf"{task}  SUCCESS", ran.stdout), f"no {task} in {ran.stdout}"
    for timing in ("queued", "run", "start", "faster_whisper.transcribe_audio", "stop"):
        assert re.search(rf"{timing}\s+[\d.]+ s", ran.stdout), f"no {timing} in {ran.stdout}"
    assert "signature verified" in ran.stdout
    assert "The yellow mountain" in ran.stderr, "the text was told while it was heard"
    assert "tiny test model" in ran.stdout
    heard = re.search(r"00:00:([\d,]+) --> [\d:,]+ +00:00:01,000 --> 00:00:03,054", ran.stdout)
    assert heard, f"not side by side: {ran.stdout}"
    assert float(heard[1].replace(",", ".")) == pytest.approx(1.0, abs=0.3), "the engine's own step is 0.02 s"
    found = re.search(r"(\d+) of (\d+) words as expected", ran.stdout)
    assert found, ran.stdout
    right, said = map(int, found.groups())
    assert right >= 0.9 * said > 0
    assert holders(scratch) == []


@contextmanager
def allow_interrupts() -> Iterator[None]:
    """Let a child hear SIGINT, also where the test run itself is a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_either(scratch: Path, number: signal.Signals) -> None:
    with (
        allow_interrupts(),
        subprocess.Popen(DEMO, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo,
    ):
        wait_until(lambda: any(scratch.glob("*/logs/gateway.log")), timeout=60)
        demo.send_signal(number)
        assert demo.wait(timeout=100) == 128 + number
    assert holders(scratch) == []


def test_a_demo_that_fails_shows_the_logs_and_says_so(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_STORAGE__MAX_UPLOAD_BYTES", "10")
    ran = subprocess.run(DEMO, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert ran.returncode == 1
    assert "demo_failed: body_too_large" in ran.stderr
    assert "gateway.log" in ran.stderr
    assert holders(scratch) == []
