"""Dead letters: messages of the broker that no worker can run, kept for a week where an operator sees them."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from common.clock import utcnow
from common.state import keys
from common.state.client import Call, script

MOST_KEPT = 100
KEPT_FOR = timedelta(days=7)
MOST_CHARACTERS = 2_000
"""Of a message that are kept."""


class DeadLetter(BaseModel):
    """A message that was taken out of a queue, and why. Bytes that are no text are shown as escapes."""

    queue: str
    reason: str
    at: datetime
    message: str


def bury(message: bytes, queue: str, reason: str, *, listed_in: str | None = None) -> Call[bool]:
    """Keep a message among the dead letters; if it is still in a list of the broker, remove it there."""
    shown = message.decode(errors="backslashreplace")[:MOST_CHARACTERS]
    letter = DeadLetter(queue=queue, reason=reason, at=utcnow(), message=shown)
    lists = [keys.DEAD_LETTERS, *([listed_in] if listed_in else [])]
    ttl_s = int(KEPT_FOR.total_seconds())
    return Call(script("bury"), lists, [letter.model_dump_json(), MOST_KEPT, ttl_s, message], bool)
