"""Where a broker is and how one proves to it who one is."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from controller.errors import Mistake

PORTS = {"mqtt": 1883, "mqtts": 8883}
HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?")


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
    """One broker."""

    host: str
    port: int = PORTS["mqtt"]
    tls: Tls | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.password is not None and self.username is None:
            raise ValueError("a password without a user name: MQTT 3.1.1 section 3.1.2.9 does not know it")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @classmethod
    def parse(
        cls, text: str, *, tls: Tls | None = None, username: str | None = None, password: str | None = None
    ) -> "Address":
        """`mqtt://host[:port]` or `mqtts://host[:port]`; `tls` says how, and counts for `mqtts` only.

        Raises Mistake TWL-M020 for anything else, TWL-M021 where credentials stand in the address.
        """
        if "@" in text:
            raise Mistake("TWL-M021", end=text.rindex("@") + 1, address=text[text.rindex("@") + 1 :])
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise Mistake("TWL-M020", value=text) from error
        if parts.scheme not in PORTS or not HOST.fullmatch(parts.hostname or "") or port == 0:
            raise Mistake("TWL-M020", value=text)
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise Mistake("TWL-M020", value=text)
        encrypted = (tls or Tls()) if parts.scheme == "mqtts" else None
        return cls(str(parts.hostname), port or PORTS[parts.scheme], encrypted, username, password)
