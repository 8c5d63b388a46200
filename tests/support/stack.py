"""The whole system as processes: Redis, gateways, workers. Tests inject faults into them by pid."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Self

import httpx
import psutil

from tests.support.measured import is_measured
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[2]
GUARDED = ROOT / "tests/support/guarded"
ENDED_WITHIN_S = 5.0
FINAL = {"SUCCESS", "FAILED", "CANCELLED"}
# short waits, so that a fault is detected within a second or two
QUICK = {
    "BATON_GPU_LOCK_MONITOR__MONITOR_INTERVAL": "0.2",
    "BATON_GPU_LOCK_MONITOR__RECONCILE_INTERVAL": "1",
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 2, "stop_grace": 1}',
    "BATON_TASKS__RETRY_BACKOFF": "0.1",
    "BATON_TASKS__CANCEL_GRACE": "1",
    "BATON_STORAGE__MIN_FREE_BYTES": "0",
    "BATON_CALLBACKS__ALLOWED_HOSTS": '["127.0.0.1"]',
    # the gateway uses no name server and reaches no public address
    "BATON_CALLBACKS__ALLOW_PUBLIC": "false",
    "BATON_STORAGE__ALLOW_PUBLIC": "false",
    "BATON_MODELS__HUB_ENDPOINT": "http://127.0.0.1:9",
    "BATON_CALLBACKS__SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


FORK = {"BATON_WORKER__START_METHOD": "fork"}
SPAWN = {"BATON_WORKER__START_METHOD": "spawn"}
START_METHODS = {"fork": FORK, "spawn": SPAWN}


class Stack:
    """Starts the processes that a test needs, and ends all of them."""

    def __init__(self, folder: Path, redis: RedisServer | None = None, /, **environment: str) -> None:
        self.folder = folder
        self.share = folder / "share"
        self.redis = redis or RedisServer(folder / "redis")
        self.port = free_port()
        self.environment = {**QUICK, **environment}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.url = f"http://127.0.0.1:{self.port}"
        self.left_the_machine = folder / "left-the-machine.log"
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        self.share.mkdir(parents=True, exist_ok=True)
        self.redis.start()
        return self

    def __exit__(self, *_: object) -> None:
        if is_measured():
            end_processes(self.processes)
        for process in self.processes:
            kill_tree(process.pid)
            process.wait()
        self.redis.stop()
        self.http.close()
        assert not self.left_the_machine.exists(), self.left_the_machine.read_text()

    # ---- processes ----

    def gateway(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a gateway on the stack's port and wait until it is ready."""
        process = self.spawn("tests.support.run_gateway", "gateway", environment)
        wait_until(self.is_ready, timeout=PATIENCE_S)
        return process

    def worker(self, service: str = "testing", **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it is present in Redis.

        The testing service's worker forks, like most, unless the test says otherwise; some of its tasks need a GPU.
        """
        known = set(self.workers(service))
        if service == "testing":
            process = self.spawn("tests.support.run_worker", "worker", {**FORK, **self.environment, **environment})
        else:
            process = self.spawn("services", service, environment, service)
        wait_until(lambda: set(self.workers(service)) - known, timeout=PATIENCE_S)
        return process

    def workers(self, service: str) -> list[str]:
        return list(self.redis.client.scan_iter(f"worker:{service}@*"))

    def spawn(self, module: str, name: str, environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[bytes]:
        inherited = guarded_environment(self.left_the_machine)
        configured = {
            "BATON_REDIS__URL": self.redis.url,
            "BATON_GATEWAY__PORT": str(self.port),
            "BATON_STORAGE__SHARE": str(self.share),
            **self.environment,
            **environment,
        }
        with self.log_file(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**inherited, **configured},
                stderr=log,
                stdout=log,
            )
        self.processes.append(process)
        return process

    def log_file(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def read_log(self, name: str) -> str:
        """Return the log of all processes of this kind."""
        return self.log_file(name).read_text()

    def is_ready(self) -> bool:
        try:
            return self.http.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    # ---- calls of a client ----

    def submit(self, task_name: str, input_data: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Post a task and return its id."""
        body = {"task_name": task_name, "input_data": input_data or {}, **more}
        answer = self.http.post("/v1/tasks", json=body)
        assert answer.status_code in {200, 202}, answer.text
        task_id: str = answer.json()["task_id"]
        return task_id

    def read(self, task_id: str) -> dict[str, Any]:
        context: dict[str, Any] = self.http.get(f"/v1/tasks/{task_id}").json()
        return context

    def wait_for(self, task_id: str, *statuses: str, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """Return the context once the task has one of these statuses, or any final status if none is given."""
        wanted = set(statuses) or FINAL
        return wait_until(lambda: self.find_in_status(task_id, wanted), timeout=timeout)

    def find_in_status(self, task_id: str, wanted: set[str]) -> dict[str, Any] | None:
        try:
            context = self.read(task_id)
        except httpx.TransportError:
            return None
        return context if context.get("status") in wanted else None

    def events(self, task_id: str) -> list[tuple[str, str]]:
        """Return the task's whole stream, as (event, data)."""
        return [(fields["event"], fields["data"]) for _, fields in self.redis.client.xrange(f"events:{task_id}")]

    def closing_events(self, task_id: str) -> list[tuple[str, str]]:
        ends = ('"task_complete"', '"task_cancelled"')
        return [
            (kind, data) for kind, data in self.events(task_id) if kind == "error" or any(end in data for end in ends)
        ]


def guarded_environment(log: Path) -> dict[str, str]:
    """Return the environment of a process that may not connect to other machines; each attempt is written to `log`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BATON_")}  # noqa: TID251 - PATH and the like
    paths = [str(GUARDED), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), "NETWORK_GUARD_LOG": str(log)}


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the pids of a worker's descendants: the child that runs tasks, its children, and billiard's own."""
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


def end_processes(processes: list[subprocess.Popen[bytes]]) -> None:
    """Let the processes that can end by themselves do so: a killed process records no coverage."""
    for process in processes:
        process.terminate()
    deadline = monotonic() + ENDED_WITHIN_S
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - monotonic()))


def kill_tree(pid: int) -> None:
    try:
        below = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return
    for process in below:
        with suppress_gone():
            process.kill()


@contextmanager
def suppress_gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return
