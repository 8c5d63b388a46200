"""Errors of a running or waiting task: time limits, workers, the GPU."""

from typing import ClassVar

from common.errors.base import BatonError


class TaskTimeLimit(BatonError):
    """The task exceeded a time limit. Split the input, or raise the limit: of its service, or of `gpu_lock_monitor`."""

    code = "time_limit"
    status = 422


class WorkerLost(BatonError):
    """The worker died in every attempt. Check the worker's log; `POST /v1/tasks/{id}/retry` tries again."""

    code = "worker_lost"
    retryable = True


class GpuLockTimeout(BatonError):
    """The task waited for the GPU as long as it was allowed to. `GET /v1/monitoring/locks` shows who holds the GPU.
    Retry the task, or allow it to wait longer: `max_wait` in its request, `gpu_lock.max_wait_time` for all.
    """

    code = "gpu_lock_timeout"
    status = 503
    advice: ClassVar[str] = "Retry the task, or allow it to wait longer: `max_wait` in its request."


class MemoryInUse(BatonError):
    """There is no memory for the model next to one that another task is using. The task waits, and is tried again."""

    code = "memory_in_use"
    status = 503
    retryable = True
    cost = "nothing"


class WaitedTooLong(BatonError):
    """The task waited for a worker as long as it was allowed to. Start workers of its queue, then retry the task; or
    allow it to wait longer: `max_wait` in its request, `tasks.max_wait` for all.
    """

    code = "waited_too_long"
    status = 504
    advice: ClassVar[str] = "Start workers, then retry the task; or allow it to wait longer: `max_wait` in its request."


class CutOff(BatonError):
    """The worker could not reach Redis for `heartbeat.timeout`, so it stopped the attempt. The task is tried again."""

    code = "cut_off"
    status = 503
    retryable = True
    cost = "interruption"


class WorkerStopping(BatonError):
    """The worker's machine is shutting down. The task returns to its queue."""

    code = "worker_stopped"
    status = 503
    retryable = True
    cost = "nothing"


class GpuLockUnavailable(BatonError):
    """The GPU lock cannot be acquired: Redis does not answer. Nothing runs unlocked; the task is tried again."""

    code = "lock_unavailable"
    status = 503
    retryable = True


class OutOfGpuMemory(BatonError):
    """The model does not fit on the GPU, even with every other model unloaded. Choose a smaller one."""

    code = "out_of_gpu_memory"
    status = 507


class GpuContextBroken(BatonError):
    """A CUDA error has left this process without a usable GPU. The process is replaced, and the task is tried again. If
    it happens again, look for Xid messages in the kernel's log (`dmesg`), and update the driver.
    """

    code = "gpu_context_broken"
    status = 503
    retryable = True


class LeaseLost(BatonError):
    """The GPU lease expired while the task was running, so it had to stop. It is tried again from its checkpoint."""

    code = "lease_lost"
    retryable = True
    cost = "interruption"


class NestedGpuLock(BatonError):
    """The task requested the GPU while holding it, and would wait for itself. Use one `job.gpu(…)` at a time."""

    code = "nested_gpu_lock"


class Cancelled(BatonError):
    """The task was cancelled."""

    code = "cancelled"
    status = 409


class Fenced(BatonError):
    """This attempt was superseded: a newer one owns the task, so it may not write any more."""

    code = "fenced"
    status = 409
