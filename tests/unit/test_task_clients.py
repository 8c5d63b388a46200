"""The clients of one task in Redis: only the last one to leave may cancel it, and nobody joins after that."""

import pytest

from common.state import keys
from common.state import task_scripts as scripts
from tests.support.inspected_redis import InspectedRedis

pytestmark = pytest.mark.redis

CLIENTS = keys.task_clients("film")


def join(redis: InspectedRedis, client: str) -> int:
    return redis.run(scripts.join(clients=CLIENTS, client=client, ttl_s=60))


def leave(redis: InspectedRedis, client: str) -> int:
    return redis.run(scripts.leave(clients=CLIENTS, client=client, ttl_s=60))


def test_only_the_last_one_may_cancel(redis: InspectedRedis) -> None:
    assert [join(redis, client) for client in ("first", "second")] == [1, 1]
    assert [leave(redis, client) for client in ("first", "second")] == [0, 1]


def test_after_the_last_one_nobody_joins(redis: InspectedRedis) -> None:
    join(redis, "first")
    assert (leave(redis, "first"), join(redis, "second")) == (1, 0)


def test_a_repeated_call_has_the_same_answer(redis: InspectedRedis) -> None:
    """An answer may be lost."""
    assert [join(redis, "first"), join(redis, "first")] == [1, 1]
    assert [leave(redis, "first"), leave(redis, "first")] == [1, 1]


def test_a_client_does_not_cancel_the_task_of_clients_that_redis_has_forgotten(redis: InspectedRedis) -> None:
    join(redis, "first")
    redis.client.delete(CLIENTS)
    assert leave(redis, "first") == 0


def test_the_key_expires(redis: InspectedRedis) -> None:
    join(redis, "first")
    assert 0 < redis.client.ttl(CLIENTS) <= 60
    leave(redis, "first")
    assert 0 < redis.client.ttl(CLIENTS) <= 60
