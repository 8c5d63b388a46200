"""Parse the Retry-After header."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from common.clock import utcnow

LONGEST = timedelta(hours=10)


def parse_retry_after(value: str | None) -> timedelta | None:
    """Parse a Retry-After header: seconds, or an HTTP date (RFC 9110 §10.2.3). Anything else counts as absent."""
    if not value:
        return None
    try:
        if value.strip().isdecimal():
            return timedelta(seconds=min(int(value), LONGEST.total_seconds()))
        at: datetime = parsedate_to_datetime(value)
    except ValueError:  # not a date, or more digits than `int` accepts
        return None
    return min(max(at - utcnow(), timedelta(0)), LONGEST) if at.tzinfo else None
