"""The one clock for stamps; durations use `time.monotonic`, and deadlines in Redis use Redis's own time."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - here is the clock that the rule points to


def from_ms(milliseconds: float) -> datetime:
    """Return the UTC time of a Unix stamp in milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def from_us(microseconds: int) -> datetime:
    """Return the UTC time of a stamp of Redis's clock."""
    return from_ms(microseconds / 1000)
