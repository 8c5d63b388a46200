"""The protocols of the Redis clients: redis-py accepts their calls, and Redis's replies have their types."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin, get_overloads, get_type_hints

import pytest
import redis as redis_py
from pydantic import TypeAdapter
from redis import asyncio as aioredis
from typing_extensions import override

from common.settings import RedisSettings
from common.state import commands
from common.state.client import AsyncRedis
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis

REAL_TYPES: dict[type, type] = {
    commands.ScriptCommands: redis_py.Redis,
    commands.SyncCommands: redis_py.Redis,
    commands.AsyncCommands: aioredis.Redis,
    commands.SyncPipeline: redis_py.client.Pipeline,
    commands.AsyncPipeline: aioredis.client.Pipeline,
    commands.SyncSubscription: redis_py.client.PubSub,
    commands.AsyncSubscription: aioredis.client.PubSub,
}
WITHOUT_TYPED_REPLY = {"aclose", "close", "eval", "evalsha", "execute_command", "pipeline", "pubsub"}


@dataclass
class Call:
    """A call of a command, on the keys that the fixture `filled` writes."""

    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @override
    def __str__(self) -> str:
        return " ".join(map(str, (self.name, *self.args, *self.options)))


CALLS = [
    Call("delete", ("string",)),
    Call("exists", ("string",)),
    Call("get", ("string",)),
    Call("get", ("missing",)),
    Call("hdel", ("hash", "field")),
    Call("hget", ("hash", "field")),
    Call("hget", ("hash", "missing")),
    Call("hgetall", ("hash",)),
    Call("info", ("persistence",)),
    Call("lpop", ("list", 5)),
    Call("lpop", ("missing", 5)),
    Call("lrange", ("list", 0, -1)),
    Call("mget", (["string", "missing"],)),
    Call("publish", ("channel", "text")),
    Call("scan_iter", (), {"match": "s*", "count": 10}),
    Call("set", ("string", "text")),
    Call("set", ("string", b"bytes"), {"px": 5_000}),
    Call("smembers", ("set",)),
    Call("srem", ("set", "member")),
    Call("time"),
    Call("xrange", ("stream",)),
    Call("xrange", ("stream",), {"min": "0"}),
    Call("xrange", ("missing",)),
    Call("xread", ({"stream": "0"},), {"count": 5, "block": 100}),
    Call("xread", ({"missing": "0"},), {"count": 5, "block": 1}),
    Call("xrevrange", ("stream",), {"count": 1}),
    Call("zadd", ("sorted", {"new": 2.5}), {"nx": True}),
    Call("zmscore", ("sorted", ["member", "missing"])),
    Call("zrange", ("sorted", 0, -1), {"withscores": True}),
    Call("zrangebyscore", ("sorted", 0, "+inf")),
    Call("zrangebyscore", ("sorted", 0, "+inf"), {"start": 0, "num": 5}),
    Call("zrangebyscore", ("sorted", 0, "+inf"), {"start": 0, "num": 5, "withscores": True}),
    Call("zrank", ("sorted", "member")),
    Call("zrank", ("sorted", "missing")),
    Call("zrem", ("sorted", "member")),
]


@pytest.fixture
def filled(redis: InspectedRedis) -> Iterator[InspectedRedis]:
    redis.client.set("string", "text")
    redis.client.hset("hash", "field", "value")
    redis.client.rpush("list", "first", "second")
    redis.client.sadd("set", "member")
    redis.client.xadd("stream", {"name": "value"})
    redis.client.zadd("sorted", {"member": 1.5})
    yield redis
    redis.client.flushall()


def methods(protocol: type) -> dict[str, Callable[..., Any]]:
    return {name: found for name, found in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_")}


def signatures(method: Callable[..., Any]) -> list[Callable[..., Any]]:
    return list(get_overloads(method)) or [method]


def reply_type(protocol: type, call: Call) -> Any:
    """Return the type of the reply to this call: an overload has its own."""
    for method in signatures(methods(protocol)[call.name]):
        try:
            inspect.signature(method).bind(None, *call.args, **call.options)
        except TypeError:
            continue
        hint = get_type_hints(method)["return"]
        return get_args(hint)[0] if get_origin(hint) in {Awaitable, AsyncIterator} else hint
    raise AssertionError(f"{protocol.__name__} does not accept {call}")


def assert_has_type(reply: Any, hint: Any) -> None:
    """Fail unless the reply has this type without any conversion."""
    TypeAdapter(hint).validate_python(reply, strict=True)


def values_for(method: Callable[..., Any]) -> tuple[list[None], dict[str, None]]:
    """Return an argument for each parameter of the method."""
    parameters = list(inspect.signature(method).parameters.values())
    keyword_only = {parameter.name: None for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    by_place = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    positional = [parameter for parameter in parameters if parameter.kind in by_place]
    return [None] * len(positional), keyword_only


def test_every_protocol_is_compared_with_a_type_of_redis_py() -> None:
    defined = inspect.getmembers(commands, lambda item: getattr(item, "_is_protocol", False))
    assert {item for _, item in defined if item.__module__ == commands.__name__} == set(REAL_TYPES)


@pytest.mark.parametrize("protocol", REAL_TYPES, ids=lambda protocol: protocol.__name__)
def test_redis_py_accepts_every_call_of_the_protocol(protocol: type) -> None:
    assert methods(protocol)
    for name, method in methods(protocol).items():
        real = inspect.signature(getattr(REAL_TYPES[protocol], name))
        for overloaded in signatures(method):
            positional, keyword_only = values_for(overloaded)
            real.bind(*positional, **keyword_only)


@pytest.mark.parametrize("protocol", [commands.SyncCommands, commands.AsyncCommands])
def test_the_reply_to_each_command_is_checked(protocol: type) -> None:
    assert methods(protocol).keys() - WITHOUT_TYPED_REPLY - {call.name for call in CALLS} == set()


@pytest.mark.parametrize("call", [call for call in CALLS if call.name in methods(commands.SyncCommands)], ids=str)
def test_a_reply_to_a_worker_has_the_declared_type(filled: InspectedRedis, call: Call) -> None:
    reply = getattr(filled.client, call.name)(*call.args, **call.options)
    assert_has_type(reply, reply_type(commands.SyncCommands, call))


@pytest.mark.anyio
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("call", [call for call in CALLS if call.name in methods(commands.AsyncCommands)], ids=str)
async def test_a_reply_to_the_gateway_has_the_declared_type(redis_server: RedisServer, call: Call) -> None:
    connected = AsyncRedis(RedisSettings.model_validate({"url": redis_server.url}))
    try:
        pending = getattr(connected.client, call.name)(*call.args, **call.options)
        replies = [key async for key in pending] if call.name == "scan_iter" else [await pending]
    finally:
        await connected.close()
    assert replies
    for reply in replies:
        assert_has_type(reply, reply_type(commands.AsyncCommands, call))


def test_a_subscription_receives_messages_of_the_declared_types(redis: InspectedRedis) -> None:
    with redis.client.pubsub() as subscription:
        subscription.subscribe("channel")
        received = [subscription.get_message(timeout=5)]
        redis.client.publish("channel", "text")
        received.append(subscription.get_message(timeout=5))
        subscription.ping()
        received.append(subscription.get_message(timeout=5))
    for message, hint in zip(received, (commands.Subscribed, commands.Published, commands.Pong), strict=True):
        message.pop("pattern")
        assert_has_type(message, hint)
