"""A full disk is told clearly, leaves nothing half-written, and hurts nobody else."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from common.state import keys
from common.state.client import SyncRedis
from common.state.context import Status
from common.worker.app import create_worker
from common.worker.job import Job
from services import settings
from tests.support.delivery import run
from tests.support.disks import BLOCK, DISK_KIB, fill_disk, small_disk
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack
from tests.support.testing_service import EchoInput, EchoOutput
from tests.support.waiting import wait_until

TONE_SECONDS = 60
RARE_WRITES = {"BATON_GPU_LOCK_MONITOR__MONITOR_INTERVAL": "60"}
"""So that the write that meets the full disk is a request's."""


@contextmanager
def small_share(folder: Path, **environment: str) -> Iterator[Stack]:
    """Start a stack whose share holds one MiB."""
    with small_disk(folder / "share"), Stack(folder, **environment) as own:
        own.gateway()
        own.worker()
        yield own


@pytest.fixture(scope="module")
def small_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_share(tmp_path_factory.mktemp("stack"), BATON_TASKS__MAX_INTERRUPTIONS="1") as own:
        own.worker("ffmpeg")
        yield own


@pytest.fixture
def tone(small_stack: Stack) -> Path:
    """A minute of sound: small as Opus, two megabytes as WAV."""
    file = small_stack.share / "tone.mka"
    source = f"sine=frequency=440:duration={TONE_SECONDS}"
    options = ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, "-c:a", "libopus", "-b:a", "16k"]
    subprocess.run([get_ffmpeg_exe(), *options, str(file)], check=True, timeout=60)
    return file


def list_written_files(stack: Stack) -> list[Path]:
    return [file for file in (stack.share / "workflows").rglob("*") if file.is_file()]


def test_ffmpeg_on_a_full_disk_ends_in_storage_full_and_works_again_with_more_room(
    small_stack: Stack, tone: Path
) -> None:
    task_id = small_stack.submit("ffmpeg.extract_audio", {"video_path": tone.name})
    context = small_stack.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "storage_full")
    assert context["stages"]["ffmpeg.extract_audio"]["attempt"] == 4, "room may come back: one more than after failures"
    assert list_written_files(small_stack) == []
    assert small_stack.http.get("/health/ready").status_code == 200
    subprocess.run(["mount", "-o", "remount,size=8m", small_stack.share], check=True)
    assert small_stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 202
    assert small_stack.wait_for(task_id)["status"] == "SUCCESS"
    assert [file.name for file in list_written_files(small_stack)] == ["audio.wav"]
    subprocess.run(["mount", "-o", f"remount,size={4 * DISK_KIB}k", small_stack.share], check=True)


def test_a_python_task_on_a_full_disk_ends_in_storage_full_and_the_worker_goes_on(small_stack: Stack) -> None:
    before = list_written_files(small_stack)
    task_id = small_stack.submit("testing.work", {"seconds": 0, "size": 16 * DISK_KIB * 1024})
    context = small_stack.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "storage_full")
    assert list_written_files(small_stack) == before
    assert small_stack.wait_for(small_stack.submit("testing.echo"))["status"] == "SUCCESS"


