"""A real Redis whose clock a test can set, by libfaketime."""

import os
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def libfaketime() -> Path:
    """Find the library, or skip the test. LIBFAKETIME names one that is not where Debian's package puts it."""
    named = os.environ.get("LIBFAKETIME")  # noqa: TID251 - of the test's own
    found = [Path(named)] if named else [file for place in PLACES for file in Path("/").glob(place.lstrip("/"))]
    if not found:
        pytest.skip("setting a clock needs libfaketime: Debian's package faketime")
    return found[0]


class SteppedRedis(RedisServer):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.offset = folder / "offset"
        self.environment = {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.set_clock(0)

    def set_clock(self, offset_s: int) -> None:
        """Let the clock be so far ahead of the machine's own, at once."""
        written = self.offset.with_name("offset.new")
        written.write_text(f"{offset_s:+d}\n")
        written.replace(self.offset)
