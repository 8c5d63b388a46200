"""Keep forks and threads apart: a fork waits until no other thread of this process is working.

A forked child inherits every lock that a thread of its parent holds at that moment, and nothing releases it there: a
child forked while the watchdog imports a module waits for the import lock forever. So a thread in a forking process
works inside `no_fork()`, and a fork waits for the end of such a block.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock

WORKING = RLock()


@contextmanager
def no_fork() -> Iterator[None]:
    """Prevent this process from forking while the block runs; wait for a fork that has started."""
    hold_forks()
    with WORKING:
        yield


@cache
def hold_forks() -> None:
    """Make every `os.fork` of this process wait for `WORKING`. The child inherits it locked, and releases it."""
    os.register_at_fork(before=WORKING.acquire, after_in_parent=WORKING.release, after_in_child=WORKING.release)
