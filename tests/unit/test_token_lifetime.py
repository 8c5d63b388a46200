"""How long an access token holds, on a Redis whose clock can be moved: fakeredis."""

import asyncio
import time
from datetime import timedelta
from typing import cast

import fakeredis
import pytest

from api_gateway.http.access_tokens import AccessTokens
from common.clock import utcnow
from common.state.client import AsyncRedis
from common.state.commands import AsyncCommands
from services import settings

PATH = "/v1/tasks"


def test_a_token_holds_for_its_whole_time_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    lifetime = settings().auth.token_ttl

    async def story() -> list[bool]:
        redis = AsyncRedis(settings().redis)
        redis.client = cast("AsyncCommands", fakeredis.FakeAsyncRedis(decode_responses=True))
        tokens, given = AccessTokens(redis, lifetime), utcnow()
        token, found = await tokens.create(PATH), []
        for passed in (timedelta(0), lifetime - timedelta(seconds=1), lifetime + timedelta(seconds=1)):
            monkeypatch.setattr(time, "time", (given + passed).timestamp)
            found.append(await tokens.opens(token, PATH))
        return found

    assert asyncio.run(story()) == [True, True, False]
