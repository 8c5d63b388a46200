"""Forks wait until no other thread of this process works.

A forked child inherits every lock that a thread of its parent holds at that moment, and nobody releases them there: a
child forked while the watchdog imports a module waits for the import lock without end. So a thread that works in a
process which forks does so in `no_fork()`, and a fork waits for the end of such a block.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock

WORKING = RLock()


@contextmanager
def no_fork() -> Iterator[None]:
    """Keep this process from forking for as long as the block runs; wait for a fork that has begun."""
    hold_forks()
    with WORKING:
        yield


@cache
def hold_forks() -> None:
    """Have every `os.fork` of this process wait for `WORKING`. A child is forked holding it, and releases it."""
    os.register_at_fork(before=WORKING.acquire, after_in_parent=WORKING.release, after_in_child=WORKING.release)
