"""Who looks at the page, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from controller.config.tower import Web
from controller.state.roles import Role

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
FORWARDING = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `role` is None for somebody who may see the public view only, `name` for somebody who has not logged
    in. `via` says how they are known: `session`, `proxy`, `token`, `demo` or `open`. Forms carry `csrf`. `address` is
    where they are. `is_secure`: nobody on the way can listen, so that a password may be sent."""

    role: Role | None
    name: str | None = None
    via: str = "open"
    csrf: str = ""
    address: str = ""
    is_secure: bool = False

    @property
    def owner(self) -> str:
        """By what name acts are recorded."""
        return self.name or "?"


@dataclass(frozen=True, slots=True)
class Caller:
    """What the connection and the headers of a request tell of who made it: the `address` of the client, the scheme it
    used, and whether a trusted proxy vouches for both."""

    address: str
    scheme: str
    by_proxy: bool


def caller(web: Web, peer: str, scheme: str, headers: Mapping[str, str]) -> Caller:
    """Believes a proxy's word only where the connection comes from one of its addresses."""
    if web.proxy is None or not _is_among(peer, web.proxy.addresses):
        return Caller(peer, scheme, by_proxy=False)
    # the last entry is what the trusted proxy saw; those before it anybody may have written
    address = headers.get("x-forwarded-for", peer).rpartition(",")[2].strip() or peer
    return Caller(address, headers.get("x-forwarded-proto", scheme).strip().lower(), by_proxy=True)


def open_role(web: Web, caller: Caller, host: str, headers: Mapping[str, str]) -> Role | None:
    """What somebody may do who has not logged in. All can be read where only this machine can ask: the page listens on
    loopback, no proxy stands before it, and the request is for a loopback name (one for another name may come from a
    foreign page whose name was pointed here)."""
    if web.open == "all":
        return Role.VIEWER
    is_local = web.is_loopback and web.proxy is None and _is_among(caller.address, ("127.0.0.0/8", "::1/128"))
    is_direct = FORWARDING.isdisjoint(headers) and host_name(host) in LOOPBACK_NAMES
    return Role.VIEWER if is_local and is_direct else None


def is_secure(web: Web, caller: Caller, host: str) -> bool:
    """Whether a password may be sent: within this machine, or over TLS."""
    if caller.scheme == "https":
        return True
    return web.is_loopback and not caller.by_proxy and host_name(host) in LOOPBACK_NAMES


def host_name(host: str) -> str:
    """`tower.example:8080` → `tower.example`."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _is_among(address: str, networks: tuple[str, ...]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in ip_network(network) for network in networks)
