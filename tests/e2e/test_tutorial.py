"""The tutorial's commands work as they stand on the page, and end as it says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from cli.stack.plan import free_port
from tests.e2e.command import ROOT, Baton

PAGE = ROOT / "docs" / "tutorial.md"
FIRST, AFTER = "## 3. ", "## 6. "
"""From the heading of the first step that asks the stack for something, up to where a real model would be needed."""
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVICES = ("--service", "faster_whisper", "--service", "subtitle")


def commands(url: str, state_dir: Path) -> str:
    """Return all commands of these steps, for this stack instead of the usual port."""
    page = PAGE.read_text(encoding="utf-8")
    steps = "".join(COMMANDS.findall(page[page.index(FIRST) : page.index(AFTER)]))
    ours = steps.replace("http://127.0.0.1:8000", url).replace(".venv/bin/baton", f"{sys.executable} -m cli")
    assert ours != steps
    return f"set -e; export BATONCTL_STATE_DIR={quote(str(state_dir))} PYTHONPATH={quote(str(ROOT))}\n{ours}"


@pytest.mark.timeout(300)
def test_a_reader_ends_with_the_subtitles_that_were_edited(baton: Baton, tmp_path: Path) -> None:
    up = baton("up", "--port", str(free_port()), "--share", str(baton.share), *SERVICES, "--within", "150", timeout=180)
    assert up.returncode == 0, up.stdout + up.stderr
    url = json.loads((baton.state_dir / "stack.json").read_text(encoding="utf-8"))["url"]
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    ran = subprocess.run(
        ["sh", "-c", commands(url, baton.state_dir)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = (tmp_path / "subtitles" / "subtitles.srt").read_text(encoding="utf-8")
    assert "Number 9 8 7." in made
    assert made in ran.stdout, "the page shows it with cat"
