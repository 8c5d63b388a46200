"""The wish that a task may end comes by signal, at any moment. It never costs an attempt or a result."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from typing_extensions import override

from common.state.client import SyncRedis
from common.state.context import Status
from common.state.record import Record
from common.state.scripts import ScriptCall, script
from common.worker.app import WorkerApp, create_worker
from common.worker.job import Job
from common.worker.soft_limit import SoftLimit
from services import settings
from tests.support.delivery import record, run, submit
from tests.support.redis_server import RedisServer
from tests.support.testing_service import EchoInput, EchoOutput

T = TypeVar("T")


class Interrupted(SyncRedis):
    """Raises the signal in this process just before and just after one kind of call."""

    at = ""

    @override
    def run(self, call: ScriptCall[T]) -> T:
        struck = bool(self.at) and call.script == script(self.at)
        if struck:
            signal.raise_signal(signal.SIGUSR1)
        answer = super().run(call)
        if struck:
            signal.raise_signal(signal.SIGUSR1)
        return answer


@pytest.fixture
def worker(redis: SyncRedis, redis_server: RedisServer, tmp_path: Path) -> Iterator[WorkerApp]:
    """A worker's app in this process, whose Redis can be struck."""
    before = signal.getsignal(signal.SIGUSR1)
    share = {"share": str(tmp_path), "min_free_bytes": 0}
    app = create_worker(settings(redis={"url": redis_server.url}, storage=share), "testing")
    app.process.redis = Interrupted(app.settings.redis)
    yield app
    app.process.redis.close()
    signal.signal(signal.SIGUSR1, before)


def deliver(app: WorkerApp, name: str, *, at: str, **given: Any) -> Record:
    """Run a delivery, struck at one kind of call, and return what is on record then."""
    context = submit(app, name, **given)
    struck: Any = app.process.redis
    struck.at = at
    app.tasks[name](context)
    struck.at = ""
    return record(app)


def test_in_the_claim_it_waits_for_the_function(worker: WorkerApp) -> None:
    found = deliver(worker, "testing.echo", at="claim", text="never said")
    assert (found.context.status, found.control.attempt) == (Status.FAILED, 1)
    assert found.context.error
    assert found.context.error.code == "time_limit"


def test_at_the_end_the_result_is_written(worker: WorkerApp) -> None:
    found = deliver(worker, "testing.echo", at="finish", text="said")
    assert found.context.status is Status.SUCCESS
    assert found.context.stage.output == {"text": "said"}


def test_at_the_end_of_a_failure_its_own_error_is_written(worker: WorkerApp) -> None:
    found = deliver(worker, "testing.fail", at="finish", kind="input")
    assert found.context.error
    assert found.context.error.code == "invalid_input"


def test_at_the_giving_back_another_attempt_is_given(worker: WorkerApp) -> None:
    found = deliver(worker, "testing.fail", at="requeue")
    assert (found.context.status, found.control.attempt) == (Status.PENDING, 1)


def test_in_the_function_it_is_raised_once_and_not_in_what_that_leads_to(worker: WorkerApp) -> None:
    steps: list[str] = []

    def work(_params: EchoInput, _job: Job) -> EchoOutput:
        try:
            signal.raise_signal(signal.SIGUSR1)
            steps.append("went on")
        finally:
            signal.raise_signal(signal.SIGUSR1)
            steps.append("tidied up")
        return EchoOutput(text="")

    worker.process.soft_limit.begin()
    error = run(worker, work).error
    assert error
    assert error.code == "time_limit"
    assert steps == ["tidied up"]


def fail_in_poll(limit: SoftLimit, *, asked: bool) -> None:
    """Fail in a polled block, where the wish may have come in the meantime."""
    with limit.poll():
        if asked:
            signal.raise_signal(signal.SIGUSR1)
        raise ConnectionError


def test_a_wish_after_a_polled_block_that_failed_is_heard(worker: WorkerApp) -> None:
    limit = worker.process.soft_limit
    limit.begin()
    with limit:
        with pytest.raises(ConnectionError):
            fail_in_poll(limit, asked=False)
        with pytest.raises(SoftTimeLimitExceeded):
            signal.raise_signal(signal.SIGUSR1)


def test_a_wish_in_a_polled_block_that_fails_is_heard_at_its_end(worker: WorkerApp) -> None:
    limit = worker.process.soft_limit
    limit.begin()
    with pytest.raises(SoftTimeLimitExceeded), limit:
        fail_in_poll(limit, asked=True)


def test_a_wish_for_one_task_does_not_end_the_next(worker: WorkerApp) -> None:
    worker.process.soft_limit.begin()
    signal.raise_signal(signal.SIGUSR1)
    assert deliver(worker, "testing.echo", at="", text="said").context.status is Status.SUCCESS
