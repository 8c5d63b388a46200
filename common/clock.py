"""The clock for timestamps; durations use `time.monotonic`, deadlines in Redis use Redis's time."""

import time
from datetime import UTC, datetime, timedelta


def utcnow() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - here is the clock that the rule points to


def from_ms(milliseconds: float) -> datetime:
    """Return the UTC time of a Unix timestamp in milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def from_us(microseconds: int) -> datetime:
    """Return the UTC time of a timestamp of Redis's clock."""
    return from_ms(microseconds / 1000)


def to_us(duration: timedelta) -> int:
    """Return whole microseconds, the unit of times in Redis."""
    return duration // timedelta(microseconds=1)
