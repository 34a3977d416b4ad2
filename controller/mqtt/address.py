"""Where a broker is and how one proves to it who one is."""

from dataclasses import dataclass, field
from pathlib import Path

from controller.config.broker_urls import ADDRESS, MAX_PORT, PORTS
from controller.errors import Mistake


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption towards the broker; the broker's certificate and name are always verified.

    Without `ca_file` the certificate must come from an authority that this machine trusts. `cert_file` and
    `key_file` are our own certificate, for brokers that ask for one. The files are read anew at each
    attempt.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """One broker. A password that stands in a file is read anew at each attempt, so that it may be changed.

    Raises ValueError for what no connection could be tried with.
    """

    host: str
    port: int = PORTS["mqtt"]
    tls: Tls | None = None
    username: str | None = None
    password: str | Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= MAX_PORT:
            raise ValueError(f"no host and port: {self.host!r}, {self.port!r}")
        if self.password is not None and self.username is None:
            raise ValueError("a password without a user name: MQTT 3.1.1 section 3.1.2.9 does not know it")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @classmethod
    def parse(
        cls, text: str, *, tls: Tls | None = None, username: str | None = None, password: str | Path | None = None
    ) -> "Address":
        """`mqtt://host[:port]` or `mqtts://host[:port]`; `tls` names the files for the latter, if there are any.

        Raises Mistake TWL-M020 for anything else, TWL-M021 where credentials stand in the address, TWL-M022
        for files and no encryption.
        """
        if "@" in text:
            raise Mistake("TWL-M021", end=text.rindex("@") + 1, address=text[text.rindex("@") + 1 :])
        parts = ADDRESS.fullmatch(text)
        if parts is None:
            raise Mistake("TWL-M020", value=text)
        scheme = parts["scheme"].lower()
        port = int(parts["port"] or PORTS[scheme])
        if not 1 <= port <= MAX_PORT:
            raise Mistake("TWL-M020", value=text)
        if tls and scheme == "mqtt":
            raise Mistake("TWL-M022", end=len("mqtt"), value=text, suggestion=f"mqtts{text[len('mqtt') :]}")
        encrypted = (tls or Tls()) if scheme == "mqtts" else None
        return cls((parts["host"] or parts["ipv6"]).lower(), port, encrypted, username, password)
