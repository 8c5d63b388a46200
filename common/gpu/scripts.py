"""Typed stubs of the Lua scripts of the GPU lock, the residents and the simulated GPU.

The parameters are those of the script's header, in the same order; this is checked when the module is imported.
"""

# The bodies are never run, see `lua_script`.
# mypy: disable-error-code="empty-body"

from collections.abc import Sequence
from typing import Any

from common.state.keys import Key
from common.state.scripts import lua_script


@lua_script("gpu/acquire")
def acquire(
    *,
    locks: Sequence[Key],
    owner: str,
    lease_ms: int,
    claim_ms: int,
    head_start_ms: int,
    grace_ms: int,
    party: bytes,
    arrival_ms: str,
) -> list[Any]:
    """Take the first free device, or queue for all of them."""


@lua_script("gpu/give_up")
def give_up(*, locks: Sequence[Key], owner: str, claim_ms: int, reason: str) -> int:
    """Leave the queue; what was granted in the meantime is handed on."""


@lua_script("gpu/release")
def release(*, lock: Key, owner: str, fence: str, claim_ms: int, reason: str) -> int:
    """End a lease and hand the lock on."""


@lua_script("gpu/release_of")
def release_of(*, locks: Key, worker: str, claim_ms: int, reason: str) -> list[str]:
    """End every lease of a dead process, and hand its locks on."""


@lua_script("gpu/renew")
def renew(*, lock: Key, owner: str, fence: str, lease_ms: int) -> int:
    """Renew a lease; returns the number of waiters, or -1 if the lease is lost."""


@lua_script("gpu/view")
def view_locks(*, locks: Key) -> list[str | int]:
    """Read every lock at one moment."""


@lua_script("gpu/residents")
def read_residents(*, residents: Key) -> list[str]:
    """Read the models on a device; those of dead processes are forgotten."""


@lua_script("gpu/simulated")
def simulated_memory(*, memory: Key, verb: str, pid: int, mib: int, total_mib: int) -> list[str]:
    """Read or change the memory of a simulated GPU."""
