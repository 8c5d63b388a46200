"""Share is away for a while, as a network folder is: tasks wait for it, and no attempt is used up."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from common.errors import FileMissing
from common.state.client import SyncRedis
from common.state.context import Status
from common.worker.app import WorkerApp, create_worker
from common.worker.job import Job
from services import settings
from tests.support.delivery import record, run
from tests.support.redis_server import RedisServer
from tests.support.stack import Stack
from tests.support.testing_service import EchoInput, EchoOutput
from tests.support.waiting import wait_until


class Share:
    """A folder that can be taken away; an empty one is left in its place, as by a mount that is gone."""

    def __init__(self, folder: Path, *, leaves_mount_point: bool) -> None:
        self.folder = folder
        self.elsewhere = folder.with_name(f"{folder.name}-elsewhere")
        self.leaves_mount_point = leaves_mount_point

    def leave(self) -> None:
        self.folder.rename(self.elsewhere)
        if self.leaves_mount_point:
            self.folder.mkdir()

    def come_back(self) -> None:
        if self.leaves_mount_point:
            self.folder.rmdir()  # fails if anything was written into the mount point
        self.elsewhere.rename(self.folder)


@pytest.fixture(params=[True, False], ids=["mount point left", "all gone"])
def leaves_mount_point(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def app(redis: SyncRedis, redis_server: RedisServer, tmp_path: Path) -> Iterator[WorkerApp]:
    share = {"share": str(tmp_path / "share"), "min_free_bytes": 0}
    own = create_worker(settings(redis={"url": redis_server.url}, storage=share), "testing")
    with closing(own.process.redis):
        yield own


def costs_nothing(app: WorkerApp) -> bool:
    control = record(app).control
    return (control.status, control.attempts_left, control.interruptions) == (Status.PENDING, True, 0) and (
        control.attempt_limit == app.process.settings.tasks.max_attempts + 1
    )


def use_a_file(_params: EchoInput, job: Job) -> EchoOutput:
    raise FileMissing(job.process.storage.find("film.mp4").name)


def publish_a_file(_params: EchoInput, job: Job) -> EchoOutput:
    return EchoOutput(text=job.publish_text("note.txt", "text").path)


def use_a_library(_params: EchoInput, job: Job) -> EchoOutput:
    return EchoOutput(text=(job.process.storage.root / "film.mp4").read_text())


@pytest.mark.parametrize("work", [use_a_file, publish_a_file, use_a_library])
def test_what_fails_because_share_is_away_is_tried_again_for_nothing(
    app: WorkerApp, leaves_mount_point: bool, work: Callable[[EchoInput, Job], EchoOutput]
) -> None:
    share = Share(app.process.storage.root, leaves_mount_point=leaves_mount_point)

    def cut_off(params: EchoInput, job: Job) -> EchoOutput:
        share.leave()
        return work(params, job)

    run(app, cut_off)
    assert costs_nothing(app)
    share.come_back()


@pytest.mark.parametrize("number", [errno.ESTALE, errno.ENOTCONN, errno.EIO])
def test_an_error_of_the_network_under_share_is_an_interruption(app: WorkerApp, number: int) -> None:
    def stale(_params: EchoInput, _job: Job) -> EchoOutput:
        raise OSError(number, os.strerror(number))

    run(app, stale)
    assert (record(app).control.status, record(app).control.interruptions) == (Status.PENDING, 1)


def test_a_file_that_is_missing_in_a_share_that_is_there_is_final(app: WorkerApp) -> None:
    assert run(app, use_a_file).status is Status.FAILED


def test_tasks_wait_while_share_is_away_and_requests_say_so(stack: Stack, leaves_mount_point: bool) -> None:
    stack.gateway()
    stack.worker()
    (stack.share / "film.mp4").write_bytes(b"film")
    share = Share(stack.share, leaves_mount_point=leaves_mount_point)
    share.leave()
    waiting = stack.submit("testing.echo")
    wait_until(lambda: "delivery_postponed" in stack.read_log("worker"))
    answer = stack.http.get("/v1/files/film.mp4")
    assert (answer.status_code, answer.json()["code"]) == (503, "share_unavailable")
    share.come_back()
    context = stack.wait_for(waiting)
    assert (context["status"], context["stages"]["testing.echo"]["attempt"]) == ("SUCCESS", 1)
