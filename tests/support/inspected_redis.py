"""Redis client of the tests: Baton's own, with every command of redis-py."""

from typing import Any

from common.state.client import SyncRedis


class InspectedRedis(SyncRedis):
    """Also reads and changes keys with commands that Baton does not use."""

    client: Any


def every_command(redis: SyncRedis) -> Any:
    """Return the client of one of Baton's own processes, with the commands that Baton does not use."""
    return redis.client
