"""What the doctor makes of the facts about a machine, and how it comes by them."""

import errno
import os
import socket
import subprocess
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.app.doctor import machine_checks as checks
from controller.app.doctor import machine_facts
from controller.app.doctor.examined import Examined
from controller.app.doctor.machine_checks import walk_test
from controller.app.doctor.machine_facts import FolderFacts, MachineFacts, UnitFacts, gather
from controller.app.doctor.site_facts import (
    AddressFacts,
    DatabaseFacts,
    PageCertificate,
    Port,
    WalkTests,
    certificate_of,
)
from controller.clock import ClockReading, SystemClock, Trust
from controller.config.load import load
from controller.config.tower import Tower
from controller.config.tower_keys import Heartbeat, Receiver
from controller.config.web_keys import Web
from controller.errors import FilesRejected
from controller.events.models import Phrase, Reason
from controller.state.in_use import in_use
from controller.state.lamp_results import LampResult, LampResults
from controller.state.storage import Storage
from tests.parts import free_port, require

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DENIED = Reason("EACCES")
NO_ADDRESS = AddressFacts("kim", unusable=Reason("not_an_address"))
SOUND = MachineFacts(
    reading=ClockReading(NOW, 0.0),
    time_service=True,
    user="root",
    system=("debian", "12"),
    rejected=None,
    config=FolderFacts(Path("/etc/watertower"), True, 10**10),
    state=FolderFacts(Path("/var/lib/watertower"), True, 10**10),
    in_use=True,
    running="1.0",
    ports=(Port("page", "127.0.0.1:8080", True),),
    secrets=(),
    readable=(),
    units=(UnitFacts("watertower.service", True, True, False),),
    certificate=PageCertificate(Path("/etc/ssl/tower.pem"), NOW + timedelta(days=60)),
    tzdata="2026a",
    walk=WalkTests("2026-11-13T12:00:00Z", 3, ()),
    program="1.0",
)
"""A machine on which all is in order."""
HOLDOVER = ClockReading(NOW, 0.0, Trust.PLAUSIBLE)
BEHIND = ClockReading(NOW, 0.0, Trust.SUSPECT, known=NOW + timedelta(days=30))
UNIT = SOUND.units[0]


def codes(examined: Examined) -> list[str]:
    """The codes of what a check found."""
    return [event.code for event in examined.findings]


def test_little_room_is_one_figure_and_leads_to_the_disk_that_is_full() -> None:
    """A state directory on a disk of its own: what fills another is not looked for."""
    full = FolderFacts(Path("/var/lib/watertower"), True, 2_600_000, disk=Path("/var"))
    examined = checks.state_folder(replace(SOUND, state=full))
    (found,) = examined.findings
    assert "2 MB" in found.text("en")
    assert isinstance(examined.value, Phrase)
    assert "2 MB" in examined.value.text("en")
    assert "`du -x /var |" in found.action("sv")


def test_a_box_of_gateways_has_no_state_of_a_service() -> None:
    """Where a service is to run, or nothing is, that is asked for."""
    gone = replace(SOUND.state, is_there=False)
    gateway = UnitFacts("watertower-gateway@.service", True, True, False)
    box = replace(SOUND, state=gone, units=(replace(UNIT, is_enabled=False), gateway))
    assert checks.state_folder(box).verdict == "unchecked"
    for units in ((UNIT, gateway), (UNIT,), ()):
        assert codes(checks.state_folder(replace(box, units=units))) == ["TWL-Q109"]


def test_a_machine_in_order_has_no_findings() -> None:
    """Every check was made."""
    assert {check(SOUND).verdict for check in checks.MACHINE_CHECKS} == {"fine"}
    assert len({check(SOUND).check for check in checks.MACHINE_CHECKS}) == len(checks.MACHINE_CHECKS)


