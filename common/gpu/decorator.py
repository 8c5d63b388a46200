"""`@gpu_lock`: a task function that holds the GPU from its first line to its last."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from common.worker.job import Job

Params = TypeVar("Params")
Output = TypeVar("Output")


def gpu_lock(function: Callable[[Params, "Job"], Output]) -> Callable[[Params, "Job"], Output]:
    """Run the whole of `function(params, job)` under the GPU lock: the same lease as `job.gpu(…)`, without a model.

    Prefer `job.gpu(model)` around the inference alone: whatever else the function does keeps the card from others.

    Raises:
        GpuLockTimeout, GpuLockUnavailable, NestedGpuLock: see `common.gpu.lock`.
    """

    @wraps(function)
    def locked(params: Any, job: "Job") -> Any:
        with job.lease():
            return function(params, job)

    return locked
