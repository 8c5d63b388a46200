"""A real HTTP receiver of callbacks that records requests and sends scripted responses."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, Self

from typing_extensions import override

from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, wait_until

CHUNK = b"x" * 65_536


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    delay: float = 0.0
    cut: bool = False
    """Announce the whole body, but close the connection in the middle of it."""
    silent: bool = False
    """Close the connection without a status line."""
    endless: bool = False
    """Send the body for ever, until the client disconnects."""


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Monotonic time."""

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """Answers each request with the next answer of its script, then always with the last one."""

    def __init__(self, *script: Answer | int, on_request: Callable[[Seen], None] = lambda _: None) -> None:
        self.script = [Answer(item) if isinstance(item, int) else item for item in script] or [Answer()]
        self.on_request = on_request
        self.seen: list[Seen] = []
        self.answered = 0
        self.sent_bytes = 0
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start to listen."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return lambda: receiver.answer(self)
                raise AttributeError(name)

            @override
            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Stop listening, so that connections are refused."""
        self.released.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def wait_for(self, count: int, *, timeout: float = PATIENCE_S) -> list[Seen]:
        """Return all requests once there are this many."""
        wait_until(lambda: len(self.seen) >= count, timeout=timeout)
        return list(self.seen)

    def types_of(self, task_id: str) -> list[str]:
        """Return the types of the callbacks of a task."""
        return [seen.json["type"] for seen in list(self.seen) if seen.json["task_id"] == task_id]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        seen = Seen(handler.command, handler.path, headers, body, monotonic())
        self.on_request(seen)
        with self.lock:
            answer = self.script[min(len(self.seen), len(self.script) - 1)]
            self.seen.append(seen)
        self.released.wait(answer.delay)
        try:
            self.reply(handler, answer)
            self.answered += 1
        except ConnectionError:  # the client disconnected
            handler.close_connection = True

    def reply(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        handler.close_connection = True
        if answer.silent:
            return
        promised = len(answer.body) + (1_000 if answer.cut else 0)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(1 << 40 if answer.endless else promised))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(answer.body)
        while answer.endless and not self.released.is_set():
            handler.wfile.write(CHUNK)
            self.sent_bytes += len(CHUNK)
