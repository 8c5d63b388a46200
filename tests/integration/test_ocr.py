"""Subtitle extraction in a real worker: it resumes after kill -9, lets itself be cancelled, and stays small."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from common.files.checkpoint import Checkpoint
from tests.support.burned import CHINESE, Burned, spread
from tests.support.faults import child_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

NAME = "paddleocr.extract_subtitles"
AREA = {"y": 0.7, "height": 0.3}
PATIENCE_S = 100
SHORT_S, LONG_S = 20, 240
MOST_GROWTH_MIB = 60


@pytest.fixture(scope="module")
def ocr_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and an OCR worker that records every 5 s of video."""
    with Stack(tmp_path_factory.mktemp("reading"), BATON_PADDLEOCR__CHUNK_LENGTH="5") as shared:
        Burned(spread(CHINESE), size="320x180", background="plain").make(shared.share / "film.mp4")
        shared.gateway()
        shared.worker("paddleocr")
        yield shared


def start(stack: Stack, name: str = "film.mp4", **given: Any) -> str:
    return stack.submit(NAME, {"video_path": name, "area": AREA, **given})


def records(stack: Stack, task_id: str, attempt: int) -> list[dict[str, Any]]:
    return list(Checkpoint(stack.share / f"workflows/{task_id}/attempt-{attempt}/checkpoint.jsonl").records())


def output(stack: Stack, task_id: str) -> dict[str, Any]:
    context = stack.wait_for(task_id, timeout=PATIENCE_S)
    assert context["status"] == "SUCCESS", context["error"]
    found: dict[str, Any] = context["stages"][NAME]["output"]
    return found


def srt(stack: Stack, task_id: str) -> str:
    path: Path = stack.share / output(stack, task_id)["srt_path"]["path"]
    return path.read_text(encoding="utf-8")


def test_a_killed_worker_is_followed_by_one_that_gives_the_same(ocr_stack: Stack) -> None:
    whole = start(ocr_stack)
    undisturbed = srt(ocr_stack, whole)
    assert undisturbed.count("-->") == len(CHINESE)
    task_id = start(ocr_stack)
    child = child_of(ocr_stack, task_id)
    wait_until(lambda: len(records(ocr_stack, task_id, 1)) >= 2, timeout=PATIENCE_S, every=0.002)
    os.kill(child, signal.SIGSTOP)
    done = len(records(ocr_stack, task_id, 1))
    os.kill(child, signal.SIGKILL)
    assert srt(ocr_stack, task_id) == undisturbed
    assert ocr_stack.read(task_id)["stages"][NAME]["attempt"] == 2
    assert done < len(records(ocr_stack, whole, 1)), "there was something left to do"
    assert output(ocr_stack, task_id) | files() == output(ocr_stack, whole) | files()


def files() -> dict[str, None]:
    """What differs: where the files lie."""
    return dict.fromkeys(("transcript_path", "srt_path", "vtt_path"))


def test_lines_are_told_while_the_video_is_read(ocr_stack: Stack) -> None:
    task_id = start(ocr_stack)
    output(ocr_stack, task_id)
    kinds = [kind for kind, _ in ocr_stack.events(task_id)]
    assert kinds.count("fragment") >= 2
    assert kinds.index("fragment") < len(kinds) - 1 - kinds[::-1].index("progress"), "not all at the end"


def test_a_cancel_ends_the_reading(ocr_stack: Stack) -> None:
    task_id = start(ocr_stack)
    wait_until(lambda: len(records(ocr_stack, task_id, 1)) >= 1, timeout=PATIENCE_S, every=0.002)
    ocr_stack.http.post(f"/v1/tasks/{task_id}/cancel").raise_for_status()
    assert ocr_stack.wait_for(task_id, timeout=PATIENCE_S)["status"] == "CANCELLED"


def test_memory_does_not_grow_with_the_length(ocr_stack: Stack) -> None:
    """Peaks of one process: the short video first, so that the libraries have what they keep."""
    peaks = []
    for seconds in (SHORT_S, SHORT_S, LONG_S):
        name = f"{seconds}.mp4"
        Burned(spread(CHINESE[:3]), size="320x180", background="plain", seconds=seconds).make(ocr_stack.share / name)
        task_id = start(ocr_stack, name)
        child = child_of(ocr_stack, task_id)
        output(ocr_stack, task_id)
        peaks.append(peak_mib(child))
    assert peaks[2] - peaks[1] < MOST_GROWTH_MIB, peaks


def peak_mib(pid: int) -> int:
    assert psutil.pid_exists(pid)
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) >> 10
