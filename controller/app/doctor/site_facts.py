"""Facts about what a site depends on besides its machine: ports, certificate of the page, receivers of notices,
database, and tested lamps. All functions may wait for the disk or the network.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller import plain_file
from controller.app import broker_settings
from controller.clock import SystemClock
from controller.config.tower import Tower
from controller.config.tower_keys import Heartbeat, Receiver
from controller.config.web_keys import Web
from controller.events import Event
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.gateways import lamps_of
from controller.rfc3339 import rfc3339
from controller.service.watches import DatabaseClock
from controller.state.lamp_results import FILE as LAMPS
from controller.state.lamp_results import LampFindings, read_results
from controller.state.storage import Storage

ANSWER_S = 2.0
MOST_BYTES = 1_000_000
MONITOR = "heartbeat"
NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""
STEPS = 10
"""Most steps of a handshake; TLS 1.3 needs three."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of ours, `page` or `broker`, and whether something answers there."""

    name: str
    address: str
    answers: bool


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """The address of a receiver of notices, or of the monitor: its server, if the address names one, and whether it
    answers; why the address cannot be used, if it cannot."""

    name: str
    server: str = ""
    answers: bool = True
    unusable: Reason | None = None


@dataclass(frozen=True, slots=True)
class WalkTests:
    """The record of the walk tests: when the last one was, how many lamps have a result, and which were wrong at their
    last test. `unconfirmed` lamps failed when the service tested them itself."""

    at: str
    lamps: int
    wrong: tuple[str, ...]
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The database that keeps the state, and the events of an attempt to use it, also about its clock."""

    place: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class PageCertificate:
    """`until` is when it expires; `refused` is why certificate and key cannot be used, or could not be read."""

    file: Path
    until: datetime | None = None
    refused: Reason | None = None


def ports(tower: Tower | None) -> Iterator[Port]:
    listens = {}
    if tower is not None and tower.web is not None:
        listens["page"] = tower.web.address
    if tower is not None and tower.mqtt.is_embedded:
        listens["broker"] = broker_settings.listens(tower.mqtt)
    for name, (host, port) in listens.items():
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        yield Port(name, shown, _answers(broker_settings.embedded(host, port, None, None).host, port))


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), ANSWER_S):
        return True
    return False


def address_facts(tower: Tower | None) -> Iterator[AddressFacts]:
    for name, each in notified(tower).items():
        try:
            from controller.app import notice_sender  # noqa: PLC0415  HTTP is not needed without it

            look = notice_sender.examine if isinstance(each, Receiver) else notice_sender.monitor_of
            server = look(each.url_file)
        except notice_sender.AddressUnusable as error:
            yield AddressFacts(name, unusable=error.reason)
        else:
            yield (
                AddressFacts(name)
                if server is None
                else AddressFacts(name, f"{server[0]}:{server[1]}", _answers(*server))
            )


def notified(tower: Tower | None) -> dict[str, Receiver | Heartbeat]:
    """The receivers of notices and the monitor, by name."""
    found: dict[str, Receiver | Heartbeat] = {each.name: each for each in tower.notices} if tower is not None else {}
    if tower is not None and tower.heartbeat is not None:
        found[MONITOR] = tower.heartbeat
    return found


def database(storage: Storage, clock: SystemClock) -> DatabaseFacts | None:
    if storage.server is None:
        return None
    events: list[Event] = []
    forget = storage.server.listen(events.append)
    with suppress(OSError):
        asked, shown = clock.read(), storage.server.require_writable()
        DatabaseClock(socket.gethostname(), events.append).compare(shown, asked, clock.read())
    forget()
    return DatabaseFacts(storage.server.place, tuple(events))


def walk_tests(state: Path, tower: Tower | None) -> WalkTests | None:
    """The record for the lamps in tower.yaml, for all lamps without that file; None if there is no readable record."""
    findings = LampFindings()
    with suppress(OSError, ValueError):
        findings = read_results(plain_file.read(state / LAMPS, MOST_BYTES))
    lamps = {*findings.people, *findings.by_itself}
    if tower is not None:
        lamps &= {f"{each.name}/{lamp}" for each in tower.gateways for lamp in lamps_of(each)}
    if not lamps:
        return None
    seen = {lamp: result for lamp, result in findings.people.items() if lamp in lamps}
    at = rfc3339(max(result.at for result in seen.values()), timespec="seconds") if seen else ""
    failed = {lamp: result for lamp in sorted(lamps) if (result := findings.failed(lamp)) is not None}
    wrong = tuple(lamp for lamp, result in failed.items() if result.by == "person")
    return WalkTests(at, len(seen), wrong, tuple(lamp for lamp in failed if lamp not in wrong))


def certificate_of(web: Web) -> PageCertificate | None:
    """The certificate of the page; None if the page has none."""
    if web.cert_file is None:
        return None
    try:
        return PageCertificate(web.cert_file, _until(web.cert_file, web.key_file or web.cert_file))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return PageCertificate(web.cert_file, refused=reason_of(error))


def _until(certificate: Path, key: Path) -> datetime:
    """When the certificate expires. Raises OSError if the two files cannot be used together.

    Python reveals the dates of a certificate only for the other side of a verified connection. So both sides of one are
    run here, in memory: the certificate serves as its own authority, and its dates are not verified.
    """
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key, password=_no_pass_phrase)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname = False
    theirs.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME)
    theirs.load_verify_locations(certificate)
    to_them, to_us = ssl.MemoryBIO(), ssl.MemoryBIO()
    server, client = ours.wrap_bio(to_us, to_them, server_side=True), theirs.wrap_bio(to_them, to_us)
    for _ in range(STEPS):
        if all([_goes_on(client.do_handshake), _goes_on(server.do_handshake)]):
            break
    shown = client.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def _goes_on(handshake: Callable[[], None]) -> bool:
    """Does one more step; returns whether the handshake is done."""
    try:
        handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _no_pass_phrase() -> str:
    """Called only if a key has a pass phrase; OpenSSL would ask on the terminal."""
    raise ValueError("the key has a pass phrase")
