"""What the monitor does to a lease that is held for too long, and to work that goes nowhere. Times are turned down."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from pydantic_core import from_json

from common.gpu.lock import release_call
from common.settings import RedisSettings
from common.state.client import SyncRedis
from tests.support.faults import child_of, codes, is_gone, kill_worker
from tests.support.receiver import Receiver
from tests.support.stack import START_METHODS, Stack
from tests.support.waiting import wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIMULATED = {"BATON_GPU__DEVICE": "simulated", "BATON_GPU__HOST": "box"}
LOCK = "box:sim"
OFF = 0
EITHER = pytest.mark.parametrize("monitored_stack", START_METHODS, indirect=True)


@pytest.fixture(scope="module")
def monitored_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway and two workers of the testing service with one card between them; their processes are spawned."""
    quick = {
        "BATON_GPU_LOCK_MONITOR__OBEY_GRACE": "1",
        "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 0.2, "timeout": 3}',
        "BATON_GPU_LOCK__LOCK_TIMEOUT": "3",
        **SIMULATED,
        **START_METHODS[getattr(request, "param", "spawn")],
    }
    with Stack(tmp_path_factory.mktemp("watched"), **quick) as own:
        own.gateway()
        own.worker()
        own.worker()
        yield own


@pytest.fixture
def stack_of(monitored_stack: Stack) -> Iterator[Stack]:
    """The same, with the settings as they were, and the card free after the test."""
    yield monitored_stack
    configure(monitored_stack, timeout_levels=None, per_task=None, stall_timeout=None, alert_url=None)
    wait_until(lambda: lock(monitored_stack)["holder"] is None)


def configure(stack: Stack, **change: Any) -> None:
    answer = stack.http.patch("/v1/monitoring/config", json=change)
    assert answer.status_code == 200, answer.text


def levels(warning: float = OFF, soft_timeout: float = OFF, hard_timeout: float = OFF) -> dict[str, float]:
    return {"warning": warning, "soft_timeout": soft_timeout, "hard_timeout": hard_timeout}


def lock(stack: Stack) -> dict[str, Any]:
    found = [each for each in stack.http.get("/v1/monitoring/locks").json()["locks"] if each["id"] == LOCK]
    return found[0] if found else {"holder": None, "waiters": []}


def holds(stack: Stack, task_id: str) -> dict[str, Any] | None:
    holder: dict[str, Any] | None = lock(stack)["holder"]
    return holder if holder and holder["task_id"] == task_id else None


def end_reasons(stack: Stack, task_id: str) -> list[str]:
    """Return how the leases of a task ended, newest first."""
    past = stack.http.get("/v1/monitoring/locks/history", params={"task_id": task_id}).json()["leases"]
    return [lease["reason"] for lease in past]


def count_log_lines(stack: Stack, event: str, task_id: str) -> int:
    lines = stack.read_log("gateway").splitlines()
    return sum(f'"event": "{event}"' in line and task_id in line for line in lines)


def test_a_warning_is_logged_told_and_alerted_once(stack_of: Stack) -> None:
    with Receiver() as receiver:
        configure(stack_of, timeout_levels=levels(warning=0.5), alert_url=receiver.url)
        task_id = stack_of.submit("testing.hold", {"seconds": 2.5})
        (alert,) = receiver.wait_for(1)
        assert stack_of.wait_for(task_id)["status"] == "SUCCESS"
        assert alert.json["type"] == "gpu_lock.warning"
        assert (alert.json["data"]["task_id"], alert.json["data"]["lock"]) == (task_id, LOCK)
        assert "webhook-signature" in alert.headers
        assert len(receiver.seen) == 1
    assert codes(stack_of, task_id).count("gpu_lock_warning") == 1
    assert count_log_lines(stack_of, "gpu_lock_warning", task_id) == 1


def test_an_alert_is_tried_again_as_a_callback_is(stack_of: Stack) -> None:
    with Receiver(503, 200) as receiver:
        configure(stack_of, timeout_levels=levels(warning=0.2), alert_url=receiver.url)
        stack_of.submit("testing.hold", {"seconds": 0.6})
        first, second = receiver.wait_for(2)
        assert (first.id, first.body) == (second.id, second.body)


@EITHER
def test_the_soft_limit_lets_the_task_checkpoint_and_keeps_its_process(stack_of: Stack) -> None:
    task_id = stack_of.submit("testing.hold", {"seconds": 60, "checkpoint": True})
    child = child_of(stack_of, task_id)
    # only now: on a busy machine the limit would come before the child's pid is known
    configure(stack_of, per_task={"testing.hold": levels(soft_timeout=1)})
    context = stack_of.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "time_limit")
    assert not is_gone(child)
    assert end_reasons(stack_of, task_id) == ["released"]
    checkpoint = stack_of.share / "workflows" / task_id / "attempt-1" / "checkpoint.jsonl"
    assert len(checkpoint.read_text().splitlines()) > 10
    assert stack_of.http.get("/v1/monitoring/stats").json()["actions"]["gpu_lock_soft_timeout"] >= 1


