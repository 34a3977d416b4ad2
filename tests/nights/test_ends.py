"""How the service ends: when asked to, when it cannot begin, and what it leaves behind."""

import json
import signal
import socket
import time

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

PROMISED_S = 2.0


def test_a_signal_ends_it_cleanly(site: Site, ear: Listen, words: Words) -> None:
    """SIGTERM, and SIGINT after a restart: exit code 0 by its own word, both parts say offline, the embedded broker
    keeps what was retained, and the next start is above it."""
    for start, number in enumerate((signal.SIGTERM, signal.SIGINT), start=1):
        program = site.controller()
        words.until(lambda one=program: one.events("TWL-G101"), "no confirmation")
        assert program.events("TWL-G101")[0]["command_id"].startswith(f"{start}."), "not above what it finds"
        listens = ear(site.port)
        words.until(lambda at=listens: at.word("watertower/controller/status") == b"online", "not online")
        asked = time.monotonic()
        program.send(number)
        for topic in ("watertower/controller/status", "watertower/gateway/mast/availability"):
            words.until(lambda at=listens, t=topic: at.word(t) == b"offline", f"{topic} does not say offline")
        assert program.wait() == 0
        told = [one.at_s - asked for one in listens.heard if one.payload == b"offline"]
        assert max(told) < 3 * PROMISED_S
        assert program.events("TWL-C002")[0]["reason"] == number.name
        assert "watertower/gateway/mast/reported" in (site.state / "broker.json").read_text()
        assert "Traceback" not in program.log
        listens.close()


def test_two_signals_are_as_good_as_one(site: Site, words: Words) -> None:
    """An impatient second SIGTERM breaks nothing."""
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    program.send(signal.SIGTERM)
    program.send(signal.SIGTERM)
    assert program.wait() == 0
    assert "Traceback" not in program.log


def test_the_gateway_process_ends_cleanly(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """It says offline before it goes."""
    listens = ear(mosquitto)
    program = site.outside(mosquitto.port, "controller").gateway()
    topic = "watertower/gateway/mast/availability"
    words.until(lambda: listens.word(topic) == b"online", "not online")
    assert program.end(signal.SIGINT) == 0
    words.until(lambda: listens.word(topic) == b"offline", "it does not say offline")
    assert "Traceback" not in program.log


def test_a_second_service_in_one_folder_blames_no_file(site: Site, words: Words) -> None:
    """The first goes on; the files are the same, and so no copy of them would do better."""
    first = site.controller()
    words.until(lambda: first.events("TWL-G101"), "no confirmation")
    second = site.controller()
    assert second.wait() == 1
    assert "TWL-J028" in second.log
    assert "TWL-O131" not in second.log
    site.ask("status")


def test_a_busy_port_is_reported_with_69(site: Site) -> None:
    """Somebody else listens where the embedded broker should."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()
        program = site.start("run")
        assert program.wait() == 69
    assert "TWL-" in program.log
    assert str(site.port) in program.log
    assert "Traceback" not in program.log


def test_a_state_folder_that_cannot_be_written_is_reported(site: Site, words: Words) -> None:
    """The light goes on without it."""
    site.state.write_text("a file, not a folder")
    program = site.start("run", "--log-format", "json")
    words.until(lambda: program.events("TWL-G101"), "no light")
    assert program.events("TWL-J003"), "it was not reported"
    assert program.end() == 0
    assert "Traceback" not in program.log


def test_what_is_lost_in_the_state_folder_is_no_traceback(site: Site, words: Words) -> None:
    """Every file of it damaged: the service begins and lights."""
    first = site.controller()
    words.until(lambda: first.events("TWL-G101"), "no confirmation")
    first.end(signal.SIGKILL)
    for path in site.state.rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00\xff{" * 40)
    second = site.controller()
    words.until(lambda: second.events("TWL-G101"), f"no confirmation: {second.log}")
    assert "Traceback" not in second.log
    assert second.end() == 0
    assert json.loads((site.state / "known.json").read_text())
