"""Makes addresses, users and their rights from `mqtt:` of tower.yaml. Secrets come from files or systemd credentials,
never from the two files themselves.

`users_file` has a line `name:password` for each user, the password as `watertower password` writes it, or plain. Below
it there may be more rights, in the syntax of mosquitto's access list: `topic read|write|readwrite FILTER`.

Rights, as in deploy/mosquitto/watertower.acl
| user | may |
|---|---|
| `controller`, and the programs of the service | everything |
| anyone | read the controller's status, and `desired`, `walk` and `availability` of the gateway of the same name; write that gateway's `reported` and `availability` |
| the name of a vendor's gateway in tower.yaml | read and write the topics of that device, of no others |
| anyone with `topic` lines | that too |
If several sites share the broker, a gateway's name is `<site>/<gateway>`, and it has the topics of that site.
"""  # noqa: E501 -- a table

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from controller import plain_file
from controller.broker.access import User, is_secret
from controller.config.source import CREDENTIAL, INSTALLED_STATE
from controller.config.tower import MqttSettings as Settings
from controller.config.tower import Tower
from controller.errors import Misconfigured
from controller.events import Event, new_event
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.mqtt import Address, Tls
from controller.state import atomic
from controller.topics import is_filter

DEFAULT_LISTEN = ("127.0.0.1", 1883)
CONTROLLER = "controller"
OWN_PASSWORD = "broker-password"  # noqa: S105 -- a name
"""File in the state directory with the password of the service's own programs. Commands that may read it use it too."""
CREDENTIALS = "/run/credentials/"
MAX_SECRET = 10_000
MAX_USERS = 1_000_000
ACCESS = {"read": (True, False), "write": (False, True), "readwrite": (True, True)}
"""Access in a `topic` line -> whether it allows reading and writing."""
EACH_LINE = Reason("each_line_a_user")


def listens(settings: Settings) -> tuple[str, int]:
    """Host and port of the embedded broker."""
    if settings.listen is None:
        return DEFAULT_LISTEN
    host, _, port = settings.listen.rpartition(":")
    return host.strip("[]"), int(port)


def addresses(settings: Settings, state: Path | None = None) -> tuple[Address, ...]:
    """The brokers to connect to. Without a `username` a command logs in to the embedded one like the service's own
    programs, if it may read the state directory. Raises Misconfigured."""
    username, password = settings.username, _password_file(settings)
    if settings.is_embedded:
        login = (username, password) if username else _login_of_service(settings, state)
        return (embedded(*listens(settings), *login),)
    tls = Tls(settings.ca_file, settings.cert_file, settings.key_file)
    return tuple(
        Address.parse(url, username=username, password=password, tls=tls if url.startswith("mqtts:") else None)
        for url in settings.broker
    )


def embedded(host: str, port: int, username: str | None, password: str | Path | None) -> Address:
    """The address of the embedded broker for programs on the same machine."""
    host = "127.0.0.1" if host in {"0.0.0.0", "localhost"} else "::1" if host == "::" else host  # noqa: S104
    return Address(host, port, username=username, password=password, is_embedded=True)


def not_reached(brokers: Sequence[Address], failure: Event) -> Event:
    """The failure as people see it. The embedded broker cannot be reached if no service runs."""
    if failure.code == "TWL-M007" and any(broker.is_embedded for broker in brokers):
        return new_event("TWL-Q101", address=failure.fields["broker"], reason=failure.fields["reason"])
    return failure


def _password_file(settings: Settings) -> Path | None:
    """The file with the password, after a check that it can be read. Raises Misconfigured."""
    path = settings.password_file
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if path is None and settings.username and credentials and Path(credentials, CREDENTIAL).is_file():
        path = Path(credentials, CREDENTIAL)
    if path is not None:
        secret_text(path)
    return path


def _login_of_service(settings: Settings, state: Path | None) -> tuple[str | None, str | Path | None]:
    """User and password: the service's own if we may read it, else the user `controller` if its password is not hashed,
    else none."""
    for folder in (state, INSTALLED_STATE):
        if folder is not None and os.access(folder / OWN_PASSWORD, os.R_OK):
            return CONTROLLER, folder / OWN_PASSWORD
    with suppress(Misconfigured):
        user = listed_users(settings)[0].get(CONTROLLER)
        if user is not None and not user.is_hashed:
            return CONTROLLER, user.secret
    return None, None


def own_password(state: Path) -> str:
    """The password of the service's own programs: made once and stored in the state directory, or made for this run
    only if it cannot be stored."""
    file = state / OWN_PASSWORD
    with suppress(OSError, ValueError):
        stored = plain_file.read(file, MAX_SECRET).decode("ascii").strip()
        if len(stored) >= 32:
            return stored
    password = secrets.token_urlsafe(32)
    with suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        atomic.write(file, f"{password}\n".encode("ascii"), 0o600)
    return password


