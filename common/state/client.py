"""Redis clients: the same `ScriptCall` runs on the synchronous and on the asynchronous one.

No other module creates clients. The clients never retry a write, because a stalled Redis would apply it twice; every
script is safe to run again instead. See docs/decisions/0002-redis-clients.md.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep
from typing import TypeVar, cast

import redis
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from common.errors import StateUnavailable
from common.settings import RedisSettings
from common.state.append_only_file import NEXT_LOOK_S, ROOM, AppendOnlyFile
from common.state.commands import AsyncCommands, SyncCommands
from common.state.scripts import ScriptCall

CONNECTIONS = 64
"""Pool size on an event loop; further commands wait for a free connection."""
# Redis Enterprise only. While it is on, the pool does not check whether the server has closed an idle connection, so
# every pooled connection fails once after a restart of Redis.
NO_MAINTENANCE = MaintNotificationsConfig(enabled=False)

FULL = re.compile(r"\b(?:MISCONF|OOM)\b.*?(?=\.?(?: script: .*)?$)")
OF_A_SCRIPT = re.compile(r"\.?(?: script: |, on @user_script).*$", re.DOTALL)
"""The location in the script that Redis adds to an error."""

CODES: dict[type[RedisError], str] = {OutOfMemoryError: "OOM", ReadOnlyError: "READONLY"}
READ_ONLY = (
    "Redis is a replica that cannot be written, as during a failover. Let redis.url name the primary; then send this "
    "again, with the same task_id or Idempotency-Key."
)

T = TypeVar("T")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate redis-py errors into Baton errors."""
    try:
        yield
    except (RedisConnectionError, redis.TimeoutError) as error:
        raise StateUnavailable from error
    except RedisError as error:
        raise refusal_error(error) from error


def refusal_error(refused: RedisError) -> StateUnavailable:
    """Return why Redis refused a command; of a script error, only what concerns its disk or memory."""
    told = text_with_code(refused)
    if full := FULL.search(told):
        error = StateUnavailable(f"Redis cannot write: {full[0]}. {ROOM}")
        error.full = True
        return error
    if "READONLY" in told:
        return StateUnavailable(READ_ONLY)
    return StateUnavailable(f"Redis refused a command: {OF_A_SCRIPT.sub('', told)}")


def text_with_code(refused: RedisError) -> str:
    """Return the error as Redis sent it: redis-py removes a code that it has a class for.

    Until 6.2 an error in a script has no code of its own, but names the cause in its text; since 7.0 it has the code.
    """
    code = next((code for kind, code in CODES.items() if isinstance(refused, kind)), "")
    return f"{code} {refused}".strip() if code not in str(refused) else str(refused)


class SyncRedis:
    """Redis client of a worker process. Created after the fork, closed by its creator."""

    def __init__(self, settings: RedisSettings, *, timeout: timedelta | None = None) -> None:
        self.timeout = timeout or settings.socket_timeout
        seconds = self.timeout.total_seconds()
        client = redis.Redis.from_url(
            settings.url.get_secret_value(),
            decode_responses=True,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=NO_MAINTENANCE,
        )
        self.client = cast("SyncCommands", client)

    def run(self, call: ScriptCall[T]) -> T:
        with translate_errors():
            try:
                answer = self.client.evalsha(call.script.sha, len(call.keys), *call.keys, *call.args)
            except NoScriptError:
                answer = self.client.eval(call.script.text, len(call.keys), *call.keys, *call.args)
        return call.parse(answer)

    def commit(self, call: ScriptCall[T]) -> T:
        """Run a change and return when Redis has written it to its file.

        Raises:
            StateUnavailable: the change may have been applied nevertheless, and may be lost.
        """
        answer = self.run(call)
        before = after = self.file()
        while not after.holds(before):
            sleep(NEXT_LOOK_S)
            after = self.file()
        return answer

    def file(self) -> AppendOnlyFile:
        with translate_errors():
            return AppendOnlyFile.of(self.client.info("persistence"))

    def now_us(self) -> int:
        """Return Redis's time in microseconds: the clock of all deadlines."""
        with translate_errors():
            seconds, micros = self.client.time()
        return int(seconds) * 1_000_000 + int(micros)

    def close(self) -> None:
        self.client.close()


class AsyncRedis:
    """Redis client of the gateway: one pool on its event loop."""

    def __init__(self, settings: RedisSettings, *, block: timedelta | None = None) -> None:
        """Connect lazily. `block` is the longest duration of a blocking read; the timeout is longer than that."""
        timeout = settings.socket_timeout + (block or timedelta())
        pool = aioredis.BlockingConnectionPool.from_url(  # the plain pool refuses the 101st concurrent command
            settings.url.get_secret_value(),
            max_connections=CONNECTIONS,
            timeout=settings.socket_timeout.total_seconds(),
            decode_responses=True,
            socket_timeout=timeout.total_seconds(),
            socket_connect_timeout=settings.socket_timeout.total_seconds(),
            retry=AsyncRetry(NoBackoff(), 0),
            maint_notifications_config=NO_MAINTENANCE,
        )
        self.client = cast("AsyncCommands", aioredis.Redis.from_pool(pool))
        self.looking = asyncio.Lock()
        self.next_look: asyncio.Task[None] | None = None

    async def run(self, call: ScriptCall[T]) -> T:
        with translate_errors():
            try:
                answer = await self.client.evalsha(call.script.sha, len(call.keys), *call.keys, *call.args)
            except NoScriptError:
                answer = await self.client.eval(call.script.text, len(call.keys), *call.keys, *call.args)
        return call.parse(answer)

    async def commit(self, call: ScriptCall[T]) -> T:
        """Run a change and return when Redis has written it to its file. Concurrent changes share the checks of the
        file.

        Raises:
            StateUnavailable: the change may have been applied nevertheless, and may be lost.
        """
        answer = await self.run(call)
        if self.next_look is None:
            self.next_look = asyncio.create_task(self.wait_until_written())
            self.next_look.add_done_callback(consume_error)
        await asyncio.shield(self.next_look)
        return answer

    async def wait_until_written(self) -> None:
        """Return when everything answered so far is in Redis's file."""
        async with self.looking:
            # a caller that arrives from now on may have written after this check began, so it waits for the next one
            self.next_look = None
            before = after = await self.file()
            while not after.holds(before):
                await asyncio.sleep(NEXT_LOOK_S)
                after = await self.file()

    async def file(self) -> AppendOnlyFile:
        with translate_errors():
            return AppendOnlyFile.of(await self.client.info("persistence"))

    async def require_writable(self) -> None:
        """Raise if Redis cannot be written.

        Raises:
            StateUnavailable: it does not answer, or is a read-only replica.
        """
        with translate_errors():
            found = await self.client.info("replication")
        if found["role"] != "master" and found.get("slave_read_only", 1):
            raise StateUnavailable(READ_ONLY)

    async def close(self) -> None:
        await self.client.aclose()


def consume_error(look: asyncio.Task[None]) -> None:
    """Retrieve the exception of a check that nobody awaits any more; asyncio would log it otherwise."""
    if not look.cancelled():
        look.exception()
