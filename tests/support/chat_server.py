"""A chat completions server that misbehaves on request: the model's name selects the behaviour."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from typing_extensions import override

Json = dict[str, Any]
PROMPT_TOKENS, COMPLETION_TOKENS = 10, 5


@dataclass(frozen=True)
class Reply:
    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """The whole body, if it is not a completion."""
    cut: bool = False
    """Close the connection in the middle of the body."""
    drip: bool = False
    """Send a byte at a time and never finish."""


Behaviour = Callable[[Json, int], Reply]
"""Function of the request and its number, which counts from 1 for each model."""


def user_json(request: Json) -> Json:
    """Return the JSON content of the user's first message."""
    shown: Json = json.loads(request["messages"][1]["content"])
    return shown


def lines_of(request: Json) -> list[Json]:
    lines: list[Json] = user_json(request)["lines"]
    return lines


def answer(lines: list[Json]) -> Reply:
    return Reply(json.dumps({"lines": lines}))


def uppercase_lines(request: Json) -> list[Json]:
    return [{"id": line["id"], "text": line["text"].upper()} for line in lines_of(request)]


def good(request: Json, _: int) -> Reply:
    return answer(uppercase_lines(request))


def first(bad: Callable[[Json], Reply], times: int = 1) -> Behaviour:
    """Answer the first requests with `bad` and the others correctly."""
    return lambda request, number: bad(request) if number <= times else good(request, number)


def obedient(request: Json, _: int) -> Reply:
    """Obey an instruction in a subtitle, as a model without protection would."""
    told = any("ignore" in line["text"].lower() for line in lines_of(request))
    return answer([] if told else uppercase_lines(request))


def summary(request: Json, _: int) -> Reply:
    if "parts" in user_json(request):
        return Reply(json.dumps({"summary": f"{len(user_json(request)['parts'])} parts"}))
    marks = [{"line": line["id"], "title": line["text"]} for line in lines_of(request)[::2]]
    return Reply(json.dumps({"summary": "a part", "chapters": marks}))


def schemaless(request: Json, number: int) -> Reply:
    if "response_format" in request:
        return Reply(status=400, raw=b'{"error": {"message": "response_format: this type is unavailable"}}')
    return good(request, number)


def newer(request: Json, _: int) -> Reply:
    if "max_tokens" in request:
        told = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        return Reply(status=400, raw=json.dumps({"error": {"message": told}}).encode())
    return Reply(str(request["max_completion_tokens"]))


ODD = [
    b'{"choices": null}',
    b'{"choices": []}',
    b'{"choices": [null]}',
    b'{"choices": {"a": 1}}',
    b'{"choices": [{"message": {"content": ["a"]}}], "usage": {"prompt_tokens": "many"}}',
    b'{"choices": [{"message": {"content": null, "refusal": "I will not."}}]}',
    b'{"choices": [{"message": {"content": "\\ud800 half"}}]}',
    b"[]",
    b'"text"',
]
BUSY = Reply(status=429, headers={"Retry-After": "0"}, raw=b'{"error": {"message": "slow down"}}')
BEHAVIOURS: dict[str, Behaviour] = {
    "good": good,
    "fewer": lambda request, _: answer(uppercase_lines(request)[:-1]),
    "more": lambda request, _: answer([*uppercase_lines(request), {"id": 999, "text": "one more"}]),
    "twice": lambda request, _: answer(uppercase_lines(request) * 2),
    "reordered": lambda request, _: answer(uppercase_lines(request)[::-1]),
    "blank": lambda request, _: answer([{**line, "text": " "} for line in uppercase_lines(request)]),
    "silent": lambda _request, _number: Reply(""),
    "prose": lambda _request, _number: Reply("Sure! Here are your subtitles."),
    "html": lambda _request, _number: Reply(raw=b"<html>a proxy</html>", headers={"Content-Type": "text/html"}),
    "fenced": lambda request, _: Reply(
        f"<think>{{hm}}</think>```json\n{answer(uppercase_lines(request)).content}\n```"
    ),
    "talkative": lambda request, _: answer([{**line, "text": "word " * 1_000} for line in uppercase_lines(request)]),
    "once_prose": first(lambda _: Reply("Sure!")),
    "once_fewer": first(lambda request: answer(uppercase_lines(request)[1:])),
    "busy": first(lambda _: BUSY, 2),
    "always_busy": lambda _request, _number: BUSY,
    "long_busy": lambda _request, _number: Reply(status=429, headers={"Retry-After": "7200"}, raw=b"{}"),
    "broken": first(lambda _: Reply(status=500, raw=b"oops"), 2),
    "cut": first(lambda request: Reply(answer(uppercase_lines(request)).content, cut=True)),
    "huge": lambda _request, _number: Reply("x" * 2_000_000),
    "refuses": lambda _request, _number: Reply(status=400, raw=b'{"error": {"message": "too many tokens"}}'),
    "keyless": lambda _request, _number: Reply(
        status=401, raw=json.dumps({"error": {"message": "bad sk-secret"}}).encode()
    ),
    "unknown": lambda _request, _number: Reply(status=404, raw=b'{"error": {"message": "no such model"}}'),
    "schemaless": schemaless,
    "newer": newer,
    "odd": lambda _, number: Reply(raw=ODD[number % len(ODD)]),
    "half": lambda _request, _number: Reply("half \ud800"),
    "drip": lambda _request, _number: Reply("no end", drip=True),
    "obedient": obedient,
    "summary": summary,
    "lost_chapters": lambda _request, _number: Reply(
        json.dumps({"summary": "short", "chapters": [{"line": 777, "title": "nowhere"}]})
    ),
    "chat": lambda request, _: Reply(request["messages"][-1]["content"][::-1]),
}


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
                body = reply.raw if reply.raw is not None else completion(model, reply.content)
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


def completion(model: str, content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": 15}
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": used,
    }
    return json.dumps(whole).encode()
