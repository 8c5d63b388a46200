"""Leases among gateways: one leads, and each due task or message is handled by one."""

from datetime import timedelta

from common.clock import to_us
from common.state import keys, work_scripts
from common.state.keys import Key
from common.state.scripts import ScriptCall


def take_due(list_key: Key, count: int, lease: timedelta) -> ScriptCall[list[str]]:
    """Take what is due from the dispatch list or the outbox."""
    return work_scripts.take_due(due=list_key, count=count, lease_us=to_us(lease))


def elect(name: str, lease: timedelta, silent: str = "") -> ScriptCall[str]:
    """Return the lease that holds now, as `name renewals`; `silent` is one that was not renewed in time."""
    return work_scripts.elect(leader=keys.LEADER, name=name, lease_ms=lease // timedelta(milliseconds=1), silent=silent)
