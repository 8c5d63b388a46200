"""The result of a task: its transcript, its output, or its error."""

import asyncio
from typing import Any

from api_gateway.gateway import Gateway
from api_gateway.synchronous.errors import error_of_task
from common.errors import Cancelled, ErrorRecord
from common.state.context import Status
from common.state.record import Record
from common.transcript.format import Transcript
from common.transcript.partial import text_file


async def transcript_of(gateway: Gateway, record: Record) -> Transcript:
    """Read the transcript of a finished task.

    Raises:
        BatonError: the error that ended the task.
        FileMissing: its output no longer exists.
    """
    output_of(record)
    return await asyncio.to_thread(lambda: text_file(gateway.storage, record).read())


def output_of(record: Record) -> dict[str, Any]:
    """Return the output of a finished task.

    Raises:
        BatonError: the error that ended the task.
    """
    context = record.context
    if record.control.status is not Status.SUCCESS:
        raise error_of_task(context.error or ErrorRecord.of(Cancelled()), context.task_id)
    return context.stage.output
