"""Wake-ups of the gateway's loops when a work list has something due; the loops also poll."""

import asyncio
from collections.abc import Iterable

import structlog
from redis.exceptions import RedisError

from common.state.client import AsyncRedis
from common.state.keys import WAKE_CHANNEL

FALLBACK_S = 1.0
RECONNECT_S = 0.5
"""Pause between two tries to reconnect to Redis, for everything in this process."""
log = structlog.get_logger()


class Waker:
    """One Redis subscription for all loops of this process."""

    def __init__(self, redis: AsyncRedis, lists: Iterable[str]) -> None:
        self.redis = redis
        self.bells = {name: asyncio.Event() for name in lists}

    async def wait(self, name: str) -> None:
        """Return when the list may have something due, at the latest after the fallback."""
        bell = self.bells[name]
        try:
            async with asyncio.timeout(FALLBACK_S):
                await bell.wait()
        except TimeoutError:
            pass
        bell.clear()

    def wake(self, name: str) -> None:
        """Wake the local waiters of this list."""
        self.bells[name].set()

    async def run(self) -> None:
        while True:
            try:
                await self.listen()
            except (RedisError, OSError) as error:
                log.warning("wake_channel_lost", error=str(error))
                await asyncio.sleep(RECONNECT_S)

    async def listen(self) -> None:
        async with self.redis.client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(WAKE_CHANNEL)
            while True:
                message = await channel.get_message(timeout=FALLBACK_S)
                if message and message["type"] == "message" and message["data"] in self.bells:
                    self.wake(message["data"])
