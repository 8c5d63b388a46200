"""Queue reconciler: compares pending tasks with the broker's queues, and dispatches again what the broker has lost.

Kombu's pop is not atomic, and a worker may die with a message that it has not started. So delivery is never trusted: a
task that should be next according to its record, but is not among the queue's next messages, is published again. If
both arrive, the claim runs the task once. Only the front of each queue is compared, so the cost does not depend on its
length: what was lost further back moves to the front.
"""

from datetime import timedelta

import structlog
from redis.client import NEVER_DECODE

from common.contract import Catalog
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.worker.app import HIGHEST_PRIORITY, SEPARATOR
from common.worker.dead_letters import store_dead_letter
from common.worker.envelope import Unreadable, read_envelope

FRONT = 100
MESSAGES = 1_000
"""Number of messages at the front of a queue that are read: some may be copies or belong to cancelled tasks."""
KEEP_SHARE = 4
"""A record's expiry is removed once its task has been pending for this fraction of `tasks.state_ttl`."""
SKEW_MS = 1_000.0
PRIORITY_STEP = 1e13
"""As in prelude.lua: the score of a pending task is its priority's step plus its arrival in milliseconds."""
log = structlog.get_logger()


def priority_list(queue: str, step: int) -> str:
    """Return kombu's list name for one priority of a queue."""
    return f"{queue}{SEPARATOR}{step}" if step else queue


class QueueReconciler:
    """Checks every queue of the catalog every `interval`; tasks pending for less than that are ignored."""

    def __init__(self, redis: AsyncRedis, catalog: Catalog, interval: timedelta, ttl: timedelta) -> None:
        self.redis = redis
        self.queues = catalog.queues
        self.tasks = frozenset(catalog)
        self.interval = interval
        self.ttl = ttl

    async def look(self, _contact: timedelta) -> None:
        with translate_errors():
            now_ms = await self.now_ms()
            for queue in self.queues:
                for step in range(HIGHEST_PRIORITY + 1):
                    await self.keep_records(queue, step, now_ms)
                    await self.dispatch_lost(queue, step, now_ms)

    async def now_ms(self) -> float:
        seconds, micros = await self.redis.client.time()
        return float(seconds * 1000 + micros / 1000)

    async def waiting(self, queue: str, step: int, before_ms: float) -> list[str]:
        """Return the ids of one priority that have been pending since before a time, the next one first."""
        low = step * PRIORITY_STEP
        return await self.redis.client.zrangebyscore(keys.waiting(queue), low, low + before_ms)

    async def front(self, queue: str, step: int, now_ms: float) -> list[str]:
        """Return the ids of the next tasks of one priority, except those that have just arrived.

        A task whose arrival is in the future has been pending since before Redis's clock was set back.
        """
        low = step * PRIORITY_STEP
        found = await self.redis.client.zrangebyscore(
            keys.waiting(queue), low, f"({low + PRIORITY_STEP}", start=0, num=FRONT, withscores=True
        )
        recent = low + now_ms - self.interval.total_seconds() * 1000
        return [task_id for task_id, score in found if score <= recent or score > low + now_ms + SKEW_MS]

    async def dispatch_lost(self, queue: str, step: int, now_ms: float) -> None:
        front = await self.front(queue, step, now_ms)
        if not front:
            return
        listed = await self.redis.client.zmscore(keys.DISPATCH, front)
        due = {task_id for task_id, at in zip(front, listed, strict=True) if at is None}
        if lost := due - await self.next_messages(queue, step):
            await self.redis.client.zadd(keys.DISPATCH, dict.fromkeys(lost, now_ms * 1000), nx=True)
            log.warning("dispatched_again", queue=queue, count=len(lost))

    async def next_messages(self, queue: str, step: int) -> set[str]:
        """Return the task ids at the front of one of kombu's lists; kombu pops from the right."""
        name = priority_list(queue, step)
        messages: list[bytes] = await self.redis.client.execute_command(
            "LRANGE", name, -MESSAGES, -1, **{NEVER_DECODE: True}
        )
        found = set()
        for message in messages:
            try:
                found.add(read_envelope(message, self.tasks).id)
            except Unreadable as error:
                await self.quarantine(message, queue, name, str(error))
        return found

    async def quarantine(self, message: bytes, queue: str, name: str, reason: str) -> None:
        """Remove a message that no worker can run from its queue, and store it as a dead letter."""
        if await self.redis.run(store_dead_letter(message, queue, reason, listed_in=name)):
            log.error("message_quarantined", queue=queue, reason=reason)

    async def keep_records(self, queue: str, step: int, now_ms: float) -> None:
        """Keep the records of tasks that are pending for days, including those that an earlier version would let
        expire.
        """
        old = await self.waiting(queue, step, now_ms - self.ttl.total_seconds() * 1000 / KEEP_SHARE)
        pipe = self.redis.client.pipeline(transaction=False)
        for task_id in old:
            pipe.persist(keys.state(task_id))
            pipe.persist(keys.control(task_id))
        await pipe.execute()
