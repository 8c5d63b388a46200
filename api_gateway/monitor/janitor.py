"""Janitor: removes files of removed tasks, and expired index entries, workspaces and uploads."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import structlog

from api_gateway.monitor.file_ages import ExpiryConfirmation, FileClock, share_time
from common.clock import utcnow
from common.files.storage import INPUTS, PART, WORKFLOWS, Storage
from common.state import keys
from common.state.client import AsyncRedis, translate_errors
from common.state.clock_steps import clock_steps
from common.state.context import Status
from common.state.record import US

PAGE = 500
CUT_OFF = timedelta(hours=1)
"""An upload without new bytes for this long lost its gateway; a living gateway removes it itself."""

RECHECK = timedelta(minutes=9)
"""What looks expired is removed only if it still does after this: a clock may be wrong for a while."""

log = structlog.get_logger()


class Janitor:
    """Removes files and index entries. Unless their removal was requested, they stay for `keep`."""

    def __init__(
        self, redis: AsyncRedis, storage: Storage, *, keep: timedelta, interval: timedelta, recheck: timedelta = RECHECK
    ) -> None:
        self.redis = redis
        self.storage = storage
        self.keep = keep
        self.interval = interval
        self.sightings = ExpiryConfirmation(recheck)
        self.named = False
        """Whether every task is in the index of its name: tasks of an earlier version are not."""

    async def look(self, _contact: timedelta) -> None:
        with translate_errors():
            await self.finish_removals()
            await self.forget_expired()
            if not self.named:
                await self.index_names()
                self.named = True
            if not await asyncio.to_thread(self.storage.has_share):
                return
            clock = await self.clock()
            old = [
                folder
                for folder in await asyncio.to_thread(self.old_folders, clock)
                if not await self.has_record(folder)
            ]
            old += await asyncio.to_thread(self.cut_uploads, clock)
        await asyncio.to_thread(remove, self.sightings.confirm(old))

    async def clock(self) -> FileClock:
        """Return the clock by which file ages are measured."""
        seconds, micros = await self.redis.client.time()
        here = await asyncio.to_thread(share_time, self.storage.root)
        steps = await self.redis.run(clock_steps())
        return FileClock(min(seconds + micros / US, here), steps)

    async def finish_removals(self) -> None:
        """Remove the files of tasks whose removal was interrupted after their record was deleted."""
        removed = await self.redis.client.smembers(keys.REMOVED)
        await self.redis.wait_until_written()  # a record that may come back keeps its files
        for task_id in removed:
            if not await self.redis.client.exists(keys.state(task_id)):
                await asyncio.to_thread(self.storage.remove_workspace, task_id)
            await self.redis.client.srem(keys.REMOVED, task_id)

    async def forget_expired(self) -> None:
        """Drop ids without a record from every index; only ids old enough to have expired are checked."""
        before_us = int((utcnow() - self.keep).timestamp() * 1_000_000)
        client = self.redis.client
        start = 0
        while ids := await client.zrangebyscore(keys.INDEX, "-inf", before_us, start=start, num=PAGE):
            pipe = client.pipeline(transaction=False)
            for task_id in ids:
                pipe.exists(keys.state(task_id))
            alive = await pipe.execute()
            gone = [task_id for task_id, exists in zip(ids, alive, strict=True) if not exists]
            if gone:
                for index in [*map(keys.index, (None, *Status)), *await self.named_indexes()]:
                    await client.zrem(index, *gone)
            start += len(ids) - len(gone)

    async def named_indexes(self) -> list[str]:
        return [key async for key in self.redis.client.scan_iter(match=keys.index_of_name("*"), count=PAGE)]

    async def index_names(self) -> None:
        """Add each task to the index of its name, as `create.lua` does for new ones."""
        client, start = self.redis.client, 0
        while page := await client.zrange(keys.INDEX, start, start + PAGE - 1, withscores=True):
            pipe = client.pipeline(transaction=False)
            for task_id, _ in page:
                pipe.hget(keys.control(task_id), "task_name")
            names = await pipe.execute()
            pipe = client.pipeline(transaction=False)
            for (task_id, score), name in zip(page, names, strict=True):
                if name:
                    pipe.zadd(keys.index_of_name(name), {task_id: score}, nx=True)
            await pipe.execute()
            start += len(page)

    def old_folders(self, clock: FileClock) -> list[Path]:
        """Return workspaces and uploads that have been unchanged for longer than `keep`."""
        both = (folder for name in (WORKFLOWS, INPUTS) for folder in (self.storage.root / name).glob("*/"))
        return [folder for folder in both if clock.age(folder) > self.keep]

    def cut_uploads(self, clock: FileClock) -> list[Path]:
        parts = (self.storage.root / INPUTS).glob(f"*/{PART}")
        return [part.parent for part in parts if clock.age(part) > CUT_OFF]

    async def has_record(self, folder: Path) -> bool:
        """Return whether a workspace still has a record. An upload has none: its age decides."""
        return folder.parent.name == WORKFLOWS and bool(await self.redis.client.exists(keys.state(folder.name)))


def remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        log.info("expired_folder_removed", folder=folder.name)
