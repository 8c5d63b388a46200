"""What others ask the parent of a worker process to do to it: end its task softly, or kill it.

An order is addressed to the process by the name that it claims tasks and leases under, and read by its parent. Each
says for which lease, attempt or loaded model it was given, so that one which comes late does nothing.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from common.state import keys
from common.state.client import SyncRedis, translate_errors

TTL_S = 30
MOST = 10
"""Taken at one look."""

Kind = Literal["soft", "kill"]


class Order(BaseModel):
    """`soft` raises SoftTimeLimitExceeded in the task, `kill` ends the process and all below it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Kind
    worker: str
    reason: str
    task_id: str | None = None
    lock: str | None = None
    fence: int | None = None
    """Of the lease on `lock`; without a lock, of the attempt at `task_id`."""
    device: str | None = None
    model: str | None = None
    """The name of a resident on `device` that is to go."""
    limit_s: float | None = None
    """The limit that was overrun. A killed task has FAILED for it; without one it gets another attempt."""


def give(redis: SyncRedis, order: Order) -> None:
    key = keys.orders(order.worker)
    with translate_errors():
        pipe = redis.client.pipeline()
        pipe.rpush(key, order.model_dump_json())
        pipe.expire(key, TTL_S)
        pipe.execute()


def take(redis: SyncRedis, worker: str) -> list[Order]:
    """Take the orders for one process. Those that a dying parent took are given again by who wants them obeyed."""
    with translate_errors():
        found = redis.client.lpop(keys.orders(worker), MOST)
    return [Order.model_validate_json(text) for text in found or ()]
