"""Model events: one stream for all models, and the progress of each download.

Publishing is not part of a task: it never fails one.
"""

from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import to_json

from common.errors import ErrorRecord, StateUnavailable
from common.state import keys
from common.state.client import SyncRedis, translate_errors

STREAM = "@models"
"""Used in place of a task id in the stream's key; no task can have this id."""
KEPT = 1_000
STREAM_TTL_S = 7 * 24 * 3600
DOWNLOAD_TTL_S = 120
"""A download that has reported nothing for this long is dead. It reports every percent."""

ModelEventKind = Literal["progress", "downloaded", "failed", "loaded", "unloaded"]


class Download(BaseModel):
    """Progress of a download; `processed` and `total` are bytes."""

    percent: int
    processed: int
    total: int
    worker: str
    task_id: str


class ModelEvents:
    """Publishes the model events of a worker process."""

    def __init__(self, redis: SyncRedis) -> None:
        self.redis = redis

    def progress(self, model: str, download: Download) -> None:
        with suppress(StateUnavailable), translate_errors():
            self.redis.client.set(keys.model_download(model), download.model_dump_json(), ex=DOWNLOAD_TTL_S)
        self.publish("progress", model, **download.model_dump())

    def publish_downloaded(self, model: str, task_id: str) -> None:
        self.download_ended(model)
        self.publish("downloaded", model, task_id=task_id)

    def publish_failed(self, model: str, task_id: str, error: ErrorRecord) -> None:
        self.download_ended(model)
        self.publish("failed", model, task_id=task_id, **error.model_dump())

    def download_ended(self, model: str) -> None:
        with suppress(StateUnavailable), translate_errors():
            self.redis.client.delete(keys.model_download(model))

    def publish(self, kind: ModelEventKind, model: str, **data: Any) -> None:
        key = keys.events(STREAM)
        with suppress(StateUnavailable), translate_errors():
            pipe = self.redis.client.pipeline()
            pipe.xadd(key, {"event": kind, "data": to_json({"id": model, **data})}, maxlen=KEPT)
            pipe.expire(key, STREAM_TTL_S)
            pipe.execute()
