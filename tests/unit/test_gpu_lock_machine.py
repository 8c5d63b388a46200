"""The GPU lock's Lua under any order of asks, releases, deaths and expiries: a state machine over a real Redis."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from common.gpu.lock import AcquireReply
from tests.support.gpu_owner import Owner, holder_of, line
from tests.support.inspected_redis import InspectedRedis

pytestmark = pytest.mark.redis

DEVICES = ("0", "1")
AT_ONCE = timedelta(0)
NEVER = timedelta(hours=1)


class LockMachine(RuleBasedStateMachine):
    """Owners that ask for one device or for both; each may die, freeze, or come late with what it once held."""

    redis: InspectedRedis
    owners = Bundle("owners")
    leases = Bundle("leases")

    @initialize()
    def begin(self) -> None:
        self.redis.client.flushall()
        self.numbers = count()
        self.all: list[Owner] = []
        self.asker = ""
        self.fences = dict.fromkeys(DEVICES, 0)
        self.holders: dict[str, tuple[str, int] | None] = dict.fromkeys(DEVICES)

    @override
    def teardown(self) -> None:
        for owner in getattr(self, "all", []):
            owner.subscription.close()

    # ---- what may happen ----

    @rule(target=owners, devices=st.sampled_from([("0",), ("1",), ("0", "1"), ("1", "0")]), step=st.integers(0, 2))
    def come(self, devices: tuple[str, ...], step: int) -> Owner:
        self.all.append(Owner(self.redis, f"w:{next(self.numbers)}", devices, head_start_ms=step * 60_000))
        return self.all[-1]

    @rule(target=leases, owner=owners, grace=st.sampled_from([AT_ONCE, NEVER]))
    def ask(self, owner: Owner, grace: timedelta) -> object:
        self.asker = owner.name
        answer = owner.ask(grace=grace)
        if not answer.lock:
            self.nobody_waits_beside_a_free_device(owner)
            return multiple()
        assert holder_of(self.redis, answer.lock[-1]) == (owner.name, int(answer.fence))
        return owner, answer

    @rule(target=leases, owner=owners)
    def ask_and_lose_the_answer(self, owner: Owner) -> object:
        self.asker = owner.name
        place = owner.arrival
        answer = owner.ask(grace=NEVER)
        owner.arrival = place
        again = owner.ask(grace=NEVER)
        assert (again.lock, again.fence, again.arrival) == (answer.lock, answer.fence, answer.arrival)
        return (owner, answer) if answer.lock else multiple()

    @rule(lease=leases)
    def renew(self, lease: tuple[Owner, AcquireReply]) -> None:
        owner, answer = lease
        assert (owner.renew(answer) >= 0) == self.valid(lease)

    @rule(lease=consumes(leases))
    def release(self, lease: tuple[Owner, AcquireReply]) -> None:
        owner, answer = lease
        valid = self.valid(lease)
        assert owner.release(answer) == valid
        assert not self.valid(lease)

    @rule(lease=leases)
    def release_but_keep_the_old_view(self, lease: tuple[Owner, AcquireReply]) -> None:
        """The same release may come again, from a monitor or a second try, when the lock is another's."""
        owner, answer = lease
        before = self.holders
        if not self.valid(lease):
            assert not owner.release(answer)
            assert {device: holder_of(self.redis, device) for device in DEVICES} == before

    @rule(owner=owners)
    def give_up(self, owner: Owner) -> None:
        owner.give_up()
        assert all(owner.name not in line(self.redis, device) for device in DEVICES)
        assert all(held is None or held[0] != owner.name for held in map(self.holder, DEVICES))

    @rule(owner=owners)
    def break_connection(self, owner: Owner) -> None:
        owner.disconnect()

    @rule(owner=owners)
    def connect_again(self, owner: Owner) -> None:
        if not owner.listeners:
            owner.connect()

    @rule(device=st.sampled_from(DEVICES))
    def expire(self, device: str) -> None:
        self.redis.client.delete(f"gpu_lock:here:{device}")

    # ---- what must hold ----

    def holder(self, device: str) -> tuple[str, int] | None:
        return holder_of(self.redis, device)

    def listens(self, name: str) -> bool:
        return any(owner.name == name and owner.listeners for owner in self.all)

    def valid(self, lease: tuple[Owner, AcquireReply]) -> bool:
        owner, answer = lease
        return self.holder(answer.lock[-1]) == (owner.name, int(answer.fence))

    def nobody_waits_beside_a_free_device(self, asker: Owner) -> None:
        for lock in asker.locks:
            assert self.holder(lock[-1]), "it asked, so the device went to somebody"

    @invariant()
    def fences_grow_with_every_new_holder(self) -> None:
        for device in DEVICES:
            now = self.holder(device)
            if now and now != self.holders.get(device):
                assert now[1] > self.fences[device]
                assert now[0] == self.asker or self.listens(now[0]), "the dead are never handed a device"
                self.fences[device] = now[1]
            self.holders[device] = now
        self.asker = ""

    @invariant()
    def nobody_holds_two_devices_or_waits_while_holding(self) -> None:
        holding = [held[0] for held in map(self.holder, DEVICES) if held]
        assert len(holding) == len(set(holding))
        for device in DEVICES:
            assert not set(holding) & set(line(self.redis, device))

    @invariant()
    def every_waiter_can_be_called(self) -> None:
        for device in DEVICES:
            known = set(self.redis.client.hkeys(f"gpu_lock:here:{device}:parties")) - {"holder", "suspect"}
            assert known == set(line(self.redis, device))


@pytest.fixture
def machine(redis: InspectedRedis) -> type[LockMachine]:
    LockMachine.redis = redis
    return LockMachine


def test_the_lock_keeps_its_promises_in_any_order_of_events(machine: type[LockMachine]) -> None:
    chosen = settings(max_examples=40, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=chosen)
