"""A real Redis server that a test can kill, pause and restart with its file."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

import redis

from tests.support.ports import free_port
from tests.support.redis_programs import find_chosen_program
from tests.support.waiting import wait_until

SHIPPED_CONFIG = Path(__file__).parents[2] / "config/redis.conf"


class RedisServer:
    """With the settings that ship: every confirmed write is in the append-only file, even after kill -9."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client: Any = redis.Redis.from_url(self.url, decode_responses=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = {"bind": "127.0.0.1", "port": self.port, "dir": self.folder}
        command = [find_chosen_program(), str(SHIPPED_CONFIG)]
        command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
        environment = {**os.environ, **self.environment}  # noqa: TID251 - a child needs PATH and the like
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers)
        return self

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    @property
    def append_only_file(self) -> Path:
        """The file that grows. Since Redis 7.0, it is one of several files in a folder."""
        return next(self.folder.rglob("*.incr.aof"), self.folder / "appendonly.aof")

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.process
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.kill()
        self.client.close()
