"""The scripts for mosquitto: certificates that are good for years and renewed in time, users whose passwords nobody
sees, and what a real mosquitto makes of both."""

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.parts import (
    MOSQUITTO,
    PATHS,
    await_listener,
    deployed,
    end_in,
    ended_after,
    free_port,
    needs,
    require,
    shipped_mosquitto,
)

pytestmark = [pytest.mark.real, needs("bash", "openssl")]

README = (MOSQUITTO.parent / "README.md").read_text(encoding="utf-8")
Call = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the certificates."""
    return tmp_path / "certs"


@pytest.fixture
def certificates(folder: Path) -> Call:
    """Calls certificates.sh on that folder."""
    return lambda *words: deployed("certificates.sh", *words, CERTIFICATES=str(folder))


@pytest.fixture
def users(tmp_path: Path) -> Call:
    """Calls users.sh on a file of its own."""
    require("mosquitto_passwd")
    return lambda *words: deployed("users.sh", *words, PASSWORDS=str(tmp_path / "watertower.passwd"))


def refused(script: str, *words: str, **env: str) -> tuple[int, str]:
    """Exit code and reason of a call that fails."""
    with pytest.raises(subprocess.CalledProcessError) as failed:
        deployed(script, *words, **env)
    return failed.value.returncode, failed.value.stderr


def asked(file: Path, *words: str) -> str:
    """What openssl says of a certificate."""
    command = [require("openssl"), "x509", "-in", str(file), "-noout", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def is_good(folder: Path, file: str, *more: str) -> bool:
    """By the strict rules, which Python 3.13 goes by."""
    command = [require("openssl"), "verify", "-x509_strict", "-CAfile", folder / "ca.pem", *more, folder / file]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def contents(folder: Path) -> dict[str, bytes]:
    """What a client or mosquitto reads."""
    return {name: (folder / name).read_bytes() for name in ("ca.pem", "server.pem", "revoked.pem")}


def test_a_certificate_has_the_names_asked_for_and_begins_long_ago(folder: Path, certificates: Call) -> None:
    """So that a machine whose clock starts in the past gets in; this machine's names are always among them."""
    certificates("server", "broker.example", "10.0.0.5", "fd00::5")
    names = asked(folder / "server.pem", "-ext", "subjectAltName").splitlines()[1].strip().split(", ")
    assert names[:3] == ["DNS:broker.example", "IP Address:10.0.0.5", "IP Address:FD00:0:0:0:0:0:0:5"]
    assert {"DNS:localhost", "IP Address:127.0.0.1", f"DNS:{socket.gethostname()}"} <= set(names)
    assert "Jan  1 00:00:00 2020" in asked(folder / "server.pem", "-startdate")
    assert is_good(folder, "server.pem", "-purpose", "sslserver", "-verify_hostname", "broker.example")
    assert not is_good(folder, "server.pem", "-purpose", "sslclient")


