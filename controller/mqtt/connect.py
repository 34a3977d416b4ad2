"""Making a connection: what blocks is done off the loop, and what fails is told by its cause."""

import contextlib
import ssl
from pathlib import Path

from controller import plain_file
from controller.mqtt.address import Tls
from controller.mqtt.incoming import BrokerUnreachable, Failure, Flaw, LoginRefused, Untrusted

MOST_SECRET = 10_000
"""Bytes of a password's file."""
UNAVAILABLE = 3
"""CONNACK return code of a broker that is still starting, MQTT 3.1.1 section 3.2.2.3."""

VERIFY_FLAWS: dict[int, Flaw] = {9: "not yet valid", 10: "expired", 62: "wrong name", 64: "wrong name"}
"""X509_V_ERR_… of OpenSSL's x509_vfy.h; all others are `not trusted`."""


class NotLetInError(Exception):
    """The broker's CONNACK says no."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class OwnFilesError(Exception):
    """A file named in `Address` or `Tls` cannot be used."""


class ClosingSocket(ssl.SSLSocket):
    """paho leaves the socket open when the handshake fails."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and name verified; raises OwnFilesError."""
    try:
        for named in filter(None, (tls.ca_file, tls.cert_file, tls.key_file)):
            plain_file.require(named)  # a pipe would hold up whoever reads it
        made = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file:
            made.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        names = ", ".join(str(name) for name in (tls.ca_file, tls.cert_file, tls.key_file) if name)
        raise OwnFilesError(f"{names}: {_words(error)}") from error
    made.sslsocket_class = ClosingSocket
    return made


def secret(password: str | Path | None) -> str | None:
    """The password, as its file has it now; raises OwnFilesError."""
    if not isinstance(password, Path):
        return password
    try:
        return plain_file.read(password, MOST_SECRET).decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise OwnFilesError(f"{password}: {_words(error)}") from error


def failure(broker: str, error: Exception) -> Failure:
    """Why there is no connection."""
    match error:
        case NotLetInError(code=code, reason=reason) if code != UNAVAILABLE:
            return LoginRefused(broker, reason, code)
        case ssl.SSLCertVerificationError():
            return Untrusted(broker, VERIFY_FLAWS.get(error.verify_code, "not trusted"), error.verify_message)
        case OwnFilesError():
            return Untrusted(broker, "own files", str(error))
        case TimeoutError():
            return BrokerUnreachable(broker, "no answer in time")
        case NotLetInError(reason=reason):
            return BrokerUnreachable(broker, reason)
    return BrokerUnreachable(broker, _words(error))


def _words(error: Exception) -> str:
    with contextlib.suppress(AttributeError):
        return str(error.strerror or error)  # type: ignore[attr-defined]
    return f"{type(error).__name__}: {error}"
