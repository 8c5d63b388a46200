"""The clients that wait for one task, on any gateway: it is cancelled when the last of them has disconnected.

A client that lets the task continue without it is never removed. Neither are the clients of a gateway that was killed:
their task runs to its end.
"""

from dataclasses import dataclass, field
from uuid import uuid4

from api_gateway.gateway import Gateway
from common.state import keys
from common.state import task_scripts as scripts

KEPT = "kept"
"""In place of the clients that let the task continue without them."""


@dataclass(frozen=True, slots=True)
class TaskClient:
    """One request that waits for a task."""

    gateway: Gateway
    cancels: bool
    """Whether the task is cancelled if this client is the last one to disconnect."""
    id: str = field(default_factory=lambda: uuid4().hex)

    async def join(self, task_id: str) -> bool:
        """Return False if the last client has disconnected: then the task is being cancelled.

        Raises:
            StateUnavailable: Redis cannot be reached.
        """
        client = self.id if self.cancels else KEPT
        ttl_s = self.gateway.store.ttl
        return await self.gateway.redis.run(
            scripts.join(clients=keys.task_clients(task_id), client=client, ttl_s=ttl_s).then(bool)
        )

    async def leave(self, task_id: str) -> bool:
        """Return whether the task is to be cancelled: no client is left, and none can join.

        Raises:
            StateUnavailable: Redis cannot be reached.
        """
        if not self.cancels:
            return False
        ttl_s = self.gateway.store.ttl
        return await self.gateway.redis.run(
            scripts.leave(clients=keys.task_clients(task_id), client=self.id, ttl_s=ttl_s).then(bool)
        )