def test_who_may_read_what(folder: Path, certificates: Call) -> None:
    """Keys are for root; that of the broker also for mosquitto's group; the rest anybody may read."""
    certificates("server")
    certificates("client", "mast")
    modes = {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    public = {"ca.pem": 0o644, "revoked.pem": 0o644, "server.pem": 0o640}
    assert {name: modes[name] for name in public} == public
    assert {mode & 0o077 for name, mode in modes.items() if name not in public} == {0}
    if os.geteuid() == 0 and Path("/etc/mosquitto").exists():
        assert (folder / "server.pem").group() == "mosquitto"
    assert "PRIVATE" not in (folder / "ca.pem").read_text()


def test_a_second_run_changes_nothing_and_other_names_make_another_certificate(
    folder: Path, certificates: Call
) -> None:
    """The authority is the same, so that no client has to be changed."""
    certificates("server", "broker.example")
    before = contents(folder)
    assert "good until" in certificates("server", "broker.example")
    assert "good until" in certificates("renew")
    assert contents(folder) == before
    certificates("server", "broker.example", "tower.example")
    assert contents(folder) == before | {"server.pem": (folder / "server.pem").read_bytes()}
    assert is_good(folder, "server.pem", "-verify_hostname", "tower.example")


@pytest.mark.parametrize(("days", "renewed"), [(91, False), (89, True), (-10, True)])
def test_it_is_renewed_from_90_days_before_its_end(folder: Path, certificates: Call, days: int, renewed: bool) -> None:
    """Long before the controller warns, with the same names and by the same authority."""
    certificates("server", "broker.example")
    end_in(days, folder)
    before = contents(folder)
    certificates("renew")
    assert (contents(folder) != before) is renewed
    assert contents(folder)["ca.pem"] == before["ca.pem"]
    if renewed:
        assert is_good(folder, "server.pem", "-verify_hostname", "broker.example")
        asked(folder / "server.pem", "-checkend", str(700 * 86400))


def test_no_certificate_outlives_its_authority_whose_end_is_reported(folder: Path, certificates: Call) -> None:
    """A year ahead, as a failed unit."""
    certificates("server")
    end_in(300, folder, "authority")
    end_in(50, folder)
    code, reason = refused("certificates.sh", "renew", CERTIFICATES=str(folder))
    assert code == 1
    assert "the authority ends on" in reason
    assert asked(folder / "server.pem", "-enddate") == asked(folder / "ca.pem", "-enddate")
    assert is_good(folder, "server.pem")


def test_a_lost_key_of_the_authority_is_not_made_up_for(folder: Path, certificates: Call) -> None:
    """A new authority would keep every client out."""
    certificates("server")
    before = contents(folder)
    (folder / "authority" / "ca.pem").unlink()
    for words in (("server", "other.example"), ("renew",), ("client", "mast")):
        code, reason = refused("certificates.sh", *words, CERTIFICATES=str(folder))
        assert (code, "backup" in reason or "authority" in reason) == (1, True), reason
    assert contents(folder) == before


def test_a_run_that_is_cut_off_is_made_good_by_the_next(folder: Path) -> None:
    """At whatever step it was cut off."""
    command = [require("bash"), str(MOSQUITTO / "certificates.sh"), "server", "broker.example"]
    env = {**os.environ, "CERTIFICATES": str(folder)}
    for attempt in range(12):
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, process_group=0) as run:
            try:
                run.wait(0.01 + attempt * 0.02)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, 9)
    deployed("certificates.sh", "server", "broker.example", CERTIFICATES=str(folder))
    assert is_good(folder, "server.pem", "-verify_hostname", "broker.example")
    assert [path.name for path in folder.glob(".new-*")] == []


def test_openssl_may_be_cut_off_while_it_exchanges_its_book(folder: Path, certificates: Call) -> None:
    """It puts the old book away before the new one is in its place; the same names are certified again."""
    certificates("server", "broker.example")
    (folder / "authority" / "index").rename(folder / "authority" / "index.old")
    (folder / "authority" / "index.attr").unlink()
    (folder / "server.pem").unlink()
    certificates("server", "broker.example")
    assert is_good(folder, "server.pem", "-verify_hostname", "broker.example")


def test_a_client_is_revoked_with_every_certificate_that_it_ever_had(folder: Path, certificates: Call) -> None:
    """And may have a new one; the list of those who are revoked does not run out before the authority."""
    certificates("server", "mast")
    certificates("client", "mast")
    first = folder / "first.pem"
    (folder / "clients" / "mast.pem").rename(first)
    certificates("client", "mast")
    certificates("revoke", "mast")
    certificates("client", "mast")
    check = ("-crl_check", "-CRLfile", str(folder / "revoked.pem"))
    assert not is_good(folder, "first.pem", *check)
    assert is_good(folder, "clients/mast.pem", *check, "-purpose", "sslclient")
    assert is_good(folder, "server.pem", *check)
    in_ten_years = ("-attime", "2110000000")
    assert is_good(folder, "clients/mast.pem", *check, *in_ten_years)
    assert refused("certificates.sh", "revoke", "nobody", CERTIFICATES=str(folder))[0] == 1
    assert "revoked mast" in certificates("list")


@pytest.mark.parametrize("words", [("revoke", "mast"), ("server", "broker.example")])
def test_a_client_stays_revoked_if_the_run_that_revoked_it_was_cut_off(
    folder: Path, certificates: Call, words: tuple[str, ...]
) -> None:
    """Between the entry in openssl's book and the list for mosquitto: any later run publishes the list."""
    certificates("server", "broker.example")
    certificates("client", "mast")
    client, revoked = folder / "clients" / "mast.pem", folder / "revoked.pem"
    before = {path: path.read_bytes() for path in (client, revoked)}
    certificates("revoke", "mast")
    for path, content in before.items():
        path.write_bytes(content)
    assert is_good(folder, "clients/mast.pem", "-crl_check", "-CRLfile", str(revoked))
    certificates(*words)
    client.write_bytes(before[client])
    assert not is_good(folder, "clients/mast.pem", "-crl_check", "-CRLfile", str(revoked))


