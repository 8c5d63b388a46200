"""Run the tests that are marked `redis` with each Redis and Valkey server on this machine: `make test-redis`."""

import os
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic

from tests.support.redis_programs import CHOSEN, ROOT, RedisProgram, find_programs

MARK = "mark.redis"


@dataclass(frozen=True, slots=True)
class Result:
    server: str
    outcome: str
    seconds: float = 0.0

    @property
    def row(self) -> str:
        return f"{self.server:<60} {self.outcome:<8} {self.seconds:>6.0f} s"


def main(arguments: list[str]) -> int:
    """Run the tests with each server, print a table, and return how many runs failed."""
    results = [run(program, arguments) if program else skip(place) for place, program in find_programs()]
    print(*(result.row for result in results), sep="\n")
    return sum(result.outcome == "failed" for result in results)


def skip(place: str) -> Result:
    return Result(f"none: {place}", "skipped")


def run(program: RedisProgram, arguments: list[str]) -> Result:
    print(f"== {program.name}: {program.path}", flush=True)
    environment = {**os.environ, CHOSEN: program.path}  # noqa: TID251 - a child needs PATH and the like
    began = monotonic()
    code = subprocess.run(pytest(arguments), cwd=ROOT, env=environment, check=False).returncode
    return Result(program.name, "failed" if code else "passed", monotonic() - began)


def pytest(arguments: list[str]) -> list[str]:
    """Return the command; only the files with the mark are collected."""
    files = sorted(str(file) for file in (ROOT / "tests").rglob("test_*.py") if MARK in file.read_text())
    options = ["-m", "redis", "-q", "--numprocesses=2", "--dist=loadfile", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *options, *arguments, *files]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
