"""A full disk, and one that is away, are told as what they are."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import StorageFull

AWAY = frozenset({errno.ESTALE, errno.ENOTCONN, errno.EIO, errno.ENODEV, errno.EHOSTDOWN, errno.ETIMEDOUT})
"""What a network folder answers while its server or its mount is gone."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def full_disk_is_storage_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise
