"""The GPU lock: exclusive, fair, fenced, renewed; over a real Redis."""

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import pytest
from pydantic_core import from_json
from typing_extensions import override

from common.errors import BatonError, Cancelled, GpuLockTimeout, GpuLockUnavailable, NestedGpuLock
from common.gpu.lease_renewer import Lease
from common.gpu.lock import Claim, GpuLock
from common.settings import GpuLockSettings, RedisSettings
from common.state import keys
from tests.support.faults import let_pass
from tests.support.gpu_owner import HOST, Owner, holder_of, line
from tests.support.inspected_redis import InspectedRedis, every_command
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

LOCK = keys.gpu_lock(HOST, "0")


def go_on(_lease: Lease | None = None) -> None:
    """Let a wait go on."""


class Worker(Thread):
    """One acquisition in a thread: waits, holds until told, lets go."""

    def __init__(self, lock: GpuLock, name: str, *, priority: int = 5, prefer: tuple[str, ...] = ()) -> None:
        super().__init__(daemon=True)
        self.lock = lock
        self.claim = Claim(task_id=name, worker=name, priority=priority)
        self.prefer = prefer
        self.lease: Lease | None = None
        self.error: BatonError | None = None
        self.stop: BatonError | None = None
        self.done = Event()
        self.start()

    @override
    def run(self) -> None:
        try:
            with self.lock.lease(self.claim, check=self.check, prefer=self.prefer) as self.lease:
                self.done.wait()
        except BatonError as error:
            self.error = error

    def check(self) -> None:
        if self.stop:
            raise self.stop

    def holds(self) -> Lease:
        """Wait until it has the device."""
        return wait_until(lambda: self.lease)

    def finish(self) -> None:
        self.done.set()
        self.join(60)
        assert not self.is_alive()


