"""What an author writes: `@gpu_lock` over a function, and no second lease within it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.gpu.decorator import gpu_lock
from common.worker.app import WorkerApp, create_worker
from common.worker.job import Job
from services import settings
from tests.support.delivery import run
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer
from tests.support.testing_service import EchoInput, EchoOutput

pytestmark = pytest.mark.redis

LOCK = "gpu_lock:box:sim"


@pytest.fixture
def worker(redis: InspectedRedis, redis_server: RedisServer, tmp_path: Path) -> Iterator[WorkerApp]:
    """A worker's app in this process, with a simulated card."""
    share, card = {"share": str(tmp_path), "min_free_bytes": 0}, {"device": "simulated", "host": "box"}
    app = create_worker(settings(redis={"url": redis_server.url}, storage=share, gpu=card), "testing")
    yield app
    app.process.gpu.lock.renewer.close()
    app.process.redis.close()


def test_a_function_under_gpu_lock_holds_the_card_from_its_first_line_to_its_last(
    worker: WorkerApp, redis: InspectedRedis
) -> None:
    @gpu_lock
    def hold(_params: EchoInput, job: Job) -> EchoOutput:
        assert job.leased
        return EchoOutput(text=redis.client.get(LOCK))

    context = run(worker, hold)
    assert context.error is None
    fence, _, owner = context.stage.output["text"].partition(" ")
    assert fence.isdecimal()
    assert owner.startswith(f"{worker.process.name}:")
    assert not redis.client.exists(LOCK)
    assert context.stage.timings.gpu_wait is not None


def test_a_second_lease_within_one_is_refused_and_says_what_to_do(worker: WorkerApp, redis: InspectedRedis) -> None:
    @gpu_lock
    def lease_again(_params: EchoInput, job: Job) -> EchoOutput:
        with job.lease():
            return EchoOutput(text="never")

    error = run(worker, lease_again).error
    assert error
    assert (error.code, error.retryable) == ("nested_gpu_lock", False)
    assert not redis.client.exists(LOCK)
