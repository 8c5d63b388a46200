"""The box that is hurt: the whole stack as `baton up` starts it, on a small disk of its own where we may mount one."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil
import redis

from cli.stack.folder import StateDir
from cli.stack.lifecycle import STOP_TIMEOUT, down, family, is_running, members, states, up, wait_until_ended
from cli.stack.plan import Plan
from cli.stack.supervisord import Supervisor
from tests.chaos.work import place_inputs
from tests.support.processes import holders

DISK_MIB = 2048
PIECE = b"\0" * (1 << 20)

# Every wait turned down, so that an hour holds as many recoveries as a month of a quiet box.
QUICK = {
    "BATON_GPU__DEVICE": "simulated",
    "BATON_GPU__MODEL_IDLE_TTL": "20",
    "BATON_GPU_LOCK__LOCK_TIMEOUT": "5",
    "BATON_GPU_LOCK_MONITOR__MONITOR_INTERVAL": "0.5",
    "BATON_GPU_LOCK_MONITOR__RECONCILE_INTERVAL": "3",
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.5, "timeout": 5, "stop_grace": 1}',
    "BATON_WORKER__CLAIM_TIMEOUT": "5",
    "BATON_GPU_LOCK_MONITOR__STALL_TIMEOUT": "60",
    "BATON_TASKS__RETRY_BACKOFF": "0.5",
    "BATON_TASKS__CANCEL_GRACE": "3",
    "BATON_TASKS__EVENTS_GRACE": "604800",  # the audit reads them
    "BATON_WORKER__VISIBILITY_TIMEOUT": "30",
    "BATON_FASTER_WHISPER__CHUNK_LENGTH": "10",
    "BATON_SENSEVOICE__CHUNK_LENGTH": "10",
    "BATON_STORAGE__MIN_FREE_BYTES": str(20 << 20),
    "BATON_CALLBACKS__ALLOWED_HOSTS": '["127.0.0.1"]',
    "BATON_AUTH__API_KEYS": "[]",
    "BATON_LLM__CACHE_TTL": "0",  # each one asks
}


class Box:
    """Starts the stack and ends it; in between it tells what runs, so that somebody can hurt it."""

    def __init__(self, folder: Path, services: tuple[str, ...], chat_url: str) -> None:
        provider = {"base_url": chat_url, "model": "good", "uses_gpu": False, "tries": 3}
        chat = {"BATON_LLM__PROVIDERS": json.dumps({"chat": provider}), "BATON_LLM__DEFAULT_PROVIDER": "chat"}
        self.folder = folder
        self.has_disk = False
        environment = QUICK | chat | {"TMPDIR": str(folder / "tmp")}
        self.plan = Plan(StateDir(folder / "state"), folder / "share", services=services, extra_environment=environment)
        self.redis: Any = redis.Redis.from_url(self.plan.redis_url, decode_responses=True, socket_timeout=5)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(self.folder)]
        self.has_disk = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        try:
            (self.folder / "tmp").mkdir()
            place_inputs(self.plan.share)
            up(self.plan)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.remove()

    def strays(self) -> set[psutil.Process]:
        """Return what nobody looks after any more, and every ffmpeg: nothing works when all tasks have ended."""
        running = self.processes()
        root = psutil.Process(int(self.plan.state_dir.pid_file.read_text()))
        kept = {root, *children(root)}
        return ({*members(self.plan.state_dir), *holders(self.folder)} - kept).union(running["ffmpeg"])

    def end(self) -> set[psutil.Process]:
        """Ask the stack to end; return what did not."""
        supervisor, there = Supervisor(self.plan.state_dir), family(self.plan.state_dir)
        supervisor.shutdown()
        wait_until_ended(there, STOP_TIMEOUT)
        return {process for process in there | members(self.plan.state_dir) if is_running(process)}

    def stop(self) -> None:
        self.redis.close()
        down(self.plan.state_dir)

    def remove(self) -> None:
        if self.has_disk:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return self.plan.url

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return what runs now, by its part in the stack."""
        found: dict[str, list[psutil.Process]] = {"redis": [], "gateway": [], "worker": [], "child": [], "ffmpeg": []}
        for known in states(self.plan.state_dir):
            if known.pid:
                found[known.name.partition("-")[0]].append(psutil.Process(known.pid))
        for child in (below for worker in found["worker"] for below in children(worker)):
            with suppress(psutil.Error):
                found["ffmpeg" if "ffmpeg" in child.name() else "child"].append(child)
        return found

    def waiting(self) -> int | None:
        """Return how many tasks wait; None while Redis cannot tell."""
        try:
            return int(self.redis.zcard("tasks:index:PENDING"))
        except redis.RedisError:
            return None

    def fill_disk(self) -> Path | None:
        """Take all that is free; the file returned gives it back. None where the disk is everybody's."""
        if not self.has_disk:
            return None
        filler = self.folder / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(PIECE):
                pass
        return filler

    def logged(self) -> Iterator[dict[str, Any]]:
        """Yield what the programs have logged as JSON, with the program's name."""
        for path in sorted(self.plan.state_dir.logs.glob("*.log*")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict):
                        yield {"program": path.name.partition(".")[0], **entry}


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
