"""The connect over TLS, to a real mosquitto with certificates good and bad."""

import asyncio
import gc
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.mqtt import Address, Connected, Mqtt, Received, Tls
from controller.mqtt.incoming import HungUp, Oversized, Renewed, Untrusted
from tests.parts import require

pytestmark = pytest.mark.real

ALL = (("#", 1),)
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"
OFFICE = """
[ca]
default_ca = office
[office]
database = {0}/index
new_certs_dir = {0}
certificate = {0}/ca.pem
private_key = {0}/ca.key
default_md = sha256
rand_serial = yes
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
Certificate = Callable[..., str]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Makes a certificate of our own authority, and gives mosquitto's lines for it."""
    openssl = require("openssl")
    require("localhost")  # the name in the certificates
    folder = tmp_path_factory.mktemp("certificates")
    folder.chmod(0o755)

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], check=True, capture_output=True, cwd=folder)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "9999")
    (folder / "index").touch()
    (folder / "index.attr").write_text("unique_subject = no\n")
    (folder / "office.conf").write_text(OFFICE.format(folder))

    def make(name: str, names: str = NAMES, first: str = "20200101", last: str = "20990101") -> str:
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=x", "-addext", names)
        dates = ("-startdate", f"{first}000000Z", "-enddate", f"{last}000000Z")
        run("ca", "-batch", "-config", "office.conf", "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext", *dates)
        return f"certfile {folder}/{name}.pem\nkeyfile {folder}/{name}.key\ncafile {folder}/ca.pem"

    make.folder = folder  # type: ignore[attr-defined]
    return make


def encrypted(broker: Any, tls: Tls) -> Address:
    """The broker's address with TLS."""
    return Address("localhost", broker.port, tls)


async def test_speaks_tls_and_knows_when_the_certificate_ends(
    mosquitto: Any, connect: Any, certificate: Any, flood: Any, message: Any
) -> None:
    """Also what fills several TLS records, and many packets in one record, comes through at once."""
    broker = mosquitto(certificate("good")).start()
    mqtt, items = await connect(encrypted(broker, Tls(certificate.folder / "ca.pem")), subscriptions=ALL)
    connected = await items.get(Connected)
    assert connected.broker == f"mqtts://localhost:{broker.port}"
    assert connected.certificate_until.isoformat() == "2099-01-01T00:00:00+00:00"
    for number in range(300):
        mqtt.publish(message(f"t/{number}", b"x" * 200))
    mqtt.publish(message("large", b"x" * 200_000))
    await items.until(lambda: len(items.of(Received)) == 301)
    assert [len(payload) for payload in items.payloads("large")] == [200_000]
    assert not items.of(Oversized)


async def test_shows_a_certificate_of_its_own_where_the_broker_asks(
    mosquitto: Any, connect: Any, certificate: Any
) -> None:
    """Client certificates in place of passwords."""
    certificate("ours")
    broker = mosquitto(certificate("good") + "\nrequire_certificate true").start()
    folder = certificate.folder
    tls = Tls(folder / "ca.pem", folder / "ours.pem", folder / "ours.key")
    _, items = await connect(encrypted(broker, tls))
    await items.get(Connected)
    _, without = await connect(encrypted(broker, Tls(folder / "ca.pem")))
    assert (await without.get(HungUp)).reason
    assert not without.of(Connected)


