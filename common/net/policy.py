"""Which addresses outgoing requests may reach: URL inputs (workers) and callbacks (gateway).

`guarded_client.py` applies the policy to every connection.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from urllib.parse import urlsplit

import httpx

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
from common.net.resolution import UNRESOLVED, resolve, resolve_async

SCHEMES = ("http", "https")
RESOLVE_TIMEOUT = timedelta(seconds=5)  # at submission; later the connection's own timeout applies
HOST_NAME = re.compile(r"[^\s/:@?#\[\]]+")


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
