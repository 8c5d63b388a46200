"""FastAPI dependencies of the routes: the gateway, and the task named in the path."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response

from api_gateway.gateway import Gateway
from api_gateway.tasks.completion import APPLIED, Preference, wanted_wait
from common.errors import TaskNotFound
from common.state.context import TASK_ID_PATTERN
from common.state.record import Record


async def gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


Held = Annotated[Gateway, Depends(gateway_of)]


async def record_of(task_id: Annotated[str, Path(pattern=TASK_ID_PATTERN)], gateway: Held) -> Record:
    """Return the record of the task in the path."""
    return await gateway.record(task_id)


FoundRecord = Annotated[Record, Depends(record_of)]


async def record_after_wait(
    record: FoundRecord, gateway: Held, response: Response, prefer: Preference = None
) -> Record:
    """Return the record of the task in the path, after its end if the client prefers to wait for that.

    Raises:
        TaskNotFound: it was removed in the meantime.
    """
    wait = wanted_wait(prefer, gateway.settings.gateway.max_wait)
    if not wait or record.control.status.final:
        return record
    task_id = record.context.task_id
    found = await gateway.completion.wait(task_id, wait)
    if found is None:
        raise TaskNotFound(task_id=task_id)
    if found.control.status.final:
        response.headers.update(APPLIED)
    return found


Awaited = Annotated[Record, Depends(record_after_wait)]
"""The task in the path, after its end if the client sent `Prefer: wait`."""
