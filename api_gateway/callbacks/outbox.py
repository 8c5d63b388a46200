"""The callback outbox: its contents, and the atomic changes to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from api_gateway.callbacks import schedule
from api_gateway.callbacks.encryption import strip_secrets
from common.clock import to_us, utcnow
from common.state import keys
from common.state import work_scripts as scripts
from common.state.messages import Message
from common.state.scripts import ScriptCall

MOST_TRIES_KEPT = 200


class Try(BaseModel):
    """One try at a callback, as it is logged."""

    message_id: str
    type: str
    url: str
    at: datetime
    duration: float
    status_code: int | None = None
    error: str | None = None
    answer: str = ""
    next_try_at: datetime | None = None
    refused_here: Annotated[bool, Field(exclude=True)] = False
    """Nothing was sent: the target is not allowed, or cannot be decrypted."""

    @property
    def answered(self) -> bool | None:
        """Whether the receiver answered; None if no request was sent."""
        return None if self.refused_here else self.status_code is not None

    @property
    def accepted(self) -> bool:
        return self.status_code is not None and schedule.is_accepted(self.status_code)


@dataclass(frozen=True, slots=True)
class Pending:
    """A message and its tries so far."""

    message: Message
    tries: int
    age: timedelta
    """Time since the end of its first try, by Redis's clock."""

    @classmethod
    def parse(cls, fields: Mapping[str, str], now_us: int) -> "Pending":
        age = timedelta(microseconds=now_us - int(fields.get("first_us", now_us)))
        return cls(Message.unpack(fields["message"]), int(fields["tries"]), age)


def settle_call(message: Message, tried: Try, ttl_s: int) -> ScriptCall[int]:
    delay_us = max(0, to_us(tried.next_try_at - utcnow())) if tried.next_try_at else -1
    return scripts.settle(
        outbox=keys.OUTBOX,
        deliveries=keys.deliveries(message.task_id),
        message=keys.message(message.id),
        message_id=message.id,
        tried=tried.model_dump_json(),
        ttl_s=ttl_s,
        delay_us=delay_us,
        most_kept=MOST_TRIES_KEPT,
        packed=without_secrets(message).pack(),
    )


def recorded_tries(task_id: str) -> ScriptCall[list[Try]]:
    return scripts.read_tries(deliveries=keys.deliveries(task_id)).then(
        lambda answer: [Try.model_validate_json(tried) for tried in answer]
    )


def replay_call(message: Message) -> ScriptCall[bool]:
    return scripts.replay(
        outbox=keys.OUTBOX,
        message=keys.message(message.id),
        message_id=message.id,
        message_json=message.model_dump_json(),
    ).then(bool)


def without_secrets(message: Message) -> Message:
    return message.model_copy(update={"target": strip_secrets(message.target)})


def defer_call(message_id: str, delay: timedelta) -> ScriptCall[int | None]:
    """Set another due time. Returns that time in microseconds, or None if the message has left the outbox."""
    return scripts.defer(due=keys.OUTBOX, member=message_id, delay_us=to_us(delay)).then(
        lambda due: int(due) if due else None
    )


def retake_call(message_id: str, due_us: int, lease: timedelta) -> ScriptCall[bool]:
    """Take a message that was deferred to `due_us`, unless another gateway has taken it since."""
    return scripts.retake(due=keys.OUTBOX, member=message_id, due_us=due_us, lease_us=to_us(lease)).then(bool)
