"""What was recorded reaches the broker: all of it, once, in the order of its priority."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic_core import from_json

from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

BURST = 400


def published_ids(stack: Stack, priority: int = 5) -> list[str]:
    """Return the ids in the broker's list of this priority, the next one last."""
    raw = stack.redis.client.lrange(f"testing:{9 - priority}", 0, -1)
    return [from_json(message)["headers"]["id"] for message in raw]


def is_dispatched(stack: Stack) -> bool:
    return not stack.redis.client.zcard("tasks:dispatch")


def test_a_burst_is_published_whole_and_each_task_once(stack: Stack) -> None:
    stack.gateway()
    with ThreadPoolExecutor(8) as clients:
        ids = list(clients.map(lambda n: stack.submit("testing.echo", {"text": str(n)}), range(BURST)))
    wait_until(lambda: is_dispatched(stack))
    assert sorted(published_ids(stack)) == sorted(ids)


def test_tasks_of_one_client_are_published_in_its_order(stack: Stack) -> None:
    stack.gateway()
    ids = [stack.submit("testing.echo", {"text": str(n)}) for n in range(50)]
    wait_until(lambda: is_dispatched(stack))
    assert published_ids(stack)[::-1] == ids


def test_what_the_broker_refused_is_published_later(stack: Stack) -> None:
    stack.gateway()
    stack.redis.client.set("testing:6", "in the way", ex=60)
    task_id = stack.submit("testing.echo", priority=3)
    wait_until(lambda: "dispatch_failed" in stack.read_log("gateway"))
    assert not is_dispatched(stack)
    stack.redis.client.delete("testing:6")
    wait_until(lambda: is_dispatched(stack))
    assert published_ids(stack, priority=3) == [task_id]