def test_no_task_begins_on_a_full_disk_and_all_do_when_there_is_room_again(tmp_path: Path) -> None:
    floor = str(DISK_KIB * 1024 // 2)
    with small_share(tmp_path, BATON_STORAGE__MIN_FREE_BYTES=floor) as stack:
        filler = stack.share / "filler"
        filler.write_bytes(bytes(DISK_KIB * 1024 * 3 // 4))
        waiting = [stack.submit("testing.echo") for _ in range(5)]
        wait_until(lambda: stack.read_log("worker").count("delivery_postponed") >= len(waiting))
        reason = stack.http.get(f"/v1/tasks/{waiting[0]}/wait-reason").json()
        assert (reason["status"], reason["reason"]) == ("PENDING", "storage_full")
        assert "storage.min_free_bytes" in reason["message"]
        health = stack.http.get("/v1/monitoring/health").json()
        assert (health["verdict"], health["reasons"][0]["code"]) == ("failing", "storage_full")
        filler.unlink()
        ended = [stack.wait_for(task_id) for task_id in waiting]
        assert {(task["status"], task["stages"]["testing.echo"]["attempt"]) for task in ended} == {("SUCCESS", 1)}
        wait_until(lambda: stack.http.get("/v1/monitoring/health").json()["verdict"] == "ok")


@pytest.fixture
def without_room(tmp_path: Path) -> Iterator[Stack]:
    """A gateway whose Redis has its file on a small disk, with a task that waits and one that was cancelled."""
    with small_disk(tmp_path / "redis"), Stack(tmp_path, **RARE_WRITES) as stack:
        stack.gateway()
        for task_id in ("waiting", "cancelled"):
            stack.submit("testing.echo", task_id=task_id)
        wait_until(lambda: not stack.redis.client.exists(keys.DISPATCH))  # both are published: nothing writes any more
        stack.http.post("/v1/tasks/cancelled/cancel").raise_for_status()
        wait_until(lambda: not stack.redis.client.info("persistence")["aof_buffer_length"])
        yield stack


def fill(stack: Stack) -> Path:
    """Leave no room for another byte, neither on the disk nor in the last block of Redis's file."""
    filler = fill_disk(stack.redis.folder)
    left = -(stack.redis.folder / "appendonly.aof").stat().st_size % BLOCK
    written = next(size for size in range(left, 0, -1) if len(as_written(size)) <= left)
    stack.redis.client.set("filler", "a" * written)
    return filler


def as_written(size: int) -> str:
    """Return how Redis writes down the SET of so many bytes."""
    return f"*3\r\n$3\r\nSET\r\n$6\r\nfiller\r\n${size}\r\n{'a' * size}\r\n"


def status(stack: Stack, task_id: str) -> str | None:
    answer = stack.http.get(f"/v1/tasks/{task_id}")
    return answer.json()["status"] if answer.status_code == 200 else None


SUBMITTED = {"task_name": "testing.echo", "task_id": "new", "input_data": {}}
CHANGES: dict[str, tuple[tuple[str, str, Any], Callable[[Stack], bool]]] = {
    "submit": (("POST", "/v1/tasks", SUBMITTED), lambda stack: status(stack, "new") == Status.PENDING),
    "cancel": (("POST", "/v1/tasks/waiting/cancel", None), lambda stack: status(stack, "waiting") == Status.CANCELLED),
    "retry": (("POST", "/v1/tasks/cancelled/retry", None), lambda stack: status(stack, "cancelled") == Status.PENDING),
    "remove": (("DELETE", "/v1/tasks/cancelled", None), lambda stack: status(stack, "cancelled") is None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_redis_had_no_room_for_is_not_promised_and_works_with_room(without_room: Stack, change: str) -> None:
    (method, path, body), made = CHANGES[change]
    filler = fill(without_room)
    refused = without_room.http.request(method, path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (503, "state_unavailable")
    assert "Give it room" in refused.json()["detail"]
    without_room.redis.kill()  # with the write that met the full disk still in memory, and answered
    filler.unlink()
    without_room.redis.start()
    wait_until(without_room.is_ready)
    assert not made(without_room)
    assert without_room.http.request(method, path, json=body).is_success
    assert made(without_room)


def test_a_task_that_has_used_up_its_quota_ends_in_storage_full(
    redis: SyncRedis, redis_server: RedisServer, tmp_path: Path
) -> None:
    def writes_over_quota(_params: EchoInput, _job: Job) -> EchoOutput:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    share = {"share": str(tmp_path), "min_free_bytes": 0}
    app = create_worker(settings(redis={"url": redis_server.url}, storage=share), "testing")
    error = run(app, writes_over_quota).error
    app.process.redis.close()
    assert error
    assert (error.code, error.retryable) == ("storage_full", True)
