"""Network guard of processes that tests start: Python imports it, because `Stack` adds its folder to the path."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))  # last, so that the process finds its own modules first

from tests.support import network_guard

log = os.environ.get("NETWORK_GUARD_LOG")  # noqa: TID251 - no setting of Baton's


def record(what: str) -> None:
    if log:
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{what}, by {' '.join(sys.orig_argv)}\n")


network_guard.install(record)
