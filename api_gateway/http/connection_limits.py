"""Connection limits before the application sees a request: the size of its head, and how long bytes may take.

uvicorn has such limits only with h11 (`h11_max_incomplete_event_size`). The gateway uses httptools, which is faster but
has no limits: it would read a header of any size, and keep a half-open connection forever.
"""

import socket
from asyncio import TimerHandle, Transport
from http import HTTPStatus

from pydantic_core import to_json
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api_gateway.http.problems import MEDIA_TYPE, content_of
from common.errors import BatonError
from common.settings import GatewaySettings

LINE_OVERHEAD = len(b": \r\n")
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6}
"""Seconds until a silent peer is probed, between two probes, and their number: a dead peer is detected after 2 min."""


class RequestHeadTooLarge(BatonError):
    """The request line and headers exceed `gateway.max_head_bytes`. Send fewer or shorter headers."""

    code = "request_head_too_large"
    status = 431


class RequestTimedOut(BatonError):
    """The request did not arrive in time (`gateway.head_timeout`, `gateway.body_timeout`). Send it again."""

    code = "request_timed_out"
    status = 408
    retryable = True


class LimitedProtocol(HttpToolsProtocol):
    """One connection. `limits` is set in the subclass that `protocol_for` creates."""

    limits: GatewaySettings
    head_bytes: int = 0
    reads_head: bool = True
    reads_body: bool = False
    timer: TimerHandle | None = None

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as its parent does
        super().connection_made(transport)
        probe_peer(transport.get_extra_info("socket"))
        self.expect_within(self.limits.head_timeout.total_seconds())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.reads_head:
            self.head_bytes += len(data)
        elif self.reads_body:
            self.expect_within(self.limits.body_timeout.total_seconds())
        super().data_received(data)
        if self.reads_head and self.head_bytes > self.limits.max_head_bytes:
            self.refuse(RequestHeadTooLarge)

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self.reads_head:  # another request on this connection
            self.reads_head, self.head_bytes = True, 0
            self.expect_within(self.limits.head_timeout.total_seconds())

    @override
    def on_headers_complete(self) -> None:
        self.reads_head, self.reads_body = False, True
        size = len(self.url) + sum(len(name) + len(value) + LINE_OVERHEAD for name, value in self.headers)
        if size > self.limits.max_head_bytes:
            self.refuse(RequestHeadTooLarge)
            return
        self.expect_within(self.limits.body_timeout.total_seconds())
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self.reads_body = False
        self.stop_timer()
        if not self.transport.is_closing():
            super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    # ---- time ----

    def expect_within(self, seconds: float) -> None:
        self.stop_timer()
        self.timer = self.loop.call_later(seconds, self.give_up)

    def stop_timer(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def give_up(self) -> None:
        """Close a connection that sends nothing, unless the application has not read what arrived."""
        if self.transport.is_closing():
            return
        if self.reads_body and self.flow.read_paused:
            self.expect_within(self.limits.body_timeout.total_seconds())
        elif self.reads_body and self.cycle and self.cycle.response_started:
            self.transport.close()
        else:
            self.refuse(RequestTimedOut)

    # ---- the answer ----

    def refuse(self, error: type[BatonError]) -> None:
        """Answer without the application, and close."""
        self.stop_timer()
        body = to_json(content_of(error.status, error.code, error.default_message()))
        lines = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
            f"Content-Type: {MEDIA_TYPE}",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        self.transport.write("".join(f"{line}\r\n" for line in (*lines, "")).encode() + body)
        self.transport.close()


def probe_peer(connection: socket.socket | None) -> None:
    """Make the kernel detect when a silent peer is gone."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if option := getattr(socket, name, None):  # not available on every system
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def protocol_for(settings: GatewaySettings) -> type[LimitedProtocol]:
    return type("GatewayProtocol", (LimitedProtocol,), {"limits": settings})
