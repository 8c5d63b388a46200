"""Errors of requests that wait for a task, and the error that ended a task."""

from common import errors
from common.errors import BatonError, ErrorRecord
from common.models import errors as model_errors
from services.faster_whisper import errors as whisper_errors

KINDS = {
    kind.code: kind
    for module in (errors, model_errors, whisper_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, BatonError)
}


class MissingParameter(BatonError):
    """A required parameter is missing."""

    code = "missing_required_parameter"
    status = 400


class StillRunning(BatonError):
    """The task takes longer than the client, `gateway.openai_answer_within`, `gateway.openai_wait` or
    `gateway.whisper_asr_wait` allows. It continues: `GET /v1/tasks/{id}`.
    """

    code = "still_running"
    status = 504


def error_of_task(record: ErrorRecord, task_id: str) -> BatonError:
    """Return the error that ended a task."""
    return KINDS.get(record.code, BatonError)(record.message, **{**record.detail, "task_id": task_id})