def test_who_is_not_revoked_is_let_in_by_a_clock_that_starts_in_the_past(folder: Path, certificates: Call) -> None:
    """As after a power cut, on a machine without a battery for its clock: the list holds for as long as the
    certificates do."""
    certificates("server")
    certificates("client", "mast")
    certificates("client", "gate")
    certificates("revoke", "gate")
    check = ("-crl_check", "-CRLfile", str(folder / "revoked.pem"))
    for instant in ("1600000000", str(int(ssl.cert_time_to_seconds(asked(folder / "ca.pem", "-enddate")[9:-1])) - 1)):
        assert is_good(folder, "clients/mast.pem", *check, "-attime", instant)


def test_nothing_is_made_by_a_clock_that_cannot_be_right(folder: Path) -> None:
    """It would end before it began."""
    command = [require("faketime"), "1970-01-01 00:05", require("bash"), str(MOSQUITTO / "certificates.sh"), "server"]
    env = {**os.environ, "PATH": PATHS, "CERTIFICATES": str(folder)}
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert (run.returncode, "the clock" in run.stderr) == (1, True)
    assert not (folder / "ca.pem").exists()


def test_an_authority_has_an_end_whatever_is_asked_for(folder: Path, certificates: Call) -> None:
    """Nothing that is issued after it is good."""
    certificates("server")
    end_in(-1, folder, "authority")
    for words in (("server", "other.example"), ("client", "mast")):
        code, reason = refused("certificates.sh", *words, CERTIFICATES=str(folder))
        assert (code, "the authority ended on" in reason) == (1, True)


def test_a_long_name_of_this_machine_is_no_hindrance(folder: Path, tmp_path: Path) -> None:
    """A subject has 64 characters at most, and a name may be as long."""
    name = "tower-lighting-01.department-of-works.municipality.example"
    (tmp_path / "uname").write_text(f"#!/bin/sh\necho {name}\n")
    (tmp_path / "uname").chmod(0o755)
    deployed("certificates.sh", "server", CERTIFICATES=str(folder), PATH=f"{tmp_path}:{PATHS}")
    assert is_good(folder, "server.pem", "-verify_hostname", name)


