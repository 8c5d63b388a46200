"""A change is committed when Redis has it in its file, not before; who writes at the same time shares the looks.

Redis shows its states here, as INFO tells them: a sync that runs for long and a rewrite cannot be had at will.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from common.errors import StateUnavailable
from common.settings import RedisSettings
from common.state.append_only_file import AppendOnlyFile
from common.state.client import READ_ONLY, AsyncRedis, SyncRedis, refusal_error
from common.state.scripts import ScriptCall, as_is, script
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

CHANGES = 32
CHANGE: ScriptCall[Any] = ScriptCall(script("elect"), ["monitor:leader"], ["somebody", 1000], as_is)


def persistence_info(written: int, buffered: int, status: str = "ok") -> dict[str, Any]:
    return {"aof_current_size": written, "aof_buffer_length": buffered, "aof_last_write_status": status}


WRITTEN_AT_ONCE = [persistence_info(100, 0)]
PUT_OFF = [persistence_info(100, 20), persistence_info(100, 20), persistence_info(100, 45), persistence_info(145, 0)]
OTHERS_GO_ON_WRITING = [persistence_info(100, 20), persistence_info(120, 30)]
WRITTEN_ANEW = [persistence_info(100, 20), persistence_info(30, 10)]
NO_FILE = [{"aof_enabled": 0, "aof_last_write_status": "ok"}]


@pytest.fixture
def settings(redis_server: RedisServer) -> RedisSettings:
    return RedisSettings.model_validate({"url": redis_server.url})


@pytest.fixture(params=["worker", "gateway"])
def commit(
    request: pytest.FixtureRequest, settings: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[dict[str, Any]]], int]:
    """Commit a change to a Redis that shows these states of its file; return how many were looked at."""

    def in_a_worker(states: list[dict[str, Any]]) -> int:
        redis, left = SyncRedis(settings), iter(states)
        monkeypatch.setattr(redis.client, "info", lambda _section: next(left))
        try:
            redis.commit(CHANGE)
        finally:
            redis.close()
        return len(states) - len(list(left))

    async def in_a_gateway(states: list[dict[str, Any]]) -> int:
        redis, left = AsyncRedis(settings), iter(states)

        async def info(_section: str) -> dict[str, Any]:
            return next(left)

        monkeypatch.setattr(redis.client, "info", info)
        try:
            await redis.commit(CHANGE)
        finally:
            await redis.close()
        return len(states) - len(list(left))

    return in_a_worker if request.param == "worker" else lambda states: asyncio.run(in_a_gateway(states))


@pytest.mark.parametrize("states", [WRITTEN_AT_ONCE, PUT_OFF, OTHERS_GO_ON_WRITING, WRITTEN_ANEW, NO_FILE])
def test_a_change_is_committed_when_it_is_in_the_file_and_not_before(
    commit: Callable[[list[dict[str, Any]]], int], states: list[dict[str, Any]]
) -> None:
    never_looked_at = persistence_info(200, 0)
    assert commit([*states, never_looked_at]) == len(states)


@pytest.mark.parametrize("before", [[], [persistence_info(100, 20)]], ids=["at once", "after a sync"])
def test_a_change_that_there_is_no_room_for_is_refused(
    commit: Callable[[list[dict[str, Any]]], int], before: list[dict[str, Any]]
) -> None:
    with pytest.raises(StateUnavailable, match="Give it room"):
        commit([*before, persistence_info(100, 20, "err"), persistence_info(200, 0)])


@pytest.mark.parametrize(
    "refused",
    [
        "MISCONF Errors writing to the AOF file: No space left on device",
        "Error running script: @user_script: 1: -MISCONF Errors writing to the AOF file: No space left on device",
        "MISCONF Errors writing to the AOF file: No space left on device script: acb9, on @user_script:59.",
    ],
)
def test_a_full_disk_is_told_in_the_same_words_by_a_command_and_by_a_script(refused: str) -> None:
    told = "Redis cannot write: MISCONF Errors writing to the AOF file: No space left on device. Give it room, "
    assert refusal_error(ResponseError(refused)).message.startswith(told)


def test_a_full_memory_is_told_and_other_refusals_are_left_as_they_are() -> None:
    full = "OOM command not allowed when used memory > 'maxmemory'."
    assert refusal_error(ResponseError(full)).message.startswith(f"Redis cannot write: {full} Give it room, ")
    assert refusal_error(ResponseError("NOPERM no access")).message == "Redis refused a command: NOPERM no access"


def test_a_real_redis_tells_of_its_file(redis_server: RedisServer) -> None:
    before = AppendOnlyFile.of(redis_server.client.info("persistence"))
    redis_server.client.set("key", "a" * 1000, ex=60)

    def find_written_file() -> AppendOnlyFile | None:
        """Return the file once it holds the key: while a sync of it runs, Redis puts the write off."""
        look = AppendOnlyFile.of(redis_server.client.info("persistence"))
        return look if look.written >= before.written + 1000 else None

    assert wait_until(find_written_file).holds(before)


def test_who_writes_during_a_look_waits_for_the_next_and_shares_it(
    settings: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> int:
        redis, looks, first, shown = AsyncRedis(settings), 0, asyncio.Event(), asyncio.Event()
        run, answered = redis.run, 0

        async def info(_section: str) -> dict[str, Any]:
            nonlocal looks
            looks += 1
            first.set()
            await shown.wait()
            return persistence_info(100, 0)

        async def count_answers(call: ScriptCall[Any]) -> None:
            nonlocal answered
            await run(call)
            answered += 1

        monkeypatch.setattr(redis, "run", count_answers)
        monkeypatch.setattr(redis.client, "info", info)
        early = asyncio.create_task(redis.commit(CHANGE))
        await first.wait()
        late = [asyncio.create_task(redis.commit(CHANGE)) for _ in range(CHANGES)]
        while answered <= CHANGES:  # noqa: ASYNC110 - until all have written
            await asyncio.sleep(0)
        shown.set()
        await asyncio.gather(early, *late)
        await redis.close()
        return looks

    assert asyncio.run(story()) == 2


def test_a_code_that_the_client_library_removes_still_counts() -> None:
    """Since Redis 7 a script's error has its code, and redis-py makes a class of it."""
    assert refusal_error(ReadOnlyError("You can't write against a read only replica.")).message == READ_ONLY
    full = refusal_error(
        OutOfMemoryError("command not allowed when used memory > 'maxmemory'. script: 1f, on @user_script:7.")
    )
    assert full.full
    assert full.message.startswith("Redis cannot write: OOM command not allowed when used memory > 'maxmemory'. ")
