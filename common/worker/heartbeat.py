"""A thread that shows that an attempt lives, sends what it has to say, and hears whether it must stop."""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from functools import cached_property
from time import monotonic
from types import TracebackType
from typing import Self

import psutil
import structlog

from common.context import Progress
from common.errors import BatonError, Cancelled, Fenced, StateUnavailable
from common.events import Event
from common.record import Record
from common.redis import SyncRedis
from common.state import StateStore

MOST_UNSENT = 1_000
LEAST_SPACING = timedelta(milliseconds=100)
log = structlog.get_logger()


class Heartbeat:
    """Beats every `interval`, at once when there is news, but no faster than `LEAST_SPACING`.

    What the task says is queued, so a slow Redis never delays the task; while Redis is away the oldest news is dropped.
    """

    def __init__(self, redis: SyncRedis, store: StateStore, record: Record, interval: timedelta) -> None:
        self.redis = redis
        self.store = store
        self.task_id = record.context.task_id
        self.fence = record.control.fence
        self.interval = interval.total_seconds()
        self.stop: BatonError | None = None
        self.progress: Progress | None = None
        self.latest: Progress | None = None
        self.unsent: deque[Event] = deque()
        self.news = threading.Event()
        self.closed = threading.Event()
        self.sending = threading.Lock()
        self.thread = threading.Thread(target=self.keep_beating, name=f"heartbeat-{self.task_id}", daemon=True)

    @cached_property
    def process(self) -> psutil.Process:
        """This process, looked up by the first beat: a short attempt has none."""
        return psutil.Process()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self.news.set()
        self.thread.join()

    def tell(self, news: Event | Progress) -> None:
        """Queue an event; a progress replaces the one not sent yet."""
        if isinstance(news, Progress):
            self.progress = self.latest = news
        else:
            self.unsent.append(news)
        self.news.set()

    def keep_beating(self) -> None:
        while not self.closed.is_set():
            self.news.wait(self.interval)
            self.news.clear()
            if not self.closed.is_set():
                self.beat()
                self.closed.wait(LEAST_SPACING.total_seconds())

    def flush(self) -> None:
        """Send what is still unsent, so that the final event comes last."""
        if self.unsent or self.progress:
            self.beat()

    def beat(self) -> None:
        """Send the news. What could not be sent is kept for the next beat."""
        with self.sending:
            progress, self.progress = self.progress, None
            events = [self.unsent.popleft() for _ in range(len(self.unsent))]
            began = monotonic()
            try:
                self.heed(self.send(progress, events))
            except StateUnavailable:
                self.progress = self.progress or progress
                self.unsent.extendleft(reversed(events))
                self.drop_oldest()
                log.warning("heartbeat_failed", waited=round(monotonic() - began, 3))

    def drop_oldest(self) -> None:
        while len(self.unsent) > MOST_UNSENT:
            self.unsent.popleft()

    def send(self, progress: Progress | None, events: list[Event]) -> str:
        rss = self.process.memory_info().rss
        if progress:
            events = [*events, Event("progress", progress.model_dump())]
        return self.redis.run(self.store.beat(self.task_id, self.fence, rss=rss, progress=progress, events=events))

    def heed(self, answer: str) -> None:
        if answer == "FENCED":
            self.stop = Fenced()
        elif answer == "CANCEL" and not self.stop:
            self.stop = Cancelled()
