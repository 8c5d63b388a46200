"""Delivers callback messages from the outbox, and records every try."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import httpx
import structlog
from pydantic import BaseModel
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from api_gateway.callbacks import schedule
from api_gateway.callbacks.sender import Sender
from api_gateway.ending import end
from api_gateway.wake import Waker
from common import keys
from common.clock import from_ms, utcnow
from common.errors import CallbackNotAllowed, StateUnavailable
from common.messages import Message
from common.outgoing import redacted
from common.redis import AsyncRedis, Call, script, told
from common.settings import CallbackSettings
from common.state import take, us

LEASE_MARGIN = timedelta(seconds=15)
"""How long a lost Redis may take to come back before a try that was made is forgotten, and made again."""
MOST_TRIES_KEPT = 200
log = structlog.get_logger()


class Try(BaseModel):
    """One try at a callback, as the ledger keeps it."""

    message_id: str
    type: str
    url: str
    at: datetime
    duration: float
    status_code: int | None = None
    error: str | None = None
    answer: str = ""
    next_try_at: datetime | None = None

    @property
    def accepted(self) -> bool:
        return self.status_code is not None and schedule.accepted(self.status_code)


@dataclass(frozen=True, slots=True)
class Pending:
    """A message and what is known of its tries so far."""

    message: Message
    tries: int
    first_at: datetime

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> "Pending":
        first = from_ms(int(fields["first_us"]) / 1000) if "first_us" in fields else utcnow()
        return cls(Message.model_validate_json(fields["message"]), int(fields["tries"]), first)


class Courier:
    """One a gateway process; the outbox's lease keeps two from delivering the same message at once."""

    def __init__(
        self, settings: CallbackSettings, client: httpx.AsyncClient, redis: AsyncRedis, waker: Waker, ttl_s: int
    ) -> None:
        self.concurrency = settings.concurrency
        self.lease = settings.timeout + LEASE_MARGIN
        self.sender = Sender(settings, client)
        self.redis = redis
        self.waker = waker
        self.ttl_s = ttl_s
        self.flying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                try:
                    for message_id in await self.due():
                        self.start(message_id)
                except StateUnavailable:
                    log.warning("courier_without_redis")
                await self.wait()
        finally:
            await end(*self.flying)

    async def due(self) -> list[str]:
        """Take no more than can be tried at once: a lease must not run out in a queue of ours."""
        return await self.redis.run(take(keys.OUTBOX, self.concurrency - len(self.flying), self.lease))

    def start(self, message_id: str) -> None:
        task = asyncio.create_task(self.deliver(message_id), name=message_id)
        self.flying.add(task)
        task.add_done_callback(self.landed)

    def landed(self, task: asyncio.Task[None]) -> None:
        """Free the slot. A bug met by one message must be seen, and must not stop the others."""
        self.flying.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("callback_crashed", message_id=task.get_name(), exc_info=error)

    async def wait(self) -> None:
        """Wait for a free slot, then for news or for the moment when the next retry is due."""
        if len(self.flying) >= self.concurrency:
            await asyncio.wait(self.flying, return_when=asyncio.FIRST_COMPLETED)
            return
        pause = await self.until_next()
        try:
            async with asyncio.timeout(pause):
                await self.waker.wait(keys.OUTBOX)
        except TimeoutError:
            return

    async def until_next(self) -> float | None:
        """Return the seconds until the first message is due, by Redis's clock."""
        pipe = self.redis.client.pipeline(transaction=False)
        pipe.time()
        pipe.zrange(keys.OUTBOX, 0, 0, withscores=True)
        try:
            with told():
                (seconds, micros), first = await pipe.execute()
        except StateUnavailable:
            return None
        return max(0.0, first[0][1] / 1_000_000 - seconds - micros / 1_000_000) if first else None

    async def deliver(self, message_id: str) -> None:
        """Try one message once. When Redis is lost the lease runs out, and the message is tried again."""
        try:
            pending = await self.load(message_id)
            if pending:
                await self.settle(pending, await self.attempt(pending))
        except StateUnavailable:
            log.warning("callback_not_recorded", message_id=message_id)

    async def load(self, message_id: str) -> Pending | None:
        with told():
            fields = await self.redis.client.hgetall(keys.message(message_id))
            if "message" in fields:
                return Pending.parse(fields)
            await self.redis.client.zrem(keys.OUTBOX, message_id)
        log.warning("callback_expired", message_id=message_id)
        return None

    async def attempt(self, pending: Pending) -> Try:
        """Post the message once, and work out what the answer means."""
        message, at, began = pending.message, utcnow(), monotonic()
        outcome, pause = await self.outcome(pending)
        return Try(
            message_id=message.id,
            type=message.type,
            url=redacted(message.target.url),
            at=at,
            duration=monotonic() - began,
            next_try_at=utcnow() + pause if pause is not None else None,
            **outcome,
        )

    async def outcome(self, pending: Pending) -> tuple[dict[str, Any], timedelta | None]:
        """Return what the ledger says of the answer, and the pause before the next try."""
        tries, age = pending.tries + 1, utcnow() - pending.first_at
        try:
            answer = await self.sender.post(pending.message)
        except CallbackNotAllowed as error:  # no use in asking again
            return {"error": error.message}, None
        except TimeoutError:
            return {"error": f"no answer within {self.sender.timeout_s:g} s"}, schedule.next_pause(None, tries, age)
        except httpx.HTTPError as error:
            return {"error": f"{type(error).__name__}: {error}"}, schedule.next_pause(None, tries, age)
        told_us = {"status_code": answer.status_code, "answer": answer.text}
        return told_us, schedule.next_pause(answer.status_code, tries, age, answer.retry_after)

    async def settle(self, pending: Pending, tried: Try) -> None:
        """Record the try, and take the message off the outbox or leave it for the next one."""
        tries = await self.record(settled(pending.message, tried, self.ttl_s))
        log.info(
            "callback_tried",
            task_id=pending.message.task_id,
            tries=tries,
            accepted=tried.accepted,
            status_code=tried.status_code,
            error=tried.error,
            url=tried.url,
        )

    @retry(
        retry=retry_if_exception_type(StateUnavailable),
        wait=wait_exponential_jitter(multiplier=0.1, max=1),
        stop=stop_after_delay(LEASE_MARGIN),
        reraise=True,
    )
    async def record(self, call: Call[int]) -> int:
        """Hold on to a try until Redis is back: forgotten, it would be made a second time."""
        return await self.redis.run(call)


def settled(message: Message, tried: Try, ttl_s: int) -> Call[int]:
    delay_us = max(0, us(tried.next_try_at - utcnow())) if tried.next_try_at else -1
    return Call(
        script("settle"),
        [keys.OUTBOX, keys.deliveries(message.task_id), keys.message(message.id)],
        [message.id, tried.model_dump_json(), ttl_s, delay_us, MOST_TRIES_KEPT],
        int,
    )


def replayed(message_id: str) -> Call[bool]:
    return Call(script("replay"), [keys.OUTBOX, keys.message(message_id)], [message_id], bool)
