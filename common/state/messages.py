"""Callback messages (Standard Webhooks): written together with the final state, delivered by the gateway."""

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any, Self
from zlib import compress, decompress

from pydantic import BaseModel

from common.clock import utcnow
from common.state import javascript_json
from common.state.context import Status, WorkflowContext
from common.state.record import Callback, Record

TYPES = {Status.SUCCESS: "task.completed", Status.FAILED: "task.failed", Status.CANCELLED: "task.cancelled"}
LINKED = ("status", "result", "events", "deliveries")


class Message(BaseModel):
    """A callback message and its target. The id and the body are the same in all tries."""

    id: str
    task_id: str
    target: Callback
    type: str
    body: str

    def pack(self) -> str:
        """Return the message compressed, as it is stored after the last try."""
        return b64encode(compress(self.model_dump_json().encode())).decode()

    @classmethod
    def unpack(cls, kept: str) -> Self:
        """Parse a message, compressed or plain JSON."""
        return cls.model_validate_json(kept if kept.startswith("{") else decompress(b64decode(kept)))


def message_for(record: Record, context: WorkflowContext) -> Message | None:
    """Return the message for this end of the task, or None if no callback was requested."""
    target, kind = record.control.target, TYPES[context.status]
    if not target or (target.events is not None and kind not in target.events):
        return None
    body = javascript_json.dumps(body_of(context, target, kind))
    return Message(id=message_id(record), task_id=context.task_id, target=target, type=kind, body=body)


def body_of(context: WorkflowContext, target: Callback, kind: str) -> dict[str, Any]:
    """Return the body; a thin one identifies the task and its end, without input and output."""
    whole = context.model_dump(mode="json")
    short = {name: whole[name] for name in ("task_id", "task_name", "status")}
    error = {"error": whole["error"]} if context.error else {}  # n8n treats `"error": null` as a failure
    output = whole["stages"][context.task_name]["output"]
    return {
        "type": kind,
        "timestamp": utcnow().isoformat().replace("+00:00", "Z"),
        "data": short if target.thin else whole,
        "task_id": context.task_id,
        "status": whole["status"],
        **({} if target.thin else {"result": output, "output": output}),
        **error,
        "metadata": context.input_params.metadata or {},
        "links": links(context.task_id, target.base_url),
    }


def links(task_id: str, base_url: str) -> dict[str, str]:
    """Return URLs of further information; relative unless the gateway knows its public URL."""
    task = f"{base_url}/v1/tasks/{task_id}"
    return {"self": task, **{part: f"{task}/{part}" for part in LINKED}}


def message_id(record: Record) -> str:
    """Return the message id: the same for the same end of the same task, another if a deleted task_id is reused."""
    return message_id_at(record, record.control.fence)


def message_id_at(record: Record, fence: int) -> str:
    end = f"{record.context.task_id} {record.control.created_us} {fence}"
    return f"msg_{sha256(end.encode()).hexdigest()[:32]}"


def message_ids(record: Record) -> list[str]:
    """Return the ids of all messages the task may have: one for each fence since its creation."""
    if not record.control.callback:
        return []
    return [message_id_at(record, fence) for fence in range(record.control.created_us, record.control.fence + 1)]
