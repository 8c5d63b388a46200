"""Worker parent: carry out orders for its children, and release what a dead child held."""

import os
import signal
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from common.errors import StateUnavailable
from common.gpu.leases import release_of
from common.gpu.residents import residents_on
from common.state.client import translate_errors
from common.state.context import Status
from common.state.orders import Order, take_orders
from common.worker.deliveries import deliveries
from common.worker.process import WorkerProcess, end_tree, worker_name

if TYPE_CHECKING:
    from common.worker.request import WorkerRequest

log = structlog.get_logger()


def carry_out_orders(process: WorkerProcess, children: list[int]) -> None:
    """Carry out the orders for each child. An order can be addressed only to a child of this parent."""
    for pid in children:
        for order in take_orders(process.redis, worker_name(process.service, pid)):
            answer = carry_out(process, order, pid)
            log.warning("order", answer=answer, pid=pid, **order.model_dump(exclude={"worker"}, exclude_none=True))


def carry_out(process: WorkerProcess, order: Order, pid: int) -> str:
    if not is_current(process, order):
        return "out_of_date"
    request = request_of(pid)
    if order.kind == "soft":
        return request_soft_end(request, order, pid)
    if request and order.limit_s is not None:
        request.overrun = timedelta(seconds=order.limit_s)
    return "killed" if kill_and_release(process, pid) else "will_not_die"


def request_soft_end(request: "WorkerRequest | None", order: Order, pid: int) -> str:
    """Raise SoftTimeLimitExceeded in a child that is running the task; the signal would kill an idle one."""
    if request is None or order.task_id not in {None, request.id}:
        return "not_its_task"
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
    return "asked"


def is_current(process: WorkerProcess, order: Order) -> bool:
    """Return whether the lease, attempt or resident that the order was given for still exists."""
    if order.model and order.device:
        residents = process.redis.run(residents_on(process.gpu_host, order.device))
        return any((resident.name, resident.worker) == (order.model, order.worker) for resident in residents)
    if order.lock is not None:
        with translate_errors():
            value = process.redis.client.get(order.lock) or ""
        return value.startswith(f"{order.fence} {order.worker}:")
    if order.fence is not None and order.task_id:
        record = process.redis.run(process.store.get(order.task_id))
        control = record.control if record else None
        return control is not None and (control.status, control.fence, control.worker) == (
            Status.RUNNING,
            order.fence,
            order.worker,
        )
    return True


def request_of(pid: int) -> "WorkerRequest | None":
    """Return the delivery that a child is running."""
    return next((request for request in deliveries() if request.worker_pid == pid), None)


def kill_and_release(process: WorkerProcess, pid: int) -> bool:
    """Kill a child and its descendants, wait until they are gone, and only then release what it held; False if it
    survives.
    """
    if not end_tree(pid):
        log.error("process_will_not_die", pid=pid)
        return False
    release(process, pid, "killed")
    return True


def release(process: WorkerProcess, pid: int, reason: str) -> None:
    """Release the GPU that a dead child held. If Redis is unavailable, the lease expires by itself."""
    try:
        freed = process.redis.run(release_of(worker_name(process.service, pid), reason))
    except StateUnavailable:
        log.warning("lease_not_released", pid=pid, reason=reason)
        return
    if freed:
        log.warning("lease_released", locks=freed, pid=pid, reason=reason)
