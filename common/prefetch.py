"""Prefetch: make items ahead in another thread, within a bound, so that a fast producer waits for its consumer."""

from collections.abc import Generator, Iterable
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class EndMarker:
    """The last item in a queue: the error that ended the producer, None if it finished."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Producer(Generic[T]):
    """Iterates `items` in a thread. A place is reserved before each item is made, so at most `depth` are ahead."""

    def __init__(self, items: Iterable[T], depth: int, name: str) -> None:
        self.items = items
        self.places = Semaphore(depth)
        self.queue: SimpleQueue[T | EndMarker] = SimpleQueue()
        self.stopped = False
        self.thread = Thread(target=self.run, name=name, daemon=True)

    def run(self) -> None:
        error: BaseException | None = None
        iterator = iter(self.items)
        try:
            while self.reserve():
                self.queue.put(next(iterator))
        except StopIteration:
            pass
        except BaseException as raised:  # noqa: BLE001 - the consumer raises it again
            error = raised
        finally:
            if isinstance(iterator, Generator):
                iterator.close()
            self.queue.put(EndMarker(error))

    def reserve(self) -> bool:
        self.places.acquire()
        return not self.stopped

    def stop(self) -> None:
        self.stopped = True
        self.places.release()
        self.thread.join()


def prefetch(items: Iterable[T], *, depth: int = 1, name: str = "prefetch") -> Generator[T, None, None]:
    """Yield the items, made ahead in another thread; never more than `depth` are ahead of the one being used.

    Closing the generator ends the thread, after the item that is being made. An error of `items` is raised here.
    """
    producer = Producer(items, depth, name)
    producer.thread.start()
    try:
        while not isinstance(item := producer.queue.get(), EndMarker):
            producer.places.release()
            yield item
        if item.error:
            raise item.error
    finally:
        producer.stop()
