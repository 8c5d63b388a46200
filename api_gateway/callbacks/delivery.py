"""Callback sender: delivers messages from the outbox, and records every try."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from api_gateway.callbacks import schedule
from api_gateway.callbacks.encryption import TargetUnreadable
from api_gateway.callbacks.outbox import Pending, Try, defer_call, retake_call, settle_call
from api_gateway.callbacks.receivers import Receivers, origin_of
from api_gateway.callbacks.sender import CallbackClient
from api_gateway.runtime.cancellation import cancel_and_wait
from api_gateway.runtime.wakeups import Waker
from common.clock import utcnow
from common.errors import CallbackNotAllowed, StateUnavailable
from common.net.policy import redact_url
from common.settings import CallbackSettings
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.gateway_leases import take_due
from common.state.scripts import ScriptCall

LEASE_MARGIN = timedelta(seconds=15)
"""How long Redis may be unavailable before a completed try is forgotten, and repeated."""
PARKED_FOR = timedelta(minutes=1)
"""A message parked in this process becomes due again after this: the process may have died."""
log = structlog.get_logger()


class CallbackSender:
    """One per gateway process; the outbox's lease prevents two of them from delivering the same message at once."""

    def __init__(
        self, settings: CallbackSettings, client: httpx.AsyncClient, redis: AsyncRedis, waker: Waker, ttl_s: int
    ) -> None:
        self.concurrency = settings.concurrency
        self.lease = settings.timeout + LEASE_MARGIN
        self.sender = CallbackClient(settings, client)
        self.receivers = Receivers(limit=settings.per_receiver, failures_allowed=settings.failures_allowed)
        self.redis = redis
        self.waker = waker
        self.ttl_s = ttl_s
        self.flying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                try:
                    self.start_ready()
                    for message_id in await self.take_due():
                        self.start(message_id)
                except StateUnavailable:
                    log.warning("courier_without_redis")
                await self.wait_for_work()
        finally:
            await cancel_and_wait(*self.flying)

    @property
    def free(self) -> int:
        return self.concurrency - len(self.flying)

    async def take_due(self) -> list[str]:
        """Take no more messages than can be tried at once, so that no lease expires while a message waits in this
        process.
        """
        return await self.redis.run(take_due(keys.OUTBOX, self.free, self.lease)) if self.free > 0 else []

    def start_ready(self) -> None:
        """Start parked messages whose receiver may be tried now."""
        for message_id, due_us in self.receivers.take_ready(self.free):
            self.start_task(message_id, self.resume(message_id, due_us))

    def start(self, message_id: str) -> None:
        self.start_task(message_id, self.deliver(message_id))

    def start_task(self, message_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=message_id)
        self.flying.add(task)
        task.add_done_callback(self.on_done)

    def on_done(self, task: asyncio.Task[None]) -> None:
        """Free the slot. A bug triggered by one message must be logged, and must not stop the others."""
        self.flying.discard(task)
        self.waker.wake(keys.OUTBOX)
        if not task.cancelled() and (error := task.exception()):
            log.error("callback_crashed", message_id=task.get_name(), exc_info=error)

    async def wait_for_work(self) -> None:
        """Wait for a free slot, then for a new message or for the next due time."""
        if self.free <= 0:
            await asyncio.wait(self.flying, return_when=asyncio.FIRST_COMPLETED)
            return
        pauses = [
            pause for pause in (await self.seconds_until_due(), self.receivers.until_ready()) if pause is not None
        ]
        pause = min(pauses, default=None)
        try:
            async with asyncio.timeout(pause):
                await self.waker.wait(keys.OUTBOX)
        except TimeoutError:
            return

    async def seconds_until_due(self) -> float | None:
        """Return the seconds until the first message is due, by Redis's clock."""
        pipe = self.redis.client.pipeline(transaction=False)
        pipe.time()
        pipe.zrange(keys.OUTBOX, 0, 0, withscores=True)
        try:
            with translate_errors():
                (seconds, micros), first = await pipe.execute()
        except StateUnavailable:
            return None
        return max(0.0, first[0][1] / 1_000_000 - seconds - micros / 1_000_000) if first else None

    async def deliver(self, message_id: str) -> None:
        """Try one message once, or park it. If Redis is lost, the lease expires and the message is tried again."""
        try:
            if pending := await self.load(message_id):
                await self.deliver_or_park(pending, origin_of(pending.message.target.url))
        except StateUnavailable:
            log.warning("callback_not_recorded", message_id=message_id)

    async def resume(self, message_id: str, due_us: int) -> None:
        """Deliver a parked message, unless another gateway has taken it since."""
        try:
            if not await self.redis.run(retake_call(message_id, due_us, self.lease)):
                return
        except StateUnavailable:
            log.warning("callback_not_resumed", message_id=message_id)
            return
        await self.deliver(message_id)

    async def deliver_or_park(self, pending: Pending, origin: str) -> None:
        if not self.receivers.admit(origin):
            if due_us := await self.redis.run(defer_call(pending.message.id, PARKED_FOR)):
                self.receivers.park(origin, pending.message.id, due_us)
            return
        answered: bool | None = None
        try:
            tried = await self.attempt(pending)
            answered = tried.answered
        finally:
            self.receivers.release(origin, answered=answered)
        await self.settle(pending, tried)

    async def load(self, message_id: str) -> Pending | None:
        pipe = self.redis.client.pipeline(transaction=False)
        pipe.time()
        pipe.hgetall(keys.message(message_id))
        with translate_errors():
            (seconds, micros), fields = await pipe.execute()
            if "message" in fields:
                return Pending.parse(fields, seconds * 1_000_000 + micros)
            await self.redis.client.zrem(keys.OUTBOX, message_id)
        log.warning("callback_expired", message_id=message_id)
        return None

    async def attempt(self, pending: Pending) -> Try:
        """Post the message once, and decide what the answer means."""
        message, at, began = pending.message, utcnow(), monotonic()
        outcome, pause = await self.try_once(pending)
        return Try(
            message_id=message.id,
            type=message.type,
            url=redact_url(message.target.url),
            at=at,
            duration=monotonic() - began,
            next_try_at=utcnow() + pause if pause is not None else None,
            **outcome,
        )

    async def try_once(self, pending: Pending) -> tuple[dict[str, Any], timedelta | None]:
        """Return the log entry for the answer, and the pause before the next try."""
        tries, age = pending.tries + 1, pending.age
        try:
            answer = await self.sender.post(pending.message)
        except CallbackNotAllowed as error:  # another try would be refused too
            return {"error": error.message, "refused_here": True}, None
        except TargetUnreadable as error:  # the operator can restore the old secret
            return {"error": error.message, "refused_here": True}, schedule.next_pause(None, tries, age)
        except TimeoutError:
            return {"error": f"no answer within {self.sender.timeout_s:g} s"}, schedule.next_pause(None, tries, age)
        except httpx.HTTPError as error:
            status = schedule.NOT_CONNECTED if isinstance(error, httpx.ConnectError) else None
            return {"error": f"{type(error).__name__}: {error}"}, schedule.next_pause(status, tries, age)
        told_us = {"status_code": answer.status_code, "answer": answer.text}
        return told_us, schedule.next_pause(answer.status_code, tries, age, answer.retry_after)

    async def settle(self, pending: Pending, tried: Try) -> None:
        """Record the try, and remove the message from the outbox or schedule the next try."""
        tries = await self.record(settle_call(pending.message, tried, self.ttl_s))
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
    async def record(self, call: ScriptCall[int]) -> int:
        """Keep a try until Redis is back: if it were forgotten, it would be repeated."""
        return await self.redis.run(call)
