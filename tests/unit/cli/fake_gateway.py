"""A gateway that answers from a list, for the ends of a task that a real one cannot be made to show at will."""

from collections.abc import Callable
from typing import Any

import httpx
from typer.testing import Result

from cli.client import Client

Answer = httpx.Response | Exception
Run = Callable[..., Result]


class FakeGateway:
    """Gives each path its answers in order, the last one again and again, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[httpx.Request] = []

    def on(self, route: str, *answers: Answer | dict[str, Any]) -> None:
        self.answers[route] = [httpx.Response(200, json=item) if isinstance(item, dict) else item for item in answers]

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        waiting = self.answers.get(f"{request.method} {request.url.path}")
        if not waiting:
            return problem(404, "not_found", "no such path")
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> Client:
        return Client("http://gateway", "key", httpx.MockTransport(self.handle))

    def requests_to(self, route: str) -> list[httpx.Request]:
        return [request for request in self.requests if f"{request.method} {request.url.path}" == route]


def problem(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": detail, **more})


def events(*blocks: str) -> httpx.Response:
    return httpx.Response(200, text="".join(f"{block}\n\n" for block in blocks))


def context(status: str, **more: Any) -> dict[str, Any]:
    stage = {"status": status, "attempt": 1, "duration": 0.5, "timings": {"run": 0.4}, "output": {}, "progress": {}}
    record = {"task_id": "ep-1", "task_name": "ffmpeg.probe", "status": status, "error": None}
    return record | {"stages": {"ffmpeg.probe": stage}} | more
