"""A webhook receiver for the demo: one local port that keeps what is posted to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from typing_extensions import override

from cli.errors import DemoFailed
from cli.stack.plan import LOOPBACK


@dataclass(frozen=True, slots=True)
class ReceivedCallback:
    """A received callback."""

    headers: dict[str, str]
    body: bytes

    def verified_body(self, secret: str) -> dict[str, Any]:
        """Return the body, after the receiver's side of Standard Webhooks has verified it.

        Raises:
            DemoFailed: the signature is wrong.
        """
        try:
            return dict(Webhook(secret).verify(self.body, self.headers))
        except WebhookVerificationError as error:
            raise DemoFailed(f"The callback's signature is wrong: {error}. Body: {self.body[:200]!r}") from error


class DemoReceiver:
    """The received callbacks, in order."""

    def __init__(self, url: str, deliveries: "Queue[ReceivedCallback]") -> None:
        self.url = url
        self.deliveries = deliveries

    def next(self, within: timedelta) -> ReceivedCallback:
        """Wait for a delivery.

        Raises:
            DemoFailed: none arrived in time.
        """
        try:
            return self.deliveries.get(timeout=within.total_seconds())
        except Empty as error:
            raise DemoFailed(f"No callback arrived within {within.seconds} s.") from error


@contextmanager
def receiving() -> Iterator[DemoReceiver]:
    deliveries: Queue[ReceivedCallback] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            deliveries.put(ReceivedCallback(dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Do not log."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield DemoReceiver(f"http://{LOOPBACK}:{server.server_port}/done", deliveries)
        finally:
            server.shutdown()
