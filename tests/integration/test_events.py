"""Live events: nothing missed, nothing doubled, and nobody waits for a client that does not read."""

import asyncio
import json
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice
from threading import Thread

import pytest
from typing_extensions import override

from common.errors import BatonError, InvalidInput
from common.settings import RedisSettings, TaskSettings
from common.state.context import Status
from common.state.events import Event
from common.state.record import Record
from common.state.store import StateStore
from tests.support.inspected_redis import InspectedRedis
from tests.support.sse_client import SseEvent, follow
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.redis

BACKLOG = 256
KIB = 1024
DAY_S = 86_400
PATIENT = {
    "BATON_GATEWAY__SSE_PING": "1",
    "BATON_GATEWAY__SSE_BACKLOG": str(BACKLOG),
    "BATON_GPU_LOCK_MONITOR__HEARTBEAT": '{"interval": 1, "timeout": 60}',
}


@pytest.fixture(scope="module")
def event_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway whose worker is the test itself."""
    with Stack(tmp_path_factory.mktemp("events"), **PATIENT) as silent:
        silent.gateway()
        yield silent


class Attempt:
    """What a worker does to a task: claim it, tell events, end it."""

    def __init__(self, stack: Stack) -> None:
        self.store = StateStore(TaskSettings())
        self.redis = InspectedRedis(RedisSettings.model_validate({"url": stack.redis.url}))
        self.task_id = stack.submit("testing.echo")
        self.claim()

    def claim(self) -> None:
        claimed = self.redis.run(self.store.claim(self.task_id, "testing", "the test"))
        assert isinstance(claimed, Record)
        self.record = claimed

    def tell(self, numbers: Sequence[int], size: int = 1) -> None:
        """Publish one event for each number in one step."""
        events = [Event("fragment", {"number": number, "text": "x" * size}) for number in numbers]
        fence = self.record.control.fence
        assert self.redis.run(self.store.beat(self.task_id, fence, rss=0, events=events)) == "OK"

    def close(self) -> None:
        self.redis.close()

    def end(self, status: Status = Status.SUCCESS, *, error: BatonError | None = None) -> None:
        assert self.redis.run(self.store.finish(self.record, self.record.final_context(status, error=error))) == "OK"


@pytest.fixture
def attempt(event_stack: Stack) -> Iterator[Attempt]:
    with closing(Attempt(event_stack)) as own:
        yield own


def kinds(events: Sequence[SseEvent]) -> list[str]:
    return [event.data.get("code", event.kind) for event in events if event.kind != "ping"]


def numbers(events: Sequence[SseEvent]) -> list[int]:
    return [event.data["number"] for event in events if event.kind == "fragment"]


def clients(stack: Stack) -> int:
    metrics = stack.http.get("/metrics").text
    (line,) = (line for line in metrics.splitlines() if line.startswith("baton_sse_clients "))
    return int(float(line.split()[1]))


def stream_ids(stack: Stack, task_id: str, after: str = "0") -> list[str]:
    return [entry for entry, _ in stack.redis.client.xrange(f"events:{task_id}", min=f"({after}")]


# ---- the beginning and the end ----


def test_first_comes_the_whole_state(event_stack: Stack, attempt: Attempt) -> None:
    first = next(follow(event_stack, attempt.task_id))
    assert first.kind == "initial_state"
    assert (first.data["task_id"], first.data["status"]) == (attempt.task_id, "RUNNING")
    assert first.data["stages"]["testing.echo"]["attempt"] == 1


def test_the_answer_is_meant_to_be_streamed(event_stack: Stack, attempt: Attempt) -> None:
    with event_stack.http.stream("GET", f"/v1/tasks/{attempt.task_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["cache-control"] == "no-store"


def test_a_finished_task_tells_its_state_and_its_end_and_no_more(event_stack: Stack, attempt: Attempt) -> None:
    attempt.tell(range(10))
    attempt.end()
    events = list(follow(event_stack, attempt.task_id))
    assert kinds(events) == ["initial_state", "task_complete"]
    assert events[0].data["status"] == "SUCCESS"


def test_who_has_seen_the_end_is_told_to_stop(event_stack: Stack, attempt: Attempt) -> None:
    attempt.end(Status.CANCELLED)
    *_, last = follow(event_stack, attempt.task_id)
    assert last.data == {"code": "task_cancelled"}
    answer = event_stack.http.get(f"/v1/tasks/{attempt.task_id}/events", headers={"Last-Event-ID": last.id})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILED, Status.CANCELLED])
def test_who_comes_back_when_the_events_have_expired_gets_the_one_that_ended_the_task(
    event_stack: Stack, attempt: Attempt, status: Status
) -> None:
    first = next(follow(event_stack, attempt.task_id))
    attempt.tell(range(3))
    attempt.end(status, error=InvalidInput(field="x") if status is Status.FAILED else None)
    *_, before = follow(event_stack, attempt.task_id, first.id)
    assert event_stack.redis.client.delete(f"events:{attempt.task_id}")
    *_, after = follow(event_stack, attempt.task_id, first.id)
    assert after == before
    assert list(follow(event_stack, attempt.task_id))[-1] == before
    answer = event_stack.http.get(f"/v1/tasks/{attempt.task_id}/events", headers={"Last-Event-ID": before.id})
    assert answer.status_code == 204


def test_the_events_of_a_finished_task_expire_after_their_grace(event_stack: Stack, attempt: Attempt) -> None:
    attempt.tell(range(3))
    assert event_stack.redis.client.ttl(f"events:{attempt.task_id}") > DAY_S
    attempt.end()
    grace = TaskSettings().events_grace.total_seconds()
    assert grace - 60 < event_stack.redis.client.ttl(f"events:{attempt.task_id}") <= grace


def test_the_events_stay_when_they_alone_hold_the_text_of_a_task(event_stack: Stack, attempt: Attempt) -> None:
    attempt.tell(range(3))
    attempt.end(Status.CANCELLED)
    assert event_stack.redis.client.ttl(f"events:{attempt.task_id}") > DAY_S


def test_a_retry_goes_on_telling_when_the_events_have_expired(event_stack: Stack, attempt: Attempt) -> None:
    attempt.end(Status.CANCELLED)
    *_, ended = follow(event_stack, attempt.task_id)
    event_stack.redis.client.delete(f"events:{attempt.task_id}")
    assert event_stack.http.post(f"/v1/tasks/{attempt.task_id}/retry").status_code == 202
    state = next(follow(event_stack, attempt.task_id, ended.id))
    assert state.data["status"] == "PENDING"
    attempt.claim()
    attempt.end()
    assert kinds(list(follow(event_stack, attempt.task_id, ended.id)))[-1] == "task_complete"


def test_who_missed_the_end_gets_all_that_was_missed(event_stack: Stack, attempt: Attempt) -> None:
    first = next(follow(event_stack, attempt.task_id))
    attempt.tell(range(5))
    attempt.end()
    events = list(follow(event_stack, attempt.task_id, first.id))
    assert kinds(events) == ["initial_state", *["fragment"] * 5, "task_complete"]


@pytest.mark.parametrize("last", ["x", "1-", "-1", "1-2-3", "1" * 16, "$", "0x1"])
def test_an_id_that_no_event_has_is_refused(event_stack: Stack, attempt: Attempt, last: str) -> None:
    answer = event_stack.http.get(f"/v1/tasks/{attempt.task_id}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "last-event-id")


def test_an_unknown_task_is_not_found_before_a_stream_begins(event_stack: Stack) -> None:
    answer = event_stack.http.get("/v1/tasks/nobody/events")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_quiet_stream_is_kept_open_by_pings(event_stack: Stack, attempt: Attempt) -> None:
    pings = [event for event in islice(follow(event_stack, attempt.task_id), 3) if event.kind == "ping"]
    assert len(pings) == 2
    stamps = [datetime.fromisoformat(event.data["ts"]) for event in pings]
    assert (stamps[1] - stamps[0]).total_seconds() > 0.5
    assert all(event.id == "" for event in pings)


# ---- coming back ----


def pieces(stack: Stack, task_id: str, piece: int, last: str = "") -> Iterator[SseEvent]:
    """Follow a task to its end, cutting the connection after every few events."""
    while True:
        for event in islice(follow(stack, task_id, last), piece + 1):  # one more, for the initial state
            last = event.id or last
            if event.kind not in {"initial_state", "ping"}:
                yield event
                if event.closes:
                    return


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_a_connection_cut_at_any_point_misses_and_doubles_nothing(shared_stack: Stack, piece: int) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 1.5})
    first = next(follow(shared_stack, task_id))
    events = list(pieces(shared_stack, task_id, piece))
    orders = [event.order for event in events]
    assert orders == sorted(set(orders))
    told = stream_ids(shared_stack, task_id, events[0].id)
    assert [event.id for event in events[1:]] == told
    assert not first.id or events[0].order > first.order
    assert len(events) > 3


def test_readers_that_come_and_go_at_different_times_all_see_the_same(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.work", {"seconds": 1.5})
    next(follow(shared_stack, task_id))
    with ThreadPoolExecutor(6) as threads:
        sizes = (1, 2, 3, 5, 8, 100)
        seen = list(threads.map(lambda piece: [event.id for event in pieces(shared_stack, task_id, piece)], sizes))
    told = stream_ids(shared_stack, task_id)
    for ids in seen:
        assert ids == told[-len(ids) :]


def has_more(events: list[SseEvent], count: int) -> bool:
    return len(events) > count


def test_coming_back_while_events_pour_in_misses_and_doubles_nothing(event_stack: Stack, attempt: Attempt) -> None:
    listener = Reader(event_stack, attempt)  # so that the gateway reads the stream all the while
    first = next(follow(event_stack, attempt.task_id))
    events: list[SseEvent] = []

    def pour() -> None:
        for number in range(1_000):
            attempt.tell([number])
            wait_until(partial(has_more, events, number - 15), every=0.001)
        attempt.end()

    with ThreadPoolExecutor(1) as threads:
        poured = threads.submit(pour)
        events.extend(pieces(event_stack, attempt.task_id, 20, first.id))
        poured.result()
    assert numbers(events) == numbers(listener.all) == list(range(1_000))
    assert numbers_rise(events)


def follow_to_the_end(stack: Stack, task_id: str, last: str) -> SseEvent:
    return list(follow(stack, task_id, last))[-1]


def test_who_comes_back_just_as_the_task_ends_sees_the_end(event_stack: Stack) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            with closing(Attempt(event_stack)) as attempt:
                last = next(follow(event_stack, attempt.task_id)).id
                back = [threads.submit(follow_to_the_end, event_stack, attempt.task_id, last) for _ in range(7)]
                attempt.end()
                assert all(reader.result(timeout=PATIENCE_S).closes for reader in back)


def test_a_failed_task_goes_on_after_its_retry(shared_stack: Stack) -> None:
    task_id = shared_stack.submit("testing.fail", {"kind": "input", "failures": 1})
    *_, failed = follow(shared_stack, task_id)
    assert (failed.kind, failed.data["code"]) == ("error", "invalid_input")
    assert shared_stack.http.post(f"/v1/tasks/{task_id}/retry").status_code == 202
    events = list(follow(shared_stack, task_id, failed.id))
    assert events[0].kind == "initial_state"
    codes = kinds(events[1:])
    assert codes[:2] == ["retrying", "resumed"]
    assert codes[-1] == "task_complete"
    assert numbers_rise(events[1:])


def numbers_rise(events: Sequence[SseEvent]) -> bool:
    orders = [event.order for event in events if event.kind != "ping"]
    return orders == sorted(set(orders))


# ---- many and slow clients ----


def test_a_burst_larger_than_the_backlog_drops_nobody_who_reads(event_stack: Stack, attempt: Attempt) -> None:
    reader = Reader(event_stack, attempt)
    attempt.tell(range(4 * BACKLOG))
    attempt.end()
    assert numbers(reader.all) == list(range(4 * BACKLOG))


class Reader(Thread):
    """Follows a task on one connection to its end; listens once it is made."""

    def __init__(self, stack: Stack, attempt: Attempt) -> None:
        super().__init__()
        self.stack = stack
        self.task_id = attempt.task_id
        self.seen: list[SseEvent] = []
        self.start()
        wait_until(lambda: self.seen)

    @override
    def run(self) -> None:
        self.seen.extend(follow(self.stack, self.task_id))

    @property
    def all(self) -> list[SseEvent]:
        self.join(timeout=30)
        return self.seen


def has_read(reader: Reader, count: int) -> bool:
    return len(numbers(reader.seen)) == count


def test_a_client_that_stops_reading_is_dropped_and_disturbs_nobody(event_stack: Stack, attempt: Attempt) -> None:
    wait_until(lambda: clients(event_stack) == 0)
    with socket.create_connection(("127.0.0.1", event_stack.port)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        deaf.sendall(f"GET /v1/tasks/{attempt.task_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        wait_until(lambda: clients(event_stack) == 1)
        reader = Reader(event_stack, attempt)
        for begin in range(0, 4_000, 40):
            attempt.tell(range(begin, begin + 40), size=4 * KIB)
            wait_until(partial(has_read, reader, begin + 40))
        attempt.end()
        assert numbers(reader.all) == list(range(4_000))
        assert "slow_client_dropped" in event_stack.read_log("gateway")
    wait_until(lambda: clients(event_stack) == 0)


def test_two_hundred_clients_of_one_task_all_get_every_event(event_stack: Stack, attempt: Attempt) -> None:
    count = 200

    async def read(ready: asyncio.Semaphore) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", event_stack.port)
        with closing(writer):
            writer.write(f"GET /v1/tasks/{attempt.task_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            seen = []
            async for line in reader:
                if line.startswith(b"event: initial_state"):
                    ready.release()
                if b'"number"' in line:
                    seen.append(json.loads(line.removeprefix(b"data: "))["number"])
                if b'"task_complete"' in line:
                    break
        return seen

    async def crowd() -> list[list[int]]:
        ready = asyncio.Semaphore(0)
        readers = [asyncio.create_task(read(ready)) for _ in range(count)]
        for _ in range(count):
            await ready.acquire()
        for begin in range(0, 200, 20):
            await asyncio.to_thread(attempt.tell, range(begin, begin + 20))
        await asyncio.to_thread(attempt.end)
        return await asyncio.gather(*readers)

    assert asyncio.run(crowd()) == [list(range(200))] * count
    wait_until(lambda: clients(event_stack) == 0)


# ---- faults ----


def test_clients_outlive_a_restart_of_redis(stack: Stack) -> None:
    stack.gateway(**PATIENT)
    with closing(Attempt(stack)) as attempt:
        reader = Reader(stack, attempt)
        attempt.tell(range(10))
        stack.redis.kill()
        wait_until(lambda: "event_reader_lost" in stack.read_log("gateway"))
        stack.redis.start()
        attempt.redis.client.connection_pool.disconnect()
        attempt.tell(range(10, 20))
        attempt.end()
        events = reader.all
    assert numbers(events) == list(range(20))
    assert kinds(events)[-1] == "task_complete"


def test_without_redis_nobody_is_kept_waiting(stack: Stack) -> None:
    stack.gateway(**PATIENT)
    task_id = stack.submit("testing.echo")
    stack.redis.kill()
    answer = stack.http.get(f"/v1/tasks/{task_id}/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
    assert answer.headers["retry-after"]
    stack.redis.start()
    wait_until(stack.is_ready)
    assert next(follow(stack, task_id)).kind == "initial_state"
