"""Clients as they are: they post, watch, hang up, cancel and retry; and they keep what they were promised."""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from random import Random
from time import monotonic
from typing import Any, Self

import httpx

from tests.chaos.box import Box
from tests.chaos.history import Kind, Observation
from tests.chaos.work import pick
from tests.support.sse_client import parsed

PATIENCE_S = 15
"""For one answer: longer than any pause of a process."""

MOST_WAITING = 25
CALLBACK_WEIGHTS = (4, 1)
"""How often a callback goes to the receiver that works, and to the one that hangs."""

CALM_S = 0.3
ENDINGS = {"SUCCESS", "FAILED", "CANCELLED"}
CLOSING = {"task_complete": "SUCCESS", "task_cancelled": "CANCELLED"}
"""The status that a closing event tells, by its code; an error's is FAILED."""


@dataclass
class Promise:
    """A task as its client knows it. Of a request whose answer was lost nobody knows whether it was heard."""

    body: dict[str, Any]
    """The whole request."""

    accepted: bool = False
    retries_asked: int = 0
    retries_accepted: int = 0
    removed: bool = False
    """Its client has asked for that, and was not refused."""

    @property
    def task_id(self) -> str:
        return str(self.body["task_id"])

    @property
    def kind(self) -> str:
        return str(self.body["task_name"])

    @property
    def asked(self) -> str:
        """Return what tells which tasks should give the same."""
        return json.dumps(self.body["input_data"])


class Client:
    """One client, with new dice for each request: what it asks and does then hangs on nothing that happens."""

    def __init__(self, box: Box, name: str, seed: int, callback_urls: Sequence[str], stop: threading.Event) -> None:
        self.box, self.name, self.callback_urls, self.stop = box, name, callback_urls, stop
        self.gateways = cycle(box.urls)
        self.seed = f"{seed}-{name}"
        self.dice, self.pauses = Random(self.seed), Random(self.seed)
        self.http = httpx.Client(
            base_url=next(self.gateways), timeout=PATIENCE_S, trust_env=False, event_hooks={"response": [self.note]}
        )
        self.promises: list[Promise] = []
        self.surprises: list[str] = []
        self.history: list[Observation] = []

    def record(self, kind: Kind, task_id: str, value: str = "", *, wants_callback: bool = False) -> None:
        """Note what this client has seen, for the checker of histories."""
        self.history.append(Observation(monotonic(), kind, task_id, value, wants_callback=wants_callback))

    def note(self, answer: httpx.Response) -> None:
        """A bug of the gateway is 500; an outage that it knows of is 503 or 507."""
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            self.surprises.append(f"500 to {answer.request.method} {answer.request.url}")

    def run(self) -> None:
        with self.http:
            while not self.stop.wait(self.pauses.uniform(0, 2 * CALM_S)):
                waiting = self.box.waiting()
                if waiting is not None and waiting < MOST_WAITING:
                    self.post_one()

    def post_one(self) -> None:
        self.dice = Random(f"{self.seed}-{len(self.promises)}")
        kind = pick(self.dice, self.box.plan.services)
        promise = Promise(
            {
                "task_name": kind.name,
                "input_data": kind.input_data,
                "task_id": f"{self.name}-{len(self.promises)}",
                "priority": self.dice.randrange(10),
                "callback": self.dice.choices(self.callback_urls, CALLBACK_WEIGHTS)[0],
            }
        )
        self.promises.append(promise)
        habit = self.dice.choices(HABITS, WEIGHTS)[0]
        answer = self.until_answered("POST", "/v1/tasks", json=promise.body)
        promise.accepted = answer is not None and answer.status_code in {200, 202}
        if promise.accepted:
            self.record("accepted", promise.task_id, wants_callback=True)
            with suppress(httpx.TransportError, OSError):
                habit(self, promise)
        elif answer is not None:
            self.surprises.append(f"{promise.task_id} was refused: {answer.status_code} {answer.text[:200]}")

    def until_answered(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        """Repeat the same request until a gateway answers it, at each of them in turn; None when the chaos ends."""
        while not self.stop.is_set():
            with suppress(httpx.TransportError):
                answer = self.http.request(method, path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            self.http.base_url = next(self.gateways)
            self.stop.wait(CALM_S)
        return None

    # ---- habits ----

    def walk_away(self, _promise: Promise) -> None:
        """Let the callback tell."""

    def watch(self, promise: Promise) -> None:
        """Follow the events, and vanish in the middle more often than not."""
        leaves_after = self.dice.randrange(1, 12)
        with self.http.stream("GET", f"/v1/tasks/{promise.task_id}/events") as answer:
            if answer.status_code != httpx.codes.OK:
                return
            for number, event in enumerate(parsed(answer)):
                if event.closes:
                    self.record("status", promise.task_id, CLOSING.get(event.data["code"], "FAILED"))
                if number > leaves_after or self.stop.is_set():
                    return

    def poll(self, promise: Promise) -> None:
        """Read the record now and then until the task has ended."""
        while not self.stop.wait(1):
            answer = self.http.get(f"/v1/tasks/{promise.task_id}")
            if answer.status_code != httpx.codes.OK:
                continue
            self.record("status", promise.task_id, answer.json()["status"])
            if answer.json()["status"] in ENDINGS:
                return

    def cancel(self, promise: Promise) -> None:
        self.stop.wait(self.dice.uniform(0, 3))
        self.http.post(f"/v1/tasks/{promise.task_id}/cancel")

    def retry(self, _promise: Promise) -> None:
        """Ask for another attempt at an earlier task; one that has not failed refuses."""
        earlier = self.dice.choice(self.promises)
        if not earlier.accepted or earlier.removed:
            return
        earlier.retries_asked += 1
        answer = self.http.post(f"/v1/tasks/{earlier.task_id}/retry")
        earlier.retries_accepted += answer.status_code == 202
        if answer.status_code in {404, 409}:
            earlier.retries_asked -= 1

    def hang_up(self, promise: Promise) -> None:
        """Ask the same again and wait for the end, but leave before."""
        self.http.post("/v1/tasks", json=promise.body, headers={"Prefer": "wait=30"}, timeout=1)

    def remove(self, _promise: Promise) -> None:
        """Ask to remove an earlier task; one that has not ended refuses."""
        earlier = self.dice.choice(self.promises)
        if earlier.accepted and not earlier.removed:
            earlier.removed = True
            answer = self.http.delete(f"/v1/tasks/{earlier.task_id}")
            earlier.removed = answer.status_code != httpx.codes.CONFLICT

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
    Client.remove,
    Client.cut_upload,
)
WEIGHTS = (4, 4, 2, 2, 3, 1, 2, 1)


class Crowd:
    """All clients, each in a thread."""

    def __init__(self, box: Box, seed: int, callback_urls: Sequence[str], count: int) -> None:
        self.stop = threading.Event()
        self.clients = [Client(box, f"c{n}", seed, callback_urls, self.stop) for n in range(count)]
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
    def history(self) -> list[Observation]:
        return [observation for client in self.clients for observation in client.history]

    @property
    def surprises(self) -> list[str]:
        return [surprise for client in self.clients for surprise in client.surprises]
