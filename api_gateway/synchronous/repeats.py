"""Repeated uploads find the task of the first one: same bytes, parameters, settings and API key.

The fingerprint of a request is its Idempotency-Key. A task that failed, was cancelled or lost its output is not reused:
the next fingerprint is derived from the last one and that task, so each gateway finds the same chain.
"""

import asyncio
from hashlib import sha256

from fastapi import Request
from pydantic_core import to_json

from api_gateway.gateway import Gateway
from api_gateway.http.auth import key_in_url, key_of
from api_gateway.synchronous.task_clients import TaskClient
from api_gateway.tasks.submission import TaskSubmission
from api_gateway.tasks.uploads import Upload
from common.errors import FileMissing, TaskIdConflict, TaskNotFound
from common.state.context import Status
from common.state.record import Record
from common.transcript.partial import text_file
from services.faster_whisper.settings import FasterWhisperSettings

MOST_FOLLOWED = 20
"""Maximum number of tasks in such a chain; after that, the task gets no fingerprint."""


async def fingerprint(request: Request, gateway: Gateway, wanted: TaskSubmission, upload: Upload) -> str:
    """Return what makes two requests the same, whichever gateway receives them."""
    key = await key_of(request) or key_in_url(request)
    parts = {
        "audio": upload.digest.hexdigest(),
        "task": wanted.task_name,
        "input": wanted.input_data.model_dump(mode="json", exclude={"audio_path"}),
        "settings": gateway.settings.section(FasterWhisperSettings).model_dump(mode="json"),
        "key": sha256(key.encode()).hexdigest(),
    }
    return f"openai-{sha256(to_json(parts)).hexdigest()}"


async def submit_or_join(
    gateway: Gateway, wanted: TaskSubmission, fingerprint: str | None, client: TaskClient
) -> tuple[str, bool]:
    """Submit the task, or find the one that the same request created before. Return its id, and whether it is new.

    Raises:
        QueueFull, StateUnavailable: nothing was submitted.
    """
    for _ in range(MOST_FOLLOWED if fingerprint else 0):
        try:
            known, new = await submit(gateway, wanted, fingerprint), True
        except TaskIdConflict as error:
            known, new = str(error.detail["task_id"]), False
        # another request may have joined a new task before this one, and its client may have disconnected already
        if await (client.join(known) if new else is_usable(gateway, known, client)):
            return known, new
        fingerprint = f"openai-{sha256(f'{fingerprint} {known}'.encode()).hexdigest()}"
    known = await submit(gateway, wanted, None)
    await client.join(known)
    return known, True


async def submit(gateway: Gateway, wanted: TaskSubmission, fingerprint: str | None) -> str:
    created, _, publish = await gateway.submit(wanted, fingerprint)
    await publish()
    return created.task_id


async def is_usable(gateway: Gateway, task_id: str, client: TaskClient) -> bool:
    """Return whether the task is still running and the client joined it, or has a transcript that still exists."""
    try:
        record = await gateway.record(task_id)
    except TaskNotFound:
        return False
    if record.control.status.final:
        return record.control.status is Status.SUCCESS and await asyncio.to_thread(has_transcript, gateway, record)
    return record.control.cancel_us is None and await client.join(task_id)


def has_transcript(gateway: Gateway, record: Record) -> bool:
    try:
        text_file(gateway.storage, record)
    except FileMissing:
        return False
    return True
