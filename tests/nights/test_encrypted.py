"""The site over TLS, with the certificates of deploy/mosquitto: what is wrong with them is reported with its cause, and
a new one is taken while the light goes on."""

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Program, Site
from tests.parts import deployed, end_in, require

TOWER = "tower.yaml"
CA_FILE = "\n  ca_file: broker-ca.pem"
NO_BROKER = 69


@pytest.fixture
def encrypted(mosquittos: Callable[..., Mosquitto]) -> Mosquitto:
    """A mosquitto with a certificate."""
    require("localhost")
    return mosquittos(tls=True)


def has_ended(mosquitto: Mosquitto, _: Site) -> None:
    """And no timer renewed it."""
    end_in(-1, mosquitto.certificates)
    mosquitto.send(signal.SIGHUP)


def of_another_authority(_: Mosquitto, site: Site) -> None:
    """What was copied to the controller."""
    folder = site.folder / "other"
    deployed("certificates.sh", "server", CERTIFICATES=str(folder))
    shutil.copy(folder / "ca.pem", site.config / "broker-ca.pem")


def without_authority(_: Mosquitto, site: Site) -> None:
    """As one trusts a web server."""
    site.edit(TOWER, CA_FILE, "")


def for_another_name(mosquitto: Mosquitto, site: Site) -> None:
    """The broker is reached by an address that its certificate does not have."""
    site.edit(TOWER, f"localhost:{mosquitto.tls_port}", f"127.0.0.2:{mosquitto.tls_port}")


def lost_file(_: Mosquitto, site: Site) -> None:
    """`ca_file` names one that is not there."""
    (site.config / "broker-ca.pem").unlink()


def wrong_password(_: Mosquitto, site: Site) -> None:
    """The certificate is good."""
    (site.config / "mqtt-password").write_text("wrong")


def unencrypted(_: Mosquitto, site: Site) -> None:
    """mqtt:// to the encrypted port."""
    site.edit(TOWER, "mqtts://localhost", "mqtt://localhost")
    site.edit(TOWER, CA_FILE, "")


def encrypted_to_plain(mosquitto: Mosquitto, site: Site) -> None:
    """mqtts:// to the other port."""
    site.edit(TOWER, f":{mosquitto.tls_port}", f":{mosquitto.port}")


def asked_for_ours(mosquitto: Mosquitto, _: Site) -> None:
    """The broker wants a certificate of its clients, and there is none."""
    mosquitto.kill()
    client_certificates(mosquitto)
    mosquitto.start()


def revoked(mosquitto: Mosquitto, site: Site) -> None:
    """Ours was taken back."""
    with_our_own(mosquitto, site)
    mosquitto.certify("revoke", "controller")
    mosquitto.kill()
    mosquitto.start()


FLAWS: tuple[tuple[Callable[[Mosquitto, Site], None], str, str], ...] = (
    (has_ended, "TWL-M008", "watertower-certificates renew"),
    (for_another_name, "TWL-M010", "watertower-certificates server"),
    (of_another_authority, "TWL-M011", "copy it from the broker"),
    (without_authority, "TWL-M011", "ca_file"),
    (lost_file, "TWL-M012", "ca_file"),
    (wrong_password, "TWL-M003", "password_file"),
    (unencrypted, "TWL-M019", "mqtts://"),
    (encrypted_to_plain, "TWL-M019", "mqtt://"),
    (asked_for_ours, "TWL-M019", "cert_file"),
    (revoked, "TWL-M019", "revoked"),
)
"""What is wrong, the code that tells it, and a word of the cure."""


def client_certificates(mosquitto: Mosquitto) -> None:
    """The lines of watertower.conf that ask clients for theirs are in force, and the controller has one."""
    conf = mosquitto.folder / "conf"
    text = conf.read_text(encoding="utf-8")
    wanted = re.sub(r"^# (?=(?:cafile|crlfile|require_certificate|use_identity_as_username) )", "", text, flags=re.M)
    assert wanted.count("\n# ") == text.count("\n# ") - 4
    conf.write_text(wanted, encoding="utf-8")
    mosquitto.certify("client", "controller")


def with_our_own(mosquitto: Mosquitto, site: Site) -> None:
    """The broker asks for it, and the controller shows it instead of a password."""
    asked_for_ours(mosquitto, site)
    own = shutil.copy(mosquitto.certificates / "clients" / "controller.pem", site.config / "own.pem")
    Path(own).chmod(0o600)
    site.edit(TOWER, CA_FILE, f"{CA_FILE}\n  cert_file: own.pem\n  key_file: own.pem")
    site.edit(TOWER, "\n  username: controller\n  password_file: mqtt-password", "")


def examined(site: Site) -> dict[str, dict[str, object]]:
    """Each check of the doctor."""
    told = site.call("doctor", "--json").output
    return {each["check"]: each for each in json.loads(told[told.index("{") :])["checks"]}


@pytest.mark.parametrize(("flaw", "code", "cure"), FLAWS, ids=lambda value: getattr(value, "__name__", None))
def test_what_is_wrong_is_reported_with_its_cure(
    site: Site, encrypted: Mosquitto, words: Words, flaw: Callable[[Mosquitto, Site], None], code: str, cure: str
) -> None:
    """Alike in the log, by `status` and by `doctor`, which holds nothing for checked that it could not see."""
    site.encrypted(encrypted, "controller")
    flaw(encrypted, site)
    service = site.controller()
    words.until(lambda: service.events(code), "not reported")
    assert {event["code"] for event in map(json.loads, service.log.splitlines()) if event["code"][4] == "M"} == {code}
    told = site.ask("status", code=NO_BROKER)
    assert code in told
    assert cure in " ".join(told.split())
    checks = examined(site)
    assert [event["code"] for event in checks["login"]["findings"]] == [code]  # type: ignore[attr-defined]
    assert checks["gateways"]["unchecked"] == {"code": "no_broker_reached"}


def test_a_new_certificate_is_taken_while_the_light_goes_on(
    site: Site, encrypted: Mosquitto, ear: Listen, words: Words
) -> None:
    """Renewed as the timer does; whoever connects from then on sees it, and the others keep their connection. After a
    restart of the broker all is as before."""
    end_in(80, encrypted.certificates)
    encrypted.send(signal.SIGHUP)
    site.encrypted(encrypted, "controller")
    listens = ear(encrypted)
    service = site.controller()
    site.start("gateway", "mast", "--log-format", "json", "--config", str(site.box("mast")), state="mast")
    words.until(listens.confirmed, "not confirmed")
    before = shown_until(site)
    assert "until" in encrypted.certify("renew")
    encrypted.send(signal.SIGHUP)
    words.until(lambda: shown_until(site) > before, "the new certificate is not shown")
    assert not service.events("TWL-M002")
    encrypted.kill()
    since = len(listens.heard)
    encrypted.start()
    words.until(lambda: listens.confirmed(since), "not confirmed after the restart")
    assert not service.events("TWL-M014")


def shown_until(site: Site) -> str:
    """The day on which the doctor sees the certificate end."""
    found = examined(site)["encryption"]
    assert not found["findings"]
    return str(found["value"]).rpartition(": ")[2]


def test_a_certificate_of_the_controllers_own_takes_the_place_of_its_password(
    site: Site, encrypted: Mosquitto, words: Words
) -> None:
    """Its name is the user, with the rights of that user; revoked, it is not let in any more."""
    site.encrypted(encrypted, "controller")
    with_our_own(encrypted, site)
    service: Program = site.controller()
    words.until(lambda: service.events("TWL-M001"), "not let in")
    words.until(lambda: site.call("status").exit_code == 0, "it may not write its health")
