"""Who may use the embedded broker, and for what.

`users_file` has a line `name:password` for each user, the password as `watertower password` writes it, or plain. Below
it further rights may stand, in the words of mosquitto's access list: `topic read|write|readwrite FILTER`.

Rights, as in deploy/mosquitto/watertower.acl
| user | may |
|---|---|
| `controller`, and the programs of the service | everything |
| anyone | read whether the controller is there, and `desired` and `walk` of the gateway of the same name; write that gateway's `reported` and `availability` |
| the name of a vendor's gateway in tower.yaml | read and write the topics of that device, no others' |
| anyone with `topic` lines | that too |
"""  # noqa: E501 -- a table

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from controller import plain_file
from controller.broker import User, is_secret
from controller.config.tower import MqttSettings as Settings
from controller.config.tower import Tower
from controller.errors import Misconfigured
from controller.events import Event, new_event
from controller.gateways.base import DesiredState, Gateway
from controller.gateways.dmx import Dmx
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.topics import is_filter

CONTROLLER = "controller"
OWN_PASSWORD = "broker-password"  # noqa: S105 -- a name
"""The file of the state directory with the password of the service's own programs; commands of whoever may read it use
it too."""
CREDENTIALS = "/run/credentials/"
MAX_SECRET = 10_000
MAX_USERS = 1_000_000
WORDS = {"read": (True, False), "write": (False, True), "readwrite": (True, True)}
EACH_LINE = "each line is name:password, or below one `topic read|write|readwrite FILTER`"
SAMPLES = (DARK, ZoneState(on=True, color=Color("#FFFFFF"), brightness=1.0))


def users(tower: Tower) -> dict[str, User] | None:
    """The users of `users_file` with all their rights; None lets anyone on this machine do anything. Raises
    Misconfigured."""
    listed = entries(tower.mqtt)
    if listed is None:
        return None
    return {name: _with_rights(name, user, tower) for name, user in listed.items()}


def entries(settings: Settings) -> dict[str, User] | None:
    """What stands in `users_file`; raises Misconfigured TWL-Q106."""
    path = settings.users_file
    if path is None:
        return None
    found: dict[str, User] = {}
    for line in map(str.strip, secret_text(path, MAX_USERS).splitlines()):
        if not line or line.startswith("#"):
            continue
        if not (_add_rights(line, found) or _add_user(line, found)):
            raise Misconfigured("TWL-Q106", path=str(path), reason=EACH_LINE)
    if not found:
        raise Misconfigured("TWL-Q106", path=str(path), reason=EACH_LINE)
    return found


def _add_user(line: str, found: dict[str, User]) -> bool:
    name, colon, secret = line.partition(":")
    if not colon or not name or not is_secret(secret):
        return False
    found[name] = User(secret, read=(), write=())
    return True


def _add_rights(line: str, found: dict[str, User]) -> bool:
    word, access, pattern = (*line.split(None, 2), "", "", "")[:3]
    if word != "topic" or access not in WORDS:
        return False
    if not found or not is_filter(pattern):
        return False
    name, user = list(found.items())[-1]
    reads, writes = ((pattern,) if may else () for may in WORDS[access])
    found[name] = replace(user, read=(*(user.read or ()), *reads), write=(*(user.write or ()), *writes))
    return True


def _with_rights(name: str, user: User, tower: Tower) -> User:
    if name == CONTROLLER:
        return User(user.secret)
    prefix = tower.mqtt.topic_prefix
    reads, writes = [f"{prefix}/controller/status"], list[str]()
    if not set(name) & set("+#/"):
        reads += [f"{prefix}/gateway/{name}/{leaf}" for leaf in ("desired", "walk")]
        writes += [f"{prefix}/gateway/{name}/{leaf}" for leaf in ("reported", "availability")]
    for gateway in tower.gateways:
        if gateway.name == name and not isinstance(gateway, Dmx):
            topics = topics_of(gateway, prefix)
            reads += topics
            writes += topics
    return replace(user, read=(*(user.read or ()), *reads), write=(*(user.write or ()), *writes))


def topics_of(gateway: Gateway, prefix: str) -> list[str]:
    """All below the topics with the device's own name in them; where it has none the topics that tower.yaml names."""
    now = datetime(2000, 1, 1, tzinfo=UTC)
    wants = [DesiredState(now, dict.fromkeys(gateway.zone_names, sample)) for sample in SAMPLES]
    sent = [message.topic for want in wants for message in gateway.encode(want, prefix)]
    topics = {*gateway.topics(prefix), *sent, *(message.topic for message in gateway.query(prefix))}
    device = str(getattr(gateway, "topic", getattr(gateway, "device", "")))
    if not device:
        return sorted(topics)
    answers = {topic for topic in topics if topic.startswith(f"{prefix}/gateway/{gateway.name}/")}
    found = {f"/{topic}/".partition(f"/{device}/") for topic in topics}
    return sorted(answers | {f"{head}/{device}/#".lstrip("/") for head, name, _ in found if name})


def own_password(state: Path) -> str:
    """The password of the service's own programs: made once and kept in the state directory, or for this time only
    where it cannot be kept."""
    file = state / OWN_PASSWORD
    with suppress(OSError, ValueError):
        kept = plain_file.read(file, MAX_SECRET).decode("ascii").strip()
        if len(kept) >= 32:
            return kept
    made = secrets.token_urlsafe(32)
    with suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.new")
        new.unlink(missing_ok=True)
        new.touch(0o600, exist_ok=False)
        new.write_text(f"{made}\n", "ascii")
        new.replace(file)
    return made


def doubts(settings: Settings) -> Iterator[tuple[str, Event]]:
    """What is wrong with the secret files, each with the key of `mqtt:` that names it. Nothing of one that only the
    service may read, or that systemd makes when it starts."""
    for key in ("users_file", "password_file", "key_file"):
        path: Path | None = getattr(settings, key)
        with suppress(OSError):
            if path is not None and path.stat().st_mode & 0o004:
                yield key, new_event("TWL-B053", path=str(path))
    for key in ("password_file", "ca_file", "cert_file", "key_file"):
        path = getattr(settings, key)
        if path is not None:
            yield from _unusable(key, partial(secret_text, path, MAX_USERS))
    yield from _unusable("users_file", partial(entries, settings))
    with suppress(Misconfigured):
        plain = [name for name, user in (entries(settings) or {}).items() if not user.is_hashed]
        if plain:
            yield "users_file", new_event("TWL-B054", path=str(settings.users_file), users=", ".join(plain))


def _unusable(key: str, read: Callable[[], object]) -> Iterator[tuple[str, Event]]:
    try:
        read()
    except Misconfigured as error:
        is_of_systemd = str(error.fields["path"]).startswith(CREDENTIALS)
        if not isinstance(error.__cause__, PermissionError) and not is_of_systemd:
            yield key, new_event(error.code, **error.fields)


def secret_text(path: Path, most: int = MAX_SECRET) -> str:
    """The text of a secret file; raises Misconfigured TWL-Q106."""
    try:
        return plain_file.read(path, most).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise Misconfigured("TWL-Q106", path=str(path), reason=reason) from error
