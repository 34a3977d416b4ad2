"""Who visits the page, and what they may do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from controller.config.web_keys import Web
from controller.errors import Refused
from controller.state.accounts import shown_name
from controller.state.roles import Role, Scope, SiteRoles, role_at

LOOPBACK = ("127.0.0.0/8", "::1/128")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
FORWARDING = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"})

NEXT_LINE = ",\n"
"""Separates the lines of one header; no line contains it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor. `role` is None if they may see the public view only, `name` if they have not logged in. `via` is how
    they are known: `session`, `proxy`, `token`, `demo` or `open`. A token's visitor has `scopes` besides the role of a
    viewer, and the name of the `token`. Forms carry `csrf`. `address` is the client's. `is_secure`: nobody on the way
    can listen, so that a password may be sent. `sites` are those that an account is limited to."""

    role: Role | None
    name: str | None = None
    via: str = "open"
    csrf: str = ""
    address: str = ""
    is_secure: bool = False
    scopes: frozenset[Scope] = frozenset()
    token: str = ""
    sites: SiteRoles = None

    @property
    def owner(self) -> str:
        """The name under which acts are recorded: for a program that of the account with that of the token."""
        return f"{self.name or '?'} ({self.token})" if self.token else self.name or "?"

    def with_role(self, role: Role | None, sites: SiteRoles, site: str) -> "Visitor":
        """With the role of an account at one of several sites. Without one there, what is open to all still is."""
        own = role_at(role, sites, site) if role is not None else None
        is_other_site = role is not None and own is None
        return replace(self, role=self.role if is_other_site else own, sites=sites)

    def may(self, role: Role, scope: Scope | None = None) -> bool:
        """Whether they may do what this role may, or what this scope of a token allows."""
        return (self.role is not None and self.role.includes(role)) or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Access:
    """What connection and headers of a request allow, before any login.

    `address` is the client's, `is_tls` whether it used https. `role` is what may be done without logging in, None for
    the public view only. `is_secure` allows logins, sessions and tokens. `user` is the name that a trusted proxy has
    authenticated, `user_role` their role by that proxy."""

    address: str
    is_tls: bool
    role: Role | None
    is_secure: bool
    user: str | None = None
    user_role: Role | None = None


def headers_of(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers of a request by name. Several lines with one name are one list (RFC 9110, 5.3): the last is what a
    proxy has added, those before it anybody may have written."""
    found: dict[str, str] = {}
    for name, value in lines:
        found[name] = f"{found[name]}{NEXT_LINE}{value}" if name in found else value
    return found


def access(web: Web, peer: str, scheme: str, headers: Mapping[str, str]) -> Access:
    """Who may read and log in where. Names of `headers` are in small letters.

    Without logging in everything can be read if only this machine can ask: the page listens on loopback, no proxy is
    configured, the request was not forwarded, and it is for a loopback name (another name may come from a foreign page
    whose name resolves to here). Otherwise only the public view can, unless the page is open to all. Passwords,
    sessions and tokens are accepted over TLS, and on loopback."""
    by_proxy = web.proxy is not None and _is_among(peer, web.proxy.addresses)
    is_for_loopback = FORWARDING.isdisjoint(headers) and host_name(headers.get("host", "")) in LOOPBACK_NAMES
    is_local = web.is_loopback and _is_among(peer, LOOPBACK) and is_for_loopback and not by_proxy
    role = Role.VIEWER if web.open == "all" or (is_local and web.proxy is None) else None
    if not by_proxy:
        return Access(peer, scheme == "https", role, scheme == "https" or is_local)
    # the last entry is what the trusted proxy saw; those before it anybody may have written
    address = _without_port(_last(headers.get("x-forwarded-for", ""))) or peer
    is_tls = _last(headers.get("x-forwarded-proto", scheme)).lower() == "https"
    return Access(address, is_tls, role, is_tls, *(_authenticated(web, headers) if is_tls else ()))


def _authenticated(web: Web, headers: Mapping[str, str]) -> tuple[str | None, Role | None]:
    """Name and role by the headers of a trusted proxy that logs people in itself. Of several roles the highest counts;
    None if there is none. If a header arrives twice, the browser may have sent one of them: neither is accepted."""
    if web.proxy is None or web.proxy.user_header is None:
        return None, None
    user, role = (headers.get((name or "").lower(), "") for name in (web.proxy.user_header, web.proxy.role_header))
    if NEXT_LINE in user + role:
        return None, None
    name, words = _text(user), re.split(r"[\s,;]+", role.lower())
    return name or None, next((role for role in reversed(Role) if role.value in words), None)


def _text(header: str) -> str:
    """A header in UTF-8, which servers pass on as bytes; empty if it is no name."""
    try:
        return shown_name(header.encode("latin-1").decode())
    except (UnicodeError, Refused):
        return ""


def _last(entries: str) -> str:
    return entries.rpartition(",")[2].strip()


def _without_port(address: str) -> str:
    """Some proxies add the port, which differs for each connection."""
    found = re.fullmatch(r"\[(.+)\](?::\d+)?|([^:]+):\d+", address)
    return (found[1] or found[2]) if found else address


def host_name(host: str) -> str:
    """`tower.example:8080` → `tower.example`."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _is_among(address: str, networks: tuple[str, ...]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return any(known in ip_network(network) for network in networks)
