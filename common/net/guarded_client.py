"""HTTP clients that obey a `TargetPolicy`.

The resolved address is checked at the moment of connecting, and the connection goes to exactly that address. So an odd
spelling (`0x7f.1`), a second DNS answer or a redirect cannot bypass the check.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

import httpcore
import httpx
from typing_extensions import override

from common.net.addresses import Address
from common.net.interruptible import Watch, WatchedBackend
from common.net.policy import TargetPolicy
from common.net.resolution import UNRESOLVED, resolve, resolve_async

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

KEEPALIVE = timedelta(seconds=5)  # idle connections are closed, so that their address is checked again


@contextmanager
def unresolved_as_connect_error(host: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"the name server did not answer for {host}") from error
    except UNRESOLVED as error:
        raise httpcore.ConnectError(f"{host} does not resolve") from error


def share_timeout(addresses: Sequence[Address], timeout: float | None) -> Iterator[tuple[str, float | None]]:
    """Yield each address with its share of the remaining seconds, so that a dead address leaves time for the next."""
    deadline = None if timeout is None else monotonic() + timeout
    for index, address in enumerate(addresses):
        left = None if deadline is None else max(0.0, deadline - monotonic()) / (len(addresses) - index)
        yield str(address), left


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves once, checks every address, and connects to a checked one."""

    def __init__(self, policy: TargetPolicy) -> None:
        self.policy = policy
        self.plain: httpcore.NetworkBackend = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        self.policy.require_known(host)
        with unresolved_as_connect_error(host):
            addresses = resolve(host)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address, seconds in share_timeout(self.policy.check_addresses(host, addresses), timeout):
            try:
                return self.plain.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    @override
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore.NetworkStream:
        raise self.policy.error("Unix sockets are never reached.")


class AsyncGuardedBackend(httpcore.AsyncNetworkBackend):
    """`GuardedBackend` for the event loop."""

    def __init__(self, policy: TargetPolicy) -> None:
        self.policy = policy
        self.plain: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.policy.require_known(host)
        with unresolved_as_connect_error(host):
            addresses = await resolve_async(host, timeout)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address, seconds in share_timeout(self.policy.check_addresses(host, addresses), timeout):
            try:
                stream = await self.plain.connect_tcp(address, port, seconds, local_address, socket_options)
                stream.get_extra_info("socket")
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            except AttributeError:  # anyio reads from a socket that is already closed; httpcore would do so next
                failure = httpcore.ConnectError(f"{host} closed the connection at once")
            else:
                return stream
        raise failure

    @override
    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SocketOption] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise self.policy.error("Unix sockets are never reached.")

    @override
    async def sleep(self, seconds: float) -> None:
        await self.plain.sleep(seconds)


class GuardedTransport(httpx.HTTPTransport):
    """httpx does not accept a network backend (encode/httpx#2183), so its pool is replaced; a test detects if that
    stops working.
    """

    def __init__(self, policy: TargetPolicy, watch: Watch | None = None) -> None:
        context = httpx.create_ssl_context()  # reads SSL_CERT_FILE, for an organization's own certificate authority
        super().__init__(verify=context)
        backend = GuardedBackend(policy)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=WatchedBackend(backend, watch) if watch else backend
        )


class AsyncGuardedTransport(httpx.AsyncHTTPTransport):
    """`GuardedTransport` for the event loop."""

    def __init__(self, policy: TargetPolicy) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,  # the caller limits its own concurrency
            keepalive_expiry=KEEPALIVE.total_seconds(),
            network_backend=AsyncGuardedBackend(policy),
        )


def client(policy: TargetPolicy, *, watch: Watch | None = None, **options: Any) -> httpx.Client:
    """Create an httpx client that obeys the policy; `options` are httpx's. Redirects are off by default.

    `watch` is called periodically while waiting for bytes, and may raise to abort. Proxies from the environment are
    ignored: a proxy would resolve and connect by itself.
    """
    return httpx.Client(transport=GuardedTransport(policy, watch), trust_env=False, **options)


def async_client(policy: TargetPolicy, **options: Any) -> httpx.AsyncClient:
    """Like `client`, for the event loop."""
    return httpx.AsyncClient(transport=AsyncGuardedTransport(policy), trust_env=False, **options)
