"""Ends tasks that have waited too long for a worker."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from common.errors import WaitedTooLong
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.context import Status
from common.state.record import US, Record
from common.state.store import StateStore

PAGE = 100
log = structlog.get_logger()


class WaitLimit:
    """Checks the tasks whose limit has passed; `explain` says why a task waits."""

    def __init__(
        self, redis: AsyncRedis, store: StateStore, interval: timedelta, explain: Callable[[Record], Awaitable[str]]
    ) -> None:
        self.redis = redis
        self.store = store
        self.interval = interval
        self.explain = explain

    async def look(self, _contact: timedelta) -> None:
        with translate_errors():
            seconds, micros = await self.redis.client.time()
            now_us = seconds * US + micros
            passed = await self.redis.client.zrangebyscore(keys.WAIT_LIMITS, 0, now_us, start=0, num=PAGE)
        for task_id in passed:
            record = await self.redis.run(self.store.get(task_id))
            if record and record.control.status is Status.PENDING:
                await self.end(record)
            with translate_errors():
                await self.redis.client.zrem(keys.WAIT_LIMITS, task_id)

    async def end(self, record: Record) -> None:
        task_id, queue, limit = record.context.task_id, record.control.queue, record.control.max_wait_s or 0.0
        why = await self.explain(record)
        message = f"The task waited {limit:g} s in the queue {queue} and was not started. {why} {WaitedTooLong.advice}"
        error = WaitedTooLong(message, queue=queue, max_wait_s=limit)
        answer = await self.redis.commit(self.store.finish(record, record.final_context(Status.FAILED, error=error)))
        log.warning("task_waited_too_long", task_id=task_id, queue=queue, limit=limit, answer=answer)
