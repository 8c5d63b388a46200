"""Branch coverage: whether the processes of a test are measured. `make test` starts the measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

PROCESS_CONFIG = "COVERAGE_PROCESS_CONFIG"
"""Set by coverage.py; a Python process that finds this variable is measured."""


def is_measured() -> bool:
    """Return whether this process is measured, and with it those that it starts."""
    return PROCESS_CONFIG in os.environ  # noqa: TID251 - coverage.py's own


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure neither this process nor those that it starts."""
    if not is_measured():
        yield
        return
    from coverage import Coverage  # noqa: PLC0415 - not in every environment that runs tests

    config, current = os.environ.pop(PROCESS_CONFIG), Coverage.current()  # noqa: TID251 - the same
    assert current
    current.stop()
    try:
        yield
    finally:
        os.environ[PROCESS_CONFIG] = config  # noqa: TID251 - the same
        current.start()
