"""Health of the system: a verdict, and each reason with a remedy."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from api_gateway.monitor.liveness import Liveness
from api_gateway.monitor.system_reader import SystemReader
from api_gateway.monitor.timeouts import Level, TimeoutManager
from common.settings import MIB
from common.worker.presence import Presence

CLAIM_IS_LATE_S = 10
STEP_SHOWN_FOR = timedelta(minutes=15)
Weight = Literal["degraded", "failing"]


class Reason(BaseModel):
    weight: Weight
    code: str
    message: str


class Diagnosis(BaseModel):
    """`verdict` is the highest severity among the reasons."""

    verdict: Literal["ok", "degraded", "failing"]
    reasons: list[Reason]


async def diagnose(system: SystemReader) -> Diagnosis:
    reasons = [
        *await of_monitor(system),
        *await of_storage(system),
        *await of_queues(system),
        *await of_dead_letters(system),
        *await of_workers(system),
        *await of_tasks(system),
        *await of_leases(system),
    ]
    weights = {reason.weight for reason in reasons}
    verdict: Literal["ok", "degraded", "failing"] = "degraded" if weights else "ok"
    return Diagnosis(verdict="failing" if "failing" in weights else verdict, reasons=reasons)


async def of_monitor(system: SystemReader) -> list[Reason]:
    found = []
    if not await system.has_leader():
        message = "No gateway leads the monitor: look for monitor_without_redis and loop_failed in the gateways' logs."
        found.append(Reason(weight="failing", code="no_leader", message=message))
    if step := await system.clock_step_since(STEP_SHOWN_FOR):
        direction = "forward" if step.step_us > 0 else "back"
        message = (
            f"The clock of Redis's machine was set {direction} by {abs(step.step.total_seconds()):.0f} s. Due times "
            "were shifted accordingly. Make NTP run there before Redis starts."
        )
        found.append(Reason(weight="degraded", code="clock_step", message=message))
    if system.config.ignored:
        message = f"The settings changed at run time are not applied. {system.config.ignored}. Correct or remove them."
        found.append(Reason(weight="degraded", code="config_ignored", message=message))
    return found


async def of_storage(system: SystemReader) -> list[Reason]:
    shortage = await system.shortage()
    return [Reason(weight="failing", code="storage_full", message=shortage)] if shortage else []


async def of_queues(system: SystemReader) -> list[Reason]:
    return [
        Reason(
            weight="failing",
            code="no_worker",
            message=f"No worker of the queue {queue.name} is alive, and {queue.waiting} tasks are pending. "
            f"Start one: python -m services {queue.name}.",
        )
        for queue in await system.queues()
        if queue.waiting and not queue.workers
    ]


async def of_dead_letters(system: SystemReader) -> list[Reason]:
    letters = await system.dead_letters()
    if not letters:
        return []
    count = "A message that no worker can run was" if len(letters) == 1 else f"{len(letters)} messages were"
    message = (
        f"{count} removed from the broker's queues, the last one from {letters[0].queue} ({letters[0].reason}). Find "
        "out who writes there; GET /v1/monitoring/dead-letters shows them, DELETE removes them."
    )
    return [Reason(weight="degraded", code="dead_letters", message=message)]


async def of_workers(system: SystemReader) -> list[Reason]:
    seen = await system.workers()
    gone = [f"{each.name} has not been seen for a while." for each in seen if each.presence is None]
    late = [message for each in seen if each.presence for message in unclaimed_deliveries(each.presence)]
    large = [message for each in seen if each.presence for message in growing_processes(each.presence)]
    return [
        *(Reason(weight="degraded", code="worker_gone", message=message) for message in gone),
        *(Reason(weight="degraded", code="delivery_not_claimed", message=message) for message in late),
        *(Reason(weight="degraded", code="worker_grows", message=message) for message in large),
    ]


def growing_processes(presence: Presence) -> list[str]:
    return [
        f"Process {found.pid} of {presence.name} has grown from {found.before // MIB} to {found.now // MIB} MiB in its "
        f"last {found.tasks} tasks. It is replaced above worker.max_memory_mib; report what these tasks were."
        for found in presence.growing
    ]


def unclaimed_deliveries(presence: Presence) -> list[str]:
    """Return messages about unclaimed deliveries of a worker's processes, and about replaced processes."""
    slow = [found for found in presence.unclaimed if found.seconds >= CLAIM_IS_LATE_S]
    return [
        *(
            f"{presence.name} received {found.task_id} {found.seconds:.0f} s ago, and its process {found.pid} has not "
            f"claimed it. It is replaced after worker.claim_timeout."
            for found in slow
        ),
        *(
            f"Process {found.pid} of {presence.name} received {found.task_id} and did not claim it for "
            f"{found.seconds:.0f} s, so it was replaced. If this happens again, see delivery_not_claimed in its log."
            for found in presence.replaced
        ),
    ]


async def of_tasks(system: SystemReader) -> list[Reason]:
    return [
        Reason(
            weight="degraded",
            code=f"task_{found.liveness}",
            message=f"{found.record.context.task_id} is {found.liveness}: no heartbeat for "
            f"{found.silent.total_seconds():.0f} s, no progress for {found.idle.total_seconds():.0f} s.",
        )
        for found in await system.pulses()
        if found.liveness is not Liveness.ALIVE
    ]


async def of_leases(system: SystemReader) -> list[Reason]:
    found = []
    for view in await system.locks():
        record = await system.redis.run(system.store.get(view.holder.task_id)) if view.holder else None
        name = record.context.task_name if record else ""
        if level := TimeoutManager(system.config.current).level(view.held, name):
            weight: Weight = "failing" if level is Level.HARD else "degraded"
            message = f"{view.id} has been held for {view.held.total_seconds():.0f} s, which exceeds its {level}."
            found.append(Reason(weight=weight, code="lease_too_old", message=message))
    return found
