"""Compares the waiting tasks with the broker's queues, and dispatches again what the broker has lost.

Kombu's pop is not atomic, and a worker may die with a message that it has not begun. So delivery is never trusted: a
task that should be next by its record, but is not among the queue's next messages, is published again. Should both
arrive, the claim runs it once. Only the front of each queue is looked at, so a look costs the same however long it is:
what was lost further back comes to the front.
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
"""How many messages at the front of a queue may be in the way: copies, and those of cancelled tasks."""
KEEP_SHARE = 4
"""A record is kept for sure once its task has waited for this part of `tasks.state_ttl`."""
SKEW_MS = 1_000.0
PRIORITY_STEP = 1e13
"""As in prelude.lua: a waiting task's score is its priority's step plus its arrival in milliseconds."""
log = structlog.get_logger()


def priority_list(queue: str, step: int) -> str:
    """Return kombu's name of the list for one priority of a queue."""
    return f"{queue}{SEPARATOR}{step}" if step else queue


class QueueReconciler:
    """Looks at every queue of the catalog, every `interval`; a task that waits for less is not looked at."""

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
        """Return the ids of one priority that wait since before a time, the next one first."""
        low = step * PRIORITY_STEP
        found: list[str] = await self.redis.client.zrangebyscore(keys.waiting(queue), low, low + before_ms)
        return found

    async def front(self, queue: str, step: int, now_ms: float) -> list[str]:
        """Return the ids of the next tasks of one priority, but for those that have only just arrived.

        One whose arrival lies in the future has waited since before Redis's clock was set back.
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
        """Return the task ids at the front of one of kombu's lists; it pops from the right."""
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
        """Take a message that no worker can run out of its queue, and keep it among the dead letters."""
        if await self.redis.run(store_dead_letter(message, queue, reason, listed_in=name)):
            log.error("message_quarantined", queue=queue, reason=reason)

    async def keep_records(self, queue: str, step: int, now_ms: float) -> None:
        """Keep the records of tasks that wait for days, also those that an earlier version let expire."""
        old = await self.waiting(queue, step, now_ms - self.ttl.total_seconds() * 1000 / KEEP_SHARE)
        pipe = self.redis.client.pipeline(transaction=False)
        for task_id in old:
            pipe.persist(keys.state(task_id))
            pipe.persist(keys.control(task_id))
        await pipe.execute()