def secret_text(path: Path, most: int = MAX_SECRET) -> str:
    """The text of a secret file of at most `most` bytes; raises Misconfigured TWL-Q106."""
    try:
        return plain_file.read(path, most).decode()
    except (OSError, ValueError) as error:
        raise Misconfigured("TWL-Q106", path=str(path), reason=reason_of(error)) from error


def users(tower: Tower) -> dict[str, User] | None:
    """The users of `users_file` with all their rights; None allows anyone on this machine everything. Raises
    Misconfigured."""
    if tower.mqtt.users_file is None:
        return None
    return {name: _with_rights(name, user, tower) for name, user in listed_users(tower.mqtt)[0].items()}


def users_of_sites(towers: Mapping[str, Tower]) -> dict[str, User] | None:
    """The same if several sites, by name, share the broker: a gateway logs in as `<site>/<gateway>`; if there is only
    one site, whose name is empty, as itself."""
    if "" in towers:
        return users(towers[""])
    shared = [tower for tower in towers.values() if tower.mqtt.is_embedded and tower.mqtt.users_file is not None]
    if not shared:
        return None
    found = dict[str, User]()
    for name, user in listed_users(shared[0].mqtt)[0].items():
        site, _, gateway = name.partition("/")
        if name == CONTROLLER:
            found[name] = User(user.secret)
        elif site in towers and gateway and gateway != CONTROLLER:
            found[name] = _with_rights(gateway, user, towers[site])
        else:
            found[name] = replace(user, read=user.read or (), write=user.write or ())
    return found


def listed_users(settings: Settings) -> tuple[dict[str, User], tuple[str, ...]]:
    """The users listed in `users_file`, and the names that are listed more than once, of which the last entry counts;
    nobody without such a file. Raises Misconfigured TWL-Q106."""
    path, found, repeated = settings.users_file, dict[str, User](), dict[str, None]()
    if path is None:
        return {}, ()
    name = ""
    for line in filter(None, map(str.strip, secret_text(path, MAX_USERS).splitlines())):
        topic, access, pattern = (*line.split(None, 2), "", "", "")[:3]
        user, colon, secret = line.partition(":")
        if line.startswith("#"):
            continue
        if topic == "topic" and access in ACCESS and name and is_filter(pattern):
            found[name] = _with_topic(found[name], access, pattern)
        elif colon and user and is_secret(secret):
            if user in found:
                repeated[user] = None
            name = user
            found[name] = User(secret, read=(), write=())
        else:
            raise Misconfigured("TWL-Q106", path=str(path), reason=EACH_LINE)
    if not found:
        raise Misconfigured("TWL-Q106", path=str(path), reason=EACH_LINE)
    return found, tuple(repeated)


def _with_topic(user: User, access: str, pattern: str) -> User:
    read, write = ((pattern,) if is_allowed else () for is_allowed in ACCESS[access])
    return replace(user, read=(*(user.read or ()), *read), write=(*(user.write or ()), *write))


def _with_rights(name: str, user: User, tower: Tower) -> User:
    if name == CONTROLLER:
        return User(user.secret)
    prefix = tower.mqtt.topic_prefix
    read, write = [f"{prefix}/controller/status"], list[str]()
    if not set(name) & set("+#/"):
        read += [f"{prefix}/gateway/{name}/{leaf}" for leaf in ("desired", "walk", "availability")]
        write += [f"{prefix}/gateway/{name}/{leaf}" for leaf in ("reported", "availability")]
    for gateway in tower.gateways:
        if gateway.name == name:
            topics = gateway.device_topics(prefix)
            read += topics
            write += topics
    return replace(user, read=(*(user.read or ()), *read), write=(*(user.write or ()), *write))


def secret_findings(settings: Settings) -> Iterator[tuple[str, Event]]:
    """Problems of the secret files, each with the key of `mqtt:` that names it. Ignores files that only the service may
    read, or that systemd makes when it starts."""
    for key in ("users_file", "password_file", "key_file"):
        path: Path | None = getattr(settings, key)
        with suppress(OSError):
            if path is not None and path.stat().st_mode & 0o004:
                yield key, new_event("TWL-B053", path=str(path))
    for key in ("password_file", "ca_file", "cert_file", "key_file"):
        path = getattr(settings, key)
        if path is not None:
            yield from _unusable(key, partial(secret_text, path, MAX_USERS))
    yield from _unusable("users_file", partial(listed_users, settings))
    with suppress(Misconfigured):
        found, repeated = listed_users(settings)
        plain = [name for name, user in found.items() if not user.is_hashed]
        for code, names in (("TWL-B054", plain), ("TWL-B055", repeated)):
            if names:
                yield "users_file", new_event(code, path=str(settings.users_file), users=", ".join(names))


def _unusable(key: str, read: Callable[[], object]) -> Iterator[tuple[str, Event]]:
    try:
        read()
    except Misconfigured as error:
        is_of_systemd = str(error.fields["path"]).startswith(CREDENTIALS)
        if not isinstance(error.__cause__, PermissionError) and not is_of_systemd:
            yield key, new_event(error.code, **error.fields)
