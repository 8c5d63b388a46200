"""A minimal worker process: it uses models on the simulated GPU as its standard input requests, one JSON per line."""

import json
import os
import subprocess
import sys
from functools import partial
from threading import Event
from typing import IO, Any

from common import log
from common.errors import BatonError
from common.gpu.devices import Device, SimulatedDevice
from common.gpu.residency import Model
from common.gpu.session import Gpu, hold_model
from common.state.client import SyncRedis
from common.state.context import Timings
from services import settings
from tests.support.hang import stay


def load(mib: int, device: Device) -> int:
    assert isinstance(device, SimulatedDevice)
    device.allocate(mib)
    return mib


def main() -> None:
    configured = settings()
    log.configure(configured.log)
    worker = f"testing@here/{os.getpid()}"
    gpu = Gpu(SyncRedis(configured.redis), configured, "here", worker)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(use(gpu, **json.loads(line))) + "\n")
        sys.stdout.flush()


def use(
    gpu: Gpu, *, name: str, mib: int, seconds: float = 0.0, steps: int = 1, stubborn: bool = False
) -> dict[str, Any]:
    """Use a model for some time, step by step, and report how long that took."""
    card = next(iter(gpu.devices.values()))
    assert isinstance(card, SimulatedDevice)
    unload = stay if stubborn else partial(give_back, card)
    model: Model[Any] = Model("test", name, partial(load, mib), unload, estimate_mib=mib)
    timings = Timings()
    try:
        with hold_model(gpu, gpu.claim(name, 5), model, timings=timings, check=lambda: None) as session:
            for _ in range(steps):
                Event().wait(seconds / steps)
                session.step()
    except BatonError as error:
        return {"error": error.code}
    return {"loaded": timings.model_load is not None, "free": card.free_mib()}


def give_back(card: SimulatedDevice, mib: int) -> None:
    card.allocate(-mib)


class Resident:
    """The test's handle of such a process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.resident"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},  # noqa: TID251 - PATH and the like
        )

    def begin(self, name: str, mib: int, **more: Any) -> None:
        self.pipe(self.process.stdin).write(json.dumps({"name": name, "mib": mib, **more}) + "\n")
        self.pipe(self.process.stdin).flush()

    def end(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.pipe(self.process.stdout).readline())
        return told

    def use(self, name: str, mib: int, **more: Any) -> dict[str, Any]:
        self.begin(name, mib, **more)
        return self.end()

    @staticmethod
    def pipe(stream: IO[str] | None) -> IO[str]:
        assert stream
        return stream

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


if __name__ == "__main__":
    main()
