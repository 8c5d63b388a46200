"""Stages run side by side, never far apart, and end together."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from common.errors import Cancelled
from services.dual_stream.pipeline import QUEUE_BOUND, FailureSignal, Stopped, run
from tests.support.waiting import wait_until
from tests.unit.dual_stream.virtual_time import Fast, Last, seconds_for

COST = st.floats(0.01, 20)


@given(fast=COST, slow=COST, count=st.integers(1, 60))
def test_the_stages_overlap(fast: float, slow: float, count: int) -> None:
    took, _, _ = seconds_for(count, Fast=fast, Slow=slow, Last=0.01 * min(fast, slow))
    first_chunk = fast + slow
    assert took <= 1.1 * count * max(fast, slow) + first_chunk


@given(fast=COST, slow=COST, last=COST, count=st.integers(0, 40))
def test_every_item_passes_every_stage_once_and_in_order(fast: float, slow: float, last: float, count: int) -> None:
    _, middle, end = seconds_for(count, Fast=fast, Slow=slow, Last=last)
    assert middle.done == end.done == list(range(count))


@pytest.mark.parametrize("times_slower", [1, 20, 1000])
def test_the_fast_stage_is_never_further_ahead_than_the_queue_is_long(times_slower: int) -> None:
    _, slow, _ = seconds_for(50, Fast=0.1, Slow=0.1 * times_slower, Last=0.001)
    assert max(slow.ahead) <= QUEUE_BOUND
    if times_slower > 1:
        assert max(slow.ahead) == QUEUE_BOUND, "and it uses the queue"


class Threads:
    """Which thread each part of a stage ran in."""

    def __init__(self) -> None:
        self.worked: set[int] = set()
        self.rested: list[int] = []


class Noted(Last):
    """A stage that notes its threads, and may fail."""

    def __init__(self, fail_at: int | None = None, error: Exception | None = None) -> None:
        super().__init__()
        self.threads = Threads()
        self.fail_at = fail_at
        self.error = error

    @override
    def process(self, item: int) -> None:
        self.threads.worked.add(threading.get_ident())
        if item == self.fail_at and self.error:
            raise self.error
        super().process(item)

    @override
    def rest(self) -> None:
        self.threads.rested.append(threading.get_ident())


def test_a_stage_works_and_lets_go_in_one_thread_off_the_loop() -> None:
    slow, last = Noted(), Noted()
    run(Fast(20), slow, last, stop=FailureSignal())
    for stage in (slow, last):
        assert len(stage.threads.worked) == 1
        assert set(stage.threads.rested) == stage.threads.worked
    assert slow.threads.worked != last.threads.worked
    assert threading.get_ident() not in slow.threads.worked


def test_a_stage_that_has_nothing_to_do_lets_go() -> None:
    """The card is not held while the fast stage is the slower one."""
    made, rests = threading.Event(), Noted()

    class Late(Fast):
        @override
        def items(self) -> Iterator[int]:
            yield 0
            made.wait(60)
            yield 1

    waiting = threading.Thread(target=run, args=(Late(2), rests, Last()), kwargs={"stop": FailureSignal()})
    waiting.start()
    wait_until(lambda: rests.threads.rested)
    assert rests.done == [0]
    made.set()
    waiting.join(60)
    assert rests.done == [0, 1]


class Failing(Fast):
    @override
    def items(self) -> Iterator[int]:
        yield from range(3)
        raise OSError("the drive is gone")


def pipeline_threads() -> list[str]:
    names = ("Fast", "Failing", "Noted", "Last", "Waiting")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]


@pytest.mark.parametrize("failing", ["fast", "slow", "last"])
def test_one_failure_ends_all_stages_and_surfaces_as_itself(failing: str) -> None:
    error = OSError("the drive is gone")
    slow = Noted(4, error if failing == "slow" else None)
    last = Noted(2, error if failing == "last" else None)
    with pytest.raises(OSError, match="the drive is gone"):
        run(Failing(0) if failing == "fast" else Fast(1_000), slow, last, stop=FailureSignal())
    assert slow.threads.rested, "what was held is let go of"
    assert pipeline_threads() == []


def test_a_stage_that_waits_for_the_card_hears_that_another_has_failed() -> None:
    stop, held = FailureSignal(), threading.Event()

    class Waiting(Noted):
        @override
        def process(self, item: int) -> None:
            held.set()
            wait_until(stop.check, timeout=60)

    class FailsLater(Fast):
        @override
        def items(self) -> Iterator[int]:
            yield 0
            held.wait(60)
            raise OSError("the drive is gone")

    waiting = Waiting()
    with pytest.raises(OSError, match="the drive is gone"):
        run(FailsLater(0), waiting, Last(), stop=stop)
    assert waiting.threads.rested


def test_a_cancel_heard_by_any_stage_is_a_cancel_of_the_task() -> None:
    with pytest.raises(Cancelled):
        run(Fast(1_000), Noted(7, Cancelled()), Last(), stop=FailureSignal())


def test_a_failure_of_the_letting_go_is_not_lost() -> None:
    class Clinging(Last):
        @override
        def rest(self) -> None:
            raise OSError("it cannot be released")

    with pytest.raises(OSError, match="it cannot be released"):
        run(Fast(3), Clinging(), stop=FailureSignal())


def test_who_is_stopped_is_not_the_cause() -> None:
    stop = FailureSignal()
    with pytest.raises(OSError, match="first"), stop.at_failure():
        raise OSError("first")
    with pytest.raises(Stopped):
        stop.check()
    with pytest.raises(Stopped), stop.at_failure():
        stop.check()
    assert isinstance(stop.cause, OSError)


def test_the_clock_of_these_tests_jumps_as_it_should() -> None:
    took, _, _ = seconds_for(10, Fast=1, Slow=3, Last=0)
    assert took == pytest.approx(31), "one after the other it would be 40"


def test_a_time_limit_that_strikes_the_main_thread_ends_all_stages() -> None:
    """As Celery's soft limit does: an exception out of a signal handler, wherever the loop is."""
    stop, held = FailureSignal(), threading.Event()

    class Waiting(Noted):
        @override
        def process(self, item: int) -> None:
            held.set()
            wait_until(stop.check, timeout=60)

    def strike() -> None:
        held.wait(60)
        os.kill(os.getpid(), signal.SIGUSR2)

    def limit(_number: int, _frame: object) -> None:
        raise SoftTimeLimitExceeded

    before, waiting = signal.signal(signal.SIGUSR2, limit), Waiting()
    try:
        threading.Thread(target=strike).start()
        with pytest.raises(SoftTimeLimitExceeded):
            run(Fast(100), waiting, Last(), stop=stop)
    finally:
        signal.signal(signal.SIGUSR2, before)
    wait_until(lambda: waiting.threads.rested and not pipeline_threads())
