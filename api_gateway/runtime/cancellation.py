"""Cancel asyncio tasks reliably."""

import asyncio
from typing import Any

CANCEL_AGAIN_S = 0.1


async def cancel_and_wait(*tasks: asyncio.Future[Any]) -> None:
    """Cancel the tasks repeatedly until they have ended: on Python 3.11 redis-py loses a cancellation during a write.

    If the caller is cancelled meanwhile, the tasks are ended first. Source:
    https://github.com/python/cpython/issues/86296, about `asyncio.wait_for`.
    """
    cancelled = None
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        try:
            await asyncio.wait(going, timeout=CANCEL_AGAIN_S)
        except asyncio.CancelledError as error:
            cancelled = error
    await asyncio.gather(*tasks, return_exceptions=True)
    if cancelled:
        raise cancelled
