"""Facts about this machine: gathered by reading, never by changing anything. All functions may wait for the disk."""

import os
import platform
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path

import controller
from controller import __version__, plain_file
from controller.app import broker_settings
from controller.app.doctor.site_facts import (
    AddressFacts,
    DatabaseFacts,
    PageCertificate,
    Port,
    WalkTests,
    address_facts,
    certificate_of,
    database,
    notified,
    ports,
    walk_tests,
)
from controller.clock import CEILING, ClockReading, SystemClock
from controller.config.source import CREDENTIAL
from controller.config.tower import Tower
from controller.errors import FilesRejected, Refused
from controller.events import Event
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import History, LastKnown
from controller.state.in_use import is_in_use
from controller.state.storage import Storage

ANSWER_S = 2.0
MOST_BYTES = 1_000_000
SERVICE_UNIT, GATEWAY_UNIT = "watertower.service", "watertower-gateway@.service"
UNIT_FOLDERS = tuple(
    map(
        Path, ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
    )
)
SHIPPED = (Path(controller.__file__).parents[1] / "deploy" / "systemd", Path(sys.prefix) / "deploy" / "systemd")
ENABLED = Path("/etc/systemd/system/multi-user.target.wants")
STATE_SECRETS = (broker_settings.OWN_PASSWORD, "accounts.db")


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """A folder: the free space on its disk (None: unknown), why it cannot be written, if it cannot, and where its disk
    is mounted."""

    path: Path
    is_there: bool
    free_bytes: int | None = None
    not_writable: Reason | None = None
    disk: Path | None = None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """An installed unit; `is_as_shipped` is None if there is nothing to compare with."""

    name: str
    is_as_shipped: bool | None
    is_enabled: bool
    needs_reload: bool


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """All of them. `in_use`: whether a program runs on the state directory; `running`: the version of the service that
    was started last; either may be a Reason why that is unknown. A full disk may have cost the history, which holds the
    version; `is_controller`: whether a controller ever stored its time there."""

    reading: ClockReading
    time_service: bool | None
    user: str
    system: tuple[str, str]
    rejected: FilesRejected | None
    config: FolderFacts
    state: FolderFacts
    in_use: bool | Reason
    running: str | Reason | None
    ports: tuple[Port, ...]
    secrets: tuple[Event, ...]
    readable: tuple[Path, ...]
    units: tuple[UnitFacts, ...]
    certificate: PageCertificate | None
    tzdata: str | None
    walk: WalkTests | None
    is_controller: bool = False
    database: DatabaseFacts | None = None
    addresses: tuple[AddressFacts, ...] = ()
    program: str = __version__
    python: str = platform.python_version()


def gather(
    config: Path, storage: Storage, tower: Tower | None, rejected: FilesRejected | None, service: Path | None = None
) -> MachineFacts:
    """Gathers the facts, for the files that the service most likely uses; without them everything that they name is
    left out. `service` is the state directory of the service, which runs there even if another controller leads the
    site."""
    state = storage.directory
    if service is not None and storage.server is not None and not state.is_dir() and _in_use(service) is True:
        state = service
    known = _known(state)
    clock = SystemClock(known)
    reading = clock.read()
    return MachineFacts(
        reading=reading,
        time_service=_time_service(),
        user=_user(),
        system=_system(),
        rejected=rejected,
        config=_folder(config),
        state=_folder(state),
        in_use=_in_use(state) or (storage.server is not None and service is not None and _in_use(service)),
        running=_running(storage),
        ports=tuple(ports(tower)),
        secrets=tuple(event for _, event in broker_settings.secret_findings(tower.mqtt)) if tower is not None else (),
        readable=tuple(_readable(config, state, tower)),
        units=tuple(_units()),
        certificate=certificate_of(tower.web) if tower is not None and tower.web is not None else None,
        tzdata=_tzdata(),
        walk=walk_tests(state, tower),
        database=database(storage, clock),
        addresses=tuple(address_facts(tower)),
        is_controller=known is not None,
    )


def _known(state: Path) -> datetime | None:
    """The latest time that this site knew, if it can be read; a damaged file is left as it is."""
    with suppress(OSError, ValueError):
        return LastKnown.model_validate_json(_read(state / "known.json")).wall
    return None