FOUND = {
    "a clock that nobody holds": (replace(SOUND, reading=HOLDOVER), "clock", ["TWL-H101"], "note"),
    "no time service": (replace(SOUND, reading=HOLDOVER, time_service=False), "clock", ["TWL-H102"], "problem"),
    "a clock behind": (replace(SOUND, reading=BEHIND, time_service=None), "clock", ["TWL-T003", "TWL-H101"], "problem"),
    "wrong files": (replace(SOUND, rejected=FilesRejected(("a", "b"))), "files", ["TWL-S000"], "problem"),
    "a full disk": (replace(SOUND, state=replace(SOUND.state, free_bytes=10**8)), "state", ["TWL-H130"], "problem"),
    "no right to write": (
        replace(SOUND, config=replace(SOUND.config, not_writable=DENIED)),
        "config",
        ["TWL-H131"],
        "problem",
    ),
    "no configuration": (
        replace(SOUND, config=FolderFacts(Path("/x"), False, not_writable=Reason("ENOENT"))),
        "config",
        [],
        "unchecked",
    ),
    "no state": (
        replace(SOUND, state=FolderFacts(Path("/x"), False, not_writable=Reason("ENOENT"))),
        "state",
        ["TWL-Q109"],
        "problem",
    ),
    "an address that is none": (replace(SOUND, addresses=(NO_ADDRESS,)), "notices", ["TWL-N103"], "problem"),
    "an address that we may not read": (
        replace(SOUND, addresses=(replace(NO_ADDRESS, unusable=DENIED),)),
        "notices",
        [],
        "unchecked",
    ),
    "a mail server that is silent": (
        replace(SOUND, addresses=(AddressFacts("kim", "example.org:25", answers=False),)),
        "notices",
        ["TWL-H160"],
        "problem",
    ),
    "a secret for all": (replace(SOUND, readable=(Path("/etc/key"),)), "secrets", ["TWL-B053"], "problem"),
    "an old Debian": (replace(SOUND, system=("debian", "11")), "versions", ["TWL-H141"], "problem"),
    "another system": (replace(SOUND, system=("fedora", "7")), "versions", [], "fine"),
    "an older program runs": (replace(SOUND, running="0.9"), "versions", ["TWL-H140"], "problem"),
    "an older program ran": (replace(SOUND, running="0.9", in_use=False, ports=()), "versions", [], "fine"),
    "an older program runs elsewhere": (
        replace(SOUND, running="0.9", database=DatabaseFacts("postgresql://db/tower", ())),
        "versions",
        [],
        "fine",
    ),
    "a history that is denied": (replace(SOUND, running=DENIED), "versions", [], "unchecked"),
    "no unit": (replace(SOUND, units=()), "units", [], "unchecked"),
    "an old unit": (replace(SOUND, units=(replace(UNIT, is_as_shipped=False),)), "units", ["TWL-H170"], "problem"),
    "a unit not enabled": (replace(SOUND, units=(replace(UNIT, is_enabled=False),)), "units", ["TWL-H171"], "problem"),
    "a unit not read": (replace(SOUND, units=(replace(UNIT, needs_reload=True),)), "units", ["TWL-H172"], "problem"),
    "nothing to compare": (replace(SOUND, units=(replace(UNIT, is_as_shipped=None),)), "units", [], "unchecked"),
    "old time zones": (replace(SOUND, tzdata="2024b"), "time_zones", ["TWL-H180"], "note"),
    "time zones of last year": (replace(SOUND, tzdata="2025c"), "time_zones", [], "fine"),
    "unknown time zones": (replace(SOUND, tzdata=None), "time_zones", [], "unchecked"),
    "a page that is not there": (
        replace(SOUND, ports=(Port("page", "127.0.0.1:8080", False),)),
        "ports",
        ["TWL-H150"],
        "problem",
    ),
    "a port that is taken": (replace(SOUND, in_use=False), "ports", ["TWL-H151"], "problem"),
    "a port that is free": (
        replace(SOUND, in_use=False, ports=(Port("broker", "127.0.0.1:1883", False),)),
        "ports",
        [],
        "fine",
    ),
    "a gateway's box": (replace(SOUND, running=None), "ports", [], "unchecked"),
    "a service without history": (
        replace(SOUND, running=None, is_controller=True, ports=(Port("page", "127.0.0.1:8080", False),)),
        "ports",
        ["TWL-H150"],
        "problem",
    ),
    "a lock that is denied": (replace(SOUND, in_use=DENIED), "ports", [], "unchecked"),
    "no certificate": (replace(SOUND, certificate=None), "certificate", [], "fine"),
    "a certificate that ends": (
        replace(SOUND, certificate=PageCertificate(Path("/c"), NOW + timedelta(days=29))),
        "certificate",
        ["TWL-H120"],
        "problem",
    ),
    "a certificate that ended": (
        replace(SOUND, certificate=PageCertificate(Path("/c"), NOW - timedelta(seconds=1))),
        "certificate",
        ["TWL-H121"],
        "problem",
    ),
    "a certificate of another key": (
        replace(SOUND, certificate=PageCertificate(Path("/c"), refused=Reason("other", {"text": "mismatch"}))),
        "certificate",
        ["TWL-W103"],
        "problem",
    ),
    "a certificate that is denied": (
        replace(SOUND, certificate=PageCertificate(Path("/c"), refused=DENIED)),
        "certificate",
        [],
        "unchecked",
    ),
    "a dark lamp": (
        replace(SOUND, walk=WalkTests("2026", 3, ("mast/a", "mast/b"))),
        "walk_test",
        ["TWL-H190", "TWL-H190"],
        "problem",
    ),
    "lamps never looked at": (replace(SOUND, walk=None), "walk_test", ["TWL-H191"], "note"),
}


