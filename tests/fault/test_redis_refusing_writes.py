"""Redis answers, and refuses to write: it is full, or a replica. Workers wait, and readiness says so."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.faults import broker_queue, wait_for_messages
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis


@contextmanager
def replica(stack: Stack) -> Iterator[RedisServer]:
    """Make the stack's Redis a replica of another one, as a failover does with the primary of before."""
    primary = RedisServer(stack.folder / "primary").start()
    try:
        primary.client.replicaof("127.0.0.1", stack.redis.port)
        wait_until(lambda: primary.client.info("replication").get("master_link_status") == "up")
        primary.client.replicaof("no", "one")
        stack.redis.client.replicaof("127.0.0.1", primary.port)
        yield primary
    finally:
        primary.stop()


def test_a_worker_that_fetches_while_redis_is_full_waits_and_goes_on(stack: Stack) -> None:
    stack.gateway()
    task_id = stack.submit("testing.echo")
    [message] = wait_for_messages(stack)
    stack.redis.client.ltrim(broker_queue(), 1, 0)
    worker = stack.worker(BATON_LOG__FORMAT="console")
    stack.redis.client.config_set("maxmemory", 1)
    stack.redis.client.config_set("maxmemory", 0)
    with fill_at_pop(stack, message):
        wait_until(lambda: any(words in stack.read_log("worker") for words in REFUSED))
        assert worker.poll() is None
    assert stack.wait_for(task_id)["status"] == "SUCCESS"
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"
    assert worker.poll() is None


REFUSED = ("broker_cannot_write", "command not allowed when used memory")
"""What a worker logs: usually it is refused the record of the fetched message, sometimes a lock just before that."""


@contextmanager
def fill_at_pop(stack: Stack, message: str) -> Iterator[None]:
    """Give the worker a message and leave it no room to record that, in one step of Redis."""
    with stack.redis.client.pipeline() as pipe:
        pipe.lpush(broker_queue(), message)
        pipe.config_set("maxmemory", 1)
        pipe.execute()
    try:
        yield
    finally:
        stack.redis.client.config_set("maxmemory", 0)


def test_a_replica_makes_readiness_red_and_says_so_in_words(stack: Stack) -> None:
    stack.gateway()
    worker = stack.worker()
    with replica(stack):
        answer = stack.http.post("/v1/tasks", json={"task_name": "testing.echo", "input_data": {}})
        assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
        assert "Redis is a replica" in answer.json()["detail"]
        assert "script" not in answer.text
        ready = stack.http.get("/health/ready")
        assert ready.status_code == 503
        assert "Redis is a replica" in ready.json()["checks"]["redis"]
        stack.redis.client.replicaof("no", "one")
    wait_until(stack.is_ready)
    assert stack.wait_for(stack.submit("testing.echo"))["status"] == "SUCCESS"
    assert worker.poll() is None
