"""What a gateway process does without end, beside its requests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from api_gateway.runtime.cancellation import end

PAUSE_S = 5.0
log = structlog.get_logger()


class Loop(Protocol):
    """Something that runs until it is cancelled. Run again, it goes on with what it holds."""

    async def run(self) -> None: ...


class Loops:
    """Keeps them running. One that meets a bug is begun again after a pause: else its work would end for good."""

    def __init__(self, loops: Sequence[Loop], pause_s: float = PAUSE_S) -> None:
        self.loops = loops
        self.pause_s = pause_s
        self.failed: set[str] = set()
        """The names of those that failed and have not begun again yet; readiness tells them."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them until the end of the block."""
        tasks = [asyncio.create_task(self.keep(loop), name=type(loop).__name__) for loop in self.loops]
        try:
            yield
        finally:
            await end(*tasks)

    async def keep(self, loop: Loop) -> None:
        name = type(loop).__name__
        while True:
            try:
                await loop.run()
            except Exception as error:  # any bug at all
                log.critical("loop_failed", loop=name, again_in_s=self.pause_s, exc_info=error)
            self.failed.add(name)
            await asyncio.sleep(self.pause_s)
            self.failed.discard(name)
