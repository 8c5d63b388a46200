"""A gateway ends although redis-py has lost a cancel, as it does on Python 3.11."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from typing_extensions import override

from api_gateway.callbacks.delivery import CallbackSender
from api_gateway.runtime.cancellation import cancel_and_wait
from api_gateway.runtime.wakeups import Waker
from api_gateway.tasks.dispatcher import Dispatcher
from common.contract import Catalog
from common.settings import Settings
from common.state import keys
from common.state.client import AsyncRedis
from common.worker.app import create_app
from services import settings
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis


async def loses_a_cancel() -> None:
    """Wait for ever, but for the second cancel."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


class DeafDispatcher(Dispatcher):
    """Its cancel comes while it talks to Redis."""

    @override
    async def publish_due(self) -> None:
        await loses_a_cancel()


class DeafCourier(CallbackSender):
    """So does that of its deliveries."""

    @override
    async def deliver(self, message_id: str) -> None:
        await loses_a_cancel()


@pytest.fixture
def app_settings(redis_server: RedisServer) -> Settings:
    return settings(redis={"url": redis_server.url})


@asynccontextmanager
async def waker(configured: Settings) -> AsyncIterator[Waker]:
    redis = AsyncRedis(configured.redis)
    yield Waker(redis, (keys.DISPATCH, keys.OUTBOX))
    await redis.close()


async def start_waiting(loop: Any) -> asyncio.Task[None]:
    """Return its task, when all that it starts has begun to wait."""
    running: asyncio.Task[None] = asyncio.create_task(loop.run())
    for _ in range(3):
        await asyncio.sleep(0)
    return running


def test_the_dispatcher_ends(app_settings: Settings) -> None:
    async def ends() -> None:
        async with waker(app_settings) as own:
            await cancel_and_wait(
                await start_waiting(DeafDispatcher(create_app(app_settings), own.redis, own, Catalog()))
            )

    asyncio.run(ends())


def test_the_courier_ends_with_all_its_deliveries(app_settings: Settings) -> None:
    async def ends() -> None:
        async with waker(app_settings) as own, httpx.AsyncClient() as client:
            callback_sender = DeafCourier(app_settings.callbacks, client, own.redis, own, ttl_s=60)
            callback_sender.start("msg_1")
            running = await start_waiting(callback_sender)
            await cancel_and_wait(running)
            assert not callback_sender.flying

    asyncio.run(ends())
