"""Redis that answers and does not do what it should: it refuses writes, or holds garbage."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redis import RedisError

from tests.chaos.faults.scene import Roll, Scene, let_pass

GARBAGE = ("", "no JSON", "[]", "{}", '{"headers": {"id": 7}}', '{"body": "x", "headers": {}, "properties": {}}')
NOBODY = ("127.0.0.1", 9)
"""A primary that does not answer."""


def refuse(scene: Scene, roll: Roll) -> None:
    """Leave Redis no memory."""
    while_changed(
        scene,
        roll.seconds,
        "Redis without memory",
        lambda client: client.config_set("maxmemory", 1),
        lambda client: client.config_set("maxmemory", 0),
    )


def demote(scene: Scene, roll: Roll) -> None:
    """Make Redis a replica that refuses writes, as a failover does to the old primary."""
    while_changed(
        scene,
        roll.seconds,
        "Redis read-only",
        lambda client: client.replicaof(*NOBODY),
        lambda client: client.replicaof("no", "one"),
    )


def while_changed(
    scene: Scene, seconds: float, name: str, begin: Callable[[Any], None], end: Callable[[Any], None]
) -> None:
    """Change Redis for a time; one that has started again meanwhile has forgotten the change, and gets its end too."""
    with scene.busy["redis"], suppress(RedisError):
        begin(scene.box.redis)
        scene.count(name)
        let_pass(seconds)
        insist(scene, end)


def insist(scene: Scene, end: Callable[[Any], None]) -> None:
    while True:
        try:
            end(scene.box.redis)
        except RedisError:
            let_pass(0.2)
        else:
            return


def poison(scene: Scene, roll: Roll) -> None:
    """Put a message that nobody can read into a service's queue."""
    garbage = GARBAGE[int(roll.which * 997) % len(GARBAGE)]
    with suppress(RedisError):
        scene.box.redis.lpush(roll.choose(scene.box.plan.services), garbage)
        scene.count("poisoned queue")
