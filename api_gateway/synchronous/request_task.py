"""A task on behalf of one HTTP request: submitted or joined, followed to its end, kept or cancelled."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect

from api_gateway.gateway import Gateway
from api_gateway.runtime.cancellation import cancel_and_wait
from api_gateway.runtime.event_hub import START, EventFrame, sort_key
from api_gateway.runtime.wakeups import RECONNECT_S
from api_gateway.synchronous.errors import StillRunning
from api_gateway.synchronous.repeats import fingerprint, submit_or_join
from api_gateway.synchronous.task_clients import TaskClient
from api_gateway.tasks.submission import TaskSubmission
from api_gateway.tasks.uploads import Upload
from common.errors import StateUnavailable, TaskNotFound, WrongState
from common.state.record import Record

LOOK_AGAIN_S = 10.0
"""Without an event for this long, the record is read again."""
Disconnect = Literal["keep", "cancel"]
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RequestTask:
    """The task, and the upload that it reads; None if the upload belongs to another request."""

    gateway: Gateway
    task_id: str
    upload: Upload | None
    client: TaskClient

    @classmethod
    async def begin(
        cls,
        request: Request,
        gateway: Gateway,
        wanted: TaskSubmission,
        upload: Upload,
        *,
        on_disconnect: Disconnect,
    ) -> "RequestTask":
        """Submit the task, or join the one of the same upload with the same parameters.

        `on_disconnect` is what happens to the task when the last of its clients disconnects.

        Raises:
            QueueFull, StateUnavailable: nothing was submitted, and the upload is removed.
        """
        client = TaskClient(gateway, cancels=on_disconnect == "cancel")
        try:
            reuses = gateway.settings.gateway.openai_reuse
            mark = await fingerprint(request, gateway, wanted, upload) if reuses else None
            task_id, new = await submit_or_join(gateway, wanted, mark, client)
        except BaseException:
            await asyncio.shield(discard(upload))
            raise
        if not new:
            await discard(upload)
        return cls(gateway, task_id, upload if new else None, client)

    async def wait(self, request: Request, longest: float, advice: str) -> Record:
        """Return the record of the finished task.

        `longest` is in seconds; `advice` says how to wait longer.

        Raises:
            StillRunning: the time is up. The task continues.
            ClientDisconnect: the client disconnected.
            TaskNotFound: the task was removed.
        """
        try:
            async with asyncio.timeout(longest):
                record = await until_disconnect(request, self.wait_until_final())
        except TimeoutError:
            self.continue_alone()
            raise await self.still_running(longest, advice) from None
        except (ClientDisconnect, TaskNotFound):
            await self.handle_disconnect()
            raise
        await self.discard()
        return record

    async def still_running(self, waited_s: float, advice: str) -> StillRunning:
        reuses = self.gateway.settings.gateway.openai_reuse
        again = "The same upload with the same parameters finds it too. " if reuses else ""
        reason: Any = await self.gateway.wait_reasons.explain(await self.read())
        return StillRunning(
            f"After {waited_s:.0f} s: {reason.message} It continues as {self.task_id}: follow it with "
            f"GET /v1/tasks/{self.task_id}/events, "
            f"read it with GET /v1/tasks/{self.task_id}/transcript. {again}{advice}",
            task_id=self.task_id,
        )

    async def events(self) -> AsyncIterator[EventFrame]:
        """Yield all events of the task, from the first to the last, across outages of Redis."""
        seen = START
        while True:
            try:
                async with self.gateway.hub.listen(self.task_id) as queue:
                    final = (await self.read()).control.status.final
                    async for frame in self.events_after(queue, seen, wait=not final):
                        seen = frame.id
                        yield frame
                        final = final or frame.closes
                if final:
                    return
            except StateUnavailable:
                log.warning("request_task_without_redis", task_id=self.task_id)
                await asyncio.sleep(RECONNECT_S)

    async def events_after(
        self, queue: asyncio.Queue[EventFrame | None], seen: str, *, wait: bool
    ) -> AsyncIterator[EventFrame]:
        """Yield the events after `seen`, until the final one, until none arrives for a while, or until the hub
        disconnects us.
        """
        for frame in await self.gateway.hub.since(self.task_id, seen):
            seen = frame.id
            yield frame
            wait = wait and not frame.closes
        while wait and (item := await next_event(queue)):
            if item.order > sort_key(seen):
                seen = item.id
                yield item
                wait = not item.closes

    async def wait_until_final(self) -> Record:
        """Wait for the end of the task."""
        async for _ in self.events():
            pass
        return await self.final()

    async def final(self) -> Record:
        """Return the record of a task whose last event has arrived."""
        while True:
            with suppress(StateUnavailable):
                record = await self.read()
                if record.control.status.final:
                    return record
            await asyncio.sleep(RECONNECT_S)

    async def read(self) -> Record:
        """Return the current record.

        Raises:
            TaskNotFound: it was removed.
        """
        return await self.gateway.record(self.task_id)

    async def handle_disconnect(self) -> None:
        """Handle a disconnected client as configured: cancel the task after its last client, or let it continue."""
        if await self.client.leave(self.task_id):
            with suppress(WrongState, TaskNotFound):  # it ended by itself, or it was removed
                await self.gateway.cancel(await self.read())
        self.continue_alone()

    def continue_alone(self) -> None:
        """Let the task continue. If too many continue without a client, the janitor removes its input."""
        self.gateway.background.start(self.finish())

    async def finish(self) -> None:
        """Remove the input once nothing reads it."""
        with suppress(TaskNotFound):
            await self.wait_until_final()
        await self.discard()

    async def discard(self) -> None:
        if self.upload:
            await discard(self.upload)


async def next_event(queue: asyncio.Queue[EventFrame | None]) -> EventFrame | None:
    """Return the next event, or None if none arrives for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_AGAIN_S):
            return await queue.get()
    return None


async def discard(upload: Upload) -> None:
    await asyncio.to_thread(shutil.rmtree, upload.folder, ignore_errors=True)


async def until_disconnect(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of the work.

    Raises:
        ClientDisconnect: the client disconnected first; the work was cancelled.
    """
    working, leaving = asyncio.create_task(work), asyncio.create_task(wait_for_disconnect(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        await cancel_and_wait(working, leaving)


async def wait_for_disconnect(request: Request) -> None:
    """Return when the client has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
