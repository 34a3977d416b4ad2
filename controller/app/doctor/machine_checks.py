"""Checks of the facts about the machine. Each check is pure: facts in, findings out."""

from collections.abc import Callable

from controller.app.doctor.examined import NONE, Examined
from controller.app.doctor.machine_facts import GATEWAY_UNIT, SERVICE_UNIT, FolderFacts, MachineFacts
from controller.app.doctor.site_facts import MONITOR, Port
from controller.clock import Trust
from controller.events import Event, new_event
from controller.events.models import Phrase, Reason, Text
from controller.service.broker_watches import WARN
from controller.service.watches import against_known

MEGABYTE = 1_000_000
LITTLE_MB = 200
"""Megabytes: what history and versions may need, and some more."""
TESTED_FROM = 12
"""The oldest Debian with which everything is tested."""
OLD_TZDATA = 2
"""Years; time zones change at short notice, seldom in Sweden."""


def clock(facts: MachineFacts) -> Examined:
    """Whether a time server keeps the clock, and whether it is not behind the time that the site knew."""
    reading = facts.reading
    now = f"{reading.wall:%Y-%m-%d %H:%M} UTC"
    findings = [against_known(reading.wall, reading.known)] if reading.known is not None else []
    if reading.trust is not Trust.TRUSTED:
        code = "TWL-H102" if facts.time_service is False else "TWL-H101"
        findings.append(new_event(code, now=now))
    held = "held" if reading.trust is Trust.TRUSTED else "free"
    return Examined("clock", Phrase(Text("commands", f"doctor.clock.{held}"), {"now": now}), tuple(findings))


def files(facts: MachineFacts) -> Examined:
    """Whether the two files can be used."""
    rejected = facts.rejected
    findings = (new_event("TWL-S000", **rejected.fields),) if rejected is not None else ()
    return Examined("files", str(facts.config.path), findings)


def config_folder(facts: MachineFacts) -> Examined:
    """Free space and rights in the folder of the files. A missing folder is reported by `files`."""
    if not facts.config.is_there:
        return Examined("config", unchecked=facts.config.not_writable)
    return _folder("config", facts.config, facts)


def state_folder(facts: MachineFacts) -> Examined:
    """The same for the state directory; and whether a service ever ran on it. On a machine with gateways only none
    does."""
    enabled = {unit.name for unit in facts.units if unit.is_enabled}
    if not facts.state.is_there and enabled == {GATEWAY_UNIT}:
        return Examined("state", str(facts.state.path), unchecked=Reason("only_gateways_run"))
    if not facts.state.is_there:
        return Examined("state", str(facts.state.path), (new_event("TWL-Q109", state=str(facts.state.path)),))
    return _folder("state", facts.state, facts)


def _folder(check: str, folder: FolderFacts, facts: MachineFacts) -> Examined:
    findings = []
    free_mb = folder.free_bytes // MEGABYTE if folder.free_bytes is not None else None
    if free_mb is not None and free_mb < LITTLE_MB:
        disk = str(folder.disk or folder.path)
        findings.append(new_event("TWL-H130", folder=str(folder.path), free_mb=free_mb, disk=disk))
    if folder.not_writable is not None:
        event = new_event("TWL-H131", folder=str(folder.path), user=facts.user, reason=folder.not_writable)
        findings.append(event)
    fields = {"folder": str(folder.path), "free_mb": "?" if free_mb is None else free_mb, "user": facts.user}
    return Examined(check, Phrase(Text("commands", "doctor.folder"), fields), tuple(findings))


def versions(facts: MachineFacts) -> Examined:
    """Versions of program, Python and system; and whether the running service is the installed one."""
    name, version = facts.system
    findings = []
    if name == "debian" and version.isdecimal() and int(version) < TESTED_FROM:
        findings.append(new_event("TWL-H141", system=f"Debian {version}", tested=TESTED_FROM))
    is_known = facts.in_use is True and facts.database is None  # a database has events of other controllers, too
    if is_known and isinstance(facts.running, str) and facts.running != facts.program:
        findings.append(new_event("TWL-H140", installed=facts.program, running=facts.running))
    unchecked = facts.running if facts.in_use is True and isinstance(facts.running, Reason) else None
    value = f"watertower {facts.program}, Python {facts.python}, {name} {version}".rstrip()
    return Examined("versions", value, tuple(findings), unchecked)


def ports(facts: MachineFacts) -> Examined:
    """Whether the service answers on its ports, or another program uses them."""
    value = ", ".join(port.address for port in facts.ports)
    if isinstance(facts.in_use, Reason):
        return Examined("ports", value, unchecked=facts.in_use.at("in-use"))
    if facts.in_use and facts.running is None and not facts.is_controller:  # a gateway, which has no ports
        return Examined("ports", unchecked=Reason("no_service_here"))
    findings = tuple(_port(port, facts) for port in facts.ports if port.answers is not facts.in_use)
    return Examined("ports", value or NONE, findings)


