"""Stages in separate threads, connected by bounded queues, so that a fast stage waits for a slow one."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
LOOK_S = 0.2


class EndMarker:
    """The last item in a queue: the error that ended the stage, None if it finished."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Stage(Generic[T]):
    """Produces items ahead in another thread, at most `depth` of them."""

    def __init__(self, items: Iterable[T], depth: int, name: str) -> None:
        self.items = items
        self.queue: Queue[T | EndMarker] = Queue(depth)
        self.stop = Event()
        self.thread = Thread(target=self.work, name=name, daemon=True)

    def work(self) -> None:
        error: BaseException | None = None
        try:
            for item in self.items:
                if not self.put(item):
                    return
        except BaseException as raised:  # noqa: BLE001 - the reader of the queue raises it again
            error = raised
        finally:
            if isinstance(self.items, Generator):
                self.items.close()
        self.put(EndMarker(error))

    def put(self, item: T | EndMarker) -> bool:
        while not self.stop.is_set():
            with suppress(Full):
                self.queue.put(item, timeout=LOOK_S)
                return True
        return False

    def take(self) -> Iterator[T]:
        """Yield the items. The error that ended the stage is raised here."""
        while True:
            try:
                item = self.queue.get(timeout=LOOK_S)
            except Empty:
                if self.stop.is_set():
                    return
                continue
            if isinstance(item, EndMarker):
                if item.error:
                    raise item.error
                return
            yield item


def produce_ahead(items: Iterable[T], *, depth: int, name: str) -> Generator[T, None, None]:
    """Yield the items, produced ahead in another thread; closing the generator ends that thread."""
    stage = Stage(items, depth, name)
    stage.thread.start()
    try:
        yield from stage.take()
    finally:
        stage.stop.set()
        stage.thread.join()
