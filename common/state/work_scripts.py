"""Typed stubs of the Lua scripts for due lists, callbacks, workers and the monitor.

The parameters are those of the script's header, in the same order; this is checked when the module is imported.
"""

# The bodies are never run, see `lua_script`.
# mypy: disable-error-code="empty-body"

from collections.abc import Sequence
from typing import Any

from common.state.keys import Key
from common.state.scripts import Arg, lua_script


@lua_script("take")
def take_due(*, due: Key, count: int, lease_us: int) -> list[str]:
    """Take what is due from a list of work; each member is due again after the lease."""


@lua_script("defer")
def defer(*, due: Key, member: str, delay_us: int) -> str:
    """Set another due time; returns it, or an empty string if the member is gone."""


@lua_script("retake")
def retake(*, due: Key, member: str, due_us: int, lease_us: int) -> int:
    """Take a deferred member, unless another process has taken it since."""


@lua_script("settle")
def settle(
    *,
    outbox: Key,
    deliveries: Key,
    message: Key,
    message_id: str,
    tried: str,
    ttl_s: int,
    delay_us: int,
    most_kept: int,
    packed: str,
) -> int:
    """Record a try of a callback, and when the next one is due."""


@lua_script("tries")
def read_tries(*, deliveries: Key) -> list[str]:
    """Read the tries of all callbacks of a task, oldest first."""


@lua_script("replay")
def replay(*, outbox: Key, message: Key, message_id: str, message_json: str) -> int:
    """Put a callback message on the outbox again, as if it had never been tried."""


@lua_script("present")
def publish_presence(*, worker: Key, workers: Key, name: str, presence: str, ttl_s: int, remembered_s: int) -> Any:
    """Publish that a worker is alive."""


@lua_script("depart")
def remove_presence(*, worker: Key, workers: Key, name: str) -> Any:
    """Forget a worker that stopped in order."""


@lua_script("workers")
def read_workers(*, workers: Key) -> list[str]:
    """Read the workers that were seen recently."""


@lua_script("bury")
def store_letter(
    *, letters: Key, listed_in: Key | None = None, letter: str, most_kept: int, ttl_s: int, message: bytes
) -> int:
    """Store a dead letter; remove it from its queue if it is still there."""


@lua_script("redate")
def redate(*, deliveries: Key, margin_s: int) -> int:
    """Date deliveries now that a worker whose clock is ahead has dated in the future; returns how many."""


@lua_script("elect")
def elect(*, leader: Key, name: str, lease_ms: int, silent: str) -> str:
    """Take or renew the lease of the monitor leader; returns the lease that holds now."""


@lua_script("act")
def act(
    *,
    action: Key,
    counts: Key,
    control: Key,
    events: Key,
    orders: Key,
    outbox: Key,
    message: Key,
    mark_ttl_s: int,
    name: str,
    ttl_s: int,
    events_kept: int,
    signal: str,
    order: str,
    orders_ttl_s: int,
    message_id: str,
    message_json: str,
) -> int:
    """Perform a monitor action exactly once, whichever gateway leads."""


@lua_script("configure")
def configure(*, config: Key, revision: str, removed: int, changes: Sequence[Arg]) -> int:
    """Change monitor settings, unless they have changed since they were read."""


@lua_script("clock_steps")
def read_clock_steps(*, steps: Key) -> list[str]:
    """Read the latest steps of Redis's clock, oldest first."""


@lua_script("shift_due")
def shift_due(
    *,
    dispatch: Key,
    outbox: Key,
    wait_limits: Key,
    steps: Key,
    broker_lock: Key,
    step_us: int,
    before_us: int,
    step: str,
    most_kept: int,
) -> int:
    """Record a clock step, and shift due times by it."""
