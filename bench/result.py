"""Result of a benchmark: one line of JSON, printed and saved."""

import json
import os
from pathlib import Path
from platform import python_version
from typing import Any

from common.clock import utcnow

RESULTS = Path(__file__).parent / "results"


def keep(bench: str, **figures: Any) -> None:
    """Print the figures with a description of the machine, and save them as the latest result of this benchmark."""
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": python_version()}
    line = json.dumps({"bench": bench, "at": utcnow().isoformat(), **machine, **figures})
    print(line)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{bench}.json").write_text(line + "\n")
