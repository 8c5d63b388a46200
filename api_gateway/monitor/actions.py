"""Actions of the monitor, each exactly once, whichever gateway leads."""

from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from common.state import keys, orders
from common.state import work_scripts as scripts
from common.state.client import AsyncRedis
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
        call = scripts.act(
            action=keys.monitor_action(what),
            counts=keys.MONITOR_ACTIONS,
            control=keys.control(task_id),
            events=keys.events(task_id),
            orders=keys.orders(order.worker if order else ""),
            outbox=keys.OUTBOX,
            message=keys.message(alert.id if alert else ""),
            mark_ttl_s=int(REMEMBERED.total_seconds()),
            name=name,
            ttl_s=self.store.ttl,
            events_kept=self.store.kept,
            signal=to_json({"code": name, **signal}).decode() if signal is not None else "",
            order=order.model_dump_json() if order else "",
            orders_ttl_s=orders.TTL_S,
            message_id=alert.id if alert else "",
            message_json=alert.model_dump_json() if alert else "",
        )
        return await self.redis.run(call.then(bool))
