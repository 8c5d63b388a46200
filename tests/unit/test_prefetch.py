"""Stages work ahead as far as their queue allows, and end together."""

from collections.abc import Iterator
from contextlib import closing
from threading import Event
from threading import enumerate as threads

import pytest

from common.prefetch import prefetch
from tests.support.waiting import wait_until


def test_items_come_in_order_from_a_stage_of_a_stage() -> None:
    doubled = (2 * item for item in prefetch(range(100), depth=3, name="first"))
    assert list(prefetch(doubled, depth=3, name="second")) == list(range(0, 200, 2))


def test_a_stage_runs_ahead_only_as_far_as_its_queue() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with closing(prefetch(items(), depth=4, name="bounded")) as coming:
        assert next(coming) == 0
        wait_until(lambda: len(made) == 5)  # one is in use, four are ahead
        assert next(coming) == 1
        wait_until(lambda: len(made) == 6)


def test_an_error_in_a_stage_comes_out_at_the_end_of_the_line() -> None:
    def yield_then_fail() -> Iterator[int]:
        yield 1
        raise ValueError("broken film")

    coming = prefetch(prefetch(yield_then_fail(), depth=2, name="first"), depth=2, name="second")
    assert next(coming) == 1
    with pytest.raises(ValueError, match="broken film"):
        next(coming)


def test_closing_the_last_stage_ends_all_threads() -> None:
    let_go = Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            let_go.set()

    coming = prefetch(prefetch(endless(), depth=2, name="stage-first"), depth=2, name="stage-second")
    next(coming)
    coming.close()
    assert let_go.is_set()
    wait_until(lambda: not [thread for thread in threads() if thread.name.startswith("stage-")])
