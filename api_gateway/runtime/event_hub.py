"""Live events: one Redis reader for all clients of this process.

Each task with clients is one stream in one blocking XREAD. A frame is encoded once and shared; a client that cannot
keep up is disconnected, so that it does not slow down the others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex

import structlog
from redis.exceptions import RedisError

from api_gateway.runtime.wakeups import RECONNECT_S
from common.state import events, keys
from common.state.client import AsyncRedis, translate_errors

BLOCK = timedelta(seconds=5)
POKE_TTL = timedelta(minutes=1)
START = "0-0"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EventFrame:
    """One event: encoded once for all clients (`data`), and as kind and JSON for those that translate it."""

    id: str
    data: bytes
    closes: bool
    kind: str = ""
    json: str = ""

    @property
    def order(self) -> tuple[int, int]:
        return sort_key(self.id)


def sort_key(stream_id: str) -> tuple[int, int]:
    """Return a Redis stream id in sortable form."""
    milliseconds, _, sequence = stream_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def frame(stream_id: str, fields: dict[str, str]) -> EventFrame:
    kind, data = fields["event"], fields["data"]
    text = f"id: {stream_id}\r\nevent: {kind}\r\ndata: {data}\r\n\r\n"
    return EventFrame(stream_id, text.encode(), events.is_final(kind, data), kind, data)


@dataclass(eq=False, slots=True)
class Subscriber:
    """The bounded queue of one client; `None` in it means that the client was disconnected."""

    queue: asyncio.Queue[EventFrame | None]

    def push(self, item: EventFrame) -> bool:
        """Queue a frame; returns False if the client has fallen too far behind."""
        if self.queue.qsize() + 1 >= self.queue.maxsize:
            self.drop()
            return False
        self.queue.put_nowait(item)
        return True

    def drop(self) -> None:
        self.queue.put_nowait(None)


@dataclass(slots=True)
class SubscribedStream:
    """A task's stream: the position read so far, and its clients."""

    last_id: str
    clients: set[Subscriber] = field(default_factory=set)

    def push(self, key: str, frames: list[EventFrame]) -> None:
        for client in tuple(self.clients):
            if not all(client.push(item) for item in frames):
                self.clients.discard(client)
                log.warning("slow_client_dropped", stream=key)


class EventHub:
    """Reads every stream that has clients."""

    def __init__(self, reader: AsyncRedis, redis: AsyncRedis, backlog: int) -> None:
        """`reader` is only for the blocking read; its timeout must be longer than BLOCK."""
        self.reader = reader
        self.redis = redis
        self.backlog = backlog
        self.channels: dict[str, SubscribedStream] = {}
        self.poke_key = keys.wake(token_hex(8))

    @property
    def clients(self) -> int:
        return sum(len(channel.clients) for channel in self.channels.values())

    @asynccontextmanager
    async def listen(self, task_id: str) -> AsyncIterator[asyncio.Queue[EventFrame | None]]:
        """Collect the task's events from now on."""
        client = Subscriber(asyncio.Queue(self.backlog))
        try:
            await self.join(task_id, client)
            yield client.queue
        finally:
            self.leave(task_id, client)

    async def join(self, task_id: str, client: Subscriber) -> None:
        key = keys.events(task_id)
        if key in self.channels:
            self.channels[key].clients.add(client)
            return
        last = await self.last_id(task_id)
        self.channels.setdefault(key, SubscribedStream(last)).clients.add(client)
        await self.interrupt_read()

    def leave(self, task_id: str, client: Subscriber) -> None:
        key = keys.events(task_id)
        channel = self.channels.get(key)
        if channel:
            channel.clients.discard(client)
            if not channel.clients:
                del self.channels[key]

    async def last_id(self, task_id: str) -> str:
        with translate_errors():
            newest = await self.redis.client.xrevrange(keys.events(task_id), count=1)
        return newest[0][0] if newest else START

    async def since(self, task_id: str, stream_id: str) -> list[EventFrame]:
        """Return the events after this id, as far back as the stream has them."""
        with translate_errors():
            found = await self.redis.client.xrange(keys.events(task_id), min=f"({stream_id}")
        return [frame(entry, fields) for entry, fields in found]

    async def last(self, task_id: str) -> EventFrame | None:
        """Return the newest event."""
        with translate_errors():
            newest = await self.redis.client.xrevrange(keys.events(task_id), count=1)
        return frame(*newest[0]) if newest else None

    async def interrupt_read(self) -> None:
        """End the blocking read through a stream of our own, so that the next read includes a new task's stream."""
        with translate_errors():
            pipe = self.redis.client.pipeline()
            pipe.xadd(self.poke_key, {"poke": ""}, maxlen=1)
            pipe.expire(self.poke_key, POKE_TTL)
            await pipe.execute()

    async def run(self) -> None:
        while True:
            try:
                await self.read()
            except (RedisError, OSError) as error:
                log.warning("event_reader_lost", error=str(error))
                await asyncio.sleep(RECONNECT_S)

    async def read(self) -> None:
        """Read each channel from its position; after a lost connection nothing is missed and nothing repeated.

        One read takes at most half of the backlog a client may have: a burst alone disconnects nobody.
        """
        poked = START
        most, block = max(1, self.backlog // 2), int(BLOCK.total_seconds() * 1000)
        while True:
            streams = {key: channel.last_id for key, channel in self.channels.items()}
            cursors = {**streams, self.poke_key: poked}
            found = await self.reader.client.xread(cursors, count=most, block=block)
            for key, entries in found or ():
                if key == self.poke_key:
                    poked = entries[-1][0]
                else:
                    self.deliver(key, [frame(entry, fields) for entry, fields in entries])

    def deliver(self, key: str, frames: list[EventFrame]) -> None:
        channel = self.channels.get(key)
        if not channel:
            return
        channel.last_id = frames[-1].id
        channel.push(key, frames)

    def has_listener(self, task_id: str) -> bool:
        return keys.events(task_id) in self.channels

    def broadcast(self, task_id: str, item: EventFrame) -> None:
        """Send local clients a frame that is not in any stream."""
        key = keys.events(task_id)
        if channel := self.channels.get(key):
            channel.push(key, [item])

    def drop(self, task_id: str) -> None:
        """End the streams of the clients of this task."""
        if channel := self.channels.get(keys.events(task_id)):
            while channel.clients:
                channel.clients.pop().drop()
