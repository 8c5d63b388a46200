"""Background work that no request waits for. It never delays its starter, and ends with the gateway."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from api_gateway.runtime.cancellation import cancel_and_wait


class Background:
    """Keeps references to its tasks, so that none is lost; more than `most` at a time are refused."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Start the work; returns False if there is too much already."""
        if len(self.tasks) >= self.most:
            work.close()
            return False
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return True

    async def close(self) -> None:
        await cancel_and_wait(*self.tasks)
