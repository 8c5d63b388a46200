"""Load generator in a separate process: requests over keep-alive connections, as raw bytes.

`python -m bench.load PORT PATH CONNECTIONS REQUESTS BODY` prints the seconds it took and each latency in us as JSON.
"""

import asyncio
import json
import re
import sys
from time import monotonic
from typing import cast

import uvloop
from typing_extensions import override

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the previous response is complete."""

    def __init__(self, request: bytes, work: "Work") -> None:
        self.request = request
        self.work = work
        self.buffer = b""
        self.sent_at = 0.0
        self.transport = asyncio.Transport()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transport is not a subclass

    def next(self) -> None:
        if self.work.take():
            self.sent_at = monotonic()
            self.transport.write(self.request)

    @override
    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        if found and length and len(body) >= int(length[1]):
            self.work.record(monotonic() - self.sent_at, head[:12])
            self.buffer = b""
            self.next()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.work.finished.done():
            self.work.finished.set_exception(exc or ConnectionError("closed"))


class Work:
    """Number of requests left, and the latencies of those done."""

    def __init__(self, count: int) -> None:
        self.left = self.count = count
        self.latencies_us: list[int] = []
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def record(self, latency: float, status: bytes) -> None:
        if not status.endswith(b"202"):
            raise SystemExit(f"refused: {status!r}")
        self.latencies_us.append(round(latency * 1e6))
        if len(self.latencies_us) == self.count:
            self.finished.set_result(None)


async def load(port: int, path: str, connections: int, count: int, body: bytes) -> dict[str, object]:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    loop, work = asyncio.get_running_loop(), Work(count)
    made = [
        await loop.create_connection(lambda: Connection(request, work), "127.0.0.1", port) for _ in range(connections)
    ]
    began = monotonic()
    for _, connection in made:
        connection.next()
    await work.finished
    return {"seconds": monotonic() - began, "latencies_us": work.latencies_us}


if __name__ == "__main__":
    port, path, connections, count, body = sys.argv[1:]
    print(json.dumps(uvloop.run(load(int(port), path, int(connections), int(count), body.encode()))))
