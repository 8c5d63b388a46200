"""Keys in Redis that never expire."""

from fnmatch import fnmatch
from typing import Any

from common.state import keys
from common.state.context import Status
from services import catalog

# kombu keeps its queues, bindings and unacknowledged messages without a TTL
BROKERS = (
    "_kombu.*",
    "unacked*",
    "testing",
    "testing:[0-9]",
    *(part for queue in catalog().queues for part in (queue, f"{queue}:[0-9]")),
)


def immortal_keys(client: Any) -> list[str]:
    """Return the keys without a TTL, except the known ones, the broker's and the records of unfinished tasks."""
    allowed = (*keys.IMMORTAL, *BROKERS)
    names = [name for name in client.scan_iter(count=1000) if client.ttl(name) == -1]
    others = [name for name in names if not any(fnmatch(name, pattern) for pattern in allowed)]
    return [name for name in others if not is_of_unfinished_task(client, name)]


def is_of_unfinished_task(client: Any, name: str) -> bool:
    """Return whether a key is part of the record of a task that has not ended."""
    if not any(fnmatch(name, pattern) for pattern in keys.RECORDS):
        return False
    return client.hget(keys.control(name.partition(":")[2]), "status") in {Status.PENDING, Status.RUNNING}
