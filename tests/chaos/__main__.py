"""An hour of chaos on the whole stack: `make chaos`, `make chaos ARGS="--minutes 5 --seed 7"`.

Clients post a mix of tasks of every service, watch, cancel, retry and vanish, while processes are killed and frozen,
Redis restarts, the disk fills and the receiver of callbacks goes away. Then it is quiet, and what Baton promises is
checked. A seed gives the same requests and the same faults; what they meet is up to the machine.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import SystemRandom
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from cli.stack.lifecycle import members
from tests.chaos.audit import CHECKS, Aftermath
from tests.chaos.box import Box
from tests.chaos.clients import Crowd
from tests.chaos.faults import Faults
from tests.chaos.letterbox import Letterbox
from tests.chaos.work import services
from tests.support.chat_server import ChatServer
from tests.support.processes import holders

SHOWN = 12
LOUD = {"error", "critical"}


def main() -> None:
    chosen = arguments()
    with TemporaryDirectory(prefix="baton-chaos-") as folder:
        _report, broken = run(Path(folder).resolve() / "box", chosen)
    sys.exit(1 if broken else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--every", type=float, default=4, metavar="SECONDS", help="between two faults, in the mean")
    parser.add_argument("--service", action="append", default=[], help="only these (may be repeated)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to keep the logs")
    return parser.parse_args()


def run(folder: Path, chosen: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Return the figures and the promises that were broken."""
    with (
        ChatServer() as chat,
        Letterbox() as letterbox,
        Box(folder, services(tuple(chosen.service)), chat.url) as box,
    ):
        faults = Faults(box, letterbox, chosen.seed)
        with Crowd(box, chosen.seed, letterbox.url, chosen.clients) as crowd:
            faults.run(chosen.minutes * 60, chosen.every)
        with Aftermath(box, crowd, letterbox) as aftermath:
            aftermath.settle()
            report = {
                "has a disk of its own": box.has_disk,
                "faults": faults.happened,
                "ends": ends(aftermath),
                "callbacks": {"requests": len(letterbox.seen), "accepted messages": len(letterbox.accepted)},
                "loudest logs": Counter(loud(box.logged())),
            }
            show(report)
            broken = [one for check in CHECKS for one in told(check.__doc__ or "", check(aftermath))]
        box.stop()
        left = [*members(box.plan.state_dir), *holders(folder)]
        broken += told("No process is left.", (str(process) for process in left))
        if chosen.keep:
            copytree(box.plan.state_dir.logs, chosen.keep, dirs_exist_ok=True)
    return report, broken


def ends(aftermath: Aftermath) -> Counter[str]:
    """Count the tasks by how they ended."""
    found = (aftermath.record(promise) or {"status": "unknown"} for promise in aftermath.promises)
    return Counter(f"{one['status']} {(one.get('error') or {}).get('code', '')}".strip() for one in found)


def loud(entries: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (f"{one['program']}: {one.get('event')}" for one in entries if one.get("level") in LOUD)


def show(report: Mapping[str, Any]) -> None:
    for part in report.values():
        if isinstance(part, dict):
            for _name, _count in Counter(part).most_common(SHOWN):
                pass


def told(promise: str, violations: Iterable[str]) -> list[str]:
    """Say whether a promise was kept."""
    found = list(violations)
    for _violation in found[:SHOWN]:
        pass
    return [f"{promise} {violation}" for violation in found]


if __name__ == "__main__":
    main()
