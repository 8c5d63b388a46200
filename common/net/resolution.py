"""Host names to addresses, in a thread and on the event loop."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from common.net.addresses import Address

UNRESOLVED = (OSError, UnicodeError)  # UnicodeError: a label that IDNA does not allow


def resolve(host: str) -> list[Address]:
    """Return every address of a host name.

    Raises:
        OSError: the name does not resolve.
        UnicodeError: IDNA does not allow the name.
    """
    return unique_addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))


async def resolve_async(host: str, timeout: float | None) -> list[Address]:  # noqa: ASYNC109 - httpcore's own way
    """Like `resolve`, off the event loop; raises TimeoutError (an OSError) after `timeout` seconds."""
    async with asyncio.timeout(timeout):
        return unique_addresses(await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM))


def unique_addresses(found: Iterable[tuple[Any, Any, Any, Any, tuple[Any, ...]]]) -> list[Address]:
    return list(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found))
