"""When the certificate of the page expires.

Python reveals the dates of a certificate only for the other side of a verified connection. So both sides of one are run
here, in memory: the certificate serves as its own authority, and its dates are not verified.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.config.web_keys import Web
from controller.events.models import Reason
from controller.events.reasons import reason_of

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name."""
STEPS = 10
"""Most steps of a handshake; TLS 1.3 needs three."""


@dataclass(frozen=True, slots=True)
class PageCertificate:
    """`until` is when it expires; `refused` is why certificate and key cannot be used, or could not be read."""

    file: Path
    until: datetime | None = None
    refused: Reason | None = None


def certificate_of(web: Web) -> PageCertificate | None:
    """The certificate of the page; None if the page has none."""
    if web.cert_file is None:
        return None
    try:
        return PageCertificate(web.cert_file, _until(web.cert_file, web.key_file or web.cert_file))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return PageCertificate(web.cert_file, refused=reason_of(error))


def _until(certificate: Path, key: Path) -> datetime:
    """When the certificate expires. Raises OSError if the two files cannot be used together."""
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
