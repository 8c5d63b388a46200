"""A model of a fast engine: in main memory, without the GPU lock."""

from functools import cached_property
from typing import Any

from common.gpu.devices import CpuDevice
from common.gpu.residency import Model
from common.worker.job import Job


class CpuModel:
    """A model in main memory, loaded when it is first used, and warm for the next task.

    The residency's lock is not held, because the slow engine needs it meanwhile. If the residency unloads the model
    during a long task, this reference keeps it alive.
    """

    def __init__(self, job: Job, wanted: Model[Any]) -> None:
        self.job = job
        self.wanted = wanted

    @cached_property
    def value(self) -> Any:
        def count(seconds: float) -> None:
            self.job.timings.model_load = (self.job.timings.model_load or 0.0) + seconds

        if not self.job.process.gpu.residency.devices_of(self.wanted):
            self.job.announce("load model", f"Loading {self.wanted.key}")
        with self.job.process.gpu.residency.use(CpuDevice(), self.wanted, on_load=count) as loaded:
            return loaded