async def test_a_certificate_that_is_renewed_meanwhile_is_seen(
    mosquitto: Any, connect: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mosquitto takes it with SIGHUP: the connection goes on, and nobody is warned of the old one."""
    monkeypatch.setattr("controller.mqtt.reconnect.LOOK_AGAIN_S", 0.1)
    broker = mosquitto(certificate("renewed", last="20300101")).start()
    mqtt, items = await connect(encrypted(broker, Tls(certificate.folder / "ca.pem")))
    assert (await items.get(Connected)).certificate_until.year == 2030
    await asyncio.sleep(0.5)
    assert not items.of(Renewed)
    certificate("renewed", last="20400101")
    broker.reload()
    assert (await items.get(Renewed)).event().fields["until"] == "2040-01-01"
    await asyncio.sleep(0.5)
    assert len(items.all) == 2
    assert mqtt.connected


@pytest.mark.parametrize(
    ("flaw", "how"),
    [
        ("expired", {"last": "20210101"}),
        ("not yet valid", {"first": "20980101"}),
        ("wrong name", {"names": "subjectAltName=DNS:elsewhere"}),
    ],
)
async def test_a_flaw_of_the_certificate_is_reported_by_its_cause(
    mosquitto: Any, connect: Any, certificate: Any, flaw: str, how: dict[str, str]
) -> None:
    """And there is no connection."""
    broker = mosquitto(certificate(flaw.replace(" ", "_"), **how)).start()
    mqtt, items = await connect(encrypted(broker, Tls(certificate.folder / "ca.pem")))
    assert (await items.get(Untrusted)).flaw == flaw
    assert not mqtt.connected


async def test_an_unknown_authority_is_not_trusted(mosquitto: Any, connect: Any, certificate: Any) -> None:
    """Without `ca_file` this machine's authorities count."""
    broker = mosquitto(certificate("good")).start()
    _, items = await connect(encrypted(broker, Tls()))
    assert (await items.get(Untrusted)).flaw == "not trusted"


@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
async def test_a_file_of_ours_that_cannot_be_used_is_reported(
    connect: Any, tmp_path: Path, content: bytes | None
) -> None:
    """Missing, empty, something else: with its name."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    _, items = await connect(Address("localhost", 1, Tls(file)))
    told = await items.get(Untrusted)
    assert told.flaw == "own files"
    assert str(file) in str(told.reason)


async def test_a_plain_port_and_an_encrypted_port_are_distinguished(
    mosquitto: Any, connect: Any, certificate: Any
) -> None:
    """The wrong scheme for a port is reported as such, and gives no connection."""
    plain, hidden = mosquitto().start(), mosquitto(certificate("good")).start()
    for address in (encrypted(plain, Tls(certificate.folder / "ca.pem")), hidden.address):
        mqtt, items = await connect(address)
        await items.until(lambda items=items: items.all, 12.0)
        assert isinstance(items.all[0], HungUp)
        assert "mqtts://" in items.all[0].event().action("sv")
        assert not mqtt.connected


def serving(certificate: Any) -> ssl.SSLContext:
    """TLS for a scripted with a good certificate."""
    certificate("good")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.folder / "good.pem", certificate.folder / "good.key")
    return context


async def test_one_record_of_many_packets_is_read_to_its_end(connect: Any, scripted: Any, certificate: Any) -> None:
    """What TLS has decrypted and nobody has read yet is not seen by the loop's selector."""
    packets = b"".join(b"\x30\x05\x00\x03%03x" % number for number in range(2_300))
    async with scripted(b"\x20\x02\x00\x00", [packets], serving(certificate)) as giver:
        address = Address("localhost", giver.address.port, Tls(certificate.folder / "ca.pem"))
        _, items = await connect(address, subscriptions=ALL)
        await items.until(lambda: len(items.of(Received)) == 2_300)


async def test_a_handshake_that_outlasts_us_leaves_nothing_behind(scripted: Any, line: Any, certificate: Any) -> None:
    """Leaving does not wait for the thread that dials, and what it opens later is closed."""
    async with (
        scripted(b"\x20\x02\x00\x00", [b""], serving(certificate)) as giver,
        line(giver.address.port) as slow,
    ):
        slow.cut()
        async with (
            asyncio.timeout(20),
            Mqtt(Address("localhost", slow.address.port, Tls(certificate.folder / "ca.pem")), "leaver"),
        ):
            while not slow.opened:
                await asyncio.sleep(0.02)
        assert not giver.left
        slow.mend()
        async with asyncio.timeout(20):
            while not giver.left or any(thread.name.startswith("mqtt dial") for thread in threading.enumerate()):
                await asyncio.sleep(0.02)
        assert giver.calls == 1
    gc.collect()
