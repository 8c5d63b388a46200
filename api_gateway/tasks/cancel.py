"""Cancel a task."""

from common.errors import Cancelled, TaskNotFound, WrongState
from common.state.client import AsyncRedis
from common.state.context import Status
from common.state.record import Record
from common.state.store import StateStore


async def cancel_task(redis: AsyncRedis, store: StateStore, record: Record) -> Record:
    """End a pending task at once; ask a running one to stop. Return the record after that.

    The task may change between the read and the write, so each refused write is followed by another read.

    Raises:
        WrongState: the task ended before it could be cancelled.
        TaskNotFound: the task was removed.
    """
    task_id = record.context.task_id
    while not record.control.status.final:
        asked = False
        if record.control.status is Status.PENDING:
            await redis.commit(store.finish(record, record.final_context(Status.CANCELLED, error=Cancelled())))
        else:
            asked = await redis.commit(store.ask_to_cancel(task_id)) == Status.RUNNING
        record = await read(redis, store, task_id)
        if asked or record.control.status is Status.CANCELLED:
            return record
    raise WrongState(f"The task is already {record.control.status}.", task_status=record.control.status)


async def read(redis: AsyncRedis, store: StateStore, task_id: str) -> Record:
    record = await redis.run(store.get(task_id))
    if record is None:
        raise TaskNotFound(task_id=task_id)
    return record
