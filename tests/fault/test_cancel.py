"""Cancelling: at once while a task waits, soon while it runs, by force when it does not listen."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.support.faults import child_of, codes, ffmpegs_of, is_broker_empty, is_gone, partial_files
from tests.support.stack import Stack
from tests.support.waiting import wait_until

# a hung attempt is to be found by its cancel here, not by its silence
PATIENT = {"BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 15}'}
RACES = 40


@pytest.fixture(scope="module")
def patient_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), **PATIENT) as own:
        own.gateway()
        own.worker()
        own.worker("ffmpeg", BATON_TASKS__CANCEL_GRACE="60")  # it is to hear, not to be killed
        yield own


def cancel(stack: Stack, task_id: str) -> int:
    return stack.http.post(f"/v1/tasks/{task_id}/cancel").status_code


def test_a_waiting_task_ends_at_once_and_never_runs(patient_stack: Stack) -> None:
    first = patient_stack.submit("testing.work", {"seconds": 60})
    child_of(patient_stack, first)
    waiting = patient_stack.submit("testing.work", {"log": "cancelled.log"})
    assert cancel(patient_stack, waiting) == 202
    assert patient_stack.read(waiting)["status"] == "CANCELLED"
    assert cancel(patient_stack, first) == 202
    patient_stack.wait_for(first)
    wait_until(lambda: is_broker_empty(patient_stack))  # its message has come and was refused
    assert not (patient_stack.share / "cancelled.log").exists()
    assert codes(patient_stack, waiting) == ["task_cancelled"]


def test_a_running_task_hears_of_it_and_its_process_stays(patient_stack: Stack) -> None:
    task_id = patient_stack.submit("testing.work", {"seconds": 60})
    child = child_of(patient_stack, task_id)
    assert cancel(patient_stack, task_id) == 202
    context = patient_stack.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("CANCELLED", "cancelled")
    assert codes(patient_stack, task_id) == ["started", "task_cancelled"]
    assert not is_gone(child)
    wait_until(lambda: partial_files(patient_stack) == [])


def test_a_cancelled_transcode_leaves_no_ffmpeg(patient_stack: Stack, film: Path) -> None:
    shutil.copy(film, patient_stack.share / "film.mp4")
    task_id = patient_stack.submit("ffmpeg.transcode", {"media_path": "film.mp4", "container": "webm", "speed": "slow"})
    child = child_of(patient_stack, task_id)
    (ffmpeg,) = wait_until(lambda: ffmpegs_of(child))
    assert cancel(patient_stack, task_id) == 202
    assert patient_stack.wait_for(task_id)["status"] == "CANCELLED"
    assert is_gone(ffmpeg)
    wait_until(lambda: partial_files(patient_stack) == [])


@pytest.mark.parametrize("deaf", [{"seconds": 60, "silent": True}, {"seconds": 0.1, "hang_on": [1]}])
def test_a_task_that_does_not_listen_is_killed_after_the_grace(patient_stack: Stack, deaf: dict[str, Any]) -> None:
    task_id = patient_stack.submit("testing.work", deaf)
    child = child_of(patient_stack, task_id)
    began = monotonic()
    assert cancel(patient_stack, task_id) == 202
    context = patient_stack.wait_for(task_id)
    assert is_gone(child), "CANCELLED is written only when the process has let go"
    assert monotonic() - began >= 1, "it has the grace to end by itself"
    assert (context["status"], context["error"]["code"]) == ("CANCELLED", "cancelled")
    assert codes(patient_stack, task_id) == ["started", "task_cancelled"]
    assert patient_stack.wait_for(patient_stack.submit("testing.echo"))["status"] == "SUCCESS"
    assert partial_files(patient_stack) == []


def test_a_finished_task_cannot_be_cancelled(patient_stack: Stack) -> None:
    task_id = patient_stack.submit("testing.echo")
    before = patient_stack.wait_for(task_id)
    assert cancel(patient_stack, task_id) == 409
    assert patient_stack.read(task_id) == before


def test_a_cancel_that_races_the_end_leaves_one_final_state_and_one_closing_event(patient_stack: Stack) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(RACES):
            task_id = f"race-{number}"
            posted = pool.submit(patient_stack.submit, "testing.echo", task_id=task_id)
            answers = [pool.submit(cancel, patient_stack, task_id).result() for _ in range(number % 7 + 1)]
            posted.result()
            context = patient_stack.wait_for(task_id)
            assert set(answers) <= {202, 404, 409}
            assert context["status"] in {"SUCCESS", "CANCELLED"}
            assert len(patient_stack.closing_events(task_id)) == 1
    final = [patient_stack.read(f"race-{number}")["status"] for number in range(RACES)]
    assert {"SUCCESS", "CANCELLED"} == set(final), "the race must be able to end both ways"
    assert patient_stack.redis.client.zcard("tasks:index:PENDING") == 0
    assert patient_stack.redis.client.zcard("tasks:index:RUNNING") == 0
