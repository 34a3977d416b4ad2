"""From `mqtt:` of tower.yaml to addresses and secrets. A secret comes from a file or a systemd credential, never from
the two files themselves."""

import os
from contextlib import suppress
from pathlib import Path

from controller.app.users import CONTROLLER, OWN_PASSWORD, entries, secret_text
from controller.config.tower import MqttSettings as Settings
from controller.errors import Misconfigured
from controller.mqtt import Address, Tls

DEFAULT_LISTEN = ("127.0.0.1", 1883)
CREDENTIAL = "mqtt-password"
INSTALLED_STATE = Path("/var/lib/watertower")


def addresses(settings: Settings, state: Path | None = None) -> tuple[Address, ...]:
    """The brokers to connect to. To the embedded one a command without a `username` logs in as the service's own
    programs do, where it may read the state directory. Raises Misconfigured."""
    login = (settings.username, _password(settings))
    if settings.is_embedded:
        name, password = login if login[0] else _login_of_service(settings, state)
        return (embedded(*listens(settings), name, password),)
    tls = Tls(settings.ca_file, settings.cert_file, settings.key_file)
    return tuple(
        Address.parse(url, username=login[0], password=login[1], tls=tls if url.startswith("mqtts:") else None)
        for url in settings.broker
    )


def embedded(host: str, port: int, name: str | None, password: str | Path | None) -> Address:
    """The embedded broker for whoever is on the same machine."""
    host = "127.0.0.1" if host in {"0.0.0.0", "localhost"} else "::1" if host == "::" else host  # noqa: S104
    return Address(host, port, username=name, password=password)


def _login_of_service(settings: Settings, state: Path | None) -> tuple[str | None, str | Path | None]:
    """Else as the user `controller`, where the password is not hashed; nobody where there are no users."""
    for folder in (state, INSTALLED_STATE):
        if folder is not None and os.access(folder / OWN_PASSWORD, os.R_OK):
            return CONTROLLER, folder / OWN_PASSWORD
    with suppress(Misconfigured):
        user = (entries(settings) or {}).get(CONTROLLER)
        if user is not None and not user.is_hashed:
            return CONTROLLER, user.secret
    return None, None


def listens(settings: Settings) -> tuple[str, int]:
    """Host and port of the embedded broker."""
    if settings.listen is None:
        return DEFAULT_LISTEN
    host, _, port = settings.listen.rpartition(":")
    return host.strip("[]"), int(port)


def _password(settings: Settings) -> Path | None:
    """The file with it, once it was seen that it can be read."""
    path = settings.password_file
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if path is None and settings.username and credentials and (kept := Path(credentials, CREDENTIAL)).is_file():
        path = kept
    if path is not None:
        secret_text(path)
    return path