@EITHER
def test_the_hard_limit_kills_a_hung_process_and_only_then_frees_the_card(stack_of: Stack) -> None:
    configure(stack_of, timeout_levels=levels(), stall_timeout=OFF)
    # its heartbeat must go on: only the lease's age may be its end
    task_id = stack_of.submit("testing.hold", {"seconds": 60, "silent": True})
    child = child_of(stack_of, task_id)
    wait_until(lambda: holds(stack_of, task_id))
    following = stack_of.submit("testing.hold", {"seconds": 0.1})
    wait_until(lambda: [waiter["task_id"] for waiter in lock(stack_of)["waiters"]] == [following])
    # only now: on a busy machine the limit would come before the other task waits
    configure(stack_of, timeout_levels=levels(hard_timeout=1))
    wait_until(lambda: not holds(stack_of, task_id))
    assert is_gone(child), "free before its process was gone"
    context = stack_of.wait_for(task_id)
    assert (context["status"], context["error"]["code"]) == ("FAILED", "time_limit")
    assert context["error"]["detail"] == {"limit_s": 1.0}
    assert end_reasons(stack_of, task_id) == ["killed"]
    assert stack_of.wait_for(following)["status"] == "SUCCESS"


@EITHER
def test_work_that_beats_without_progress_is_asked_then_killed_and_begun_again(stack_of: Stack) -> None:
    configure(stack_of, per_task={"testing.hold": {"stall_timeout": 0.5}}, timeout_levels=levels())
    task_id = stack_of.submit("testing.hold", {"seconds": 4, "silent": True, "deaf_on": [1], "log": "stalled.log"})
    child = child_of(stack_of, task_id)
    wait_until(lambda: is_gone(child))
    configure(stack_of, per_task={"testing.hold": {"stall_timeout": 60}})
    context = stack_of.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.hold"]["attempt"]) == ("SUCCESS", 2)
    told = [code for code, _ in groupby(codes(stack_of, task_id))]  # a busy machine is told to kill more than once
    assert told == ["started", "task_stalled", "task_stalled_kill", "retrying", "resumed", "task_complete"]
    assert count_log_lines(stack_of, "task_stalled", task_id) == 1
    assert end_reasons(stack_of, task_id) == ["released", "killed"]


def test_a_stall_is_seen_beside_the_living(stack_of: Stack) -> None:
    configure(stack_of, per_task={"testing.hold": {"stall_timeout": 0.3}, "testing.work": {"stall_timeout": 30}})
    stalled = stack_of.submit("testing.hold", {"seconds": 60, "silent": True, "deaf_on": [1, 2, 3]})
    alive = stack_of.submit("testing.work", {"seconds": 60})
    wait_until(lambda: liveness(stack_of) == {stalled: "stalled", alive: "alive"})
    for task_id in (stalled, alive):
        stack_of.http.post(f"/v1/tasks/{task_id}/cancel")
        stack_of.wait_for(task_id)


def liveness(stack: Stack) -> dict[str, str]:
    return {task["task_id"]: task["liveness"] for task in stack.http.get("/v1/monitoring/heartbeats").json()["tasks"]}


def test_a_frozen_process_is_fenced_off_and_its_task_runs_again(stack_of: Stack) -> None:
    task_id = stack_of.submit("testing.hold", {"seconds": 0.1, "freeze_on": [1]})
    frozen = child_of(stack_of, task_id)
    context = stack_of.wait_for(task_id)
    assert (context["status"], context["stages"]["testing.hold"]["attempt"]) == ("SUCCESS", 2)
    assert codes(stack_of, task_id) == ["started", "retrying", "resumed", "task_complete"]
    wait_until(lambda: is_gone(frozen))


def test_a_killed_child_frees_the_card_at_once(stack_of: Stack) -> None:
    task_id = stack_of.submit("testing.hold", {"seconds": 0.2, "die_on": [1]})
    assert stack_of.wait_for(task_id)["status"] == "SUCCESS"
    assert end_reasons(stack_of, task_id) == ["released", "holder_died"]
    past = stack_of.http.get("/v1/monitoring/locks/history", params={"task_id": task_id}).json()["leases"]
    assert past[1]["held"] < 1.0


