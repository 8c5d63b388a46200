"""`make chaos` sees what it looks for: each promise is kept on a healthy stack, and each breach of it is told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.chaos import aftermath, audit
from tests.chaos.aftermath import Aftermath
from tests.chaos.audit import Check
from tests.chaos.callback_receiver import CallbackReceiver
from tests.chaos.clients import Promise
from tests.chaos.history import Observation
from tests.support.stack import Stack
from tests.support.waiting import wait_until

TASK = "testing.work"
OF_REAL_SERVICES = (audit.every_service_works, audit.the_same_request_gave_the_same_text)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("healthy")) as stack:
        stack.gateway()
        stack.worker()
        (stack.folder / "tmp").mkdir()
        yield stack


@pytest.fixture
def seen(healthy: Stack) -> Iterator[Aftermath]:
    """What is left of one task that succeeded and called back."""
    with CallbackReceiver() as callback_receiver:
        task_id = healthy.submit(TASK, {"seconds": 0}, callback=callback_receiver.url)
        healthy.wait_for(task_id, "SUCCESS")
        wait_until(lambda: callback_receiver.accepted and not healthy.redis.client.zcard("callbacks:outbox"))
        wait_until(lambda: not healthy.redis.client.zcard("unacked_index"))
        promise = Promise({"task_id": task_id, "task_name": TASK, "input_data": {}}, accepted=True)
        plan = SimpleNamespace(share=healthy.share, services=("testing", "nobody"))
        box = SimpleNamespace(
            url=healthy.url, redis=healthy.redis.client, plan=plan, folder=healthy.folder, logged=list
        )
        box.strays = set
        box.attempts = lambda: [Observation(monotonic(), "begin", task_id, attempt=1)]
        history = [Observation(monotonic(), "accepted", task_id, wants_callback=True)]
        crowd = SimpleNamespace(promises=[promise], surprises=[], history=history)
        with Aftermath(cast("Any", box), cast("Any", crowd), callback_receiver) as aftermath:
            yield aftermath
        healthy.http.delete(f"/v1/tasks/{task_id}")


def the_task(seen: Aftermath) -> str:
    return seen.crowd.promises[0].task_id


def lose_it(seen: Aftermath) -> None:
    seen.http.delete(f"/v1/tasks/{the_task(seen)}")


def tell_its_end_again(seen: Aftermath) -> None:
    seen.redis.xadd(f"events:{the_task(seen)}", {"event": "signal", "data": '{"code":"task_complete"}'})


def forget_its_callback(seen: Aftermath) -> None:
    seen.callback_receiver.accepted.clear()


def remove_its_file(seen: Aftermath) -> None:
    next(file for file in workspace(seen).rglob("*") if file.is_file()).unlink()


def workspace(seen: Aftermath) -> Path:
    return seen.box.plan.share / "workflows" / the_task(seen)


def leave_half_a_file(seen: Aftermath) -> None:
    half = workspace(seen) / "attempt-1" / ".partial" / "half.wav"
    half.parent.mkdir(exist_ok=True)
    half.touch()


def surprise_a_client(seen: Aftermath) -> None:
    seen.crowd.surprises.append("c0-1 was refused: 400")


def see_another_end(seen: Aftermath) -> None:
    seen.crowd.history.append(Observation(monotonic(), "status", the_task(seen), "FAILED"))


def planted(name: str, command: str, *arguments: Any) -> Callable[[Aftermath], None]:
    """Return what writes a key that should not be there; the test removes it again."""

    def plant(seen: Aftermath) -> None:
        getattr(seen.redis, command)(name, *arguments)

    return plant


BREACHES: tuple[tuple[Check, Callable[[Aftermath], None], str | None], ...] = (
    (audit.every_task_has_ended, lose_it, None),
    (audit.every_end_is_told_once, tell_its_end_again, None),
    (audit.every_callback_arrived_or_is_due, forget_its_callback, None),
    (audit.what_succeeded_is_there, remove_its_file, None),
    (audit.the_history_is_consistent, see_another_end, None),
    (audit.no_bug_was_met, surprise_a_client, None),
    (aftermath.unsettled_leases, planted("gpu_lock:h:0", "set", "1 w"), "gpu_lock:h:0"),
    (aftermath.unsettled_leases, planted("gpu_lock:h:0:queue", "zadd", {"w": 1}), "gpu_lock:h:0:queue"),
    (aftermath.nothing_waits, planted("nobody:3", "rpush", "message"), "nobody:3"),
    (aftermath.nothing_waits, planted("tasks:waiting:testing", "zadd", {"ghost": 1}), "tasks:waiting:testing"),
    (audit.the_indexes_agree, planted("tasks:index:RUNNING", "zadd", {"ghost": 1}), "tasks:index:RUNNING"),
    (audit.no_key_lives_for_ever, planted("immortal", "set", "1"), "immortal"),
    (audit.no_file_is_an_orphan, leave_half_a_file, None),
)


@pytest.mark.parametrize("check", [check for check in audit.CHECKS if check not in OF_REAL_SERVICES])
def test_a_healthy_stack_keeps_every_promise(seen: Aftermath, check: Check) -> None:
    assert list(check(seen)) == []


@pytest.mark.parametrize("check", [check for check in audit.CHECKS if check not in OF_REAL_SERVICES])
def test_a_lost_task_stops_no_check(seen: Aftermath, check: Check) -> None:
    lose_it(seen)
    list(check(seen))


@pytest.mark.parametrize(("check", "breach", "key"), BREACHES)
def test_a_breach_is_told(seen: Aftermath, check: Check, breach: Callable[[Aftermath], None], key: str | None) -> None:
    breach(seen)
    try:
        assert list(check(seen)) != []
    finally:
        if key:
            seen.redis.delete(key)
