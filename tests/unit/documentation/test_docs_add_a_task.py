"""The guide to a new task works as it stands: what it says is done to a copy of the code, and what it tests passes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.markdown import ROOT, Page

GUIDE = Page(Path("docs/how-to/add-a-task.md"))
SERVICE = Path("services/subtitle")
NEW_TEST = Path("tests/unit/subtitle/test_subtitle_shift.py")
COPIED = ("common", "config", "services", "tests")


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """Return a copy of the code, in which the guide's Python stands where the guide puts it."""
    if (ROOT / NEW_TEST).exists():
        pytest.skip("the guide was followed in this very tree")
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
    (tmp_path / "tests" / "fixtures").symlink_to(ROOT / "tests" / "fixtures")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    contract, function, test = (block for language, block in GUIDE.blocks if language == "python")
    for file, block in ((SERVICE / "contracts.py", contract), (SERVICE / "tasks.py", function)):
        assert str(file) in GUIDE.text
        with (tmp_path / file).open("a", encoding="utf-8") as end:
            end.write(f"\n\n{block}")
    assert str(NEW_TEST) in GUIDE.text
    (tmp_path / NEW_TEST).write_text(test, encoding="utf-8")
    return tmp_path


def test_the_new_task_passes_its_test_and_is_in_the_catalog(followed: Path) -> None:
    wanted = [str(NEW_TEST), "tests/contract/test_catalog.py", "-k", "shift or (subtitle and honoured)"]
    ran = in_copy(followed, "pytest", "-q", "-p", "no:cacheprovider", *wanted)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout, "its test, that it explains itself, and that it is honoured once"


def test_it_looks_as_code_looks_here(followed: Path) -> None:
    files = [str(SERVICE / "contracts.py"), str(SERVICE / "tasks.py"), str(NEW_TEST)]
    for check in (("check",), ("format", "--check")):
        ran = in_copy(followed, "ruff", *check, "--no-cache", *files)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def in_copy(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
