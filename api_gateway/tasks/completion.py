"""Waiting for the end of a task on behalf of a request: `Prefer: wait` (RFC 7240)."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

from fastapi import Header, Response

from api_gateway.dependencies import Found, Gateway, Held
from common.errors import TaskNotFound
from common.state.record import Record

WAIT = re.compile(r"\bwait=([0-9]{1,9})")
APPLIED = {"Preference-Applied": "wait"}
Preference = Annotated[str | None, Header(description="`wait=30` answers when the task has ended, or after so long")]


def wanted_wait(prefer: str | None, longest: timedelta) -> timedelta | None:
    """Read `Prefer: wait=N` (RFC 7240, 4.3)."""
    found = WAIT.search(prefer or "")
    return min(timedelta(seconds=int(found[1])), longest) if found else None


async def finished_within(gateway: Gateway, task_id: str, wait: timedelta) -> Record | None:
    """Return the record once the task has ended, or as it is when the time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait.total_seconds()):
            return await finished(gateway, task_id)
    return await gateway.redis.run(gateway.store.get(task_id))


async def finished(gateway: Gateway, task_id: str) -> Record | None:
    """Wait for the end of the task; a client of the hub that was dropped as too slow listens again."""
    while True:
        async with gateway.hub.listen(task_id) as queue:
            record = await gateway.redis.run(gateway.store.get(task_id))
            if record is None or record.control.status.final:
                return record
            while (frame := await queue.get()) and not frame.closes:
                pass


async def awaited_record(record: Found, gateway: Held, response: Response, prefer: Preference = None) -> Record:
    """Return the record of the task in the path, after its end where the client prefers to wait for that.

    Raises:
        TaskNotFound: it was removed in the meantime.
    """
    wait = wanted_wait(prefer, gateway.settings.gateway.max_wait)
    if not wait or record.control.status.final:
        return record
    task_id = record.context.task_id
    found = await finished_within(gateway, task_id, wait)
    if found is None:
        raise TaskNotFound(task_id=task_id)
    if found.control.status.final:
        response.headers.update(APPLIED)
    return found
