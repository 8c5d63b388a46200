"""The janitor removes what nobody will ask for any more, and nothing else."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api_gateway.monitor.janitor import CUT_OFF, Janitor
from common.clock import utcnow
from common.files.storage import INPUTS, PART, WORKFLOWS, Storage
from common.settings import RedisSettings
from common.state import keys
from common.state.client import AsyncRedis
from common.state.clock_steps import ClockStep
from common.state.record import US
from tests.support.disks import fill_disk, small_disk
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.redis

WEEK = timedelta(days=7)
LOOKS = 2
LONGER = WEEK + timedelta(hours=1)


class Looks:
    """A janitor over a share of its own."""

    def __init__(self, url: str, share: Path) -> None:
        self.url = url
        self.storage = Storage(share)
        self.storage.prepare()
        self.recheck = timedelta(0)

    def __call__(self) -> None:
        asyncio.run(self.look())

    async def look(self) -> None:
        redis = AsyncRedis(RedisSettings.model_validate({"url": self.url}))
        janitor = Janitor(redis, self.storage, keep=WEEK, interval=WEEK, recheck=self.recheck)
        for _ in range(LOOKS):
            await janitor.look(WEEK)
        await redis.close()

    def place(self, path: str, age: timedelta) -> Path:
        """Write a file under share, which was last changed so long ago, as was its folder."""
        file = self.storage.root / path
        file.parent.mkdir(parents=True)
        file.touch()
        changed = (utcnow() - age).timestamp()
        for each in (file, file.parent):
            os.utime(each, (changed, changed))
        return file


@pytest.fixture
def janitor(redis: InspectedRedis, redis_server: RedisServer, tmp_path: Path) -> Iterator[Looks]:
    yield Looks(redis_server.url, tmp_path)
    redis.client.flushall()


@pytest.mark.parametrize(
    ("path", "age", "stays"),
    [
        (f"{INPUTS}/file_old/film.mp4", LONGER, False),
        (f"{INPUTS}/file_new/film.mp4", timedelta(hours=2), True),
        (f"{INPUTS}/file_cut/{PART}", CUT_OFF * 2, False),
        (f"{INPUTS}/file_coming/{PART}", CUT_OFF / 2, True),
        (f"{WORKFLOWS}/gone/note.txt", LONGER, False),
        (f"{WORKFLOWS}/fresh/note.txt", timedelta(hours=2), True),
        ("films/holiday.mp4", LONGER, True),
    ],
)
def test_what_has_expired_is_removed(janitor: Looks, path: str, age: timedelta, stays: bool) -> None:
    file = janitor.place(path, age)
    janitor()
    assert file.exists() is stays
    assert stays or not file.parent.exists()


def test_a_full_disk_is_cleared(redis: InspectedRedis, redis_server: RedisServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "share"):
        janitor = Looks(redis_server.url, tmp_path / "share")
        file = janitor.place(f"{INPUTS}/file_old/film.mp4", LONGER)
        fill_disk(tmp_path / "share")
        janitor()
        assert not file.exists()
    redis.client.flushall()


def test_what_has_been_seen_as_expired_for_a_moment_only_stays(janitor: Looks) -> None:
    file = janitor.place(f"{INPUTS}/file_old/film.mp4", LONGER)
    janitor.recheck = timedelta(minutes=1)
    janitor()
    assert file.exists()


def test_a_gateway_whose_clock_is_ahead_removes_no_fresh_upload(
    janitor: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, old = (
        janitor.place(f"{INPUTS}/file_{name}/film.mp4", age) for name, age in (("fresh", timedelta(0)), ("old", LONGER))
    )
    ahead = utcnow() + timedelta(days=30)
    monkeypatch.setattr("api_gateway.monitor.janitor.utcnow", lambda: ahead)
    janitor()
    assert (fresh.exists(), old.exists()) == (True, False)


def test_a_file_from_before_a_step_of_the_clock_is_as_young_as_it_was(janitor: Looks, redis: InspectedRedis) -> None:
    seconds, _ = redis.client.time()
    step, after = 30 * 86_400 * US, seconds * US
    told = ClockStep(step_us=step, before_us=after - step, after_us=after)
    redis.client.rpush(keys.CLOCK_STEPS, told.model_dump_json())
    fresh = janitor.place(f"{INPUTS}/file_fresh/film.mp4", timedelta(days=30, hours=1))
    old = janitor.place(f"{INPUTS}/file_old/film.mp4", timedelta(days=30) + LONGER)
    janitor()
    assert (fresh.exists(), old.exists()) == (True, False)


def test_an_old_workspace_of_a_task_that_is_known_stays(janitor: Looks, redis: InspectedRedis) -> None:
    redis.client.set(keys.state("known"), "{}", ex=60)
    file = janitor.place(f"{WORKFLOWS}/known/note.txt", LONGER)
    janitor()
    assert file.exists()


def test_the_files_of_a_removed_task_are_removed_when_their_gateway_died_before(
    janitor: Looks, redis: InspectedRedis
) -> None:
    redis.client.set(keys.state("made-again"), "{}", ex=60)
    redis.client.sadd(keys.REMOVED, "cut-off", "made-again")
    left, used = (janitor.place(f"{WORKFLOWS}/{name}/note.txt", timedelta(0)) for name in ("cut-off", "made-again"))
    janitor()
    assert not left.parent.exists()
    assert used.exists()
    assert not redis.client.exists(keys.REMOVED)


def test_an_id_whose_record_has_expired_leaves_every_index(janitor: Looks, redis: InspectedRedis) -> None:
    old, new = ((utcnow() - age).timestamp() * 1_000_000 for age in (LONGER, timedelta(hours=1)))
    redis.client.set(keys.state("known"), "{}", ex=60)
    indexes = (keys.INDEX, "tasks:index:SUCCESS", keys.index_of_name("testing.echo"))
    for index in indexes:
        redis.client.zadd(index, {"expired": old, "known": old, "new": new})
    janitor()
    for index in indexes:
        assert redis.client.zrange(index, 0, -1) == ["known", "new"]


def test_tasks_of_an_earlier_version_get_into_the_index_of_their_name(janitor: Looks, redis: InspectedRedis) -> None:
    now_us = int(utcnow().timestamp() * 1_000_000)
    names = {f"task_{number}": f"testing.{'echo' if number % 2 else 'work'}" for number in range(1_200)}
    for number, (task_id, name) in enumerate(names.items()):
        redis.client.hset(keys.control(task_id), "task_name", name)
        redis.client.expire(keys.control(task_id), 60)
        redis.client.zadd(keys.INDEX, {task_id: now_us + number})
    redis.client.zadd(keys.INDEX, {"expired": now_us})
    janitor()
    found = redis.client.zrange(keys.index_of_name("testing.echo"), 0, -1, withscores=True)
    assert [task_id for task_id, _ in found] == [task_id for task_id, name in names.items() if name == "testing.echo"]
    assert all(score == redis.client.zscore(keys.INDEX, task_id) for task_id, score in found[::100])
    assert redis.client.zcard(keys.index_of_name("testing.work")) == len(names) // 2
