"""A small model hub: the part of huggingface.co's API that its client uses to download a model."""

from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from pydantic_core import to_json
from typing_extensions import override

SHA = "0" * 40
LARGE = 1_000_000
"""Larger files have a sha256 in the listing, as on the real hub."""


class ModelHub:
    """Serves folders as repositories."""

    token = "hf_secret"

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.gated = False
        self.broken: set[str] = set()
        self.damaged: set[str] = set()
        self.pages: dict[str, bytes] = {}
        """Content served instead of files, as by a captive portal."""
        self.named: dict[str, str] = {}
        """Wrong names of files in the listing."""
        self.pause_after: int | None = None
        """This many bytes of a large file are sent at once; the rest follows after `go_on`."""
        self.asked: list[str] = []
        self.sent: list[tuple[str, int]] = []
        """The name and the start offset of each request for a file."""
        self.open = Event()
        self.open.set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(ConnectionError):  # the client was killed
                    hub.answer(self)

            @override
            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start_offsets(self, name: str) -> list[int]:
        """Return the start offset of each request for this file."""
        return [start for sent, start in self.sent if sent == name]

    def hold(self) -> None:
        self.open.clear()

    def go_on(self) -> None:
        self.open.set()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        if self.pause_after is None:
            self.open.wait(60)
        parts = handler.path.partition("?")[0].removeprefix("/api/models").strip("/").split("/")
        repository = "/".join(parts[:2])
        folder = self.repositories.get(repository)
        if folder is None:
            self.send(handler, 404, {"X-Error-Code": "RepoNotFound"})
        elif self.gated and handler.headers.get("Authorization") != f"Bearer {self.token}":
            self.send(handler, 403, {"X-Error-Code": "GatedRepo"})
        elif "resolve" in parts:
            self.send_file(handler, "/".join(parts[4:]), folder)
        else:
            self.send(handler, 200, {"Content-Type": "application/json"}, self.listing(repository, folder))

    def listing(self, repository: str, folder: Path) -> bytes:
        siblings = [self.entry(name, (folder / name).read_bytes()) for name in sorted(names(folder))]
        return to_json({"id": repository, "sha": SHA, "private": False, "siblings": siblings, "tags": []})

    def entry(self, name: str, content: bytes) -> dict[str, Any]:
        size, digest = len(content), sha256(content).hexdigest()
        large = {"lfs": {"size": size, "sha256": digest, "pointerSize": 100}} if size > LARGE else {}
        return {"rfilename": self.named.get(name, name), "size": size, "blobId": digest[:40], **large}

    def send_file(self, handler: BaseHTTPRequestHandler, name: str, folder: Path) -> None:
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.sent.append((name, start))
        if name in self.broken:
            self.send(handler, 500, {})
            return
        content = self.pages.get(name) or (folder / name).read_bytes()
        if name in self.damaged:
            content = content[:-1] + b"?"
        ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self.send(handler, 206 if start else 200, ranged, content[start:])

    def send(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        first = len(content) if self.pause_after is None or len(content) <= LARGE else self.pause_after
        handler.wfile.write(content[:first])
        if first < len(content):
            handler.wfile.flush()
            self.open.wait(60)
            handler.wfile.write(content[first:])

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def names(folder: Path) -> set[str]:
    """Return the files below a folder, relative to it."""
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