class Host:
    """Makes locks as processes have them: each with its own client, connection and renewer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.locks: list[GpuLock] = []
        self.workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.stop = Cancelled()
            worker.done.set()
        for worker in self.workers:
            worker.finish()
        for lock in self.locks:
            lock.renewer.closed.set()
        for lock in self.locks:
            lock.renewer.close()
            lock.redis.close()

    def process(self, *devices: str, timeout: float = 5.0, **settings: Any) -> GpuLock:
        client = InspectedRedis(RedisSettings.model_validate({"url": self.url, "socket_timeout": timeout}))
        self.locks.append(GpuLock(client, GpuLockSettings.model_validate(settings), HOST, devices or ("0",)))
        return self.locks[-1]

    def worker(
        self, name: str, *devices: str, priority: int = 5, prefer: tuple[str, ...] = (), **settings: Any
    ) -> Worker:
        self.workers.append(Worker(self.process(*devices, **settings), name, priority=priority, prefer=prefer))
        return self.workers[-1]


@pytest.fixture
def host(redis: InspectedRedis, redis_server: RedisServer) -> Iterator[Host]:
    with Host(redis_server.url) as made:
        yield made


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill and pause."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


@pytest.fixture
def owner(redis: InspectedRedis) -> Callable[..., Owner]:
    return lambda name, *devices, **more: Owner(redis, name, devices or ("0",), **more)


def claim(name: str = "t") -> Claim:
    return Claim(task_id=name, worker=name)


def history(redis: InspectedRedis, device: str = "0") -> list[dict[str, Any]]:
    return [from_json(entry["lease"]) for _, entry in redis.client.xrange(keys.gpu_lock_history(HOST, device))]


def is_longer(redis: InspectedRedis, before: int) -> bool:
    return len(line(redis)) > before


def queue_up(host: Host, redis: InspectedRedis, *names: str, **settings: Any) -> list[Worker]:
    """Start workers that wait in this order behind one that holds."""
    workers = []
    for name in names:
        before = len(line(redis))
        workers.append(host.worker(name, **settings))
        wait_until(partial(is_longer, redis, before))
    return workers


def order_of(redis: InspectedRedis) -> list[str]:
    return [lease["task_id"] for lease in history(redis)]


# ---- exclusive and fair ----


def test_only_one_holds_and_the_next_gets_it_at_once(host: Host, redis: InspectedRedis) -> None:
    first = host.worker("first")
    assert first.holds().device == "0"
    second = host.worker("second")
    wait_until(lambda: len(line(redis)) == 1)
    assert second.lease is None
    first.finish()
    assert int(second.holds().fence) > int(first.holds().fence)


def test_waiters_come_in_the_order_of_their_arrival(host: Host, redis: InspectedRedis) -> None:
    names = [f"w{number}" for number in range(8)]
    head = host.worker("head")
    head.holds()
    workers = queue_up(host, redis, *names)
    for worker in (head, *workers):
        worker.holds()
        worker.finish()
    assert order_of(redis) == ["head", *names]


def test_a_higher_priority_goes_first(host: Host, redis: InspectedRedis) -> None:
    head = host.worker("head")
    head.holds()
    (low,) = queue_up(host, redis, "low", priority=1)
    (high,) = queue_up(host, redis, "high", priority=9)
    head.finish()
    high.holds()
    assert low.lease is None
    high.finish()
    low.holds()


def test_a_low_priority_ages_and_overtakes(host: Host, redis: InspectedRedis) -> None:
    head = host.worker("head")
    head.holds()
    (low,) = queue_up(host, redis, "low", priority=1, ageing=0.02)
    let_pass(0.2)  # more than the head start of eight steps
    (high,) = queue_up(host, redis, "high", priority=9, ageing=0.02)
    head.finish()
    low.holds()
    assert high.lease is None
    low.finish()
    high.holds()


def test_a_second_lease_in_one_process_is_refused(host: Host) -> None:
    lock = host.process()
    with lock.lease(claim(), check=go_on), pytest.raises(NestedGpuLock), lock.lease(claim(), check=go_on):
        pytest.fail("it ran")
    with lock.lease(claim(), check=go_on):
        pass


# ---- the end of a lease ----


def test_a_lease_is_renewed_for_as_long_as_it_is_held(host: Host, redis: InspectedRedis) -> None:
    holder = host.worker("holder", lock_timeout=0.6)
    lease = holder.holds()
    waiter = host.worker("waiter", lock_timeout=0.6)
    let_pass(2.0)
    assert not lease.lost
    assert waiter.lease is None
    assert holder_of(redis) == (lease.owner, int(lease.fence))
    assert lease.waiting == 1


def test_an_exception_releases(host: Host, redis: InspectedRedis) -> None:
    with pytest.raises(Cancelled), host.process().lease(claim(), check=go_on):
        raise Cancelled
    assert holder_of(redis) is None
    assert history(redis)[-1]["reason"] == "released"


def test_a_release_after_expiry_does_nothing_to_the_next_holder(host: Host, owner: Callable[..., Owner]) -> None:
    late, next_one = owner("late"), owner("next")
    old = late.ask()
    late.redis.client.delete(LOCK)
    new = next_one.ask()
    assert not late.release(old)
    assert late.renew(old) == -1
    late.give_up()
    assert holder_of(late.redis) == ("next", int(new.fence))


def test_a_holder_that_lost_its_lease_learns_it(host: Host, redis: InspectedRedis) -> None:
    lease = host.worker("holder").holds()
    redis.client.delete(LOCK)
    wait_until(lambda: lease.lost)


def test_a_lease_that_nobody_keeps_any_more_is_not_renewed(host: Host, redis: InspectedRedis) -> None:
    host.process(lock_timeout=0.5).acquire(claim(), check=go_on)
    wait_until(lambda: holder_of(redis) is None)


def test_a_clock_that_goes_back_gives_no_fence_twice(owner: Callable[..., Owner]) -> None:
    first = owner("first")
    far_ahead = int(first.ask().fence) + 10**9
    first.redis.client.set(f"{LOCK}:fence", far_ahead, ex=60)
    first.redis.client.delete(LOCK)
    assert int(first.ask().fence) == far_ahead + 1


def test_a_redis_that_lost_its_file_gives_no_fence_twice(host: Host, redis: InspectedRedis) -> None:
    first = host.worker("first").holds()
    redis.client.flushall()
    second = host.worker("second").holds()
    assert int(second.fence) > int(first.fence)
    wait_until(lambda: first.lost)
    assert not second.lost


# ---- leaving the line ----


def test_a_wait_has_an_end(host: Host, redis: InspectedRedis) -> None:
    host.worker("holder").holds()
    with pytest.raises(GpuLockTimeout, match=r"within 0\.3 s"):
        host.process(max_wait_time=0.3).acquire(claim("hasty"), check=go_on)
    assert line(redis) == []
    assert (history(redis)[-1]["task_id"], history(redis)[-1]["reason"]) == ("hasty", "timed_out")


def test_a_cancelled_task_leaves_the_line(host: Host, redis: InspectedRedis) -> None:
    host.worker("holder").holds()
    (waiter,) = queue_up(host, redis, "waiter")
    waiter.stop = Cancelled()
    wait_until(lambda: isinstance(waiter.error, Cancelled))
    assert line(redis) == []


def test_what_is_granted_to_one_that_gives_up_goes_to_the_next(owner: Callable[..., Owner]) -> None:
    holder, quitter, third = owner("first"), owner("quitter"), owner("third")
    held = holder.ask()
    quitter.ask()
    third.ask()
    holder.release(held)
    assert quitter.take_wakeup()
    quitter.give_up()
    assert third.take_wakeup()
    assert third.ask().lock == LOCK


def test_what_is_granted_to_nobody_in_a_process_goes_to_the_next_at_once(
    host: Host, owner: Callable[..., Owner]
) -> None:
    """An ask may reach Redis late, when its process has given up already."""
    lock, head, third = host.process(), owner("head"), owner("third")
    with lock.renewer.wake_event("nobody"):
        wait_until(lambda: every_command(lock.redis).pubsub_numsub(lock.renewer.channel)[0][1])
    held = head.ask()
    late = lock.ask("gone", claim("gone"), lock.locks, "")
    lock.redis.run(late)
    third.ask()
    head.release(held)
    wait_until(third.take_wakeup)
    assert history(head.redis)[-1]["reason"] == "unclaimed"


# ---- the dead and the living ----


def test_a_dead_holder_is_freed_long_before_its_lease_ends(owner: Callable[..., Owner]) -> None:
    dead, waiter = owner("dead"), owner("waiter")
    dead.ask()
    dead.disconnect()
    grace = timedelta(milliseconds=300)
    assert 0 < waiter.ask(grace=grace).news_ms <= 300, "it knows when to ask again"
    wait_until(lambda: waiter.ask(grace=grace).lock)
    assert history(dead.redis)[-1]["reason"] == "holder_died"


def test_a_holder_that_renews_is_never_taken_for_dead(owner: Callable[..., Owner]) -> None:
    holder, waiter = owner("first"), owner("waiter")
    held = holder.ask()
    holder.disconnect()
    grace = timedelta(milliseconds=200)
    for _ in range(3):
        assert not waiter.ask(grace=grace).lock
        let_pass(0.15)
        holder.renew(held)


def test_after_a_restart_of_redis_nobody_is_dead_for_his_missing_connection(own_server: RedisServer) -> None:
    redis = InspectedRedis(RedisSettings.model_validate({"url": own_server.url}))
    holder, waiter = Owner(redis, "first"), Owner(redis, "waiter")
    held = holder.ask()
    own_server.kill()
    own_server.start()
    answers = [waiter.ask(grace=timedelta(0)) for _ in range(3)]
    assert not any(answer.lock for answer in answers)
    assert holder.renew(held) == 1
    redis.close()


def test_a_dead_waiter_is_never_given_the_lock(owner: Callable[..., Owner]) -> None:
    holder, dead, third = owner("first"), owner("dead"), owner("third")
    held = holder.ask()
    dead.ask()
    third.ask()
    dead.disconnect()
    holder.release(held)
    assert third.take_wakeup()
    assert third.ask().lock


def test_a_waiter_that_was_forgotten_comes_back_to_its_old_place(owner: Callable[..., Owner]) -> None:
    holder, cut_off, third = owner("first"), owner("cut_off"), owner("third")
    held = holder.ask()
    cut_off.ask()
    third.ask()
    cut_off.disconnect()
    holder.release(held)
    now = third.ask()
    assert line(holder.redis) == []
    later = owner("later")
    later.ask()
    cut_off.connect()
    cut_off.ask()
    assert line(holder.redis) == ["cut_off", "later"]
    third.release(now)
    assert cut_off.ask().lock


def test_a_waiter_without_a_connection_still_gets_a_free_lock(owner: Callable[..., Owner]) -> None:
    waiter = owner("waiter")
    waiter.disconnect()
    assert waiter.ask().lock


def test_an_ask_whose_answer_was_lost_keeps_its_place(owner: Callable[..., Owner]) -> None:
    holder, unlucky, third = owner("first"), owner("unlucky"), owner("third")
    held = holder.ask()
    unlucky.ask()
    unlucky.arrival = ""
    third.ask()
    unlucky.ask()
    assert line(holder.redis) == ["unlucky", "third"]
    holder.release(held)
    first = unlucky.ask()
    assert unlucky.ask() == first, "the same lease again"


def test_everybody_keeps_his_place_when_all_connections_break(host: Host, redis: InspectedRedis) -> None:
    names = ["a", "b", "c", "d"]
    head = host.worker("head")
    lease = head.holds()
    workers = queue_up(host, redis, *names)
    for _ in range(3):
        redis.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        let_pass(0.3)
    assert not lease.lost
    for worker in (head, *workers):
        worker.holds()
        worker.finish()
    assert order_of(redis) == ["head", *names]


# ---- Redis away ----


def test_without_redis_a_task_waits_and_then_fails_and_never_runs(own_server: RedisServer) -> None:
    with Host(own_server.url) as host:
        lock = host.process(max_wait_time=0.5)
        own_server.kill()
        with pytest.raises(GpuLockUnavailable), lock.lease(claim(), check=go_on):
            pytest.fail("it ran unlocked")


def test_a_task_that_waits_out_an_outage_gets_the_lock(own_server: RedisServer) -> None:
    with Host(own_server.url) as host:
        own_server.kill()
        worker = host.worker("patient")
        let_pass(0.3)
        assert worker.error is None
        own_server.start()
        worker.holds()
        worker.finish()


def test_a_release_that_redis_did_not_answer_is_heard_later(own_server: RedisServer) -> None:
    with Host(own_server.url) as host:
        worker = host.worker("holder", timeout=0.2, lock_timeout=60)
        worker.holds()
        own_server.signal(signal.SIGSTOP)
        worker.finish()
        own_server.signal(signal.SIGCONT)
        wait_until(lambda: not own_server.client.exists(LOCK))


# ---- several devices ----


def test_each_device_has_one_holder_and_a_waiter_takes_the_first_that_frees(host: Host, redis: InspectedRedis) -> None:
    both = ("0", "1")
    holders = [host.worker(name, *both) for name in ("a", "b")]
    assert {holder.holds().device for holder in holders} == {"0", "1"}
    waiter = host.worker("c", *both)
    wait_until(lambda: len(line(redis, "0")) == 1)
    freed = holders[1].holds().device
    holders[1].finish()
    assert waiter.holds().device == freed
    assert line(redis, "0") == line(redis, "1") == []


@pytest.mark.parametrize("wanted", ["0", "1", "2"])
def test_the_named_device_is_taken_when_several_are_free(host: Host, wanted: str) -> None:
    assert host.worker("picky", "0", "1", "2", prefer=(wanted,)).holds().device == wanted


def test_a_waiter_never_gets_two_devices(owner: Callable[..., Owner]) -> None:
    holders = [owner("a", "0"), owner("b", "1")]
    leases = [holder.ask() for holder in holders]
    waiter = owner("waiter", "0", "1")
    waiter.ask()
    for holder, lease in zip(holders, leases, strict=True):
        holder.release(lease)
    redis = waiter.redis
    assert [holder_of(redis, device) is not None for device in ("0", "1")] == [True, False]
    assert waiter.ask() == waiter.ask()


# ---- what is kept ----


def test_the_history_tells_who_held_and_how_it_ended(host: Host, redis: InspectedRedis) -> None:
    with host.process().lease(claim("one"), check=go_on):
        pass
    (entry,) = history(redis)
    stamps = [int(entry[name]) for name in ("queued_us", "granted_us", "ended_us")]
    assert stamps == sorted(stamps)
    assert (entry["task_id"], entry["reason"]) == ("one", "released")


def test_the_history_tells_how_long_one_waited_in_vain(owner: Callable[..., Owner]) -> None:
    holder, quitter = owner("first"), owner("quitter")
    holder.ask()
    quitter.ask()
    quitter.give_up()
    (entry,) = history(quitter.redis)
    assert int(entry["queued_us"]) <= int(entry["ended_us"])
    assert "granted_us" not in entry


def test_a_lease_that_ran_out_is_in_the_history(owner: Callable[..., Owner]) -> None:
    frozen, waiter = owner("frozen"), owner("waiter")
    frozen.ask(lease=timedelta(milliseconds=1))
    wait_until(lambda: waiter.ask().lock)
    assert history(frozen.redis)[-1]["reason"] == "expired"


def test_every_key_of_the_lock_ends_some_day(host: Host, redis: InspectedRedis) -> None:
    host.worker("holder").holds()
    queue_up(host, redis, "waiter")
    names = list(redis.client.scan_iter())
    assert len(names) >= 4
    assert all(redis.client.ttl(name) > 0 for name in names)
