"""Rate limit of a provider's requests per minute, over all tasks of this process."""

import asyncio
from functools import cache
from time import monotonic

MINUTE_S = 60.0


class RateLimiter:
    """The time from which the next request may be sent."""

    def __init__(self) -> None:
        self.next_at = 0.0

    async def wait(self, per_minute: int) -> None:
        """Wait for the next slot. A cancelled caller does not use up a slot."""
        while (wait := self.next_at - monotonic()) > 0:  # noqa: ASYNC110 - for a moment, not for an event
            await asyncio.sleep(wait)
        self.next_at = monotonic() + MINUTE_S / per_minute


@cache
def limiter_of(provider: str) -> RateLimiter:
    """Return the limiter of a provider, which outlives the tasks."""
    del provider
    return RateLimiter()
