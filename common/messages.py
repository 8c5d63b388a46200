"""The message of a callback (Standard Webhooks): written with the final state, delivered by the gateway."""

from hashlib import sha256

from pydantic import BaseModel
from pydantic_core import to_json

from common.clock import utcnow
from common.context import Status, WorkflowContext
from common.record import Callback, Record

TYPES = {Status.SUCCESS: "task.completed", Status.FAILED: "task.failed", Status.CANCELLED: "task.cancelled"}


class Message(BaseModel):
    """What is posted, and where. The id and the body stay the same over all tries."""

    id: str
    task_id: str
    target: Callback
    type: str
    body: str


def message_for(record: Record, context: WorkflowContext) -> Message | None:
    """Return the message for this end of the task, or None when nobody asked for it."""
    target, kind = record.control.target, TYPES[context.status]
    if not target or (target.events is not None and kind not in target.events):
        return None
    flat = {"task_id": context.task_id, "status": context.status, "result": context.stage.output}
    body = to_json({"type": kind, "timestamp": utcnow(), "data": context, **flat}).decode()
    return Message(id=message_id(record), task_id=context.task_id, target=target, type=kind, body=body)


def message_id(record: Record) -> str:
    """Return the same id for the same end of the same task; a task_id that was deleted and used again gets another."""
    control = record.control
    end = f"{record.context.task_id} {control.created_us} {control.fence}"
    return f"msg_{sha256(end.encode()).hexdigest()[:32]}"
