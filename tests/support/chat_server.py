"""A chat completions server that misbehaves on request."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from typing_extensions import override

from tests.support.chat_behaviours import BEHAVIOURS, COMPLETION_TOKENS, PROMPT_TOKENS, Json, Reply


class Server(ThreadingHTTPServer):
    @override
    def handle_error(self, *_: object) -> None:
        """Ignore errors: tests kill clients in the middle of a request."""


class ChatServer:
    """Serves `/v1/chat/completions` and records the requests. Responses wait until `free` is set."""

    def __init__(self) -> None:
        self.requests: dict[str, list[Json]] = defaultdict(list)
        self.headers: list[dict[str, str]] = []
        self.busy = Counter[str]()
        self.most_at_once = Counter[str]()
        self.lock = threading.Lock()
        self.latency_s = 0.0
        self.free = threading.Event()
        self.free.set()
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                chat.headers.append(dict(self.headers))
                with chat.count_request(request) as number:
                    chat.free.wait(60)
                    threading.Event().wait(chat.latency_s)
                    self.reply(request["model"], BEHAVIOURS[request["model"]](request, number))

            def reply(self, model: str, reply: Reply) -> None:
                body = reply.raw if reply.raw is not None else completion(model, reply)
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body[: len(body) // 2] if reply.cut or reply.drip else body)
                    while reply.drip:
                        threading.Event().wait(0.1)
                        self.wfile.write(b" ")
                except ConnectionError:  # the client disconnected
                    reply = Reply(cut=True)
                self.close_connection = reply.cut

            @override
            def log_message(self, *_: object) -> None:
                return

        return Handler

    @contextmanager
    def count_request(self, request: Json) -> Iterator[int]:
        model = request["model"]
        with self.lock:
            self.requests[model].append(request)
            self.busy[model] += 1
            self.most_at_once[model] = max(self.most_at_once[model], self.busy[model])
            number = len(self.requests[model])
        try:
            yield number
        finally:
            with self.lock:
                self.busy[model] -= 1

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.free.set()
        self.server.shutdown()
        self.server.server_close()


def completion(model: str, reply: Reply) -> bytes:
    message = {"role": "assistant", "content": reply.content}
    used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": 15}
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": used,
    }
    return json.dumps(whole).encode()
