"""Pipeline of stages: each in its own thread, connected by bounded queues on one event loop.

A chunk is started only if there is room for it, so the first stage is never further ahead than the queue is long,
however slow the others are. One failure ends all stages and is raised unchanged. A stage that hangs brings the others
to a standstill within one queue length, so a single stall guard for all of them (`common.stall`) is enough.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from functools import partial
from threading import Event
from typing import Any, Generic, Protocol, TypeVar

QUEUE_BOUND = 5
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)

Call = Callable[..., Any]
"""Awaitable: runs a function off the event loop."""
OffLoop = Callable[[str], AbstractAsyncContextManager[Call]]


class ItemSource(Protocol[T_co]):
    """Produces items, all in one thread."""

    def items(self) -> Iterator[T_co]: ...


class PipelineStage(Protocol[T_contra]):
    """Processes each item, all in one thread."""

    def process(self, item: T_contra) -> None: ...

    def rest(self) -> None:
        """Release what others could use: nothing is waiting here, or everything is finished."""
        ...


class BoundedQueue(Generic[T]):
    """A bounded queue whose places are reserved before the items are made. `None` is the end marker."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=QUEUE_BOUND)
        self.places = asyncio.Semaphore(QUEUE_BOUND)

    async def get(self) -> T | None:
        item = await self.queue.get()
        self.places.release()
        return item

    async def put(self, item: T | None) -> None:
        await self.places.acquire()
        self.queue.put_nowait(item)


@asynccontextmanager
async def run_in_thread(name: str) -> AsyncIterator[Call]:
    """Run functions in one thread, and leave only when the last one has ended."""
    threads = ThreadPoolExecutor(1, thread_name_prefix=name)
    loop = asyncio.get_running_loop()
    try:
        yield partial(loop.run_in_executor, threads)
    finally:
        # the loop must stay alive meanwhile: what still runs in the thread may wait for another stage
        await finish_despite_cancel(asyncio.to_thread(threads.shutdown))


class Stopped(Exception):
    """Another stage has failed; the error of that stage is raised."""


class FailureSignal:
    """Tells the threads of all stages that one has failed, and keeps the reason."""

    def __init__(self) -> None:
        self.wanted = Event()
        self.cause: Exception | None = None

    def check(self) -> None:
        """Raise Stopped if another stage has failed."""
        if self.wanted.is_set():
            raise Stopped

    @contextmanager
    def at_failure(self) -> Iterator[None]:
        """Record why the block fails; a cancellation caused by another failure is not a reason."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, ExceptionGroup) and self.cause is None:
                self.cause = error
            self.wanted.set()
            raise


@asynccontextmanager
async def rest_after(stage: PipelineStage[Any], call: Call) -> AsyncIterator[None]:
    """Call the stage's `rest` after the block, in the thread that acquired what it releases."""
    try:
        yield
    finally:
        await finish_despite_cancel(call(stage.rest))


async def finish_despite_cancel(work: Awaitable[Any]) -> None:
    """Wait for some work to end despite repeated cancellations: the loop's own and the task group's."""
    future = asyncio.ensure_future(work)
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    future.result()


def run(source: ItemSource[T], *stages: PipelineStage[T], stop: FailureSignal) -> None:
    """Pass every item through all stages.

    Raises:
        Exception: the first error of any stage.
    """
    try:
        # not in the main thread: a time limit is raised there, and would break the loop
        with ThreadPoolExecutor(1, thread_name_prefix="pipeline") as beside, stop.at_failure():
            beside.submit(asyncio.run, flow(source, *stages, stop=stop)).result()
    except ExceptionGroup as failures:
        raise stop.cause or failures.exceptions[0] from None


async def flow(
    source: ItemSource[T], *stages: PipelineStage[T], stop: FailureSignal, off_loop: OffLoop = run_in_thread
) -> None:
    async with asyncio.TaskGroup() as group:
        belts: list[BoundedQueue[T]] = [BoundedQueue() for _ in stages]
        group.create_task(feed(source, belts[0], stop, off_loop))
        for stage, inbox, outbox in zip(stages, belts, [*belts[1:], None], strict=True):
            group.create_task(work(stage, inbox, outbox, stop, off_loop))


async def feed(source: ItemSource[T], outbox: BoundedQueue[T], stop: FailureSignal, off_loop: OffLoop) -> None:
    """Make the items, each when there is a place for it."""
    async with off_loop(type(source).__name__) as call:
        with stop.at_failure():
            items = source.items()
            while await outbox.places.acquire() and (item := await call(next, items, None)) is not None:
                outbox.queue.put_nowait(item)
            outbox.queue.put_nowait(None)


async def work(
    stage: PipelineStage[T],
    inbox: BoundedQueue[T],
    outbox: BoundedQueue[T] | None,
    stop: FailureSignal,
    off_loop: OffLoop,
) -> None:
    """Process items as they arrive, up to the end marker."""
    async with off_loop(type(stage).__name__) as call, rest_after(stage, call):
        with stop.at_failure():
            while (item := await inbox.get()) is not None:
                await call(stage.process, item)
                if inbox.queue.empty():
                    await call(stage.rest)
                if outbox:
                    await outbox.put(item)
            if outbox:
                await outbox.put(None)
