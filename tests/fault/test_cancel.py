"""Cancelling: at once while a task waits, soon while it runs, by force when it does not listen."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.support.faults import child_of, codes, ffmpegs_of, gone, partial_files, quiet
from tests.support.stack import Stack
from tests.support.waiting import wait_until

# a hung attempt is to be found by its cancel here, not by its silence
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 15}'}
RACES = 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), **PATIENT) as own:
        own.gateway()
        own.worker()
        own.worker("ffmpeg", BATON_TASKS__CANCEL_GRACE="60")  # it is to hear, not to be killed
        yield own


def cancel(stack: Stack, task_id: str) -> int:
    return stack.http.post(f"/v1/tasks/{task_id}/cancel").status_code


def test_a_waiting_task_ends_at_once_and_never_runs(running: Stack) -> None:
    first = running.submit("testing.work", {"seconds": 60})
    child_of(running, first)
    waiting = running.submit("testing.work", {"log": "cancelled.log"})
    assert cancel(running, waiting) == 202
    assert running.read(waiting)["status"] == "CANCELLED"
    assert cancel(running, first) == 202
    running.wait_for(first)
    wait_until(lambda: quiet(running))  # its message has come and was refused
    assert not (running.share / "cancelled.log").exists()
    assert codes(running, waiting) == ["task_cancelled"]


def test_a_running_task_hears_of_it_and_its_process_stays(running: Stack) -> None:
    task_id = running.submit("testing.work", {"seconds": 60})
    child = child_of(running, task_id)
    assert cancel(running, task_id) == 202
    context = running.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("CANCELLED", "cancelled")
    assert codes(running, task_id) == ["started", "task_cancelled"]
    assert not gone(child)
    wait_until(lambda: partial_files(running) == [])


def test_a_cancelled_transcode_leaves_no_ffmpeg(running: Stack, film: Path) -> None:
    shutil.copy(film, running.share / "film.mp4")
    task_id = running.submit("ffmpeg.transcode", {"media_path": "film.mp4", "container": "webm", "speed": "slow"})
    child = child_of(running, task_id)
    (ffmpeg,) = wait_until(lambda: ffmpegs_of(child))
    assert cancel(running, task_id) == 202
    assert running.wait_for(task_id)["status"] == "CANCELLED"
    assert gone(ffmpeg)
    wait_until(lambda: partial_files(running) == [])


@pytest.mark.parametrize("deaf", [{"seconds": 60, "silent": True}, {"seconds": 0.1, "hang_on": [1]}])
def test_a_task_that_does_not_listen_is_killed_after_the_grace(running: Stack, deaf: dict[str, Any]) -> None:
    task_id = running.submit("testing.work", deaf)
    child = child_of(running, task_id)
    began = monotonic()
    assert cancel(running, task_id) == 202
    context = running.wait_for(task_id)
    assert gone(child), "CANCELLED is written only when the process has let go"
    assert monotonic() - began >= 1, "it has the grace to end by itself"
    assert (context["status"], context["error"]["code"]) == ("CANCELLED", "cancelled")
    assert codes(running, task_id) == ["started", "task_cancelled"]
    assert running.wait_for(running.submit("testing.echo"))["status"] == "SUCCESS"
    assert partial_files(running) == []


def test_a_finished_task_cannot_be_cancelled(running: Stack) -> None:
    task_id = running.submit("testing.echo")
    before = running.wait_for(task_id)
    assert cancel(running, task_id) == 409
    assert running.read(task_id) == before


def test_a_cancel_that_races_the_end_leaves_one_final_state_and_one_closing_event(running: Stack) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            task_id = f"race-{number}"
            posted = pool.submit(running.submit, "testing.echo", task_id=task_id)
            answers = [pool.submit(cancel, running, task_id).result() for _ in range(number % 7 + 1)]
            posted.result()
            context = running.wait_for(task_id)
            assert set(answers) <= {202, 404, 409}
            assert context["status"] in {"SUCCESS", "CANCELLED"}
            assert len(running.closing_events(task_id)) == 1
    final = [running.read(f"race-{number}")["status"] for number in range(RACES)]
    assert {"SUCCESS", "CANCELLED"} == set(final), "the race must be able to end both ways"
    assert running.redis.client.zcard("tasks:index:PENDING") == 0
    assert running.redis.client.zcard("tasks:index:RUNNING") == 0
