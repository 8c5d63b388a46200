"""`@gpu_lock`: a task function that holds the GPU from its first line to its last."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeVar


class CanLease(Protocol):
    """What this needs of a `Job`."""

    def lease(self) -> AbstractContextManager[Any]: ...


Params = TypeVar("Params")
JobType = TypeVar("JobType", bound=CanLease)
Output = TypeVar("Output")


def gpu_lock(function: Callable[[Params, JobType], Output]) -> Callable[[Params, JobType], Output]:
    """Run the whole of `function(params, job)` under the GPU lock: the same lease as `job.gpu(…)`, without a model.

    Prefer `job.gpu(model)` around the inference alone: whatever else the function does keeps the card from others.

    Raises:
        GpuLockTimeout, GpuLockUnavailable, NestedGpuLock: see `common.gpu.lock`.
    """

    @wraps(function)
    def locked(params: Params, job: JobType) -> Output:
        with job.lease():
            return function(params, job)

    return locked
