"""No more requests a minute than a provider allows, over all tasks of this process."""

import asyncio
from functools import cache
from time import monotonic

MINUTE_S = 60.0


class Pace:
    """The moment from which one more request may go."""

    def __init__(self) -> None:
        self.next_at = 0.0

    async def turn(self, per_minute: int) -> None:
        """Wait for it. Who is cancelled meanwhile has taken nobody's turn."""
        while (wait := self.next_at - monotonic()) > 0:  # noqa: ASYNC110 - for a moment, not for an event
            await asyncio.sleep(wait)
        self.next_at = monotonic() + MINUTE_S / per_minute


@cache
def pace_of(provider: str) -> Pace:
    """Return the one of a provider, which outlives the tasks."""
    del provider
    return Pace()
