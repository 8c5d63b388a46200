"""`@gpu_lock`: a decorator that holds the GPU for a whole task function."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeVar


class CanLease(Protocol):
    """The part of `Job` that the decorator needs."""

    def lease(self) -> AbstractContextManager[Any]: ...


Params = TypeVar("Params")
JobType = TypeVar("JobType", bound=CanLease)
Output = TypeVar("Output")


def gpu_lock(function: Callable[[Params, JobType], Output]) -> Callable[[Params, JobType], Output]:
    """Run `function(params, job)` under the GPU lock: the same lease as `job.gpu(…)`, without a model.

    Prefer `job.gpu(model)` around inference alone: everything else the function does blocks the device for others.

    Raises:
        GpuLockTimeout, GpuLockUnavailable, NestedGpuLock: see `common.gpu.lock`.
    """

    @wraps(function)
    def with_lease(params: Params, job: JobType) -> Output:
        with job.lease():
            return function(params, job)

    return with_lease
