"""The whole system live: what changes is told as it does, in order, and whoever comes back misses nothing."""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

import pytest

from tests.support.sse_client import SseEvent, parsed
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

SIMULATED = {"BATON_GPU__DEVICE": "simulated", "BATON_GPU__HOST": "box", "BATON_GATEWAY__SSE_PING": "1"}
PATH = "/v1/monitoring/events"
LONG = {"seconds": 60}


@pytest.fixture(scope="module")
def monitored_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("watched"), **SIMULATED) as own:
        own.gateway()
        own.worker()
        yield own


def watch(stack: Stack, last_event_id: str = "") -> Generator[SseEvent]:
    """Yield the events of one connection; whoever closes this cuts it."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with stack.http.stream("GET", PATH, headers=headers) as answer:
        yield from parsed(answer)


def tasks(events: Iterator[SseEvent], count: int) -> list[tuple[str, str | None]]:
    """Read on to as many tasks' events; return each one's id and status."""
    told = islice((event for event in events if event.kind == "task"), count)
    return [(event.data["task_id"], event.data["status"]) for event in told]


def snapshot_where(events: Iterator[SseEvent], holds: Any) -> dict[str, Any]:
    return next(event.data for event in events if event.kind == "snapshot" and holds(event.data))


def test_the_answer_is_meant_to_be_streamed(monitored_stack: Stack) -> None:
    with monitored_stack.http.stream("GET", PATH) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["x-accel-buffering"], answer.headers["cache-control"]) == ("no", "no-store")


def test_a_task_is_told_at_each_step_of_its_life(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as events:
        assert next(events).kind == "snapshot"
        task_id = monitored_stack.submit("testing.work", LONG)
        assert tasks(events, 2) == [(task_id, "PENDING"), (task_id, "RUNNING")]
        monitored_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        assert tasks(events, 1) == [(task_id, "CANCELLED")]
        monitored_stack.http.post(f"/v1/tasks/{task_id}/retry")
        assert tasks(events, 2) == [(task_id, "PENDING"), (task_id, "RUNNING")]
        monitored_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        assert tasks(events, 1) == [(task_id, "CANCELLED")]
        assert monitored_stack.http.delete(f"/v1/tasks/{task_id}").status_code == 204
        assert tasks(events, 1) == [(task_id, None)]
        after = monitored_stack.submit("testing.echo")
        assert tasks(events, 3) == [(after, "PENDING"), (after, "RUNNING"), (after, "SUCCESS")]


def test_a_lost_attempt_and_a_failed_one_are_told(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as events:
        next(events)
        lost = monitored_stack.submit("testing.work", {"seconds": 0.2, "die_on": [1]})
        statuses = [status for _, status in tasks(events, 5)]
        assert statuses == ["PENDING", "RUNNING", "PENDING", "RUNNING", "SUCCESS"]
        failed = monitored_stack.submit("testing.fail", {"kind": "input"})
        assert tasks(events, 3) == [(failed, "PENDING"), (failed, "RUNNING"), (failed, "FAILED")]
    assert monitored_stack.read(lost)["status"] == "SUCCESS"


def test_the_same_request_again_is_no_news(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as events:
        next(events)
        first = monitored_stack.submit("testing.echo", task_id="once")
        assert [status for _, status in tasks(events, 3)] == ["PENDING", "RUNNING", "SUCCESS"]
        assert monitored_stack.submit("testing.echo", task_id="once") == first
        other = monitored_stack.submit("testing.echo")
        assert tasks(events, 1) == [(other, "PENDING")]


# ---- snapshots ----


def test_a_snapshot_tells_what_the_routes_tell(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as events:
        task_id = monitored_stack.submit("testing.hold", {"seconds": 60, "model_mib": 512})
        told = snapshot_where(events, lambda seen: seen["devices"] and seen["locks"][0]["holder"])
        routes = {
            path: monitored_stack.http.get(f"/v1/monitoring/{path}").json()
            for path in ("heartbeats", "locks", "queues", "workers", "residents", "health")
        }
        monitored_stack.http.post(f"/v1/tasks/{task_id}/cancel")
        monitored_stack.wait_for(task_id)
    assert set(told) == {"at", "counts", "running", "locks", "queues", "workers", "devices", "health"}
    assert set(told["counts"]) == {"PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELLED"}
    assert (told["counts"]["RUNNING"], told["counts"]["PENDING"]) == (1, 0)
    assert datetime.fromisoformat(told["at"]).utcoffset() is not None
    for part, path, name in (
        ("running", "heartbeats", "task_id"),
        ("locks", "locks", "id"),
        ("queues", "queues", "name"),
        ("workers", "workers", "name"),
        ("devices", "residents", "device"),
    ):
        (listed,) = routes[path].values()
        assert [(each[name], each.keys()) for each in told[part]] == [(each[name], each.keys()) for each in listed]
    assert (told["running"][0]["task_id"], told["locks"][0]["holder"]["task_id"]) == (task_id, task_id)
    assert told["devices"][0]["memory_mib"] == 512
    assert told["health"] == routes["health"] == {"verdict": "ok", "reasons": []}


def test_snapshots_go_on_and_only_the_first_moves_the_place_where_one_comes_back(monitored_stack: Stack) -> None:
    monitored_stack.wait_for(monitored_stack.submit("testing.echo"))
    with closing(watch(monitored_stack)) as events:
        first, *others = islice((event for event in events if event.kind == "snapshot"), 4)
    assert first.id
    assert {event.id for event in others} == {""}
    stamps = [datetime.fromisoformat(event.data["at"]) for event in (first, *others)]
    assert stamps == sorted(stamps)
    assert stamps[-1] > stamps[0]


def test_all_who_watch_share_one_snapshot(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as one, closing(watch(monitored_stack)) as other:
        next(other)
        seen = [{event.data["at"] for event in islice(each, 12) if event.kind == "snapshot"} for each in (one, other)]
    begin, end = max(map(min, seen)), min(map(max, seen))
    both = [{at for at in each if begin <= at <= end} for each in seen]
    assert both[0] == both[1]
    assert both[0]


def test_a_quiet_stream_is_kept_open_by_pings(monitored_stack: Stack) -> None:
    with closing(watch(monitored_stack)) as events:
        assert next(event for event in events if event.kind == "ping").data["ts"]


# ---- coming back ----


@pytest.mark.parametrize("piece", [1, 3])
def test_a_connection_cut_at_any_point_misses_and_doubles_nothing(monitored_stack: Stack, piece: int) -> None:
    with closing(watch(monitored_stack)) as events:
        last = wait_for_a_place(monitored_stack, events)
    wanted = [monitored_stack.submit("testing.echo") for _ in range(5)]
    seen: dict[str, list[str]] = {}
    while not all("SUCCESS" in seen.get(task_id, ()) for task_id in wanted):
        with closing(watch(monitored_stack, last)) as events:
            for event in islice((event for event in events if event.kind == "task"), piece):
                seen.setdefault(event.data["task_id"], []).append(event.data["status"])
                last = event.id
    assert [seen[task_id] for task_id in wanted] == [["PENDING", "RUNNING", "SUCCESS"]] * len(wanted)


def wait_for_a_place(stack: Stack, events: Iterator[SseEvent]) -> str:
    """Return the id of the first event; there is one only when something has happened before."""
    first = next(events)
    if first.id:
        return first.id
    stack.submit("testing.echo")
    return next(event.id for event in events if event.kind == "task" and event.data["status"] == "SUCCESS")


@pytest.mark.parametrize("last", ["x", "1-", "$"])
def test_an_id_that_no_event_has_is_refused(monitored_stack: Stack, last: str) -> None:
    answer = monitored_stack.http.get(PATH, headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "last-event-id")


# ---- faults ----


def test_a_stream_ends_with_redis_and_who_comes_back_has_missed_nothing(stack: Stack) -> None:
    stack.gateway(**SIMULATED)
    before = stack.submit("testing.echo")
    with closing(watch(stack)) as events:
        last = next(events).id
        assert last
        stack.redis.kill()
        rest = list(events)  # to its end
        assert "task" not in {event.kind for event in rest}
    assert "snapshot_failed" in stack.read_log("gateway")
    stack.redis.start()
    wait_until(stack.is_ready)
    after = stack.submit("testing.echo")
    stack.http.post(f"/v1/tasks/{before}/cancel")
    with closing(watch(stack, last)) as events:
        first = next(events)
        assert (first.kind, first.id, first.data["counts"]["PENDING"]) == ("snapshot", last, 1)
        assert tasks(events, 2) == [(after, "PENDING"), (before, "CANCELLED")]


def test_a_stream_that_begins_without_redis_ends_at_once(stack: Stack) -> None:
    stack.gateway(**SIMULATED)
    stack.redis.kill()
    with closing(watch(stack)) as events:
        assert {event.kind for event in events} <= {"ping"}


def test_the_news_are_capped_and_die_one_day(monitored_stack: Stack) -> None:
    monitored_stack.wait_for(monitored_stack.submit("testing.echo"))
    key, client = "events:@tasks", monitored_stack.redis.client
    assert 0 < client.ttl(key) <= 86_400
    client.xadd(key, {"event": "task", "data": json.dumps({"task_id": "x", "status": None})})
    for _ in range(40):
        pipe = client.pipeline()
        for _ in range(100):
            pipe.xadd(key, {"event": "task", "data": json.dumps({"task_id": "x", "status": None})})
        pipe.execute()
    monitored_stack.wait_for(monitored_stack.submit("testing.echo"))
    assert client.xlen(key) < 3_000
