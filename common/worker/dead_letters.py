"""Dead letters: broker messages that no worker can run, kept for a week for inspection."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from common.clock import utcnow
from common.state import keys
from common.state import work_scripts as scripts
from common.state.keys import Key
from common.state.scripts import ScriptCall

MOST_KEPT = 100
KEPT_FOR = timedelta(days=7)
MOST_CHARACTERS = 2_000
"""Number of characters of a message that are kept."""


class DeadLetter(BaseModel):
    """A message removed from a queue, with the reason. Bytes that are not text are shown as escapes."""

    queue: str
    reason: str
    at: datetime
    message: str


def store_dead_letter(message: bytes, queue: str, reason: str, *, listed_in: str | None = None) -> ScriptCall[bool]:
    """Store a message as a dead letter; if it is still in a broker list, remove it there."""
    shown = message.decode(errors="backslashreplace")[:MOST_CHARACTERS]
    letter = DeadLetter(queue=queue, reason=reason, at=utcnow(), message=shown)
    return scripts.store_letter(
        letters=keys.DEAD_LETTERS,
        listed_in=Key(listed_in) if listed_in else None,
        letter=letter.model_dump_json(),
        most_kept=MOST_KEPT,
        ttl_s=int(KEPT_FOR.total_seconds()),
        message=message,
    ).then(bool)
