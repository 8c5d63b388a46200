"""The watchdog looks at its worker from the first moment on."""

from types import SimpleNamespace

from celery.concurrency.prefork import TaskPool

from common.worker.watchdog import Watchdog


def test_a_pool_that_has_not_started_yet_has_no_children() -> None:
    worker = SimpleNamespace(app=None, pool=TaskPool(1))
    assert Watchdog(worker).children() == []


def test_a_process_that_is_just_being_started_is_no_child_yet() -> None:
    starting = SimpleNamespace(active=True, info={"processes": [7, None]})  # billiard lists it before it forks
    assert Watchdog(SimpleNamespace(app=None, pool=starting)).children() == [7]
