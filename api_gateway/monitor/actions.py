"""Actions of the monitor, each exactly once, whichever gateway leads."""

from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from common.state import keys, orders
from common.state.client import Arg, AsyncRedis, Call, script
from common.state.messages import Message
from common.state.orders import Order
from common.state.store import StateStore

REMEMBERED = timedelta(days=7)
"""How long an action counts as done."""


class Actions:
    """Marks, counts, signals the task, alerts the operator and orders the worker, atomically."""

    def __init__(self, redis: AsyncRedis, store: StateStore) -> None:
        self.redis = redis
        self.store = store

    async def perform_once(
        self,
        what: str,
        name: str,
        *,
        task_id: str,
        signal: dict[str, Any] | None = None,
        order: Order | None = None,
        alert: Message | None = None,
    ) -> bool:
        """Perform an action unless it was performed before; return whether it was performed now.

        Args:
            what: identifies this action, such as a level of one lease.
            name: the name under which such actions are counted.
            task_id: the task that receives the signal, if it is still running.
            signal: the data of the signal.
            order: for the parent of the task's process.
            alert: for the operator's webhook; delivered like a callback.
        """
        worker = order.worker if order else ""
        told = to_json({"code": name, **signal}).decode() if signal is not None else ""
        ordered = order.model_dump_json() if order else ""
        message_id, message = (alert.id, alert.model_dump_json()) if alert else ("", "")
        names = [keys.monitor_action(what), keys.MONITOR_ACTIONS, keys.control(task_id), keys.events(task_id)]
        names += [keys.orders(worker), keys.OUTBOX, keys.message(message_id)]
        kept: list[Arg] = [int(REMEMBERED.total_seconds()), name, self.store.ttl, self.store.kept]
        return await self.redis.run(
            Call(script("act"), names, [*kept, told, ordered, orders.TTL_S, message_id, message], bool)
        )
