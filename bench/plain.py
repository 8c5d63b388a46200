"""The plain way: a `def` route that checks the same input and calls `task.delay()`. `python -m bench.plain PORT`.

Its worker is Celery's own: `celery --app bench.plain worker --concurrency 1`.
"""

import sys
from functools import cache

import uvicorn
from celery import Celery
from fastapi import FastAPI
from pydantic import BaseModel

from bench.ours import NoopInput, tell_end
from common.state.client import SyncRedis
from services import settings

QUEUE = "plain"
configured = settings()
url = configured.redis.url.get_secret_value()
celery = Celery("plain", broker=url, backend=url)
celery.conf.update(task_default_queue=QUEUE, task_ignore_result=True, result_expires=3600)
app = FastAPI()


class Posted(BaseModel):
    input_data: NoopInput


@cache
def redis() -> SyncRedis:
    """Return this process's client. A worker's child creates its own, because the parent never calls this."""
    return SyncRedis(configured.redis)


@celery.task(name="plain.noop")  # type: ignore[untyped-decorator]  # celery has no types
def noop(params: dict[str, object]) -> dict[str, str]:
    checked = NoopInput.model_validate(params)
    tell_end(redis())
    return {"text": checked.text}


@celery.task(name="plain.kept", ignore_result=False)  # type: ignore[untyped-decorator]  # celery has no types
def keep_result(params: dict[str, object]) -> dict[str, str]:
    """Do the same and keep the result, so that a client can wait for it."""
    checked = NoopInput.model_validate(params)
    tell_end(redis())
    return {"text": checked.text}


@app.post("/tasks", status_code=202)
def submit(body: Posted) -> dict[str, str]:
    return {"task_id": noop.delay(body.input_data.model_dump(mode="json")).id}


@app.post("/kept", status_code=202)
def submit_kept(body: Posted) -> dict[str, str]:
    return {"task_id": keep_result.delay(body.input_data.model_dump(mode="json")).id}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