def test_the_monitor_never_frees_a_lock_that_changed_hands(stack_of: Stack) -> None:
    """It looks, the lock changes its owner, it acts."""
    first = stack_of.submit("testing.hold", {"seconds": 0.5})
    seen = wait_until(lambda: holds(stack_of, first))
    owner = stack_of.redis.client.get(f"gpu_lock:{LOCK}").partition(" ")[2]
    second = stack_of.submit("testing.hold", {"seconds": 2})
    now = wait_until(lambda: holds(stack_of, second))
    redis = SyncRedis(RedisSettings.model_validate({"url": stack_of.redis.url}))
    assert redis.run(release_call(f"gpu_lock:{LOCK}", owner, seen["fence"], "too late")) is False
    redis.close()
    by_hand = {"fence": seen["fence"], "reason": "too late"}
    answer = stack_of.http.post(f"/v1/monitoring/locks/{LOCK}/release", json=by_hand)
    assert (answer.status_code, answer.json()["code"]) == (409, "lock_changed_hands")
    still = holds(stack_of, second)
    assert still
    assert still["fence"] == now["fence"]
    assert stack_of.wait_for(second)["status"] == "SUCCESS"
    assert end_reasons(stack_of, second) == ["released"]


def test_an_order_that_comes_late_does_nothing(stack_of: Stack) -> None:
    first = stack_of.submit("testing.hold", {"seconds": 0.3})
    seen = wait_until(lambda: holds(stack_of, first))
    stack_of.wait_for(first)
    second = stack_of.submit("testing.hold", {"seconds": 1.5})
    wait_until(lambda: holds(stack_of, second))
    lock = f"gpu_lock:{LOCK}"
    given_for = {"lock": lock, "fence": seen["fence"]}, {"lock": lock, "fence": 1}, {"device": "sim", "model": "gone"}
    for what in given_for:
        late = {"kind": "kill", "worker": seen["worker"], "reason": "late", **what}
        stack_of.redis.client.rpush(f"worker:orders:{seen['worker']}", from_order(late))
        stack_of.redis.client.expire(f"worker:orders:{seen['worker']}", 30)
    wait_until(lambda: stack_of.read_log("worker").count("out_of_date") == 3)
    context = stack_of.wait_for(second)
    assert (context["status"], context["stages"]["testing.hold"]["attempt"]) == ("SUCCESS", 1)


def from_order(order: dict[str, Any]) -> str:
    return str(order).replace("'", '"')


def test_a_lease_whose_worker_is_gone_for_good_does_not_block_the_card(stack: Stack) -> None:
    environment = {**SIMULATED, "BATON_GPU_LOCK__LOCK_TIMEOUT": "2"}
    stack.environment.update(environment)
    stack.gateway()
    worker = stack.worker()
    task_id = stack.submit("testing.hold", {"seconds": 1})
    wait_until(lambda: holds(stack, task_id))
    kill_worker(worker)
    assert wait_until(lambda: health(stack, "no_worker") or health(stack, "task_dead"))
    stack.worker()
    assert stack.wait_for(task_id)["status"] == "SUCCESS"


def health(stack: Stack, code: str) -> bool:
    told = stack.http.get("/v1/monitoring/health").json()
    return code in {reason["code"] for reason in told["reasons"]}


def test_the_events_of_the_monitor_say_how_long(stack_of: Stack) -> None:
    configure(stack_of, timeout_levels=levels(warning=0.3))
    task_id = stack_of.submit("testing.hold", {"seconds": 1})
    stack_of.wait_for(task_id)
    (warning,) = [from_json(data) for _, data in stack_of.events(task_id) if "gpu_lock_warning" in data]
    assert warning["limit"] == 0.3
    assert 0.3 <= warning["held"] < 1.5
    assert warning["lock"] == LOCK


def test_a_process_that_holds_on_to_its_model_is_replaced_by_its_parent(stack: Stack) -> None:
    stack.environment.update({**SIMULATED, "BATON_GPU__UNLOAD_TIMEOUT": "0.3"})
    stack.gateway()
    stack.worker()
    stack.wait_for(stack.submit("testing.hold", {"seconds": 0, "model_mib": 5000, "stubborn": True}))
    busy = stack.submit("testing.work", {"seconds": 60})
    holding_on = child_of(stack, busy)
    stack.worker()
    other = stack.submit("testing.hold", {"seconds": 0, "model_mib": 6000})
    assert stack.wait_for(other)["status"] == "SUCCESS"
    assert is_gone(holding_on)
    assert [model["name"] for model in models(stack)] == ["testing/6000"]
    wait_until(lambda: stack.read(busy)["stages"]["testing.work"]["attempt"] == 2)  # not its fault, but not lost either


def models(stack: Stack) -> list[dict[str, Any]]:
    devices = stack.http.get("/v1/monitoring/residents").json()["devices"]
    return [model for device in devices if device["device"] == "sim" for model in device["models"]]
