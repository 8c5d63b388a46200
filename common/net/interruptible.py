"""Interruptible network streams: a check runs periodically while waiting for bytes, for cancellation or deadlines."""

import ssl
from collections.abc import Callable, Iterable
from datetime import timedelta
from time import monotonic
from typing import Any

import httpcore
from typing_extensions import override

Watch = Callable[[], None]
"""Raises to abort."""

INTERVAL = timedelta(milliseconds=250)


class WatchedStream(httpcore.NetworkStream):
    """Waits for bytes in short intervals and calls `watch` before each."""

    def __init__(self, plain: httpcore.NetworkStream, watch: Watch) -> None:
        self.plain = plain
        self.watch = watch

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        deadline = monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            self.watch()
            left = deadline - monotonic()
            try:
                return self.plain.read(max_bytes, max(0.001, min(left, INTERVAL.total_seconds())))
            except httpcore.ReadTimeout:
                if monotonic() >= deadline:
                    raise

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.plain.write(buffer, timeout)

    @override
    def close(self) -> None:
        self.plain.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return WatchedStream(self.plain.start_tls(ssl_context, server_hostname, timeout), self.watch)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self.plain.get_extra_info(info)


class WatchedBackend(httpcore.NetworkBackend):
    """Connects through another backend and makes its streams interruptible."""

    def __init__(self, plain: httpcore.NetworkBackend, watch: Watch) -> None:
        self.plain = plain
        self.watch = watch

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self.watch()
        return WatchedStream(self.plain.connect_tcp(host, port, timeout, local_address, socket_options), self.watch)

    @override
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return self.plain.connect_unix_socket(path, timeout, socket_options)
