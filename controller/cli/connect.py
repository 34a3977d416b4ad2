"""From `mqtt:` of tower.yaml to addresses, users and secrets. A secret comes from a file or a systemd credential,
never from the two files themselves."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from controller import plain_file
from controller.config.tower import Mqtt as Settings
from controller.errors import Misconfigured
from controller.mqtt import Address, Tls

DEFAULT_LISTEN = ("127.0.0.1", 1883)
CREDENTIAL = "mqtt-password"
MAX_SECRET = 10_000


def addresses(settings: Settings, port: int | None = None) -> tuple[Address, ...]:
    """The brokers to connect to; `port` is where the embedded one really listens. Raises Misconfigured."""
    login = (settings.username, _password(settings))
    if settings.is_embedded:
        host, wanted = listens(settings)
        own = own_address(host, port or wanted, users(settings))
        return (replace(own, username=login[0], password=login[1]) if login[0] else own,)
    tls = Tls(settings.ca_file, settings.cert_file, settings.key_file)
    return tuple(
        Address.parse(url, username=login[0], password=login[1], tls=tls if url.startswith("mqtts:") else None)
        for url in settings.broker
    )


def own_address(host: str, port: int, known: Mapping[str, str] | None) -> Address:
    """The embedded broker for whoever is on the same machine, as the first of the users that it knows."""
    host = "127.0.0.1" if host in {"0.0.0.0", "localhost"} else "::1" if host == "::" else host  # noqa: S104
    name, password = next(iter((known or {}).items()), (None, None))
    return Address(host, port, username=name, password=password)


def listens(settings: Settings) -> tuple[str, int]:
    """Host and port of the embedded broker."""
    if settings.listen is None:
        return DEFAULT_LISTEN
    host, _, port = settings.listen.rpartition(":")
    return host.strip("[]"), int(port)


def users(settings: Settings) -> dict[str, str] | None:
    """Who may use the embedded broker: lines `name:password` of `users_file`; None lets anyone on this machine."""
    if settings.users_file is None:
        return None
    lines = (line.strip() for line in _read(settings.users_file).splitlines())
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not pairs or any(not colon or not name or not password for name, colon, password in pairs):
        raise Misconfigured("TWL-Q106", path=str(settings.users_file), reason="each line is name:password")
    return {name: password for name, _, password in pairs}


def nobody_else() -> dict[str, str]:
    """One user with a password that nobody is told."""
    return {"controller": secrets.token_urlsafe()}


def _password(settings: Settings) -> Path | None:
    """The file with it, once it was seen that it can be read."""
    path = settings.password_file
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if path is None and settings.username and credentials and (kept := Path(credentials, CREDENTIAL)).is_file():
        path = kept
    if path is not None:
        _read(path)
    return path


def _read(path: Path) -> str:
    try:
        return plain_file.read(path, MAX_SECRET).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise Misconfigured("TWL-Q106", path=str(path), reason=reason) from error