def test_what_a_backup_or_a_power_cut_left_is_repaired_or_reported(folder: Path, certificates: Call) -> None:
    """The rights of the broker's certificate, which mosquitto reads again as its own user; half an authority is no
    authority."""
    certificates("server")
    (folder / "server.pem").chmod(0o600)
    certificates("server")
    assert (folder / "server.pem").stat().st_mode & 0o777 == 0o640
    authority = folder / "authority" / "ca.pem"
    whole = authority.read_text()
    for half in ("", whole[: len(whole) // 2], whole[: whole.index("-----BEGIN PRIVATE KEY")]):
        authority.write_text(half)
        code, reason = refused("certificates.sh", "server", "other.example", CERTIFICATES=str(folder))
        assert (code, "is damaged" in reason, "backup" in reason) == (1, True, True)
    authority.write_text(whole)
    assert "good until" in certificates("server")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("help",), 2),
        (("renew",), 1),
        (("list",), 1),
        (("client",), 1),
        (("client", "../mast"), 1),
        (("client", "a/CN=b"), 1),
        (("client", "m" * 65), 1),
        (("server", "two words"), 1),
        (("server", "a,DNS:b"), 1),
        (("server", "-x"), 1),
        (("server", "999.1.1.1"), 1),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(folder: Path, words: tuple[str, ...], code: int) -> None:
    """And nothing is made of it."""
    told, reason = refused("certificates.sh", *words, CERTIFICATES=str(folder))
    assert (told, bool(reason)) == (code, True)
    assert not (folder / "server.pem").exists()
    assert not list(folder.glob("clients/*"))


def test_no_password_is_on_a_command_line(users: Call, tmp_path: Path) -> None:
    """Neither one that is made nor one of a file: everybody on the machine reads those of others."""
    (tmp_path / "own").write_text("a word: of mine\n")
    command = [require("strace"), "-f", "-s", "500", "-e", "trace=execve", "-o", str(tmp_path / "calls")]
    env = {**os.environ, "PATH": PATHS, "PASSWORDS": str(tmp_path / "watertower.passwd")}
    script = str(MOSQUITTO / "users.sh")
    made = subprocess.run([*command, script, "add", "mast"], check=True, capture_output=True, text=True, env=env)
    calls = (tmp_path / "calls").read_text()
    assert "mosquitto_passwd" in calls
    assert len(made.stdout.strip()) == 32
    assert made.stdout.strip() not in calls
    subprocess.run([*command, script, "add", "gate", str(tmp_path / "own")], check=True, capture_output=True, env=env)
    assert "of mine" not in (tmp_path / "calls").read_text()
    file = tmp_path / "watertower.passwd"
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.stdout.strip() not in file.read_text()
    assert users("list").split() == ["mast", "gate"]


def test_users_come_and_go(users: Call, tmp_path: Path) -> None:
    """One line for each; who is unknown, or would be another line, is refused."""
    first = users("add", "mast")
    assert users("add", "mast") != first
    users("add", "mast2")
    users("remove", "mast")
    assert users("list").split() == ["mast2"]
    (tmp_path / "empty").write_text("")
    env = {"PASSWORDS": str(tmp_path / "watertower.passwd")}
    for words in (("remove", "mast"), ("add", "a:b"), ("add", ""), ("add", "+"), ("add", "a", str(tmp_path / "empty"))):
        assert refused("users.sh", *words, **env)[0] == 1
    assert refused("users.sh", "whatever", **env)[0] == 2
    assert users("list").split() == ["mast2"]


@pytest.fixture
def running(tmp_path: Path, folder: Path, certificates: Call, users: Call) -> Iterator[tuple[int, int]]:
    """The shipped configuration at work; its plain and its encrypted port."""
    certificates("server")
    (tmp_path / "own").write_bytes("kört: åäö \r\n".encode())
    users("add", "mast", str(tmp_path / "own"))
    rules = tmp_path / "watertower.acl"
    rules.write_text((MOSQUITTO / "watertower.acl").read_text(encoding="utf-8"), encoding="utf-8")
    rules.chmod(0o600)
    plain, encrypted = free_port(), free_port()
    (tmp_path / "conf").write_text(shipped_mosquitto(tmp_path, plain, encrypted), encoding="utf-8")
    with ended_after(subprocess.Popen([require("mosquitto"), "-c", tmp_path / "conf"])) as process:
        await_listener(encrypted, process)
        yield plain, encrypted


def test_beyond_this_machine_it_listens_with_encryption_only(running: tuple[int, int]) -> None:
    """Another address of this machine represents the network."""
    plain, encrypted = running
    with socket.create_connection(("127.0.0.2", encrypted), 5):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", plain), 5)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("version", "allowed"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
def test_old_versions_of_tls_are_refused(
    running: tuple[int, int], folder: Path, version: ssl.TLSVersion, allowed: bool
) -> None:
    """By the broker: the client would take them."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", running[1]), 5) as line:
        try:
            with context.wrap_socket(line, server_hostname="localhost") as secured:
                assert secured.version() == version.name.replace("_", ".")
        except ssl.SSLError as error:
            assert (allowed, "ALERT_PROTOCOL_VERSION" in str(error.reason)) == (False, True)
        else:
            assert allowed


def test_a_password_of_any_characters_lets_its_user_in(running: tuple[int, int], folder: Path) -> None:
    """Over either port."""
    for port in running:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("mast", "kört: åäö ")
        if port == running[1]:
            client.tls_set(str(folder / "ca.pem"))
        codes: list[int] = []
        client.on_connect = lambda *told: codes.append(told[3].value)  # noqa: B023 -- called within the round
        client.connect("localhost", port)
        while not codes:
            client.loop(1)
        client.disconnect()
        assert codes == [0]


def test_the_guide_puts_the_scripts_where_the_timer_looks() -> None:
    """And renews by a command that the script has."""
    unit = (MOSQUITTO / "watertower-certificates.service").read_text(encoding="utf-8")
    (place,) = re.findall(r"^ExecStart=(\S+) renew$", unit, re.MULTILINE)
    assert f"install -m 755 deploy/mosquitto/certificates.sh {place}\n" in README
    assert "systemctl enable --now watertower-certificates.timer" in README


@needs("systemd-analyze")
def test_the_timer_is_sound(tmp_path: Path) -> None:
    """systemd finds no mistake in it, and it comes once a week in working hours."""
    for name in ("watertower-certificates.service", "watertower-certificates.timer"):
        text = (MOSQUITTO / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
    timer = tmp_path / "watertower-certificates.timer"
    command = [require("systemd-analyze"), "verify", str(timer)]
    verify = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line for line in verify.stderr.splitlines() if "watertower" in line] == []
    assert re.search(r"^OnCalendar=Mon 10:00$", timer.read_text(), re.MULTILINE)
