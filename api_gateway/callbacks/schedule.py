"""When a callback is tried again. Pure: an answer and a count in, a delay out."""

from datetime import timedelta
from http import HTTPStatus
from random import uniform

# the first try is at once; these are the pauses before each further one
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.25, 0.5, 1, 2, 5, 30, 300, 1800, 7200, 18_000, 36_000))
JITTER = 0.2
"""How much sooner than planned, never later: n8n's Wait node is ready within the first pause."""
LONGEST_RETRY_AFTER = PAUSES[-1]

RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
RETRIED_EARLY: dict[int, timedelta] = {
    HTTPStatus.CONFLICT: timedelta(minutes=1),
    HTTPStatus.NOT_FOUND: timedelta(minutes=10),
}
"""For so long. n8n answers 409 while its Wait node is not ready yet, and also to a duplicate; a receiver that is just
starting answers 404."""


def accepted(status: int) -> bool:
    return HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES


def next_pause(
    status: int | None, tries: int, age: timedelta, retry_after: timedelta | None = None
) -> timedelta | None:
    """Return how long to wait after this many tries, or None when this one was the last.

    `status` is the answer, None when there was none; `age` is the time since the first try.
    """
    if tries > len(PAUSES) or not may_retry(status):
        return None
    planned = PAUSES[tries - 1] * uniform(1 - JITTER, 1)  # noqa: S311 - jitter is no secret
    pause = max(planned, min(retry_after, LONGEST_RETRY_AFTER)) if retry_after else planned
    return pause if age + pause <= RETRIED_EARLY.get(status or 0, timedelta.max) else None


def may_retry(status: int | None) -> bool:
    return status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in RETRIED | RETRIED_EARLY.keys()
