"""Network guard: refuses and records connections, datagrams and name look-ups that would leave this machine.

Python's audit hooks see every socket of CPython, in the test's own process and, by `guarded/sitecustomize.py`, in the
processes that it starts. They do not see uvloop's sockets; the settings in `stack.QUICK` keep a gateway on loopback.
"""

import socket
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKS_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
OWN_NAMES = frozenset({"", "localhost", "ip6-localhost", socket.gethostname().lower()})


def is_numeric(host: str) -> bool:
    """Return whether a host is an address, in any spelling that the C library accepts."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        try:
            socket.inet_aton(host)
        except OSError:
            return False
    return True


def leaves(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Return the target of an event that would leave the machine, otherwise None."""
    if event in CONNECTS:
        address = arguments[-1]
        if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
            return None
        host = address[0].partition("%")[0]
        local = host.lower() in OWN_NAMES or (is_numeric(host) and is_loopback(host))
        return None if local else f"{event} to {address[0]}"
    if event in LOOKS_UP:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0] or ""
        return None if host.lower() in OWN_NAMES or is_numeric(host) else f"{event} of {host}"
    return None


def is_loopback(host: str) -> bool:
    try:
        found = ip_address(host)
    except ValueError:
        found = ip_address(socket.inet_aton(host))
    return found.is_loopback or found.is_unspecified


recorders: list[Callable[[str], None]] = []
"""The current recorder; empty until the guard is installed."""


def install(record: Callable[[str], None]) -> None:
    """Guard this process until it ends. `record` is called with each attempt, and replaces an earlier recorder."""
    if not recorders:
        sys.addaudithook(refuse)
    recorders[:] = [record]


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in CONNECTS and event not in LOOKS_UP:
        return
    if what := leaves(event, arguments):
        recorders[0](what)
        raise OSError(f"{what}: no test may leave this machine")
