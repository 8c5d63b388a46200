"""Garbage in a queue of the broker becomes a dead letter: it ends no worker and holds up no other queue."""

from typing import Any

import pytest
from pydantic_core import from_json, to_json

from common.state import keys
from tests.support.faults import broker_queue, wait_for_messages
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

HEADERS = {"id": "t", "task": "testing.echo"}
DELIVERY = {"exchange": "testing", "routing_key": "testing"}
PROPERTIES = {"body_encoding": "base64", "delivery_tag": "tag", "delivery_info": DELIVERY}
ENVELOPE: dict[str, Any] = {
    "body": "W1t7InRhc2tfaWQiOiAidCJ9XSwge30sIHt9XQ==",  # [[{"task_id": "t"}], {}, {}]
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "headers": HEADERS,
    "properties": PROPERTIES,
}
POISON: dict[str, bytes] = {
    "no JSON": b"poison",
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
    "a list": b"[]",
    "a number": b"1e999",
    "no headers": to_json({**ENVELOPE, "headers": None}),
    "no properties": to_json({name: value for name, value in ENVELOPE.items() if name != "properties"}),
    "headers that are a text": to_json({**ENVELOPE, "headers": "x"}),
    "an unknown task": to_json({**ENVELOPE, "headers": {**HEADERS, "task": "nobody.knows"}}),
    "a body that is no base64": to_json({**ENVELOPE, "body": "*"}),
    "a body that is no JSON": to_json({**ENVELOPE, "body": "eA=="}),
    "a body without arguments": to_json({**ENVELOPE, "body": "W1tdLCB7fSwge31d"}),
    "a body of another task": to_json({**ENVELOPE, "headers": {**HEADERS, "id": "other"}}),
    "pickle": to_json({**ENVELOPE, "content-type": "application/x-python-serialize"}),
    "a time in the wrong type": to_json({**ENVELOPE, "headers": {**HEADERS, "eta": {"x": 1}}}),
    "a limit in the wrong type": to_json({**ENVELOPE, "headers": {**HEADERS, "timelimit": "soon"}}),
    "no delivery tag": to_json({**ENVELOPE, "properties": {**PROPERTIES, "delivery_tag": None}}),
}


def letters(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.http.get("/v1/monitoring/dead-letters").json()["dead_letters"]
    return found


def reasons(stack: Stack) -> set[str]:
    return {reason["code"] for reason in stack.http.get("/v1/monitoring/health").json()["reasons"]}


def test_a_worker_outlives_every_kind_of_garbage_and_runs_the_next_task(stack: Stack) -> None:
    stack.gateway()
    worker = stack.worker()
    for message in POISON.values():
        stack.redis.client.lpush(broker_queue(), message)
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"
    wait_until(lambda: len(letters(stack)) == len(POISON))
    assert worker.poll() is None
    assert "Restoring" not in stack.read_log("worker")
    assert not stack.redis.client.exists("unacked")
    assert "dead_letters" in reasons(stack)
    assert stack.http.delete("/v1/monitoring/dead-letters").status_code == 204
    assert letters(stack) == []
    assert "dead_letters" not in reasons(stack)


def test_garbage_in_a_queue_without_a_worker_does_not_stop_the_monitor(stack: Stack) -> None:
    stack.gateway()
    waiting = stack.submit("testing.echo")
    [message] = wait_for_messages(stack)
    stack.redis.client.lpush(broker_queue(), *POISON.values())
    wait_until(lambda: len(letters(stack)) == len(POISON))
    assert {letter["queue"] for letter in letters(stack)} == {"testing"}
    assert [from_json(kept)["headers"]["id"] for kept in stack.redis.client.lrange(broker_queue(), 0, -1)] == [waiting]
    stack.redis.client.lrem(broker_queue(), 0, message)
    wait_until(lambda: stack.redis.client.llen(broker_queue()))  # the monitor goes on: it dispatches what was lost
    assert stack.http.get("/health/ready").status_code == 200


def test_dead_letters_are_bounded_and_expire(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    stack.redis.client.lpush(broker_queue(), *(b"x" * 5_000 for _ in range(150)))
    wait_until(lambda: not stack.redis.client.llen(broker_queue()))
    wait_until(lambda: len(letters(stack)) == 100)
    assert max(len(letter["message"]) for letter in letters(stack)) == 2_000
    assert 0 < stack.redis.client.ttl(keys.DEAD_LETTERS) <= 7 * 86_400
