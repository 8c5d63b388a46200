"""An hour of chaos on the whole stack: `make chaos`, `make chaos ARGS="--minutes 5 --seed 7"`.

Clients post a mix of tasks of every service to two gateways, watch, cancel, retry, remove and vanish. Meanwhile
processes are killed and frozen, the machine shuts down, programs are cut off from Redis, Redis restarts or refuses
writes, clocks are set, the disk fills, one receiver of callbacks hangs all the time and the other goes away now and
then. Then it is quiet, and what Baton promises is checked. A seed gives the same requests and the same faults; what
they meet is up to the machine.
"""

import argparse
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from random import SystemRandom
from shutil import copytree, disk_usage
from tempfile import TemporaryDirectory
from typing import Any

from tests.chaos.aftermath import Aftermath
from tests.chaos.audit import CHECKS
from tests.chaos.box import Box
from tests.chaos.callback_receiver import CallbackReceiver
from tests.chaos.clients import Crowd
from tests.chaos.faults.schedule import Faults
from tests.chaos.work import KINDS, services
from tests.support.chat_server import ChatServer
from tests.support.processes import described
from tests.support.stepped_redis import find_libfaketime

CHAT_LATENCY_S = 0.5
SHOWN = 12
LOUD = {"error", "critical"}
NUMBER = re.compile(r"\d+")


def main() -> None:
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what runs is ended, as after Ctrl-C
    with TemporaryDirectory(prefix="baton-chaos-") as folder:
        broken = run(Path(folder).resolve() / "box", chosen)
    print(f"\n{broken} promises broken" if broken else "\nEvery promise was kept.")
    sys.exit(1 if broken else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--every", type=float, default=4, metavar="SECONDS", help="between two faults, in the mean")
    parser.add_argument("--service", action="append", choices=services(()), help="only this (may be repeated)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to keep the logs")
    return parser.parse_args()


def run(folder: Path, chosen: argparse.Namespace) -> int:
    """Return how many promises were broken."""
    wanted = services(tuple(chosen.service or ()))
    print(f"seed {chosen.seed}: {chosen.minutes:g} min, {chosen.clients} clients, {', '.join(wanted)}", flush=True)
    with ChatServer() as chat, CallbackReceiver() as callback_receiver, Box(folder, wanted, chat.url) as box:
        chat.latency_s = CHAT_LATENCY_S
        if not box.has_disk:
            print("There is no disk to fill: only root may mount one. The other faults happen.")
        if not find_libfaketime():
            print("Redis's clock stays: setting it needs libfaketime (Debian's package faketime, or LIBFAKETIME).")
        try:
            return after(box, callback_receiver, chosen)
        finally:
            if chosen.keep:
                copytree(box.plan.state_dir.logs, chosen.keep, dirs_exist_ok=True)
                copytree(box.traces, chosen.keep / "traces", dirs_exist_ok=True)


def after(box: Box, callback_receiver: CallbackReceiver, chosen: argparse.Namespace) -> int:
    """Hurt the box, and return how many promises were broken."""
    faults = Faults(box, callback_receiver, chosen.seed)
    with CallbackReceiver(beside=callback_receiver) as hanging:
        hanging.hang()
        with Crowd(box, chosen.seed, (callback_receiver.url, hanging.url), chosen.clients) as crowd:
            faults.run(chosen.minutes * 60, chosen.every)
        hanging.mend()
        return audit(box, crowd, callback_receiver, faults)


def audit(box: Box, crowd: Crowd, callback_receiver: CallbackReceiver, faults: Faults) -> int:
    """Let the box heal, check every promise, and return how many were broken."""
    with Aftermath(box, crowd, callback_receiver) as aftermath:
        aftermath.settle()
        show("faults", faults.scene.happened)
        broken = sum(told(check.__doc__ or "", partial(check, aftermath)) for check in CHECKS)
        show("tasks", ends(aftermath))
        show(
            "callbacks",
            {"requests": len(callback_receiver.requests), "messages accepted": len(callback_receiver.accepted)},
        )
        show("loudest in the logs", Counter(loud(box.logged())))
        print(f"\n{disk_usage(box.folder).free >> 20} MiB of the disk are free")
    return broken + told("No process is left.", lambda: map(described, box.end()))


def ends(aftermath: Aftermath) -> Counter[str]:
    """Count the tasks by kind and by how they ended."""
    found = aftermath.records.values()
    kinds = {kind.name for kind in KINDS}
    by_kind = (
        f"{task['task_name']}: {task['status']} {code(task)}".strip() for task in found if task["task_name"] in kinds
    )
    return Counter(by_kind)


def code(record: Mapping[str, Any]) -> str:
    return str((record.get("error") or {}).get("code", ""))


def loud(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    told = (
        (entry["program"], str(entry.get("event")).partition("\n")[0])
        for entry in entries
        if entry.get("level") in LOUD
    )
    return (f"{program}: {NUMBER.sub('…', event)}"[:120] for program, event in told)


def show(title: str, counts: Mapping[str, int]) -> None:
    print(f"\n{title}")
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")


def told(promise: str, check: Callable[[], Iterable[str]]) -> int:
    """Say whether a promise was kept, and return how often it was not. What cannot be checked is not kept."""
    try:
        found = list(check())
    except Exception as error:  # noqa: BLE001 - the audit must survive what it looks for
        found = [f"could not be checked: {type(error).__name__}: {error}"]
    print(f"{'BROKEN' if found else 'kept  '} {promise}")
    for violation in found[:SHOWN]:
        print(f"         {violation}")
    return bool(found)


if __name__ == "__main__":
    main()
