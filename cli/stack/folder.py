"""The state directory (`.baton/`): files of the local stack, readable only by their owner."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cli import ROOT
from cli.errors import StateDirUnusable

DEFAULT = ROOT / ".baton"
SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of Standard Webhooks, not a secret
SECRET_BYTES = 32
LONGEST_SOCKET_PATH = 96
"""Bytes. Unix allows 104 to 108, and supervisord first appends its pid."""


@dataclass(frozen=True, slots=True)
class StateDir:
    root: Path

    @property
    def config(self) -> Path:
        return self.root / "supervisord.conf"

    @property
    def socket(self) -> Path:
        return self.root / "supervisor.sock"

    @property
    def pid_file(self) -> Path:
        return self.root / "supervisord.pid"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def supervisor_log(self) -> Path:
        return self.logs / "supervisord.log"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def redis_config(self) -> Path:
        return self.redis / "redis.conf"

    @property
    def address(self) -> Path:
        return self.root / "stack.json"

    @property
    def callback_secret_file(self) -> Path:
        return self.root / "callback-secret"

    def log_of(self, program: str) -> Path:
        return self.logs / f"{program}.log"

    def prepare(self) -> None:
        """Create the folders.

        Raises:
            StateDirUnusable: not writable, or too deep for a Unix socket.
        """
        if len(bytes(self.socket)) > LONGEST_SOCKET_PATH:
            raise StateDirUnusable(f"The path {self.root} is too long for a socket. Choose another with --state-dir.")
        try:
            for folder in (self.root, self.logs, self.redis):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise StateDirUnusable(f"Cannot write to {self.root}: {error.strerror}.") from error

    def callback_secret(self) -> str:
        """Return the signing secret, created at the first call and the same ever after."""
        path = self.callback_secret_file
        if not path.exists():
            write_private(path, SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
        return path.read_text(encoding="ascii").strip()

    def running_url(self) -> str | None:
        """Return the URL at which the stack of this directory was started, None if it was stopped."""
        return self.running("url")

    def running_redis_url(self) -> str | None:
        """Return the Redis URL of the stack of this directory, None if it was stopped."""
        return self.running("redis_url")

    def running(self, what: str) -> str | None:
        try:
            return str(json.loads(self.address.read_text(encoding="utf-8"))[what])
        except FileNotFoundError:
            return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from the first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
