"""What the broker loses, the record still has: it is dispatched again."""

import pytest
from kombu.utils.json import dumps

from tests.support.faults import broker_queue, starts, wait_for_messages
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis


def test_a_message_that_the_broker_lost_is_dispatched_again(stack: Stack) -> None:
    stack.gateway()
    tasks = [stack.submit("testing.work", {"seconds": 0.1, "log": "runs.log"}) for _ in range(3)]
    wait_for_messages(stack, 3)
    stack.redis.client.ltrim(broker_queue(), 1, -2)  # the first and the last are gone
    stack.worker()
    assert all(stack.wait_for(task_id)["status"] == "SUCCESS" for task_id in tasks)
    assert starts(stack) == dict.fromkeys(tasks, 1)
    assert stack.read_log("gateway").count("dispatched_again")


def test_a_message_stuck_with_a_worker_that_is_no_more_is_dispatched_again(stack: Stack) -> None:
    """As a worker leaves it that dies between the take and the claim."""
    stack.gateway()
    task_id = stack.submit("testing.work", {"seconds": 0.1, "log": "runs.log"})
    (message,) = wait_for_messages(stack)
    client = stack.redis.client
    seconds, _ = client.time()
    client.hset("unacked", "tag", dumps([message, "testing", "testing"]))  # type: ignore[no-untyped-call]  # kombu has no types
    client.zadd("unacked_index", {"tag": seconds})
    client.delete(broker_queue())
    stack.worker()
    assert stack.wait_for(task_id)["status"] == "SUCCESS"
    client.lpush(broker_queue(), message)  # and the broker gives it back later
    wait_until(lambda: stack.read_log("worker").count("delivery_refused"))
    assert starts(stack) == {task_id: 1}


def test_a_delivery_that_a_clock_ahead_has_dated_in_the_future_is_redelivered(stack: Stack) -> None:
    """As a worker leaves it whose clock was two hours ahead, and which died after its task had ended."""
    stack.gateway()
    task_id = stack.submit("testing.echo")
    (message,) = wait_for_messages(stack)
    stack.worker()
    stack.wait_for(task_id, "SUCCESS")
    client = stack.redis.client
    seconds, _ = client.time()
    client.hset("unacked", "tag", dumps([message, "testing", "testing"]))  # type: ignore[no-untyped-call]
    client.zadd("unacked_index", {"tag": seconds + 7_200})
    wait_until(lambda: client.zscore("unacked_index", "tag") < seconds + 60)
    assert stack.read_log("worker").count("deliveries_redated") == 1


def test_a_whole_broker_that_lost_its_queues_is_filled_again_from_the_records(stack: Stack) -> None:
    stack.gateway()
    tasks = [stack.submit("testing.work", {"seconds": 0, "log": "runs.log"}, priority=n % 10) for n in range(30)]
    wait_until(lambda: not stack.redis.client.zcard("tasks:dispatch"))
    stack.redis.client.delete(*(broker_queue(priority) for priority in range(10)), "testing")
    stack.worker()
    wait_until(lambda: stack.redis.client.zcard("tasks:index:SUCCESS") == len(tasks))
    assert starts(stack) == dict.fromkeys(tasks, 1)
