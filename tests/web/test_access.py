"""Who may read and log in where, as one table."""

import pytest

from controller.config.web_keys import Web
from controller.state.roles import Role
from controller.web.visitors import access, headers_of

READ, PUBLIC = Role.VIEWER, None
LOCAL = {"host": "127.0.0.1:8080"}
LAN, TLS = {"listen": "0.0.0.0:8080"}, {"listen": "0.0.0.0:8443", "cert_file": "c.pem", "key_file": "k.pem"}
PROXY = {"proxy": {"addresses": ["10.0.0.5", "fd00::/64"], "user_header": "X-User", "role_header": "X-Role"}}
HERE, OTHER = "127.0.0.1", "192.0.2.7"
BY_PROXY = {"host": "tower.example", "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}


@pytest.mark.parametrize(
    ("web", "peer", "scheme", "headers", "role", "is_secure"),
    [
        # loopback: all is read, and a login is safe
        ({}, HERE, "http", LOCAL, READ, True),
        ({}, HERE, "http", {"host": "localhost:8080"}, READ, True),
        ({}, HERE, "http", {"host": "LOCALHOST"}, READ, True),
        ({}, "::1", "http", {"host": "[::1]:8080"}, READ, True),
        ({}, "::ffff:127.0.0.1", "http", LOCAL, READ, True),
        ({"listen": "[::1]:8080"}, "::1", "http", {"host": "[::1]:8080"}, READ, True),
        # another name than a loopback one: a foreign page may have pointed its own name here
        ({}, HERE, "http", {"host": "evil.example:8080"}, PUBLIC, False),
        ({}, HERE, "http", {"host": "127.0.0.1.evil.example"}, PUBLIC, False),
        ({}, HERE, "http", {"host": ""}, PUBLIC, False),
        ({}, HERE, "http", {}, PUBLIC, False),
        # forwarded by something that tower.yaml does not name
        ({}, HERE, "http", LOCAL | {"x-forwarded-for": OTHER}, PUBLIC, False),
        ({}, HERE, "http", LOCAL | {"forwarded": f"for={OTHER}"}, PUBLIC, False),
        ({}, HERE, "http", LOCAL | {"via": "1.1 squid"}, PUBLIC, False),
        ({}, HERE, "http", LOCAL | {"x-forwarded-proto": "https"}, PUBLIC, False),
        ({}, HERE, "http", LOCAL | {"x-forwarded-host": "tower.example"}, PUBLIC, False),
        ({}, HERE, "http", LOCAL | {"x-real-ip": OTHER}, PUBLIC, False),
        # the network without TLS: the public view, and no login
        (LAN, OTHER, "http", {"host": "10.0.0.2:8080"}, PUBLIC, False),
        (LAN, HERE, "http", LOCAL, PUBLIC, False),
        (LAN, OTHER, "http", LOCAL, PUBLIC, False),
        (LAN | {"open": "all"}, OTHER, "http", {"host": "10.0.0.2:8080"}, READ, False),
        # with TLS one can log in
        (TLS, OTHER, "https", {"host": "tower.example"}, PUBLIC, True),
        (TLS | {"open": "all"}, OTHER, "https", {"host": "tower.example"}, READ, True),
        # a proxy's word counts from its addresses alone
        (PROXY, "10.0.0.5", "http", BY_PROXY, PUBLIC, True),
        (PROXY, "fd00::7", "http", BY_PROXY, PUBLIC, True),
        (PROXY, "10.0.0.6", "http", BY_PROXY, PUBLIC, False),
        (PROXY, "10.0.0.5", "http", BY_PROXY | {"x-forwarded-proto": "http"}, PUBLIC, False),
        (PROXY, "10.0.0.5", "http", {"host": "tower.example"}, PUBLIC, False),
        (PROXY | {"open": "all"}, "10.0.0.5", "http", BY_PROXY, READ, True),
        # beside a proxy nobody reads without logging in, but somebody at the machine itself can log in
        (PROXY, HERE, "http", LOCAL, PUBLIC, True),
        # no address at all, as over a socket file
        ({}, "", "http", LOCAL, PUBLIC, False),
    ],
)
def test_who_may_read_without_logging_in_and_where_a_login_is_taken(
    web: dict[str, object], peer: str, scheme: str, headers: dict[str, str], role: Role | None, is_secure: bool
) -> None:
    """The whole table of the rules."""
    found = access(settings(web), peer, scheme, headers)
    assert (found.role, found.is_secure) == (role, is_secure)


def settings(web: dict[str, object]) -> Web:
    """The page's part of tower.yaml; where the certificate lies is no matter here."""
    return Web.model_validate({key: value for key, value in web.items() if not key.endswith("_file")})


@pytest.mark.parametrize(
    ("peer", "headers", "user", "role"),
    [
        ("10.0.0.5", {"x-user": "kim", "x-role": "operator"}, "kim", Role.OPERATOR),
        ("10.0.0.5", {"x-user": "kim"}, "kim", None),
        ("10.0.0.5", {"x-user": "kim", "x-role": "staff,Operator; admin"}, "kim", Role.ADMIN),
        ("10.0.0.5", {"x-user": "kim", "x-role": "administrators"}, "kim", None),
        ("10.0.0.5", {"x-user": "Åsa Ek".encode().decode("latin-1")}, "Åsa Ek", None),
        ("10.0.0.5", {"x-user": "\xff"}, None, None),
        ("10.0.0.5", {"x-user": "a\x1bb"}, None, None),
        ("10.0.0.5", {"x-user": ""}, None, None),
        ("10.0.0.5", {}, None, None),
        ("10.0.0.6", {"x-user": "kim", "x-role": "admin"}, None, None),
        (HERE, {"x-user": "kim", "x-role": "admin"}, None, None),
    ],
)
def test_a_trusted_proxy_says_who_it_is(
    peer: str, headers: dict[str, str], user: str | None, role: Role | None
) -> None:
    """And nobody else does."""
    found = access(settings(PROXY), peer, "http", BY_PROXY | headers)
    assert (found.user, found.user_role) == (user, role if user else found.user_role)


def test_a_proxy_without_tls_vouches_for_nobody() -> None:
    """The password went over the network in the clear."""
    found = access(settings(PROXY), "10.0.0.5", "http", BY_PROXY | {"x-forwarded-proto": "http", "x-user": "kim"})
    assert found.user is None


def test_only_the_last_of_several_addresses_was_seen_by_the_proxy() -> None:
    """Whatever a client wrote before it."""
    found = access(settings(PROXY), "10.0.0.5", "http", BY_PROXY | {"x-forwarded-for": "127.0.0.1, 203.0.113.9"})
    assert found.address == "203.0.113.9"
    assert access(settings({}), OTHER, "http", BY_PROXY).address == OTHER


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::7]:51234", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("127.0.0.1, 203.0.113.9:1", "203.0.113.9"),
    ],
)
def test_an_address_has_no_port(written: str, address: str) -> None:
    """It would be another for each connection, and each of them could start to guess passwords."""
    assert access(settings(PROXY), "10.0.0.5", "http", BY_PROXY | {"x-forwarded-for": written}).address == address


def test_what_a_proxy_adds_as_a_line_of_its_own_counts() -> None:
    """Some leave the lines that a browser sent before it."""
    forged = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-proto", "https")]
    added = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "http")]
    found = access(settings(PROXY), "10.0.0.5", "http", headers_of([*forged, *added]))
    assert (found.address, found.is_tls, found.is_secure) == ("203.0.113.9", False, False)


@pytest.mark.parametrize("twice", ["x-user", "x-role"])
def test_a_proxy_vouches_for_nobody_beside_what_a_browser_wrote(twice: str) -> None:
    """It is not clear whose word it is."""
    lines = [(twice, "admin"), *BY_PROXY.items(), ("x-user", "kim"), ("x-role", "viewer")]
    found = access(settings(PROXY), "10.0.0.5", "http", headers_of(lines))
    assert (found.user, found.user_role) == (None, None)
