"""Processes of a benchmark: a separate Redis, gateways, workers and load generators; and statistics of the results."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import Any, Self

import httpx
import psutil

from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.stack import kill_tree
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120
FILES = 8_192


class Rig:
    """Starts processes, and stops all of them at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exits = ExitStack()
        self.redis = RedisServer(folder / "redis")
        self.url = self.redis.url
        self.client = self.redis.client

    def __enter__(self) -> Self:
        self.redis.start()
        self.exits.callback(self.redis.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.exits.close()

    def gateway(self, **settings: str) -> httpx.Client:
        """Start a gateway; return a client for it once it is ready."""
        port = free_port()
        self.python("api_gateway", BATON_GATEWAY__PORT=str(port), **settings)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False)
        http = self.exits.enter_context(client)
        wait_for(lambda: is_ready(http))
        return http

    def python(self, *arguments: str, **settings: str) -> psutil.Process:
        """Start one of our modules, with settings as BATON_ variables."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}  # noqa: TID251 - PATH and the like
        ours = {
            "BATON_REDIS__URL": self.url,
            "BATON_STORAGE__SHARE": str(self.folder / "share"),
            "BATON_STORAGE__MIN_FREE_BYTES": "0",
        }
        command, environment = [sys.executable, "-m", *arguments], {**inherited, **ours, **settings}
        log = self.exits.enter_context((self.folder / "processes.log").open("ab"))
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.exits.callback(end, process)
        return psutil.Process(process.pid)

    def flush(self) -> None:
        """Empty Redis once no work is pending."""
        wait_for(lambda: not self.client.zcard("tasks:dispatch"))
        self.client.flushall()

    def load(self, port: int, path: str, body: Mapping[str, Any], *, connections: int, count: int) -> "Load":
        arguments = [str(port), path, str(connections), str(count), json.dumps(body)]
        with TemporaryFile() as out:  # not a pipe: uvloop 0.23 sometimes loses output beyond 128 KiB at exit
            subprocess.run([sys.executable, "-m", "bench.load", *arguments], cwd=ROOT, check=True, stdout=out)
            out.seek(0)
            answer = json.load(out)
        return Load(answer["seconds"], [latency / 1e6 for latency in answer["latencies_us"]])


class Load:
    """Results of one run of the load generator."""

    def __init__(self, seconds: float, latencies: list[float]) -> None:
        self.rate = len(latencies) / seconds
        self.p50 = percentile(latencies, 50)
        self.p99 = percentile(latencies, 99)


def end(process: subprocess.Popen[bytes]) -> None:
    kill_tree(process.pid)
    process.wait()


def is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


def middle(rounds: list[Load]) -> dict[str, float]:
    """Return the median over the rounds: rates in 1/s, times in ms."""
    return {
        "per_s": median(load.rate for load in rounds),
        "p50_ms": median(load.p50 for load in rounds) * 1000,
        "p99_ms": median(load.p99 for load in rounds) * 1000,
    }


def wait_for(condition: Callable[[], object], *, every: float = 0.05) -> None:
    wait_until(condition, timeout=PATIENCE_S, every=every)


def raise_file_limit() -> None:
    """Raise the limit of open files: a thousand connections exceed the usual one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
