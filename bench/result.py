"""How every benchmark ends: with one line of JSON, printed and kept."""

import json
import os
from pathlib import Path
from platform import python_version
from typing import Any

from common.clock import utcnow

RESULTS = Path(__file__).parent / "results"


def keep(bench: str, **figures: Any) -> None:
    """Print what was measured and on what machine, and keep it as the last result of this benchmark."""
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": python_version()}
    line = json.dumps({"bench": bench, "at": utcnow().isoformat(), **machine, **figures})
    print(line)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{bench}.json").write_text(line + "\n")