@pytest.mark.parametrize(("facts", "check", "found", "verdict"), FOUND.values(), ids=FOUND)
def test_a_check_says_what_is_wrong_and_no_more(
    facts: MachineFacts, check: str, found: list[str], verdict: str
) -> None:
    """The other checks say what they say of a machine in order; each finding is a sentence with a cure."""
    results = {one.check: one for one in (each(facts) for each in checks.MACHINE_CHECKS)}
    assert (codes(results[check]), results[check].verdict) == (found, verdict)
    assert {name for name, one in results.items() if one.verdict != "fine"} <= {check}
    for event in results[check].findings:
        assert event.text("sv")
        assert event.action("sv")


@pytest.fixture
def tower(config: Path) -> Tower:
    """The shipped one, on ports of its own."""
    file = config / "tower.yaml"
    text = file.read_text(encoding="utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{free_port()}")
    listen = f'broker: embedded\n  listen: "127.0.0.1:{free_port()}"'
    file.write_text(text.replace("broker: embedded", listen), encoding="utf-8")
    return load(config).tower


@pytest.mark.real
def test_gathering_changes_nothing(config: Path, tower: Tower, tmp_path: Path) -> None:
    """Also where files are damaged: to set them aside is the service's business."""
    state = tmp_path / "state"
    state.mkdir()
    for name in ("known.json", "history.db", "accounts.db", "test-lamps-20261101T120000Z.json"):
        (state / name).write_bytes(b"\xff damaged")
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    facts = gather(config, Storage(state), tower, None)
    assert {path.name: path.read_bytes() for path in state.iterdir()} == before
    assert isinstance(facts.running, Reason)
    assert facts.walk is None


@pytest.mark.real
def test_a_service_that_runs_is_noticed(config: Path, tower: Tower, tmp_path: Path) -> None:
    """By its lock; and a port by whoever answers there."""
    with in_use(tmp_path), closing(socket.create_server(tower.web.address if tower.web else ("", 0))):
        facts = gather(config, Storage(tmp_path), tower, None)
    assert facts.in_use is True
    assert {port.name: port.answers for port in facts.ports} == {"page": True, "broker": False}
    assert gather(config, Storage(tmp_path), tower, None).in_use is False


