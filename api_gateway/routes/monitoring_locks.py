"""The GPU locks: holders, waiters, history and manual release."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api_gateway.dependencies import Held
from api_gateway.http.json_body import StrictJsonRoute
from api_gateway.http.problems import error_responses
from api_gateway.monitor.schemas import LockState
from common.clock import from_us
from common.errors import (
    BodyTooComplex,
    BodyTooLarge,
    GpuLockNotFound,
    InvalidInput,
    LockChangedHands,
    MalformedBody,
    UnsupportedMediaType,
)
from common.gpu.leases import HistoryEntry, LockView, to_seconds
from common.gpu.lock import release_call
from common.state.context import TASK_ID_PATTERN

LOCK_PATTERN = r"^[A-Za-z0-9._-]{1,253}:[A-Za-z0-9._-]{1,100}$"
BODIES = (InvalidInput, MalformedBody, UnsupportedMediaType, BodyTooLarge, BodyTooComplex)

router = APIRouter(prefix="/monitoring/locks", tags=["monitoring"], route_class=StrictJsonRoute)
reading = APIRouter(prefix="/monitoring/locks", tags=["monitoring"])


class Locks(BaseModel):
    """Every lock that was used in the last days."""

    locks: list[LockState]


class PastLease(BaseModel):
    """A lease that has ended, or, with neither `fence` nor `held`, a waiter that gave up. Durations are seconds."""

    lock: str
    task_id: str
    worker: str
    priority: int
    fence: str | None
    waited: float
    held: float | None
    ended_at: datetime
    reason: str

    @classmethod
    def of(cls, view: LockView, ended: HistoryEntry) -> "PastLease":
        return cls(
            **ended.model_dump(include={"task_id", "worker", "priority", "fence", "reason"}),
            lock=view.id,
            waited=to_seconds(ended.waited_us),
            held=None if ended.held_us is None else to_seconds(ended.held_us),
            ended_at=from_us(ended.ended_us),
        )


class Past(BaseModel):
    """Newest first."""

    leases: list[PastLease]


class HistoryFilter(BaseModel):
    """Filter of past leases; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    device: Annotated[str | None, Field(max_length=100)] = None
    task_id: Annotated[str | None, Field(pattern=TASK_ID_PATTERN)] = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class Release(BaseModel):
    """The reason for a manual release, and the fence of the lease to end."""

    model_config = ConfigDict(extra="forbid")

    fence: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


async def lock_of(lock_id: Annotated[str, Path(pattern=LOCK_PATTERN)], gateway: Held) -> LockView:
    """Return the lock in the path.

    Raises:
        GpuLockNotFound: it was not used recently.
    """
    for view in await gateway.system.locks():
        if view.id == lock_id:
            return view
    raise GpuLockNotFound(lock=lock_id)


FoundLock = Annotated[LockView, Depends(lock_of)]


@reading.get("", summary="Who holds each GPU, and who waits")
async def locks(gateway: Held) -> Locks:
    return Locks(locks=[LockState.of(view) for view in await gateway.system.locks()])


@reading.get("/history", summary="Leases that have ended", responses=error_responses(InvalidInput))
async def history(gateway: Held, wanted: Annotated[HistoryFilter, Query()]) -> Past:
    found = [
        PastLease.of(view, ended)
        for view in await gateway.system.locks()
        if wanted.device in {None, view.device}
        for ended in await gateway.system.history(view)
        if wanted.task_id in {None, ended.task_id}
    ]
    found.sort(key=lambda lease: lease.ended_at, reverse=True)
    return Past(leases=found[: wanted.limit])


@router.post(
    "/{lock_id}/release",
    summary="Release a lock by hand",
    responses=error_responses(GpuLockNotFound, LockChangedHands, *BODIES),
)
async def release(view: FoundLock, body: Release, gateway: Held) -> LockState:
    """End exactly the lease with this fence; its holder notices at its next step.

    A living process keeps its device memory: unload the model, or, if the task hangs, cancel it; after
    `tasks.cancel_grace` its process is killed. The reason is kept in the history.
    """
    holder = view.holder
    if holder is None or holder.fence != body.fence:
        raise LockChangedHands(lock=view.id)
    call = release_call(view.lock, holder.owner, holder.fence, f"by_hand: {body.reason}")
    if not await gateway.redis.commit(call):
        raise LockChangedHands(lock=view.id)
    return LockState.of(await lock_of(view.id, gateway))
