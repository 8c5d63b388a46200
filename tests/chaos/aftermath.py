"""What is there to look at when the chaos is over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import httpx

from common.state.context import Status
from tests.chaos.box import Box
from tests.chaos.callback_receiver import CallbackReceiver
from tests.chaos.clients import Crowd, Promise
from tests.support.waiting import wait_until

SETTLED_WITHIN_S = 600
"""For everything to end once nobody hurts it any more: attempts, their backoff, redeliveries, leases."""

PARTS = (":queue", ":parties", ":fence", ":history")


@dataclass
class Aftermath:
    """All there is to look at."""

    box: Box
    crowd: Crowd
    callback_receiver: CallbackReceiver

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.box.url, timeout=30, trust_env=False)
        self.redis = self.box.redis

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        """Return every task that a client knows of and that is there, as it is when first looked at."""
        answers = ((promise.task_id, self.http.get(f"/v1/tasks/{promise.task_id}")) for promise in self.crowd.promises)
        found = {task_id: answer for task_id, answer in answers if answer.status_code != httpx.codes.NOT_FOUND}
        return {task_id: answer.raise_for_status().json() for task_id, answer in found.items()}

    @property
    def promises(self) -> list[Promise]:
        """Return the tasks that were accepted, and those of which only the answer was lost."""
        return [
            promise
            for promise in self.crowd.promises
            if promise.task_id in self.records or (promise.accepted and not promise.removed)
        ]

    @property
    def succeeded(self) -> Iterator[tuple[Promise, dict[str, Any]]]:
        """Yield each task that succeeded, with its output."""
        for promise in self.promises:
            record = self.records.get(promise.task_id)
            if record and record["status"] == "SUCCESS":
                yield promise, record["stages"][promise.kind]["output"]

    def messages_due(self) -> dict[str, tuple[str, int]]:
        """Return the task and the number of tries of each message in the outbox, by its id."""
        names = self.redis.zrange("callbacks:outbox", 0, -1)
        rows = ((name, self.redis.hmget(f"callbacks:message:{name}", "message", "tries")) for name in names)
        return {name: (json.loads(message)["task_id"], int(tries)) for name, (message, tries) in rows if message}

    def settle(self) -> None:
        """Give the stack the time to end what it has begun."""
        try:
            wait_until(self.settled, timeout=SETTLED_WITHIN_S, every=0.5)
        except AssertionError:
            return  # the checks say what has not

    def settled(self) -> bool:
        try:
            unfinished = [self.redis.zcard(f"tasks:index:{status}") for status in set(Status) if not status.final]
            untried = [name for name, (_, tries) in self.messages_due().items() if not tries]
            return not (any(unfinished) or untried or list(unsettled_leases(self)) or list(nothing_waits(self)))
        except Exception:  # noqa: BLE001 - Redis or the gateway is still on its way back
            return False


def unsettled_leases(seen: Aftermath) -> Iterator[str]:
    """Nobody holds the GPU or waits for it."""
    for name in seen.redis.scan_iter("gpu_lock:*", count=1000):
        if not name.endswith(PARTS) or (name.endswith(":queue") and seen.redis.zcard(name)):
            yield name


def nothing_waits(seen: Aftermath) -> Iterator[str]:
    """No queue, dispatch list or broker holds anything."""
    services = seen.box.plan.services
    names = ["tasks:dispatch", "unacked_index", *(f"tasks:waiting:{service}" for service in services)]
    yield from (f"{name}: {count}" for name in names if (count := seen.redis.zcard(name)))
    for name in (f"{service}{step}" for service in services for step in ("", *(f":{n}" for n in range(1, 10)))):
        if count := seen.redis.llen(name):
            yield f"{name}: {count} messages"
