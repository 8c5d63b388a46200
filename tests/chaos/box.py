"""The box that is hurt: the stack of `baton up` with two gateways, on a small disk of its own where we may mount it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import psutil
import redis

from cli.stack.folder import StateDir
from cli.stack.lifecycle import STOP_TIMEOUT, down, family, is_running, members, states, up, wait_until_ended
from cli.stack.plan import OwnRedis, free_port
from cli.stack.readiness import Bounds
from cli.stack.supervisord import Supervisor
from common.errors import BatonError
from tests.chaos.history import Observation, parse_trace
from tests.chaos.plan import BoxPlan
from tests.chaos.work import place_inputs
from tests.support.processes import holders
from tests.support.proxy import Proxy
from tests.support.stepped_redis import write_offset

DISK_MIB = 2048
PIECE = b"\0" * (1 << 20)
REVIVAL = Bounds(patience=timedelta(seconds=60), in_all=timedelta(seconds=120))

# Every wait turned down, so that an hour holds as many recoveries as a month of a quiet box.
QUICK = {
    "BATON_GPU__DEVICE": "simulated",
    "BATON_GPU__MODEL_IDLE_TTL": "20",
    "BATON_GPU_LOCK__LOCK_TIMEOUT": "5",
    "BATON_GPU_LOCK_MONITOR__MONITOR_INTERVAL": "0.5",
    "BATON_GPU_LOCK_MONITOR__RECONCILE_INTERVAL": "3",
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.5, "timeout": 5, "stop_grace": 1}',
    "BATON_REDIS__SOCKET_TIMEOUT": "1",  # an attempt that is cut off must notice it before the timeout
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
        self.folder, self.traces = folder, folder.with_name("traces")
        self.has_disk = False
        self.slow_imports = folder.with_name("slow-imports")
        environment = QUICK | chat | {"TMPDIR": str(folder / "tmp")}
        environment |= {"CHAOS_TRACE": str(self.traces), "CHAOS_SLOW_IMPORTS": str(self.slow_imports)}
        own_redis = OwnRedis(free_port())
        self.programs = ("redis", "gateway", "gateway-2", *(f"worker-{service}" for service in services))
        self.proxies = {name: Proxy(own_redis.port) for name in self.programs if name != "redis"}
        self.plan = BoxPlan(
            StateDir(folder / "state"),
            folder / "share",
            services=services,
            own_redis=own_redis,
            extra_environment=environment,
            proxies={name: proxy.port for name, proxy in self.proxies.items()},
            clocks=folder.with_name("clocks"),
        )
        self.redis: Any = redis.Redis.from_url(self.plan.redis_url, decode_responses=True, socket_timeout=5)
        self.opened = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.traces.mkdir()
        self.plan.clocks.mkdir()
        self.set_clocks(self.programs, 0)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(self.folder)]
        self.has_disk = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        try:
            (self.folder / "tmp").mkdir()
            place_inputs(self.plan.share)
            for proxy in self.proxies.values():
                self.opened.enter_context(proxy)
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

    def revive(self) -> None:
        """Start the stack again, as its owner does, however often that fails while it is hurt."""
        while True:
            with suppress(BatonError, OSError):
                up(self.plan, REVIVAL)
                return

    def set_clocks(self, programs: Sequence[str], offset_s: int) -> None:
        """Set the clocks of these programs so far ahead of the machine's; Redis's only where there is libfaketime."""
        for name in programs:
            write_offset(self.plan.clocks / name, offset_s)

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
        self.opened.close()
        if self.has_disk:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return self.plan.url

    @property
    def urls(self) -> tuple[str, ...]:
        """Return where the gateways are."""
        return self.plan.urls

    def leader(self) -> str | None:
        """Return which gateway leads, by the name that it gives itself; None when none does or Redis cannot tell."""
        with suppress(redis.RedisError):
            return str(self.redis.get("monitor:leader") or "").partition(" ")[0] or None
        return None

    def leading(self) -> psutil.Process | None:
        """Return the process of the gateway that leads, which has logged the name that it leads under."""
        entry = f'"leader": "{self.leader()}"'
        for known in states(self.plan.state_dir):
            log = self.plan.state_dir.log_of(known.name)
            if known.name.startswith("gateway") and known.pid and entry in log.read_text(errors="replace"):
                return psutil.Process(known.pid)
        return None

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

    def attempts(self) -> list[Observation]:
        """Return what the workers have written down about their attempts."""
        return [found for file in sorted(self.traces.glob("*.trace")) for found in parse_trace(file.read_text())]

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
