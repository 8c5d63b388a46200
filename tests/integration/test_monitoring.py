"""The monitoring routes: what they show is what is so, and what is changed by them holds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import child_of
from tests.support.receiver import Receiver
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

LOCK = "box:sim"
SIMULATED_MIB = 6_000
SIMULATED = {
    "BATON_GPU__DEVICE": "simulated",
    "BATON_GPU__HOST": "box",
    "BATON_GPU__SIMULATED_MEMORY_MIB": str(SIMULATED_MIB),
}
DASHBOARD = Path("config/grafana/baton.json")
EVERY_ROUTE = ("locks", "locks/history", "heartbeats", "timeouts", "stats", "workers", "queues", "residents", "health")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environment = {**SIMULATED, "BATON_GPU_LOCK_MONITOR__TIMEOUT_LEVELS__WARNING": "1700"}
    with Stack(tmp_path_factory.mktemp("monitored"), **environment) as own:
        own.gateway()
        own.worker()
        own.worker()
        yield own


@pytest.fixture
def holder_and_waiter(stack: Stack) -> Iterator[tuple[str, str]]:
    """A task that holds the card with a model on it, and one that waits for it; both are running."""
    holder = stack.submit("testing.hold", {"seconds": 60, "model_mib": 512})
    wait_until(lambda: holder_id(stack) == holder)
    waiter = stack.submit("testing.hold", {"seconds": 0.1})
    wait_until(lambda: waiter_ids(stack) == [waiter])
    yield holder, waiter
    stack.http.post(f"/v1/tasks/{holder}/cancel")
    stack.wait_for(holder)
    stack.wait_for(waiter)


def get(stack: Stack, path: str, **query: str | float) -> Any:
    answer = stack.http.get(f"/v1/monitoring/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def the_lock(stack: Stack) -> dict[str, Any]:
    found = [each for each in get(stack, "locks")["locks"] if each["id"] == LOCK]
    return found[0] if found else {"holder": None, "waiters": []}


def holder_id(stack: Stack) -> str | None:
    return (the_lock(stack)["holder"] or {}).get("task_id")


def waiter_ids(stack: Stack) -> list[str]:
    return [waiter["task_id"] for waiter in the_lock(stack)["waiters"]]


def test_every_route_answers_before_anything_has_happened(stack: Stack) -> None:
    for path in EVERY_ROUTE:
        get(stack, path)


def test_the_lock_shows_who_holds_it_and_who_waits(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    holder, waiter = holder_and_waiter
    shown = the_lock(stack)
    child = child_of(stack, holder)
    assert (shown["host"], shown["device"]) == ("box", "sim")
    assert shown["holder"]["task_id"] == holder
    assert shown["holder"]["worker"].endswith(f"/{child}")
    assert shown["holder"]["connected"]
    assert shown["holder"]["held"] > 0
    assert [(each["task_id"], each["position"]) for each in shown["waiters"]] == [(waiter, 0)]
    later = wait_until(lambda: the_lock(stack)["waiters"][0]["waiting"] > shown["waiters"][0]["waiting"])
    assert later


def test_a_task_that_waits_for_the_card_is_told_who_has_it(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    holder, waiter = holder_and_waiter
    reason = stack.http.get(f"/v1/tasks/{waiter}/wait-reason").json()
    assert (reason["status"], reason["reason"], reason["position"]) == ("RUNNING", "gpu", 0)
    assert (reason["holder"]["task_id"], reason["holder"]["lock"]) == (holder, LOCK)
    assert reason["holder"]["held"] > 0
    assert holder in reason["message"]
    working = stack.http.get(f"/v1/tasks/{holder}/wait-reason").json()
    assert (working["reason"], working["holder"]) == ("running", None)


def test_the_history_gives_the_time_to_come(stack: Stack) -> None:
    first = stack.submit("testing.hold", {"seconds": 0.3})
    stack.wait_for(first)
    (lease,) = get(stack, "locks/history", task_id=first)["leases"]
    assert (lease["lock"], lease["reason"]) == (LOCK, "released")
    assert lease["held"] >= 0.3
    assert get(stack, "locks/history", device="nothing")["leases"] == []
    assert len(get(stack, "locks/history", device="sim", limit=1)["leases"]) == 1
    assert stack.http.get("/v1/monitoring/locks/history", params={"devise": "sim"}).status_code == 422


def test_the_stats_come_from_the_history(stack: Stack) -> None:
    stack.wait_for(stack.submit("testing.hold", {"seconds": 0.2}))
    (found,) = get(stack, "stats")["locks"]
    past = get(stack, "locks/history", limit=1000)["leases"]
    holds = sorted(lease["held"] for lease in past)
    assert (found["lock"], found["acquired"], found["success_rate"]) == (LOCK, len(past), 1.0)
    assert found["hold"]["max"] == pytest.approx(holds[-1], abs=0.002)
    assert found["hold"]["p50"] in holds
    assert found["wait"]["p99"] >= found["wait"]["p50"] >= 0


def test_a_lock_is_freed_by_hand_with_the_reason_in_the_record(
    stack: Stack, holder_and_waiter: tuple[str, str]
) -> None:
    holder, waiter = holder_and_waiter
    fence = the_lock(stack)["holder"]["fence"]
    path = f"/v1/monitoring/locks/{LOCK}/release"
    answer = stack.http.post(path, json={"fence": fence, "reason": "wedged driver, see ticket 7"})
    assert answer.status_code == 200, answer.text
    (lease,) = [lease for lease in get(stack, "locks/history", task_id=holder)["leases"] if lease["fence"] == fence]
    assert lease["reason"] == "by_hand: wedged driver, see ticket 7"
    assert stack.wait_for(waiter)["status"] == "SUCCESS"
    again = stack.http.post(path, json={"fence": fence, "reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "lock_changed_hands")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("box:other", {"fence": "1", "reason": "x"}, 404, "gpu_lock_not_found"),
        ("nonsense", {"fence": "1", "reason": "x"}, 422, "invalid_input"),
        (LOCK, {"fence": "1"}, 422, "invalid_input"),
        (LOCK, {"fence": "1", "reason": " "}, 422, "invalid_input"),
        (LOCK, {"fence": "1 2", "reason": "x"}, 422, "invalid_input"),
        (LOCK, {"fence": "1", "reason": "x"}, 409, "lock_changed_hands"),
    ],
)
def test_a_release_that_does_not_fit_is_refused(
    stack: Stack, path: str, body: dict[str, str], status: int, code: str
) -> None:
    stack.wait_for(stack.submit("testing.hold", {"seconds": 0}))
    answer = stack.http.post(f"/v1/monitoring/locks/{path}/release", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def workers_with(stack: Stack, active: list[list[str]]) -> list[dict[str, Any]] | None:
    """Return the living workers once these are the tasks that they have taken."""
    workers = [worker for worker in get(stack, "workers")["workers"] if worker["alive"]]
    return workers if sorted(worker["active"] for worker in workers) == sorted(active) else None


def test_running_tasks_workers_models_and_queues_are_shown(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    holder, waiter = holder_and_waiter
    beats = {task["task_id"]: task for task in get(stack, "heartbeats")["tasks"]}
    assert {holder: beats[holder]["liveness"], waiter: beats[waiter]["liveness"]} == {holder: "alive", waiter: "alive"}
    workers = wait_until(lambda: workers_with(stack, [[holder], [waiter]]))
    busy = next(worker for worker in workers if worker["active"] == [holder])
    assert busy["locks"] == [LOCK]
    assert child_of(stack, holder) in busy["children"]
    queue = next(queue for queue in get(stack, "queues")["queues"] if queue["name"] == "testing")
    assert (queue["waiting"], queue["running"], queue["workers"]) == (0, 2, 2)
    device = next(each for each in get(stack, "residents")["devices"] if each["device"] == "sim")
    assert {(model["model"], model["name"], model["memory_mib"]) for model in device["models"]} == {
        ("testing/512", "testing/512", 512)
    }
    assert (device["host"], device["memory_mib"]) == ("box", 512 * len(device["models"]))
    assert device["total_mib"] == SIMULATED_MIB
    assert busy["name"].rpartition("/")[0] in {model["worker"].rpartition("/")[0] for model in device["models"]}


def test_the_age_of_each_lease_is_shown_against_its_levels(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    told = get(stack, "timeouts")
    assert told["timeout_levels"] == {"warning": 1700.0, "soft_timeout": 3600.0, "hard_timeout": 7200.0}
    (lease,) = told["leases"]
    assert (lease["task_id"], lease["task_name"], lease["level"]) == (holder_and_waiter[0], "testing.hold", None)


def test_all_is_well_and_a_lack_of_workers_is_told(stack: Stack) -> None:
    wait_until(lambda: get(stack, "health") == {"verdict": "ok", "reasons": []})
    (stack.share / "nothing.mp4").touch()
    lonely = stack.submit("ffmpeg.probe", {"media_path": "nothing.mp4"})
    told = get(stack, "health")
    assert (told["verdict"], [reason["code"] for reason in told["reasons"]]) == ("failing", ["no_worker"])
    assert stack.http.get(f"/v1/tasks/{lonely}/wait-reason").json()["reason"] == "no_worker"
    stack.http.post(f"/v1/tasks/{lonely}/cancel")
    wait_until(lambda: get(stack, "health")["verdict"] == "ok")


# ---- settings at run time ----


def patch(stack: Stack, **change: object) -> dict[str, Any]:
    answer = stack.http.patch("/v1/monitoring/config", json=change)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def test_every_setting_is_shown_with_its_source(stack: Stack) -> None:
    told = get(stack, "config")
    assert told["config"]["timeout_levels"]["warning"] == 1700.0
    assert told["sources"]["timeout_levels/warning"] == "environment"
    assert told["sources"]["timeout_levels/soft_timeout"] == "file"
    assert set(told["sources"].values()) <= {"default", "file", "environment"}


def test_a_change_takes_effect_is_shown_and_is_taken_back_by_null(stack: Stack) -> None:
    levels = {"warning": 5, "soft_timeout": 50}
    changed = patch(stack, timeout_levels=levels, per_task={"testing.hold": {"hard_timeout": 9000}})
    assert changed["config"]["timeout_levels"] == {"warning": 5.0, "soft_timeout": 50.0, "hard_timeout": 7200.0}
    assert changed["config"]["per_task"]["testing.hold"]["hard_timeout"] == 9000.0
    assert changed["sources"]["timeout_levels/warning"] == "runtime"
    assert changed["sources"]["per_task/testing.hold/hard_timeout"] == "runtime"
    back = patch(stack, timeout_levels={"soft_timeout": None}, per_task=None)
    assert back["config"]["timeout_levels"] == {"warning": 5.0, "soft_timeout": 3600.0, "hard_timeout": 7200.0}
    assert back["config"]["per_task"] == {}
    patch(stack, timeout_levels=None)
    assert "runtime" not in get(stack, "config")["sources"].values()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timeout_levels": {"warning": 8000}}, "invalid_input"),
        ({"timeout_levels": {"warnung": 1}}, "invalid_input"),
        ({"timeout_levels": 5}, "invalid_input"),
        ({"monitor_interval": "soon"}, "invalid_input"),
        ({"monitor_interval": 1e300}, "invalid_input"),
        ({"stall_timeout": -1}, "invalid_input"),
        ({"nothing": 1}, "invalid_input"),
        ({"heartbeat": {"interval": 2}}, "invalid_input"),
        ({"alert_url": "http://169.254.169.254/"}, "callback_not_allowed"),
        ({"alert_url": 5}, "invalid_input"),
        ({"per_task": {"testing.hodl": {"warning": 1}}}, "unknown_task"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(
    stack: Stack, change: dict[str, object], code: str
) -> None:
    before = get(stack, "config")
    answer = stack.http.patch("/v1/monitoring/config", json=change)
    assert (answer.status_code, answer.json()["code"]) == (404 if code == "unknown_task" else 422, code)
    assert get(stack, "config") == before


def test_a_change_survives_a_restart_and_reaches_every_gateway(stack: Stack) -> None:
    patch(stack, stall_timeout=777)
    gateway = next(process for process in stack.processes if "tests.support.run_gateway" in str(process.args))
    gateway.kill()
    gateway.wait()
    stack.gateway()
    told = get(stack, "config")
    assert (told["config"]["stall_timeout"], told["sources"]["stall_timeout"]) == (777.0, "runtime")
    wait_until(lambda: '"event": "monitor_config_applied"' in stack.read_log("gateway"))
    patch(stack, stall_timeout=None)
    assert get(stack, "config")["config"]["stall_timeout"] == 900.0


def test_the_alert_url_is_a_secret(stack: Stack) -> None:
    with Receiver() as receiver:
        changed = patch(stack, alert_url=f"{receiver.url}?token=very-secret")
        assert "very-secret" not in json.dumps(changed)
        assert changed["config"]["alert_url"]
        patch(stack, alert_url=None)


# ---- metrics ----


def test_the_dashboard_names_only_metrics_that_exist(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    exposed = set(re.findall(r"^(?:# TYPE )?(baton_\w+)", stack.http.get("/metrics").text, re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    named = {name for query in queries for name in re.findall(r"baton_\w+", query)}
    assert named
    assert named <= exposed


def test_the_metrics_show_what_the_routes_show(stack: Stack, holder_and_waiter: tuple[str, str]) -> None:
    text = stack.http.get("/metrics").text
    values = dict(re.findall(r"^(baton_\S+) (\S+)$", text, re.MULTILINE))
    assert float(values[f'baton_gpu_lock_held_seconds{{lock="{LOCK}"}}']) > 0
    assert float(values[f'baton_gpu_lock_waiters{{lock="{LOCK}"}}']) == 1
    assert float(values['baton_workers{queue="testing"}']) == 2
    assert float(values['baton_running_tasks{liveness="alive"}']) == 2
    assert float(values['baton_gpu_resident_mib{device="sim",host="box",model="testing/512"}']) in {512, 1024}
    assert float(values["baton_monitor_led"]) == 1
