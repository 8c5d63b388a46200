"""Run the tests that are marked `engine` as on other machines: `make test-processors`.

Each run is a row of RUNS. A row that this processor cannot run is skipped, with the reason.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from time import monotonic

from typing_extensions import override

from tests.support.processors import PROCESSORS
from tests.support.stack import ROOT

MARK = "mark.engine"
SYSTEM_FFMPEG = ("ffmpeg", "ffprobe")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Run:
    processor: str
    threads: int
    system_ffmpeg: bool

    @override
    def __str__(self) -> str:
        ffmpeg = "with" if self.system_ffmpeg else "without"
        return f"{self.processor}, threads: {self.threads}, {ffmpeg} a system ffmpeg"


RUNS = (
    Run("Haswell", threads=1, system_ffmpeg=False),
    Run("Zen", threads=2, system_ffmpeg=True),
    Run("generic", threads=2, system_ffmpeg=False),
)


def main(arguments: list[str]) -> int:
    """Make every run, and return how many failed."""
    results = {str(run): attempt(run, arguments) for run in RUNS}
    for name, result in results.items():
        print(f"{result:<60} {name}")
    if all(result.startswith("skipped") for result in results.values()):
        print("No run was possible on this processor.")
    return sum(result.startswith("failed") for result in results.values())


def attempt(run: Run, arguments: list[str]) -> str:
    if reason := reason_to_skip(run):
        return f"skipped: {reason}"
    began = monotonic()
    print(f"== {run}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = PROCESSORS[run.processor].environment() | dict.fromkeys(THREADS, str(run.threads))
        environment["PATH"] = path_with(Path(folder), environment) if run.system_ffmpeg else path_without(Path(folder))
        code = subprocess.run(pytest(arguments), cwd=ROOT, env=environment, check=False).returncode
    return f"{'failed' if code else 'passed'} after {monotonic() - began:.0f} s"


def reason_to_skip(run: Run) -> str | None:
    if run.system_ffmpeg and not system_ffmpeg():
        print(f"== {run}: there is no system ffmpeg, and TEST_FFMPEG names none; the bundled one runs")
    return PROCESSORS[run.processor].find_missing()


def pytest(arguments: list[str]) -> list[str]:
    """Return the command; only the files with a marked test are collected."""
    files = sorted(str(file) for file in (ROOT / "tests").rglob("test_*.py") if MARK in file.read_text())
    options = ["-m", "engine", "-q", "--numprocesses=2", "--dist=loadfile", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *options, *arguments, *files]


def system_ffmpeg() -> str | None:
    return os.environ.get("TEST_FFMPEG") or which("ffmpeg")  # noqa: TID251 - not a setting of Baton's


def path_with(folder: Path, environment: Mapping[str, str]) -> str:
    """Return a PATH on which the system's ffmpeg, or the one of TEST_FFMPEG, comes first."""
    if found := system_ffmpeg():
        (folder / "ffmpeg").symlink_to(found)
    return f"{folder}{os.pathsep}{environment['PATH']}"


def path_without(folder: Path) -> str:
    """Return a PATH with every program of this machine except ffmpeg."""
    for program in (file for place in os.get_exec_path() if Path(place).is_dir() for file in Path(place).iterdir()):
        link = folder / program.name
        if program.name not in SYSTEM_FFMPEG and not link.is_symlink():
            link.symlink_to(program)
    return str(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
