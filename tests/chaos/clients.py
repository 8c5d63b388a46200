"""Clients as they are: they post, watch, hang up, cancel and retry; and they keep what they were promised."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Self

import httpx

from tests.chaos.box import Box
from tests.chaos.work import pick

PATIENCE_S = 15
"""For one answer: longer than any pause of a process."""

MOST_WAITING = 25
CALM_S = 0.3
ENDINGS = {"SUCCESS", "FAILED", "CANCELLED"}


@dataclass
class Promise:
    """A task as its client knows it. Of a request whose answer was lost nobody knows whether it was heard."""

    task_id: str
    kind: str
    asked: str
    """The whole request, to know which tasks should give the same."""
    accepted: bool = False
    retries_asked: int = 0
    retries_accepted: int = 0


class Client:
    """One client with dice of its own."""

    def __init__(self, box: Box, name: str, seed: str, callback_url: str, stop: threading.Event) -> None:
        self.box, self.name, self.callback_url, self.stop = box, name, callback_url, stop
        self.dice = Random(seed)
        self.http = httpx.Client(base_url=box.url, timeout=PATIENCE_S, trust_env=False)
        self.promises: list[Promise] = []
        self.surprises: list[str] = []

    def run(self) -> None:
        with self.http:
            while not self.stop.wait(self.dice.uniform(0, 2 * CALM_S)):
                waiting = self.box.waiting()
                if waiting is not None and waiting < MOST_WAITING:
                    self.post_one()

    def post_one(self) -> None:
        kind = pick(self.dice, self.box.plan.services)
        promise = Promise(f"{self.name}-{len(self.promises)}", kind.name, json.dumps(kind.input_data))
        self.promises.append(promise)
        body = {
            "task_name": kind.name,
            "input_data": kind.input_data,
            "task_id": promise.task_id,
            "priority": self.dice.randrange(10),
            "callback": self.callback_url,
        }
        habit = self.dice.choices(HABITS, WEIGHTS)[0]
        answer = self.until_answered("POST", "/v1/tasks", json=body)
        promise.accepted = answer is not None and answer.status_code in {200, 202}
        if promise.accepted:
            with suppress(httpx.TransportError):
                habit(self, promise)
        elif answer is not None:
            self.surprises.append(f"{promise.task_id} was refused: {answer.status_code} {answer.text[:200]}")

    def until_answered(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        """Repeat the same request, as everybody may, until it is heard; None when the chaos ends before."""
        while not self.stop.is_set():
            with suppress(httpx.TransportError):
                answer = self.http.request(method, path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            self.stop.wait(CALM_S)
        return None

    # ---- habits ----

    def walk_away(self, _promise: Promise) -> None:
        """Let the callback tell."""

    def watch(self, promise: Promise) -> None:
        """Follow the events, and vanish in the middle more often than not."""
        leaves_after = self.dice.randrange(1, 30)
        with self.http.stream("GET", f"/v1/tasks/{promise.task_id}/events") as answer:
            for number, _ in enumerate(answer.iter_lines()):
                if number > leaves_after or self.stop.is_set():
                    return

    def poll(self, promise: Promise) -> None:
        """Read the record now and then until the task has ended."""
        while not self.stop.wait(1):
            answer = self.http.get(f"/v1/tasks/{promise.task_id}")
            if answer.status_code == 200 and answer.json()["status"] in ENDINGS:
                return

    def cancel(self, promise: Promise) -> None:
        self.stop.wait(self.dice.uniform(0, 3))
        self.http.post(f"/v1/tasks/{promise.task_id}/cancel")

    def retry(self, _promise: Promise) -> None:
        """Ask for another attempt at an earlier task; one that has not failed refuses."""
        earlier = self.dice.choice(self.promises)
        if not earlier.accepted:
            return
        earlier.retries_asked += 1
        answer = self.http.post(f"/v1/tasks/{earlier.task_id}/retry")
        earlier.retries_accepted += answer.status_code == 202
        if answer.status_code in {404, 409}:
            earlier.retries_asked -= 1

    def hang_up(self, promise: Promise) -> None:
        """Ask to be told the end, and leave before."""
        self.http.get(f"/v1/tasks/{promise.task_id}", headers={"Prefer": "wait=30"}, timeout=1)

    def cut_upload(self, _promise: Promise) -> None:
        """Send half of a file."""
        address = httpx.URL(self.box.url)
        with socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_S) as connection:
            head = (
                "POST /v1/files?name=half.bin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
            )
            connection.sendall(f"{head}Content-Length: 4000000\r\n\r\n".encode() + bytes(1_000_000))


HABITS: tuple[Callable[[Client, Promise], None], ...] = (
    Client.walk_away,
    Client.watch,
    Client.poll,
    Client.cancel,
    Client.retry,
    Client.hang_up,
    Client.cut_upload,
)
WEIGHTS = (4, 4, 2, 2, 3, 1, 1)


class Crowd:
    """All clients, each in a thread."""

    def __init__(self, box: Box, seed: int, callback_url: str, count: int) -> None:
        self.stop = threading.Event()
        self.clients = [Client(box, f"c{n}", f"{seed}-{n}", callback_url, self.stop) for n in range(count)]
        self.threads = [threading.Thread(target=client.run, name=client.name) for client in self.clients]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    @property
    def promises(self) -> list[Promise]:
        return [promise for client in self.clients for promise in client.promises]

    @property
    def surprises(self) -> list[str]:
        return [surprise for client in self.clients for surprise in client.surprises]