@pytest.mark.real
@pytest.mark.parametrize(("shipped", "is_same"), [("[Unit]\n", True), ("[Unit]\n# newer\n", False), (None, None)])
def test_an_installed_unit_is_compared_with_the_shipped_one(
    config: Path,
    tower: Tower,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shipped: str | None,
    is_same: bool | None,
) -> None:
    """It is also checked whether it is started with the machine, where systemd shows that."""
    for name in ("installed", "shipped", "wants"):
        (tmp_path / name).mkdir()
    (tmp_path / "installed" / "watertower-gateway@.service").write_text("[Unit]\n")
    if shipped is not None:
        (tmp_path / "shipped" / "watertower-gateway@.service").write_text(shipped)
    monkeypatch.setattr(machine_facts, "UNIT_FOLDERS", (tmp_path / "nowhere", tmp_path / "installed"))
    monkeypatch.setattr(machine_facts, "SHIPPED", (tmp_path / "shipped",))
    monkeypatch.setattr(machine_facts, "ENABLED", tmp_path / "wants")
    (found,) = gather(config, Storage(tmp_path), tower, None).units
    assert found == UnitFacts("watertower-gateway@.service", is_same, is_enabled=False, needs_reload=False)
    (tmp_path / "wants" / "watertower-gateway@mast.service").symlink_to("/dev/null")
    (found,) = gather(config, Storage(tmp_path), tower, None).units
    assert found.is_enabled


@pytest.mark.real
def test_only_what_everybody_can_reach_is_open(config: Path, tower: Tower) -> None:
    """A secret is as open as the folders above it."""
    folder = Path("/var/tmp") / f"doctor-{os.getpid()}"  # noqa: S108  the folder of the test is closed to others
    folder.mkdir(mode=0o755)
    try:
        (folder / "accounts.db").write_text("x")
        (folder / "accounts.db").chmod(0o644)
        assert gather(config, Storage(folder), tower, None).readable == (folder / "accounts.db",)
        folder.chmod(0o700)
        assert gather(config, Storage(folder), tower, None).readable == ()
    finally:
        (folder / "accounts.db").unlink()
        folder.rmdir()


@pytest.mark.real
def test_the_last_answer_about_a_lamp_counts(config: Path, tower: Tower, tmp_path: Path) -> None:
    """A lamp that was mended and looked at again is in order; one that is gone from tower.yaml does not count."""
    results = LampResults(tmp_path, lambda _: None)
    first, second = datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC)
    results.note({"mast/bowl-north": False, "mast/bowl-south": False, "mast/shaft-north": True}, first)
    results.note({"mast/bowl-north": True, "mast/gone": False}, second)
    walk = WalkTests("2026-11-02T12:00:00Z", 3, ("mast/bowl-south",))
    assert gather(config, Storage(tmp_path), tower, None).walk == walk
    everything = WalkTests("2026-11-02T12:00:00Z", 4, ("mast/bowl-south", "mast/gone"))
    assert gather(config, Storage(tmp_path), None, None).walk == everything
    (tmp_path / "lamps.json").write_text("{")
    assert gather(config, Storage(tmp_path), tower, None).walk is None
    assert (tmp_path / "lamps.json").read_text() == "{"


@pytest.mark.real
def test_a_lamp_that_failed_the_test_of_the_service_is_a_finding(config: Path, tower: Tower, tmp_path: Path) -> None:
    """Also where nobody ever looked; and no more once somebody has seen it light."""
    results, at = LampResults(tmp_path, lambda _: None), datetime(2026, 11, 13, 11, tzinfo=UTC)
    results.note_found({"mast/bowl-north": LampResult(at=at, lit=False, by="power")})
    facts = replace(SOUND, walk=gather(config, Storage(tmp_path), tower, None).walk)
    assert [finding.code for finding in walk_test(facts).findings] == ["TWL-H191", "TWL-H192"]
    results.note({"mast/bowl-north": True}, at + timedelta(hours=1))
    facts = replace(SOUND, walk=gather(config, Storage(tmp_path), tower, None).walk)
    assert [finding.code for finding in walk_test(facts).findings] == []