def _time_service() -> bool | None:
    """Whether a time service is enabled; None if systemd does not know."""
    output = _output("timedatectl", "show", "--property=NTP", "--value")
    return {"yes": True, "no": False}.get(output)


def _output(*words: str) -> str:
    """The output of a program of systemd; empty if there is no such program, or it fails."""
    program = shutil.which(words[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  of our own words only
            [program, *words[1:]], capture_output=True, text=True, timeout=ANSWER_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _user() -> str:
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _system() -> tuple[str, str]:
    """Name and version of the operating system, for example `("debian", "12")`."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system(), platform.release()
    return release.get("ID", ""), release.get("VERSION_ID", "")


def _folder(path: Path) -> FolderFacts:
    try:
        disk = os.statvfs(path)
    except OSError as error:
        return FolderFacts(path, path.is_dir(), not_writable=reason_of(error))
    refusal = None
    try:
        with tempfile.TemporaryFile(dir=path):  # a disk may look sound and refuse every write
            pass
    except OSError as error:
        refusal = reason_of(error)
    free = disk.f_bavail * disk.f_frsize if disk.f_favail or not disk.f_files else 0
    whole = path.resolve()
    mounted = next(folder for folder in (whole, *whole.parents) if folder.is_mount())
    return FolderFacts(path, path.is_dir(), free, refusal, mounted)


def _in_use(state: Path) -> bool | Reason:
    try:
        return is_in_use(state)
    except OSError as error:
        return reason_of(error)


def _running(storage: Storage) -> str | Reason | None:
    history = History(storage)
    try:
        started = history.last_event("TWL-C001", CEILING)
    except Refused as error:
        reason = error.fields.get("reason")
        return reason if isinstance(reason, Reason) else Reason("other", {"text": str(error)})
    finally:
        history.close()
    return str(started.event.fields["version"]) if started is not None else None


def _readable(config: Path, state: Path, tower: Tower | None) -> Iterator[Path]:
    """Secret files that every user of the machine may read, apart from those of `mqtt:`."""
    named = [tower.web.key_file] if tower is not None and tower.web is not None else []
    named += [tower.database.password_file] if tower is not None and tower.database is not None else []
    named += [each.url_file for each in notified(tower).values()]
    for path in (config / CREDENTIAL, *(state / name for name in STATE_SECRETS), *named):
        with suppress(OSError):
            if path is not None and path.stat().st_mode & stat.S_IROTH and _is_reachable(path):
                yield path


def _is_reachable(path: Path) -> bool:
    """Whether every user may enter the folders above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _units() -> Iterator[UnitFacts]:
    for name in (SERVICE_UNIT, GATEWAY_UNIT):
        installed = next((folder / name for folder in UNIT_FOLDERS if (folder / name).is_file()), None)
        if installed is None:
            continue
        shipped = next((folder / name for folder in SHIPPED if (folder / name).is_file()), None)
        with suppress(OSError):
            is_same = None if shipped is None else _read(installed) == _read(shipped)
            enabled = any(ENABLED.glob(name.replace("@.", "@*.")))
            reload = name == SERVICE_UNIT and _output(
                "systemctl", "show", "--property=NeedDaemonReload", "--value", name
            )
            yield UnitFacts(name, is_same, enabled, reload == "yes")


def _read(path: Path) -> bytes:
    return plain_file.read(path, MOST_BYTES)


def _tzdata() -> str | None:
    """The version of the time zones that Python uses, for example `2025b`."""
    for folder in map(Path, zoneinfo.TZPATH):
        with suppress(OSError, UnicodeDecodeError):
            first = plain_file.head(folder / "tzdata.zi", 100).decode("ascii").splitlines()[0]
            return first.removeprefix("# version ").strip()
        with suppress(OSError, UnicodeDecodeError):
            return _read(folder / "+VERSION").decode("ascii").strip()
        if (folder / "UTC").exists():
            return None  # in use, without a version
    with suppress(ImportError):
        return str(import_module("tzdata").IANA_VERSION)
    return None
