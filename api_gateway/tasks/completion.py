"""Wait for the end of a task: `Prefer: wait` (RFC 7240)."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Header

from api_gateway.runtime.event_hub import EventHub
from common.state.client import AsyncRedis
from common.state.record import Record
from common.state.store import StateStore

WAIT = re.compile(r"\bwait=([0-9]{1,9})")
APPLIED = {"Preference-Applied": "wait"}
Preference = Annotated[str | None, Header(description="`wait=30` answers when the task has ended, or after 30 seconds")]


def wanted_wait(prefer: str | None, longest: timedelta) -> timedelta | None:
    """Parse `Prefer: wait=N` (RFC 7240, 4.3)."""
    found = WAIT.search(prefer or "")
    return min(timedelta(seconds=int(found[1])), longest) if found else None


@dataclass(frozen=True, slots=True)
class Completion:
    """Waits for the end of tasks."""

    redis: AsyncRedis
    store: StateStore
    hub: EventHub

    async def wait(self, task_id: str, longest: timedelta) -> Record | None:
        """Return the record once the task has ended, or its state after `longest`; None if the task was removed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest.total_seconds()):
                return await self.wait_until_final(task_id)
        return await self.read(task_id)

    async def wait_until_final(self, task_id: str) -> Record | None:
        """Wait for the end of the task; a client that the hub disconnected as too slow subscribes again."""
        while True:
            async with self.hub.listen(task_id) as queue:
                record = await self.read(task_id)
                if record is None or record.control.status.final:
                    return record
                while (frame := await queue.get()) and not frame.closes:
                    pass

    async def read(self, task_id: str) -> Record | None:
        return await self.redis.run(self.store.get(task_id))
