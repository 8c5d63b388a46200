"""Work that nobody waits for. It never delays who started it, and ends with the gateway."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from api_gateway.runtime.cancellation import end


class Background:
    """Holds its tasks, so that none is lost half done; more than `most` at a time are refused."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Begin the work; False when there is too much of it already."""
        if len(self.tasks) >= self.most:
            work.close()
            return False
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return True

    async def close(self) -> None:
        await end(*self.tasks)