@pytest.mark.real
def test_a_folder_says_what_is_free(config: Path, tower: Tower, tmp_path: Path) -> None:
    """And why it cannot be written."""
    facts = gather(config, Storage(tmp_path / "nowhere"), tower, None)
    assert (facts.config.is_there, facts.config.not_writable) == (True, None)
    assert facts.config.free_bytes
    assert (facts.state.is_there, facts.state.not_writable) == (False, Reason("ENOENT"))


@pytest.mark.real
def test_a_disk_that_takes_nothing_is_found(config: Path, tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its rights and what is mounted say otherwise."""

    def refuse(**_: object) -> None:
        raise OSError(errno.EIO, "")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert gather(config, Storage(config), tower, None).state.not_writable == Reason("EIO")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate signed by an authority of its own, as most are, for ten days; and another key."""
    openssl, folder = require("openssl"), tmp_path_factory.mktemp("keys")

    def run(words: str) -> None:
        subprocess.run([openssl, *words.split()], check=True, capture_output=True, cwd=folder)

    run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 30")
    run("req -newkey rsa:2048 -nodes -keyout page.key -out page.csr -subj /CN=tower.example")
    run("x509 -req -in page.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out page.pem -days 10")
    run("x509 -req -in page.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out old.pem -days -1")
    run("genrsa -out other.key 2048")
    run("rsa -in page.key -aes256 -passout pass:secret -out closed.key")
    return folder


@pytest.mark.real
def test_a_certificate_is_reported_with_its_end(keys: Path) -> None:
    """Also one that has ended, which no browser takes; a key that does not belong to it, or has a pass phrase, is
    reported."""
    folder = keys

    def found(certificate: str, key: str) -> PageCertificate:
        web = Web(listen="127.0.0.1:8443").model_copy(
            update={"cert_file": folder / certificate, "key_file": folder / key}
        )
        return certificate_of(web) or PageCertificate(Path("/"))

    now = SystemClock().read().wall
    ends, ended = found("page.pem", "page.key").until, found("old.pem", "page.key").until
    assert ends is not None
    assert ended is not None
    assert timedelta(days=9) < ends - now < timedelta(days=11)
    assert ended < now
    for key in ("other.key", "closed.key", "nowhere.key"):
        assert found("page.pem", key).refused is not None


@pytest.mark.real
def test_those_who_are_notified_are_looked_at_without_a_word_to_them(tmp_path: Path, tower: Tower) -> None:
    """Whether the servers behind their addresses answer; where an address names none, whether it is one."""
    addresses = {
        "a": f"json://127.0.0.1:{free_port()}/hook",
        "b": "tgram://123456789:abcdefghijklmnopqrstuvwxyzabcdefghi/12345678/",
        "c": "nonsense",
        "heartbeat": "https://127.0.0.1:1/ping",
    }
    for name, address in addresses.items():
        (tmp_path / name).write_text(address, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    keys = {"url_file": str(tmp_path / "heartbeat")}
    notices = tuple(Receiver.model_validate({"name": name, "url_file": str(tmp_path / name)}) for name in "abc")
    changed = tower.model_copy(update={"notices": notices, "heartbeat": Heartbeat.model_validate(keys)})
    found = {each.name: each for each in gather(tmp_path, Storage(tmp_path), changed, None).addresses}
    assert [found["a"].answers, found["b"].answers, found["heartbeat"].answers] == [False, True, False]
    assert (found["b"].server, found["heartbeat"].server) == ("", "127.0.0.1:1")
    assert found["c"].unusable == Reason("not_an_address")


def test_the_address_of_a_monitor_is_none_of_a_receiver() -> None:
    """There is no test notice to send there."""
    addresses = tuple(AddressFacts(name, unusable=Reason("not_an_address")) for name in ("technicians", "heartbeat"))
    assert [one.code for one in checks.notices(replace(SOUND, addresses=addresses)).findings] == [
        "TWL-N103",
        "TWL-N111",
    ]
