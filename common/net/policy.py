"""Which addresses outgoing requests may reach: URL inputs (workers) and callbacks (gateway).

The resolved address is checked at the moment of connecting, and the connection goes to exactly that address. So an odd
spelling (`0x7f.1`), a second DNS answer or a redirect cannot bypass the check.
"""

import asyncio
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from typing_extensions import override

from common.errors import BatonError, NotStartable
from common.net.addresses import (
    ALWAYS_REFUSED,
    Address,
    Network,
    embedded_addresses,
    is_in,
    is_public,
    kind_of,
    network,
)
from common.net.interruptible import Watch, WatchedBackend

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

SCHEMES = ("http", "https")
RESOLVE_TIMEOUT = timedelta(seconds=5)  # at submission; later the connection's own timeout applies
KEEPALIVE = timedelta(seconds=5)  # idle connections are closed, so that their address is checked again
HOST_NAME = re.compile(r"[^\s/:@?#\[\]]+")

UNRESOLVED = (OSError, UnicodeError)  # UnicodeError: a label that IDNA does not allow


@dataclass(frozen=True)
class TargetPolicy:
    """What one kind of outgoing request may reach: every public address, and the private ones listed here.

    Raises:
        NotStartable: an entry of `allowed_hosts` could never match.
    """

    allowed_hosts: Sequence[str]
    """Host names, addresses or CIDR networks that are allowed although private."""
    setting: str
    """The setting that holds `allowed_hosts`, for error messages."""
    error: type[BatonError]
    allow_private: bool = False
    switch: str = ""
    """The setting that holds `allow_private`, if there is one."""
    allow_public: bool = True
    """If False, only `allowed_hosts` can be reached; names are matched as such, so no other name is ever resolved."""

    def __post_init__(self) -> None:
        for entry in self.allowed_hosts:
            if network(entry) is None and not HOST_NAME.fullmatch(entry):
                raise NotStartable(
                    f"{self.setting}: {entry!r} is no host name, address or network. "
                    "Leave out the scheme, the port and the path."
                )

    @cached_property
    def networks(self) -> list[Network]:
        return [found for entry in self.allowed_hosts if (found := network(entry))]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(canonical_host(entry) for entry in self.allowed_hosts)

    def check_addresses(self, host: str, addresses: Sequence[Address]) -> Sequence[Address]:
        """Return the addresses of `host` if all may be reached, or else raise the policy's error."""
        for address in (inner for outer in addresses for inner in embedded_addresses(outer)):
            self.require(host, address)
        return addresses

    def require(self, host: str, address: Address) -> None:
        if is_in(address, ALWAYS_REFUSED):
            raise self.error(
                f"{host} leads to a link-local or cloud metadata address. These are always refused.", host=host
            )
        public = self.allow_public and is_public(address)
        if not (public or (self.allow_private and not is_public(address)) or self.is_listed(host, address)):
            raise self.error(f"{host} leads to a {kind_of(address)} address. {self.advice()}", host=host)

    def require_known(self, host: str) -> None:
        """Refuse a host before resolving its name, if only listed hosts may be reached.

        An address passes here; `require` checks it.
        """
        known = self.allow_public or network(host) is not None or canonical_host(host) in self.names
        if not known:
            raise self.error(
                f"{host} is not listed. Add it to {self.setting}, which alone names what is reached.", host=host
            )

    def is_listed(self, host: str, address: Address) -> bool:
        return canonical_host(host) in self.names or is_in(address, self.networks)

    def advice(self) -> str:
        switch = f", or set {self.switch}" if self.switch else ""
        return f"Add the host, or its network, to {self.setting}{switch}."

    def check(self, url: str) -> None:
        """Raise the policy's error if this URL may not be reached.

        A name that does not resolve passes: it may resolve by the time of the request, which checks again.
        """
        host = self.host_of(url)
        try:
            addresses = resolve(host)
        except UNRESOLVED:
            return
        self.check_addresses(host, addresses)

    async def check_async(self, url: str) -> None:
        """Like `check`, without blocking the event loop and with a timeout for slow name servers."""
        host = self.host_of(url)
        try:
            addresses = await resolve_async(host, RESOLVE_TIMEOUT.total_seconds())
        except UNRESOLVED:
            return
        self.check_addresses(host, addresses)

    def host_of(self, url: str) -> str:
        """Return the host of a well-formed http(s) URL, as httpx reads it, or else raise the policy's error."""
        try:
            parsed = httpx.URL(url)
            problem = find_defect(parsed)
        except (
            httpx.InvalidURL,
            UnicodeError,
        ) as error:  # UnicodeError: `xn--` followed by a name that IDNA does not allow
            raise self.error(f"The URL cannot be read: {error}.") from error
        if problem:
            raise self.error(f"The URL {problem}.", host=parsed.host)
        host = parsed.raw_host.decode("ascii")
        self.require_known(host)
        return host


def find_defect(url: httpx.URL) -> str | None:
    if url.scheme not in SCHEMES:
        return "must begin with http:// or https://"
    if url.userinfo:
        return "may not hold a user name or password; send a header instead"
    if not url.host:
        return "names no host"
    if url.port is not None and not 0 < url.port < 1 << 16:
        return "has a port out of range"
    return None


def redact_url(url: str) -> str:
    """Return the URL for logs: without user, password, query and fragment, which may contain secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def canonical_host(host: str) -> str:
    """Return the host name in the canonical spelling: lower case, IDNA, no trailing dot."""
    try:
        return httpx.URL(scheme="http", host=host).raw_host.decode("ascii").lower().rstrip(".")
    except (httpx.InvalidURL, UnicodeError):
        return host.lower().rstrip(".")


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
