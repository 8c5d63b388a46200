"""Models that stay on the card compared with loading one for each task: `python -m bench.residency`.

Three services with 60 tasks each share a simulated card: loading takes 4, 2 and 1.5 s, running 1 s. The benchmark runs
these at a tenth of the time, but Baton's own work (lock, Redis, freeing memory) is real, so its share is ten times
higher than in practice. Each service is a process that calls `hold_model`, as `job.gpu` does.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any

from bench.gpu import Process, say
from bench.result import keep
from bench.rig import Rig
from common import log
from common.gpu.devices import Device, SimulatedDevice
from common.gpu.residency import Model
from common.gpu.session import Gpu, hold_model
from common.state.client import SyncRedis
from common.state.context import Timings
from services import settings

SCALE = 10
TASKS, RUN_S = 60, 1.0 / SCALE
LOADS_S = {"whisper": 4.0 / SCALE, "diarization": 2.0 / SCALE, "ocr": 1.5 / SCALE}
CARD_MIB = 8_000
FIT_MIB, TIGHT_MIB = 2_500, 4_000
"""Size of each of the three models: all of them fit, or only two."""
BURST = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: resident models or a load per task; the size of the models; the number of tasks at a time."""

    title: str
    resident: bool
    mib: int
    burst: int = TASKS
    in_turn: bool = False


CASES = (
    Case("load for each task", resident=False, mib=FIT_MIB),
    Case("resident, all fit", resident=True, mib=FIT_MIB),
    Case("resident, two of three fit", resident=True, mib=TIGHT_MIB),
    Case("the same, in bursts of 10", resident=True, mib=TIGHT_MIB, burst=BURST, in_turn=True),
)


# ---- the process of a service ----


def serve(name: str, url: str, mib: int, *, resident: bool) -> None:
    """Run as many tasks as each input line says; print how often a model was loaded for them."""
    card = {"device": "simulated", "simulated_memory_mib": CARD_MIB, "reserve_mib": 0}
    configured = settings(redis={"url": url}, gpu=card, log={"level": "warning"})
    log.configure(configured.log)
    gpu = Gpu(SyncRedis(configured.redis), configured, "bench", f"{name}@bench/{os.getpid()}")
    one = partial(run_warm if resident else run_cold, gpu, name, mib)
    say("ready")
    for line in sys.stdin:
        say(str(sum(one() for _ in range(int(line)))))


def run_warm(gpu: Gpu, name: str, mib: int) -> bool:
    """Run a task as our services do; return whether it had to load its model."""
    timings = Timings()
    model: Model[Any] = Model("bench", name, partial(load, name, mib), partial(give_back, gpu, mib), estimate_mib=mib)
    with hold_model(gpu, gpu.claim(name, 5), model, timings=timings, check=lambda: None) as session:
        Event().wait(RUN_S)
        session.step()
    return timings.model_load is not None


def run_cold(gpu: Gpu, name: str, _mib: int) -> bool:
    """Load, run and unload under the same lock."""
    with gpu.lock.lease(gpu.claim(name, 5), check=lambda: None):
        Event().wait(LOADS_S[name])
        Event().wait(RUN_S)
    return True


def load(name: str, mib: int, card: Device) -> int:
    assert isinstance(card, SimulatedDevice)
    card.allocate(mib)
    Event().wait(LOADS_S[name])
    return mib


def give_back(gpu: Gpu, mib: int, _value: object) -> None:
    card = next(iter(gpu.devices.values()))
    assert isinstance(card, SimulatedDevice)
    card.allocate(-mib)


# ---- measurements ----


def measure(rig: Rig, case: Case) -> dict[str, float]:
    rig.client.flushall()
    chosen = (rig.url, str(case.mib), "resident" if case.resident else "each")
    processes = [Process("service", name, *chosen, module="bench.residency") for name in LOADS_S]
    for process in processes:
        process.hear()
    began = monotonic()
    loads = sum(do_tasks(processes, case.burst, in_turn=case.in_turn) for _ in range(TASKS // case.burst))
    wall_s = monotonic() - began
    for process in processes:
        process.__exit__()
    return {"wall_s": wall_s, "loads": loads, "tasks": TASKS * len(LOADS_S)}


def do_tasks(processes: Sequence[Process], count: int, *, in_turn: bool) -> int:
    """Let each service run `count` tasks: all at the same time, or one service after the other."""
    rounds = [[process] for process in processes] if in_turn else [list(processes)]
    return sum(do_at_once(together, count) for together in rounds)


def do_at_once(processes: Sequence[Process], count: int) -> int:
    for process in processes:
        process.tell(str(count))
    return sum(int(process.hear()) for process in processes)


def main() -> None:
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        rows = {case.title: measure(rig, case) for case in CASES}
    each = rows[CASES[0].title]["wall_s"]
    say(f"{'':>28}{'tasks':>8}{'loads':>8}{'wall s':>10}{'of loading each':>18}")
    for title, row in rows.items():
        row["ratio"] = row["wall_s"] / each
        say(f"{title:>28}{row['tasks']:>8}{row['loads']:>8}{row['wall_s']:>10.1f}{row['ratio']:>18.2f}")
    keep("residency", scale=SCALE, residency=rows)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["service", service, redis_url, size, kind]:
            serve(service, redis_url, int(size), resident=kind == "resident")
        case _:
            main()
