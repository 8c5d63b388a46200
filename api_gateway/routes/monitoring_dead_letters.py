"""Dead letters: messages that were removed from the broker's queues because no worker can run them."""

from fastapi import APIRouter
from pydantic import BaseModel

from api_gateway.dependencies import Held
from common.state import keys
from common.state.client import translate_errors
from common.worker.dead_letters import DeadLetter

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


class DeadLetters(BaseModel):
    """The latest hundred within a week, newest first."""

    dead_letters: list[DeadLetter]


@router.get("/dead-letters", summary="Broker messages that no worker can run")
async def dead_letters(gateway: Held) -> DeadLetters:
    return DeadLetters(dead_letters=await gateway.system.dead_letters())


@router.delete("/dead-letters", summary="Remove the dead letters", status_code=204)
async def remove_dead_letters(gateway: Held) -> None:
    with translate_errors():
        await gateway.redis.client.delete(keys.DEAD_LETTERS)
