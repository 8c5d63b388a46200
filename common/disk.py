"""A full disk is told as what it is."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import StorageFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def full_disk_is_storage_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise
