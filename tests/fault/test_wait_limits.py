"""Waiting costs no attempt and has no end, unless somebody sets one; then the task fails and says why."""

from tests.support.faults import child_of, let_pass
from tests.support.stack import Stack
from tests.support.waiting import wait_until

CARD = {"BATON_GPU__DEVICE": "simulated", "BATON_GPU__HOST": "one"}


def test_a_task_that_no_worker_takes_fails_when_its_time_is_over(stack: Stack) -> None:
    stack.gateway()
    limited = stack.submit("testing.echo", max_wait=1)
    patient = stack.submit("testing.echo")
    context = stack.wait_for(limited)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "waited_too_long")
    assert "No worker of the queue testing is alive" in context["error"]["message"]
    assert stack.read(patient)["status"] == "PENDING"
    assert len(stack.closing_events(limited)) == 1
    stack.worker()
    assert stack.wait_for(patient)["status"] == "SUCCESS"
    assert stack.redis.client.zcard("tasks:wait_limits") == 0


def test_the_setting_limits_every_task_and_a_request_has_the_last_word(stack: Stack) -> None:
    stack.gateway(BATON_TASKS__MAX_WAIT="1")
    limited, longer = stack.submit("testing.echo"), stack.submit("testing.echo", max_wait=600)
    assert stack.wait_for(limited)["error"]["code"] == "waited_too_long"
    assert stack.read(longer)["status"] == "PENDING"


def test_a_task_that_is_begun_in_time_is_not_ended_by_its_limit(stack: Stack) -> None:
    stack.gateway()
    stack.worker()
    task_id = stack.submit("testing.work", {"seconds": 3}, max_wait=1.5)
    assert stack.wait_for(task_id)["status"] == "SUCCESS"


def test_waiting_for_the_card_uses_up_no_attempt(stack: Stack) -> None:
    stack.gateway()
    for _ in range(2):
        stack.worker(**CARD)
    holder = stack.submit("testing.hold", {"seconds": 6})
    child_of(stack, holder)
    waiting = stack.submit("testing.hold", {"seconds": 0})
    child_of(stack, waiting)
    context = stack.wait_for(waiting, timeout=60)
    assert (context["status"], context["stages"]["testing.hold"]["attempt"]) == ("SUCCESS", 1)


def test_a_limit_of_the_request_ends_the_wait_for_the_card_at_once(stack: Stack) -> None:
    stack.gateway()
    for _ in range(2):
        stack.worker(**CARD)
    holder = stack.submit("testing.hold", {"seconds": 20})
    child_of(stack, holder)
    context = stack.wait_for(stack.submit("testing.hold", max_wait=1), timeout=15)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "gpu_lock_timeout")
    assert context["stages"]["testing.hold"]["attempt"] == 1
    assert "within 1 s" in context["error"]["message"]
    assert stack.read(holder)["status"] == "RUNNING"
    stack.http.post(f"/v1/tasks/{holder}/cancel")


def test_a_task_waits_for_the_disk_without_an_attempt(stack: Stack) -> None:
    stack.gateway()
    full = stack.worker(BATON_STORAGE__MIN_FREE_BYTES=str(1 << 60))
    task_id = stack.submit("testing.echo")
    let_pass(2)
    assert stack.read(task_id)["stages"]["testing.echo"]["attempt"] == 0
    full.terminate()
    full.wait()
    stack.worker()
    context = wait_until(lambda: stack.find_in_status(task_id, {"SUCCESS"}))
    assert context["stages"]["testing.echo"]["attempt"] == 1
