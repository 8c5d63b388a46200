"""Our side of `bench.core`: a service whose one task does nothing. `python -m bench.ours gateway|worker`."""

import sys
from time import monotonic
from typing import Any

from api_gateway.app import create_app
from api_gateway.http.server import serve as run_gateway
from common import log
from common.contract import Catalog, Contract, TaskInput, TaskOutput
from common.settings import Settings
from common.state.client import SyncRedis
from common.worker.job import Job
from common.worker.task import task
from services import settings
from services.__main__ import work

SERVICE = "bench"
ENDS = "bench:ends"
"""Redis list to which each task pushes the time of its end, on the monotonic clock that all processes share."""


class NoopInput(TaskInput):
    text: str
    count: int = 1
    tags: tuple[str, ...] = ()


class NoopOutput(TaskOutput):
    text: str


NOOP = Contract(f"{SERVICE}.noop", NoopInput, NoopOutput)
BODY = {"text": "some words of a request", "count": 3, "tags": ["a", "b"]}


@task(NOOP)
def noop(params: NoopInput, job: Job) -> NoopOutput:
    tell_end(job.heartbeat.redis)
    return NoopOutput(text=params.text)


def tell_end(redis: SyncRedis) -> None:
    every_command: Any = redis.client  # Baton itself does not use this command
    every_command.rpush(ENDS, monotonic())


def serve(configured: Settings) -> None:
    log.configure(configured.log, service="api_gateway")
    app = create_app(configured, Catalog({NOOP.name: NOOP}))
    run_gateway(app, configured.gateway)


if __name__ == "__main__":
    if sys.argv[1] == "gateway":
        serve(settings())
    else:
        work(settings(), SERVICE)
