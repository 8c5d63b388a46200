"""Callback deliveries of a task, and sending one again."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api_gateway.callbacks.outbox import Try, recorded_tries, replay_call
from api_gateway.dependencies import FoundRecord, Held
from api_gateway.gateway import Gateway
from api_gateway.http.problems import error_responses
from common.errors import DeliveryNotFound, InvalidInput, TaskNotFound
from common.state import keys
from common.state.client import translate_errors
from common.state.messages import Message
from common.state.record import Record

router = APIRouter(tags=["callbacks"])


class Delivery(Try):
    """One try, numbered from 1."""

    n: int


class Ledger(BaseModel):
    """Every try of the task's callbacks, oldest first."""

    task_id: str
    deliveries: list[Delivery]


@router.get(
    "/tasks/{task_id}/deliveries", summary="Callback ledger", responses=error_responses(TaskNotFound, InvalidInput)
)
async def ledger(record: FoundRecord, gateway: Held) -> Ledger:
    return Ledger(task_id=record.context.task_id, deliveries=await tries(gateway, record.context.task_id))


@router.post(
    "/tasks/{task_id}/deliveries/{n}/replay",
    summary="Send a callback again",
    status_code=202,
    responses=error_responses(TaskNotFound, DeliveryNotFound, InvalidInput),
)
async def replay(record: FoundRecord, gateway: Held, n: Annotated[int, Path(ge=1, le=10**9)]) -> Delivery:
    """Put the message of delivery `n` on the outbox again: same webhook-id, same body, a new series of tries."""
    found = [delivery for delivery in await tries(gateway, record.context.task_id) if delivery.n == n]
    message = await message_of(gateway, record, found[0].message_id) if found else None
    if message is None or not await gateway.redis.commit(replay_call(message)):
        raise DeliveryNotFound(task_id=record.context.task_id)
    return found[0]


async def message_of(gateway: Gateway, record: Record, message_id: str) -> Message | None:
    """Return a message with the task's target: its own copy loses the secrets after the last try."""
    with translate_errors():
        kept = await gateway.redis.client.hget(keys.message(message_id), "message")
    if kept is None or record.control.target is None:
        return None
    return Message.unpack(kept).model_copy(update={"target": record.control.target})


async def tries(gateway: Gateway, task_id: str) -> list[Delivery]:
    kept = await gateway.redis.run(recorded_tries(task_id))
    return [Delivery(n=number, **each.model_dump()) for number, each in enumerate(kept, start=1)]