def _port(port: Port, facts: MachineFacts) -> Event:
    name = Phrase(Text("commands", f"doctor.port.{port.name}"))
    if port.answers:
        return new_event("TWL-H151", name=name, address=port.address, state=str(facts.state.path))
    return new_event("TWL-H150", name=name, address=port.address)


def secrets(facts: MachineFacts) -> Examined:
    """Whether any user may read the secrets, and other problems with them."""
    found = (*facts.secrets, *(new_event("TWL-B053", path=str(path)) for path in facts.readable))
    return Examined("secrets", Phrase(Text("commands", "doctor.as_user"), {"user": facts.user}), found)


def units(facts: MachineFacts) -> Examined:
    """Whether the units are as shipped, loaded, and started with the machine."""
    if not facts.units:
        return Examined("units", unchecked=Reason("no_unit"))
    findings: list[Event] = []
    for unit in facts.units:
        if unit.is_as_shipped is False:
            findings.append(new_event("TWL-H170", unit=unit.name))
        if unit.needs_reload:
            findings.append(new_event("TWL-H172", unit=unit.name))
    if not any(unit.is_enabled for unit in facts.units):
        names = [unit.name for unit in facts.units]
        findings.append(new_event("TWL-H171", unit=SERVICE_UNIT if SERVICE_UNIT in names else names[0]))
    unknown = [unit.name for unit in facts.units if unit.is_as_shipped is None]
    unchecked = Reason("no_shipped_unit", {"names": ", ".join(unknown)}) if unknown else None
    return Examined("units", ", ".join(unit.name for unit in facts.units), tuple(findings), unchecked)


def certificate(facts: MachineFacts) -> Examined:
    """When the certificate of the page expires."""
    found = facts.certificate
    if found is None:
        return Examined("certificate", NONE)
    file, now = str(found.file), facts.reading.wall
    if found.until is None:
        reason = found.refused or Reason("no_answer")
        if reason.code == "EACCES" or "/run/credentials/" in file:
            return Examined("certificate", file, unchecked=reason)
        return Examined("certificate", file, (new_event("TWL-W103", file=file, reason=reason),))
    days = (found.until - now).days
    findings: tuple[Event, ...] = ()
    if found.until <= now:
        findings = (new_event("TWL-H121", file=file, until=f"{found.until:%Y-%m-%d}"),)
    elif found.until - now <= WARN:
        findings = (new_event("TWL-H120", file=file, days=days),)
    return Examined("certificate", f"{file}: {found.until:%Y-%m-%d}", findings)


def time_zones(facts: MachineFacts) -> Examined:
    """How old the time zone data is."""
    version = facts.tzdata
    if version is None or not version[:4].isdecimal():
        return Examined("time_zones", unchecked=Reason("no_tzdata_version"))
    is_old = int(version[:4]) <= facts.reading.wall.year - OLD_TZDATA
    return Examined("time_zones", version, (new_event("TWL-H180", version=version),) if is_old else ())


def walk_test(facts: MachineFacts) -> Examined:
    """The lamps that were wrong at their last walk test, or when the service tested them itself."""
    walk = facts.walk
    unconfirmed = tuple(new_event("TWL-H192", lamp=lamp) for lamp in walk.unconfirmed) if walk is not None else ()
    if walk is None or not walk.lamps:
        return Examined("walk_test", findings=(new_event("TWL-H191"), *unconfirmed))
    findings = tuple(new_event("TWL-H190", lamp=lamp, at=walk.at) for lamp in walk.wrong)
    value = Phrase(Text("commands", "doctor.walked"), {"at": walk.at, "lamps": walk.lamps})
    return Examined("walk_test", value, (*findings, *unconfirmed))


def database(facts: MachineFacts) -> Examined:
    """Whether the database that keeps the state accepts our login and our writes."""
    if facts.database is None:
        return Examined("database", NONE)
    return Examined("database", facts.database.place, facts.database.events)


def notices(facts: MachineFacts) -> Examined:
    """Whether the addresses of the receivers of notices can be used, and their servers answer; sends nothing."""
    findings: list[Event] = []
    unchecked = None
    for each in facts.addresses:
        if each.unusable is not None and each.unusable.code == "EACCES":
            unchecked = each.unusable
        elif each.unusable is not None and each.name == MONITOR:
            findings.append(new_event("TWL-N111", reason=each.unusable))
        elif each.unusable is not None:
            findings.append(new_event("TWL-N103", receiver=each.name, reason=each.unusable))
        elif not each.answers:
            findings.append(new_event("TWL-H160", receiver=each.name, server=each.server))
    names = ", ".join(f"{each.name} ({each.server})" if each.server else each.name for each in facts.addresses)
    return Examined("notices", names or NONE, tuple(findings), unchecked)


MACHINE_CHECKS: tuple[Callable[[MachineFacts], Examined], ...] = (
    clock, files, config_folder, state_folder, database, secrets, versions, units, time_zones, ports, certificate,
    notices, walk_test,
)  # fmt: skip
"""In the order of display."""
