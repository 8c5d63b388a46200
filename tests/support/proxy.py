"""A TCP proxy on loopback that a test can cut: between a worker and its Redis."""

import socket
from contextlib import suppress
from enum import Enum
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.support.ports import free_port

CHUNK_BYTES = 65_536


class Cut(Enum):
    """Kinds of network failures."""

    NONE = "none"
    BLACK_HOLE = "black hole"
    """Nothing passes, and neither side gets an error."""
    RESET = "reset"
    """Connections are closed, and new ones are closed at once."""
    DROPPED_REPLIES = "dropped replies"
    """Requests arrive; no response comes back."""


class Proxy:
    """Forwards bytes to `port` until `cut` is called."""

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.port = free_port()
        self.cut = Cut.NONE
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.closed = Event()
        self.thread = Thread(target=self.accept, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.drop()

    def fail(self, cut: Cut) -> None:
        self.cut = cut
        if cut is Cut.RESET or cut is Cut.NONE:  # bytes that a black hole has swallowed are not delivered later
            self.drop()

    def drop(self) -> None:
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            hang_up(pair)

    def accept(self) -> None:
        while not self.closed.is_set():
            with suppress(OSError):
                client, _ = self.listener.accept()
                if self.cut is Cut.RESET:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self.target)
                except OSError:
                    client.close()
                    continue
                self.pairs = [*(pair for pair in self.pairs if pair[0].fileno() >= 0), (client, server)]
                Thread(target=self.pump, args=(client, server, {Cut.BLACK_HOLE}), daemon=True).start()
                blocked = {Cut.BLACK_HOLE, Cut.DROPPED_REPLIES}
                Thread(target=self.pump, args=(server, client, blocked), daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket, blocked: set[Cut]) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                if self.cut not in blocked:
                    sink.sendall(data)
        hang_up((source, sink))


def hang_up(ends: tuple[socket.socket, socket.socket]) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
