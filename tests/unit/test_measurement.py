"""Branch coverage: a whole run of the tests is measured, and `unmeasured` excludes a test with its processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.measured import PROCESS_CONFIG
from tests.support.stack import ROOT

CONFIGURATION = """\
[run]
parallel = true
branch = true
source = .
patch = subprocess
"""
FUNCTIONS = """\
def excluded():
    return 1


def below_excluded():
    return 2


def included():
    return 3


def below_included():
    return 4
"""
PROGRAM = """\
import subprocess, sys
import functions
from tests.support.measured import unmeasured

def run_below(name):
    subprocess.run([sys.executable, "-c", f"import functions; functions.{name}()"], check=True)

with unmeasured():
    functions.excluded()
    run_below("below_excluded")
functions.included()
run_below("below_included")
"""


@pytest.mark.parametrize(
    ("arguments", "measured"),
    [
        ("", True),
        ("--junitxml=.venv/junit.xml", True),
        ("tests/unit/test_keys.py", False),
        ("--junitxml=.venv/junit.xml tests/unit", False),
        ("--last-failed", False),
    ],
)
def test_a_whole_run_is_measured_and_a_selection_is_not(arguments: str, measured: bool) -> None:
    # `env -u`: the variables of the `make` that runs these tests are not those of a user's
    command = ["env", "-u", "MAKEFLAGS", "-u", "COVERAGE", "make", "--dry-run", "test", f"ARGS={arguments}"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout
    assert ("coverage report" in printed, "coverage run" in printed) == (measured, measured)


def test_an_unmeasured_block_excludes_its_process_and_those_below(tmp_path: Path) -> None:
    files = {".coveragerc": CONFIGURATION, "functions.py": FUNCTIONS, "program.py": PROGRAM}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if name != PROCESS_CONFIG}  # noqa: TID251 - PATH
    environment = {**inherited, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    for arguments in (["run", "program.py"], ["combine", "--quiet"], ["json", "--quiet"]):
        command = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    report = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))
    executed = set(report["files"]["functions.py"]["executed_lines"])
    assert {2, 6, 10, 14} & executed == {10, 14}
