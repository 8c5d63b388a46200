"""The `baton` command as a user runs it: a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Baton:
    """`baton` with a state directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = folder / "state"
        self.share = folder / "share"

    def __call__(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", "--state-dir", str(self.state_dir), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)

    def json(self, *arguments: str) -> Any:
        ran = self(*arguments, "--json")
        assert ran.stdout, ran.stderr
        return json.loads(ran.stdout)

    def processes(self) -> dict[str, Any]:
        return {process["name"]: process for process in self.json("status")["processes"]}
