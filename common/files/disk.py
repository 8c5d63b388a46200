"""Translate disk errors: a full disk, and a share that is unavailable."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import StorageFull

AWAY = frozenset({errno.ESTALE, errno.ENOTCONN, errno.EIO, errno.ENODEV, errno.EHOSTDOWN, errno.ETIMEDOUT})
"""Error codes of a network folder whose server or mount is gone."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def full_disk_is_storage_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise
