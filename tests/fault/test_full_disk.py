"""A full disk is told clearly, leaves nothing half-written, and hurts nobody else."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from common.redis import SyncRedis
from common.worker.app import create_worker
from common.worker.job import Job
from services import settings
from tests.support.delivery import run
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack
from tests.support.testing_service import EchoInput, EchoOutput
from tests.support.waiting import wait_until

DISK_KIB = 1024
TONE_SECONDS = 60
RARE_WRITES = {"BATON_GPU_LOCK_MONITOR__MONITOR_INTERVAL": "60"}
"""So that the write that meets the full disk is a submission's."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Let the folder be a disk of one MiB."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def small_share(folder: Path, **environment: str) -> Iterator[Stack]:
    """Start a stack whose share holds one MiB."""
    with small_disk(folder / "share"), Stack(folder, **environment) as own:
        own.gateway()
        own.worker()
        yield own


@pytest.fixture(scope="module")
def cramped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_share(tmp_path_factory.mktemp("stack")) as own:
        own.worker("ffmpeg")
        yield own


@pytest.fixture
def tone(cramped: Stack) -> Path:
    """A minute of sound: small as Opus, two megabytes as WAV."""
    file = cramped.share / "tone.mka"
    source = f"sine=frequency=440:duration={TONE_SECONDS}"
    options = ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, "-c:a", "libopus", "-b:a", "16k"]
    subprocess.run([get_ffmpeg_exe(), *options, str(file)], check=True, timeout=60)
    return file


def written(stack: Stack) -> list[Path]:
    return [file for file in (stack.share / "workflows").rglob("*") if file.is_file()]


def test_ffmpeg_on_a_full_disk_ends_in_storage_full_and_works_again_with_more_room(cramped: Stack, tone: Path) -> None:
    task_id = cramped.submit("ffmpeg.extract_audio", {"video_path": tone.name})
    context = cramped.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "storage_full")
    assert context["stages"]["ffmpeg.extract_audio"]["attempt"] == 3, "room may come back: it is tried again"
    assert written(cramped) == []
    assert cramped.http.get("/health/ready").status_code == 200
    subprocess.run(["mount", "-o", "remount,size=8m", cramped.share], check=True)
    assert cramped.http.post(f"/v1/tasks/{task_id}/retry").status_code == 202
    assert cramped.wait_for(task_id)["status"] == "SUCCESS"
    assert [file.name for file in written(cramped)] == ["audio.wav"]
    subprocess.run(["mount", "-o", f"remount,size={4 * DISK_KIB}k", cramped.share], check=True)


def test_a_python_task_on_a_full_disk_ends_in_storage_full_and_the_worker_goes_on(cramped: Stack) -> None:
    before = written(cramped)
    task_id = cramped.submit("testing.work", {"seconds": 0, "size": 16 * DISK_KIB * 1024})
    context = cramped.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "storage_full")
    assert written(cramped) == before
    assert cramped.wait_for(cramped.submit("testing.echo"))["status"] == "SUCCESS"


def test_no_task_begins_on_a_full_disk_and_all_do_when_there_is_room_again(tmp_path: Path) -> None:
    floor = str(DISK_KIB * 1024 // 2)
    with small_share(tmp_path, BATON_STORAGE__MIN_FREE_BYTES=floor) as stack:
        filler = stack.share / "filler"
        filler.write_bytes(bytes(DISK_KIB * 1024 * 3 // 4))
        waiting = [stack.submit("testing.echo") for _ in range(5)]
        wait_until(lambda: stack.logged("worker").count("delivery_postponed") >= len(waiting))
        reason = stack.http.get(f"/v1/tasks/{waiting[0]}/wait-reason").json()
        assert (reason["status"], reason["reason"]) == ("PENDING", "storage_full")
        assert "storage.min_free_bytes" in reason["message"]
        health = stack.http.get("/v1/monitoring/health").json()
        assert (health["verdict"], health["reasons"][0]["code"]) == ("failing", "storage_full")
        filler.unlink()
        ended = [stack.wait_for(task_id) for task_id in waiting]
        assert {(one["status"], one["stages"]["testing.echo"]["attempt"]) for one in ended} == {("SUCCESS", 1)}
        wait_until(lambda: stack.http.get("/v1/monitoring/health").json()["verdict"] == "ok")


def test_a_task_that_redis_had_no_room_for_is_not_accepted_and_no_other_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "redis"), Stack(tmp_path, **RARE_WRITES) as stack:
        stack.gateway()
        filler = tmp_path / "redis" / "filler"
        fill(filler)
        answers = {f"task_{n}": post(stack, f"task_{n}") for n in range(10)}
        stack.redis.kill()  # with the write that met the full disk still in memory, and answered
        filler.unlink()
        stack.redis.start()
        wait_until(stack.ready)
        lost = [task_id for task_id, answer in answers.items() if answer.is_success and not recorded(stack, task_id)]
        assert lost == []
        refused = answers["task_9"]
        assert (refused.status_code, refused.json()["code"]) == (503, "state_unavailable")
        assert refused.json()["detail"].startswith("Redis cannot write: MISCONF")
        assert post(stack, "task_9").status_code == 202


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            continue


def post(stack: Stack, task_id: str) -> httpx.Response:
    """Submit a task that is larger than the rest of a block of the disk."""
    text = {"text": "a" * 8192}
    return stack.http.post("/v1/tasks", json={"task_name": "testing.echo", "task_id": task_id, "input_data": text})


def recorded(stack: Stack, task_id: str) -> bool:
    return stack.http.get(f"/v1/tasks/{task_id}").status_code == 200


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
