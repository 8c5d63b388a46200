"""A real Redis whose clock a test can set with libfaketime."""

import os
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def find_libfaketime() -> Path | None:
    """Return the path of the library: LIBFAKETIME, or the place where Debian's package installs it."""
    named = os.environ.get("LIBFAKETIME")  # noqa: TID251 - of the test's own
    found = [Path(named)] if named else [file for place in PLACES for file in Path("/").glob(place.lstrip("/"))]
    return found[0] if found else None


def faketime_environment(offset: Path) -> dict[str, str]:
    """Return the environment that shifts a process's clock by the file `offset`; its monotonic clock is unchanged.

    Without the library the test is skipped.
    """
    library = find_libfaketime()
    if not library:
        pytest.skip("setting a clock needs libfaketime: Debian's package faketime")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def write_offset(offset: Path, seconds: int) -> None:
    """Set the clock this far ahead of the machine's clock, at once."""
    written = offset.with_name(f"{offset.name}.new")
    written.write_text(f"{seconds:+d}\n")
    written.replace(offset)


class SteppedRedis(RedisServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.offset = folder / "offset"
        self.environment = faketime_environment(self.offset)
        folder.mkdir(parents=True, exist_ok=True)
        self.set_clock(0)

    def set_clock(self, offset_s: int) -> None:
        """Set the clock this far ahead of the machine's clock, at once."""
        write_offset(self.offset, offset_s)
