"""Retry schedule of callbacks. Pure function: from answer, number of tries and age to a delay."""

from bisect import bisect_right
from datetime import timedelta
from http import HTTPStatus
from itertools import accumulate
from random import uniform

# the first try is immediate; these are the pauses before each further one
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0.25, 0.5, 1, 2, 5, 30, 300, 1800, 7200, 18_000, 36_000))
JITTER = 0.2
"""How much earlier than planned a try may be, never later: n8n's Wait node is ready within the first pause."""
AGES = tuple(accumulate(PAUSES, initial=timedelta(0)))[1:]
"""The age of a message after each pause, without jitter."""
LONGEST_RETRY_AFTER = PAUSES[-1]

NOT_CONNECTED = 0
"""Used instead of a status: the receiver did not accept the connection."""
STARTING = frozenset({HTTPStatus.NOT_FOUND.value, NOT_CONNECTED})
"""Answers of a receiver that is starting: n8n sends 404 `Cannot POST` for seconds after it reports to be ready."""
STARTING_FOR = timedelta(minutes=10)
LONGEST_WHILE_STARTING = timedelta(seconds=30)

RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
RETRIED_EARLY: dict[int, timedelta] = {
    HTTPStatus.CONFLICT: timedelta(minutes=1),
    HTTPStatus.NOT_FOUND: STARTING_FOR,
}
"""How long after the first try each is retried. n8n sends 409 while its Wait node is not ready, and to a duplicate."""


def is_accepted(status: int) -> bool:
    return HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES


def next_pause(
    status: int | None, tries: int, age: timedelta, retry_after: timedelta | None = None
) -> timedelta | None:
    """Return the pause after this many tries, or None if this was the last one.

    `status` is the answer, None if there was none; `age` is the time since the first try.
    """
    step = step_after(tries, age)
    if step is None or not may_retry(status):
        return None
    longest = LONGEST_WHILE_STARTING if status in STARTING and age < STARTING_FOR else PAUSES[-1]
    planned = min(PAUSES[step], longest) * uniform(1 - JITTER, 1)  # noqa: S311 - jitter is no secret
    pause = max(planned, min(retry_after, LONGEST_RETRY_AFTER)) if retry_after else planned
    return pause if age + pause <= RETRIED_EARLY.get(status or 0, timedelta.max) else None


def step_after(tries: int, age: timedelta) -> int | None:
    """Return the index of the next pause, or None after the last one.

    It is the number of tries, unless quick tries at a starting receiver made that larger than the age implies.
    """
    step = min(tries - 1, bisect_right(AGES, age / (1 - JITTER)))
    return step if step < len(PAUSES) else None


def may_retry(status: int | None) -> bool:
    if not status:
        return True
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in RETRIED | RETRIED_EARLY.keys()
