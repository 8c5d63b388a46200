"""A process as the GPU lock's Lua scripts see it: an open subscription and calls. The test makes each call."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic_core import to_json

from common.gpu import scripts
from common.gpu.lock import AcquireReply, ms, release_call
from common.state import keys
from common.state.keys import Key
from tests.support.inspected_redis import InspectedRedis
from tests.support.waiting import wait_until

HOST = "here"
LEASE = timedelta(seconds=15)
CLAIM = timedelta(seconds=2)


class Owner:
    """A process that acquires at most one lock."""

    def __init__(
        self, redis: InspectedRedis, name: str, devices: Sequence[str] = ("0",), *, head_start_ms: int = 0
    ) -> None:
        self.redis = redis
        self.name = name
        self.locks = [keys.gpu_lock(HOST, device) for device in devices]
        self.channel = f"gpu_lock:wake:{name}"
        self.head_start_ms = head_start_ms
        self.arrival = ""
        self.subscription = redis.client.pubsub()
        self.connect()

    @property
    def listeners(self) -> int:
        found: int = self.redis.client.pubsub_numsub(self.channel)[0][1]
        return found

    def connect(self) -> None:
        self.subscription.subscribe(self.channel)
        wait_until(lambda: self.subscription.get_message(timeout=1))

    def disconnect(self) -> None:
        """Close the connection, as the kernel does when the process dies."""
        self.subscription.close()
        wait_until(lambda: not self.listeners)

    def ask(self, *, grace: timedelta = timedelta(0), lease: timedelta = LEASE) -> AcquireReply:
        party = {"channel": self.channel, "devices": self.locks, "task_id": self.name, "worker": self.name}
        told = to_json({**party, "priority": 5, "owner": self.name})
        call = scripts.acquire(
            locks=self.locks,
            owner=self.name,
            lease_ms=ms(lease),
            claim_ms=ms(CLAIM),
            head_start_ms=self.head_start_ms,
            grace_ms=ms(grace),
            party=told,
            arrival_ms=self.arrival,
        )
        answer = self.redis.run(call.then(AcquireReply.parse))
        self.arrival = answer.arrival or self.arrival
        return answer

    def renew(self, answer: AcquireReply) -> int:
        return self.redis.run(
            scripts.renew(lock=Key(answer.lock), owner=self.name, fence=answer.fence, lease_ms=ms(LEASE))
        )

    def release(self, answer: AcquireReply) -> bool:
        return self.redis.run(release_call(answer.lock, self.name, answer.fence, "released"))

    def give_up(self) -> None:
        self.redis.run(scripts.give_up(locks=self.locks, owner=self.name, claim_ms=ms(CLAIM), reason="gave_up"))

    def take_wakeup(self) -> bool:
        """Return whether a wake-up has arrived, and consume it."""
        messages = []
        while message := self.subscription.get_message(timeout=0.05):
            messages.append(message)
        return any(message["data"] == f"granted {self.name}" for message in messages)


def holder_of(redis: InspectedRedis, device: str = "0") -> tuple[str, int] | None:
    """Return a device's holder and fence."""
    value = redis.client.get(keys.gpu_lock(HOST, device))
    if not value:
        return None
    fence, _, owner = value.partition(" ")
    return owner, int(fence)


def line(redis: InspectedRedis, device: str = "0") -> list[str]:
    """Return the waiters, the next one first."""
    waiting: list[str] = redis.client.zrange(f"{keys.gpu_lock(HOST, device)}:queue", 0, -1)
    return waiting
