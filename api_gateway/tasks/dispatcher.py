"""Dispatcher: publishes recorded tasks through Celery in batches, off the event loop, after the client has its answer.

A task stays on the dispatch list until the broker has it. What a dying gateway leaves there is published by another
one; if both publish it, the claim runs the task once.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import KombuError
from pydantic_core import from_json
from redis.exceptions import RedisError

from api_gateway.runtime.cancellation import cancel_and_wait
from api_gateway.runtime.wakeups import Waker
from common.contract import Catalog
from common.errors import StateUnavailable
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.gateway_leases import take_due
from common.worker.app import broker_priority

BATCH = 100
LEASE = timedelta(seconds=10)
"""How long a gateway has to publish what it took."""
MOST_OFFERED = 10_000
"""Maximum number of unpublished tasks kept in this process; the rest is read from the dispatch list."""
SHARE = 0.2
"""Share of time for publishing while requests are being answered: both need the GIL."""
LULL_S = 0.005

log = structlog.get_logger()


class Dispatcher:
    """One per gateway process. `offer` is for tasks recorded by this process; others come from the dispatch list."""

    def __init__(self, celery: Celery, redis: AsyncRedis, waker: Waker, catalog: Catalog) -> None:
        self.celery = celery
        self.redis = redis
        self.waker = waker
        self.catalog = catalog
        self.offered: asyncio.Queue[tuple[dict[str, Any], int]] = asyncio.Queue()
        self.own: set[str] = set()

    async def offer(self, context: dict[str, Any], priority: int) -> None:
        """Publish a task that was just recorded, soon."""
        if len(self.own) < MOST_OFFERED:
            self.own.add(context["task_id"])
            self.offered.put_nowait((context, priority))

    async def run(self) -> None:
        publishing = [asyncio.create_task(self.publish_offered()), asyncio.create_task(self.publish_due())]
        try:
            await asyncio.gather(*publishing)
        finally:
            await cancel_and_wait(*publishing)  # a TaskGroup would cancel only once, see `cancel_and_wait`

    async def publish_offered(self) -> None:
        while True:
            batch = [await self.offered.get()]
            while len(batch) < BATCH and not self.offered.empty():
                batch.append(self.offered.get_nowait())
            began = monotonic()
            try:
                await self.publish(batch)
            finally:  # what was not published is due on the dispatch list
                self.own.difference_update(context["task_id"] for context, _ in batch)
            if not self.offered.empty():
                await self.yield_to_requests(monotonic() - began)

    async def yield_to_requests(self, took_s: float) -> None:
        """Let responses go first while new tasks keep arriving: the workers already have enough to do."""
        until = monotonic() + took_s * (1 / SHARE - 1)
        waiting = 0
        while monotonic() < until and waiting != (waiting := self.offered.qsize()):  # noqa: ASYNC110 - a look at growth
            await asyncio.sleep(LULL_S)

    async def publish_due(self) -> None:
        while True:
            await self.waker.wait(keys.DISPATCH)
            try:
                while batch := await self.take_due():
                    await self.publish(batch)
            except StateUnavailable:
                log.warning("dispatch_without_redis")

    async def take_due(self) -> list[tuple[dict[str, Any], int]]:
        """Take a batch from the dispatch list; ids without a record are dropped from it."""
        taken = await self.redis.run(take_due(keys.DISPATCH, BATCH, LEASE))
        ids = [task_id for task_id in taken if task_id not in self.own]
        if not ids:
            return []
        with translate_errors():
            pipe = self.redis.client.pipeline(transaction=False)
            for task_id in ids:
                pipe.get(keys.state(task_id))
                pipe.hget(keys.control(task_id), "priority")
            found = await pipe.execute()
            gone = [task_id for task_id, context in zip(ids, found[::2], strict=True) if not context]
            if gone:
                await self.redis.client.zrem(keys.DISPATCH, *gone)
        return [(from_json(c), int(p)) for c, p in zip(found[::2], found[1::2], strict=True) if c and p]

    async def publish(self, batch: Sequence[tuple[dict[str, Any], int]]) -> None:
        """Send a batch to the broker. What fails stays on the list and is taken again after the lease."""
        try:
            sent = await asyncio.to_thread(self.send, batch)
            with translate_errors():
                await self.redis.client.zrem(keys.DISPATCH, *sent)
        except (KombuError, RedisError, OSError, StateUnavailable) as error:
            log.warning("dispatch_failed", count=len(batch), error=str(error.__cause__ or error))

    def send(self, batch: Sequence[tuple[dict[str, Any], int]]) -> list[str]:
        with self.celery.producer_or_acquire() as producer, producer.batch():
            send = partial(self.celery.send_task, producer=producer, retry=False, argsrepr="(context)", kwargsrepr="{}")
            for context, priority in batch:
                contract = self.catalog[context["task_name"]]
                send(
                    contract.name,
                    args=[context],
                    task_id=context["task_id"],
                    queue=contract.queue,
                    priority=broker_priority(priority),
                    soft_time_limit=contract.soft_time_limit.total_seconds(),
                    time_limit=contract.hard_time_limit.total_seconds(),
                )
        return [context["task_id"] for context, _ in batch]
