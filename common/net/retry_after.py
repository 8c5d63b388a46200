"""The Retry-After header: how long another server asks us to wait."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from common.clock import utcnow

LONGEST = timedelta(hours=10)


def parse_retry_after(value: str | None) -> timedelta | None:
    """Read a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3). What is neither counts as absent."""
    if not value:
        return None
    try:
        if value.strip().isdecimal():
            return timedelta(seconds=min(int(value), LONGEST.total_seconds()))
        at: datetime = parsedate_to_datetime(value)
    except ValueError:  # no date, or more digits than an int is read from
        return None
    return min(max(at - utcnow(), timedelta(0)), LONGEST) if at.tzinfo else None
