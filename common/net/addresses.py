"""Classify IP addresses: public, private, or never allowed."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Instance metadata services hand out the machine's credentials here, so no setting allows these networks.
ALWAYS_REFUSED = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: AWS, GCP, Azure, DigitalOcean, ECS tasks
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # GCP
        "fd00:42::42/128",  # Scaleway
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle
        "168.63.129.16/32",  # Azure WireServer, a public address
        "64:ff9b:1::/48",  # local-use NAT64 (RFC 8215): may map to any of these, in an unknown layout
    )
)
# Not globally reachable, although `is_global` of some Python versions says so (CPython gh-113171).
MORE_PRIVATE = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
GLOBAL_UNICAST = ip_network("2000::/3")
LAST_32_BITS = 0xFFFF_FFFF
# IPv6 networks whose last 32 bits are an IPv4 address: IPv4-compatible (RFC 4291) and NAT64 (RFC 6052).
CARRIERS = (ip_network("::/96"), ip_network("64:ff9b::/96"))
NO_CARRIED = (IPv6Address("::"), IPv6Address("::1"))


def network(entry: str) -> Network | None:
    try:
        return ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def embedded_addresses(address: Address) -> Sequence[Address]:
    """Return the IPv4 addresses embedded in an IPv6 address, or else the address itself."""
    if isinstance(address, IPv4Address) or address in NO_CARRIED:
        return [address]
    if address.teredo:
        return address.teredo
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and is_in(address, CARRIERS):
        inner = IPv4Address(int(address) & LAST_32_BITS)
    return [inner or address]


def is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return address in GLOBAL_UNICAST if isinstance(address, IPv6Address) else not is_in(address, MORE_PRIVATE)


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def kind_of(address: Address) -> str:
    if address.is_loopback:
        return "loopback"
    if address.is_multicast:
        return "multicast"
    return "private or reserved"
