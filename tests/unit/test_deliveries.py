"""What the watchdog's thread reads of Celery's state, while the main thread changes it."""

import sys
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from celery.worker import state as celery_state

from common.worker.deliveries import deliveries

LOOKS = 20_000
OTHERS = 10


class Delivery:
    """Stands in the set as a request does."""


@pytest.fixture
def traffic() -> Iterator[Delivery]:
    """One long delivery, and others that come and go all the time."""
    long, ended = Delivery(), Event()

    def come_and_go() -> None:
        while not ended.is_set():
            others = [Delivery() for _ in range(OTHERS)]
            for other in others:
                celery_state.reserved_requests.add(other)
            for other in others:
                celery_state.reserved_requests.discard(other)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    celery_state.reserved_requests.add(long)
    thread = Thread(target=come_and_go)
    thread.start()
    yield long
    ended.set()
    thread.join()
    sys.setswitchinterval(before)


def test_each_look_sees_the_long_one_however_many_come_and_go(traffic: Delivery) -> None:
    for _ in range(LOOKS):
        assert traffic in deliveries()
