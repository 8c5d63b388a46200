"""Many listeners of live events, in a separate process.

`python -m bench.listeners PORT CLIENTS ID…` opens the streams, prints a line when all are open, and at the end of its
input prints the time from publication to arrival of each event, in us.
"""

import asyncio
import json
import re
import sys
from time import monotonic
from typing import cast

import uvloop
from typing_extensions import override

STAMP = re.compile(rb'"published":([\d.]+)')
OPENED_AT_ONCE = 50


class Listener(asyncio.Protocol):
    """Reads one stream; the data of each event contains the time of its publication."""

    def __init__(self, request: bytes, delays_us: list[int]) -> None:
        self.request = request
        self.delays_us = delays_us
        self.opened = asyncio.Event()
        self.lost = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self.request)  # uvloop's transport is not a subclass

    @override
    def data_received(self, data: bytes) -> None:
        now = monotonic()
        self.delays_us.extend(round((now - float(stamp)) * 1e6) for stamp in STAMP.findall(data))
        if b"initial_state" in data:
            self.opened.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def listen(port: int, count: int, ids: list[str]) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    delays_us: list[int] = []
    gate = asyncio.Semaphore(OPENED_AT_ONCE)

    async def open_listener(number: int) -> Listener:
        path = f"/v1/tasks/{ids[number % len(ids)]}/events"
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        async with gate:
            _, made = await loop.create_connection(lambda: Listener(request, delays_us), "127.0.0.1", port)
            await made.opened.wait()
        return made

    listeners = await asyncio.gather(*(open_listener(number) for number in range(count)))
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    return {"delays_us": delays_us, "lost": sum(listener.lost for listener in listeners)}


if __name__ == "__main__":
    port, count, *ids = sys.argv[1:]
    print(json.dumps(uvloop.run(listen(int(port), int(count), ids))))
