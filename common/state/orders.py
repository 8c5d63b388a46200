"""Orders to the parent of a worker process: stop the task of a child, or kill the child.

An order is addressed to the process by the name under which it claims tasks and leases, and is read by its parent. It
names the lease, attempt or loaded model it was given for, so that an order that arrives late does nothing.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from common.state import keys
from common.state.client import SyncRedis, translate_errors

TTL_S = 30
MOST = 10
"""Maximum number of orders read at once."""

OrderKind = Literal["soft", "kill"]


class Order(BaseModel):
    """`soft` raises SoftTimeLimitExceeded in the task, `kill` ends the process and all its descendants."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: OrderKind
    worker: str
    reason: str
    task_id: str | None = None
    lock: str | None = None
    fence: int | None = None
    """Fence of the lease on `lock`; without a lock, of the attempt at `task_id`."""
    device: str | None = None
    model: str | None = None
    """Name of a resident model on `device` that must be unloaded."""
    limit_s: float | None = None
    """The limit that was exceeded: a killed task becomes FAILED. Without a limit, the task gets another attempt."""


def send_order(redis: SyncRedis, order: Order) -> None:
    key = keys.orders(order.worker)
    with translate_errors():
        pipe = redis.client.pipeline()
        pipe.rpush(key, order.model_dump_json())
        pipe.expire(key, TTL_S)
        pipe.execute()


def take_orders(redis: SyncRedis, worker: str) -> list[Order]:
    """Take the orders for one process. If the parent dies after taking them, their sender repeats them."""
    with translate_errors():
        found = redis.client.lpop(keys.orders(worker), MOST)
    return [Order.model_validate_json(text) for text in found or ()]
