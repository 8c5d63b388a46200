"""The guide to a new task works as written: its steps are applied to a copy of the code, and its tests pass there."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.markdown import ROOT, Page

GUIDE = Page(Path("docs/how-to/add-a-task.md"))
EXAMPLE = "subtitle"
"""The service of the guide."""
COPIED = ("api_gateway", "cli", "common", "config", "requirements", "services", "tests")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "fixtures")


@dataclass
class Copy:
    """A copy of the code in which the guide's task has been added to a service."""

    folder: Path
    service: str

    @property
    def contracts(self) -> Path:
        return Path("services") / self.service / "contracts.py"

    @property
    def tasks(self) -> Path:
        return Path("services") / self.service / "tasks.py"

    @property
    def test(self) -> Path:
        return Path("tests/unit") / self.service / f"test_{self.service}_delay.py"

    def follow_guide(self) -> None:
        contract, function, test = (block for language, block in GUIDE.blocks if language == "python")
        for file, block in ((self.contracts, contract), (self.tasks, function), (self.test, test)):
            assert str(file).replace(self.service, EXAMPLE) in GUIDE.text
            self.add(file, block.replace(EXAMPLE, self.service))
        self.run("ruff", "check", "--no-cache", "--select", "I", "--fix", *self.files)

    def add(self, file: Path, block: str) -> None:
        """Append a block to a file, with its imports after the docstring of the file."""
        if not (self.folder / file).exists():
            (self.folder / file).write_text(block, encoding="utf-8")
            return
        imports, code = block.split("\n\n\n", maxsplit=1)
        docstring, rest = (self.folder / file).read_text(encoding="utf-8").split("\n\n", maxsplit=1)
        (self.folder / file).write_text(f"{docstring}\n\n{imports}\n{rest}\n\n{code}", encoding="utf-8")

    @property
    def files(self) -> Sequence[str]:
        return [str(file) for file in (self.contracts, self.tasks, self.test)]

    def run(self, module: str, *arguments: str) -> str:
        """Run a module in the copy and return its output; fail if it fails."""
        command = [sys.executable, "-m", module, *arguments]
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=100, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(params=[EXAMPLE, "ffmpeg"])
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Copy:
    made = Copy(tmp_path, request.param)
    if (ROOT / made.test).exists():
        pytest.skip("the guide was followed in this very tree")
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_COPIED)
    (tmp_path / "tests" / "fixtures").symlink_to(ROOT / "tests" / "fixtures")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    made.follow_guide()
    return made


def test_the_new_task_passes_its_test_and_those_of_every_task(copy: Copy) -> None:
    tests = [str(copy.test), "tests/contract/test_catalog.py", "tests/unit/test_image_closure.py"]
    chosen = f"delay or ({copy.service} and (honoured or installs))"
    output = copy.run("pytest", "-v", "-p", "no:cacheprovider", *tests, "-k", chosen)
    passed = [line for line in output.splitlines() if " PASSED " in line]
    for wanted in (
        f"{copy.test}::test_no_segment_starts_before_0",
        f"test_every_contract_is_honoured_by_exactly_one_task[{copy.service}]",
        f"test_every_contract_explains_itself[{copy.service}.delay]",
        f"test_an_image_installs_what_its_code_imports[{copy.service}.txt]",
    ):
        assert any(wanted in line for line in passed), output


def test_it_passes_the_checks(copy: Copy) -> None:
    copy.run("ruff", "check", "--no-cache", *copy.files)
    copy.run("ruff", "format", "--no-cache", "--check", *copy.files)
