"""Endless background loops of a gateway process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from api_gateway.runtime.cancellation import cancel_and_wait

PAUSE_S = 5.0
log = structlog.get_logger()


class Loop(Protocol):
    """Runs until it is cancelled. If run again, it continues with the state it holds."""

    async def run(self) -> None: ...


class Loops:
    """Keeps the loops running. A loop that fails is restarted after a pause: otherwise its work would end for good."""

    def __init__(self, loops: Sequence[Loop], pause_s: float = PAUSE_S) -> None:
        self.loops = loops
        self.pause_s = pause_s
        self.failed: set[str] = set()
        """Names of loops that failed and have not been restarted yet; readiness reports them."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them until the end of the block."""
        tasks = [asyncio.create_task(self.keep(loop), name=type(loop).__name__) for loop in self.loops]
        try:
            yield
        finally:
            await cancel_and_wait(*tasks)

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
