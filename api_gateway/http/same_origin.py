"""Cross-site protection of a gateway without API keys.

Any web page may make its visitor's browser send requests to this machine and its network. Two ways are blocked here:
- DNS rebinding: the page points its own name at us, and could read our answers. Its requests carry that name, and names
  that anybody could register in the DNS are refused unless the settings list them.
- A form or script on another site that sends requests here. The headers that browsers add decide, as in Go's
  net/http.CrossOriginProtection: https://words.filippo.io/csrf/.
Programs other than browsers send neither Sec-Fetch-Site nor Origin, and are not affected.
"""

from collections.abc import Sequence
from fnmatch import fnmatch
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api_gateway.http.problems import problem
from common.errors import BatonError, CrossSiteRequest, HostNotAllowed

READING = {"GET", "HEAD", "OPTIONS"}
NOBODYS = ("localhost", "local", "internal", "home.arpa")
"""Domains that nobody can register: RFC 6761, RFC 6762, ICANN's for private use, RFC 8375."""
LONGEST_NAME = 100


class SameOriginOnly:
    """Refuses requests from pages of other sites.

    `own_name` is the name the gateway listens on; `allowed` are public names that it answers to and whose pages may
    make changes. `*` stands for any part of such a name.
    """

    def __init__(self, app: ASGIApp, *, own_name: str, allowed: Sequence[str]) -> None:
        self.app = app
        self.own_name = own_name
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "http":
                self.check(scope["method"], Headers(scope=scope))
        except BatonError as error:
            await problem(error.status, error.code, error.message)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def check(self, method: str, headers: Headers) -> None:
        """Accept a request.

        Raises:
            HostNotAllowed: its host name may belong to somebody else.
            CrossSiteRequest: it comes from a page of another site, and would make a change.
        """
        host = headers.get("host", "")
        if not self.may_be_called(hostname(host)):
            raise HostNotAllowed.of(host[:LONGEST_NAME])
        if method not in READING and not self.is_allowed_origin(headers, host):
            raise CrossSiteRequest.of(headers.get("origin", "another site")[:LONGEST_NAME])

    def may_be_called(self, name: str) -> bool:
        return not is_registrable(name) or name == self.own_name or self.is_allowed_name(name)

    def is_allowed_origin(self, headers: Headers, host: str) -> bool:
        """Return whether a request comes from a program, from our own page, or from an allowed site."""
        origin, site = headers.get("origin", ""), headers.get("sec-fetch-site")
        if site in {"same-origin", "none"} or (site is None and not origin):
            return True
        address = origin.partition("//")[2]
        return (site is None and address == host) or self.is_allowed_name(hostname(address))

    def is_allowed_name(self, name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in self.allowed)


def hostname(address: str) -> str:
    """Return the name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{address}").hostname or "").rstrip(".")
    except ValueError:  # an unclosed bracket
        return address


def is_registrable(name: str) -> bool:
    """Return whether anybody could register this name: it is not an address, has a dot, and is not reserved."""
    try:
        ip_address(name)
    except ValueError:
        return "." in name and not name.endswith(tuple(f".{domain}" for domain in NOBODYS))
    return False
