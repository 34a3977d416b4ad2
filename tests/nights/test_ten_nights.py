"""The ten likely nights, acted out on real parts: what log, `status`, `doctor` and page say leads to the cure, no view
contradicts another, and the trouble ends in all of them. `TRANSCRIPTS=folder` keeps what was said, and waits for ends
that come late."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.nights.ear import Listen
from tests.nights.far_box import FarBox
from tests.nights.programs import SECRET, Mosquitto, Program, Site
from tests.nights.views import Night
from tests.nights.waiting import until
from tests.parts import end_in, needs, require

WEEK = "version: 1\ncampaigns:\n  - {name: En vecka fri från våld, dates: every day, hours: all day, color: orange}\n"
CUT_OFF = "should be orange, but the controller has no contact with the gateways"
LIT = "The water tower is orange – confirmed by"
DESIRED, REPORTED = "watertower/gateway/mast/desired", "watertower/gateway/mast/reported"
METER = "measured:\n  - {zone: bowl, topic: plug/power, lit_above: 20, dark_below: 5}\n"
LAMP = "  - {name: entrance, kind: home-assistant, zone: bowl, command_topic: lamp/set, state_topic: lamp}\n"
OWN_WORD = "topic read watertower/#\ntopic write watertower/gateway/#\n"
REQUESTS = "topic readwrite watertower/gateway/#\ntopic readwrite watertower/controller/#\n"

Nights = Callable[[str], Night]


@pytest.fixture
def night(site: Site) -> Iterator[Nights]:
    """Begins a night, in the campaign week, with the page served."""
    made: list[Night] = []

    def begin(title: str) -> Night:
        site.with_page()
        (site.config / "schedule.yaml").write_text(WEEK, encoding="utf-8")
        made.append(Night(site, title))
        return made[-1]

    yield begin
    for each in made:
        each.close()


def on_mosquitto(night: Night, mosquitto: Mosquitto) -> Program:
    """The site on a broker of its own; its gateway, which logs in as itself, runs."""
    site = night.site.outside(mosquitto.port, "controller")
    (site.config / "mqtt-password").chmod(0o600)
    return gateway(site)


def gateway(site: Site, name: str = "mast", within: tuple[str, ...] = ()) -> Program:
    """A gateway on a box of its own."""
    box = site.folder / f"config-{name}"
    if not box.exists():
        site.box(name)
    words = ("gateway", name, "--log-format", "json", "--config", str(box))
    return site.start(*words, state=name, within=within)


def lit(night: Night) -> None:
    """All is confirmed, in every view."""
    night.until_status(0)
    look = night.look()
    assert look.doctor == (0, {})
    assert look.page.startswith(LIT), look.page


def test_the_password_of_the_broker_is_wrong(night: Nights, mosquitto: Mosquitto) -> None:
    """At the start, after somebody changed it: the login is the only cause that any view names."""
    now = night("1 the broker's password is wrong")
    on_mosquitto(now, mosquitto)
    password = now.site.config / "mqtt-password"
    now.happens("somebody writes another password, and restarts the service")
    password.write_text("wrong")
    service = now.start()
    now.tells("TWL-M003")
    look = now.look(languages=("en", "sv"))
    assert [code for code in look.log if code.startswith("TWL-M")] == ["TWL-M003"]
    assert look.status == (69, ("TWL-M003",))
    assert look.doctor == (69, {"login": ["TWL-M003"]})
    assert CUT_OFF in look.page
    until(lambda: "password_file" in now.page(), "the page does not say what to do")  # its next turn tells
    now.happens("the right password, and `systemctl restart watertower`")
    password.write_text(SECRET)
    service.end()
    now.start()
    lit(now)


@needs("ip", "root")
def test_one_gateway_hangs_and_the_plug_of_another_is_pulled(
    night: Nights, mosquittos: Callable[..., Mosquitto], far_box: Callable[..., FarBox]
) -> None:
    """Neither says goodbye: both are silent before half a minute is over, and named; both come back by themselves."""
    now = night("2 a gateway's process hangs, another one's plug is pulled")
    box = far_box()
    mosquitto = mosquittos(users=("gate",))
    mosquitto.kill()
    mosquitto.listens_on(box.addresses[0])
    mosquitto.start()
    mast = on_mosquitto(now, mosquitto)
    with (now.site.config / "tower.yaml").open("a") as file:
        lamp = "{name: one, zone: shaft, profile: rgb, address: 1}"
        file.write(f"  - {{name: gate, kind: dmx, output: simulated, universe: 2, fixtures: [{lamp}]}}\n")
    tower = now.site.box("gate") / "tower.yaml"
    tower.write_text(tower.read_text().replace("127.0.0.1", box.addresses[0]))
    gateway(now.site, "gate", within=box.within)
    now.start()
    lit(now)
    now.happens("mast: SIGSTOP; gate: cable pulled")
    mast.send(signal.SIGSTOP)
    box.pull()
    now.until_status(1)
    now.tells("TWL-G104", times=2)
    look = now.look(languages=("en", "sv"))
    assert look.status == (1, ("TWL-T001", "TWL-G104", "TWL-G104"))
    assert look.doctor == (1, {"gateways": ["TWL-H113", "TWL-H113"]})
    assert "no gateway answers" in look.page
    assert look.page.count("Show the gateway TWL-G104") == 2
    assert sum("s, has left the broker" in line for line in now.lines) == 2
    now.happens("mast: SIGCONT; gate: cable put back")
    mast.send(signal.SIGCONT)
    box.put_back()
    now.tells("TWL-G105", times=2)
    lit(now)


def test_the_schedule_is_saved_with_a_typo(night: Nights) -> None:
    """The light stays, and each view names file, line and mistake."""
    now = night("3 the schedule is saved with a typo")
    file = now.site.config / "schedule.yaml"
    now.start()
    lit(now)
    now.happens("somebody saves `color: ornage`")
    file.write_text(WEEK.replace("orange", "ornage"), encoding="utf-8")
    now.tells("TWL-O131")
    look = now.look(languages=("en", "sv"))
    assert look.status == (1, ("TWL-T001", "TWL-O131"))
    assert look.doctor == (1, {"files": ["TWL-S000"], "service": ["TWL-O131"]})
    assert LIT in look.page
    assert "schedule.yaml:3:77" in look.page
    told = now.site.ask("check", code=78)
    now.lines += [f"check [78]     {line}" for line in told.splitlines()[:6]]
    assert 'Did you mean "orange"?' in told
    now.happens("the word is put right")
    file.write_text(WEEK, encoding="utf-8")
    now.tells("TWL-O130")
    lit(now)


@needs("libfaketime")
def test_the_clock_is_behind_after_a_power_cut(night: Nights) -> None:
    """Three days: nobody takes an unknown light for a missing lamp. Once it is set right the views say to wait."""
    now = night("4 the clock is behind after a power cut")
    stamp = now.site.folder / "clock"

    def set_to(instant: datetime) -> None:
        offset_s = instant.timestamp() - time.time()  # noqa: TID251 -- the test is the one that bends the time
        stamp.with_suffix(".new").write_text(f"{offset_s:+.3f}\n")
        stamp.with_suffix(".new").replace(stamp)

    right = datetime.now(UTC)  # noqa: TID251
    now.site.travel(right)
    del now.site.env["FAKETIME"]
    now.site.env |= {"FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1"}
    now.site.state.mkdir()
    known = {"version": 1, "epoch": 7, "revision": 0, "wall": right.isoformat()}
    (now.site.state / "known.json").write_text(json.dumps(known))
    now.happens("the machine starts three days in the past")
    set_to(right - timedelta(days=3, hours=1))
    now.start()
    now.tells("TWL-M001")
    look = now.look()
    assert look.status == (1, ("TWL-T003", "TWL-T001"))
    assert look.doctor == (1, {"clock": ["TWL-T003"], "service": ["TWL-T003"]})
    assert "The clock is in doubt and nothing changes" in look.page
    assert "timedatectl" in look.page
    now.happens("a time server is reached again")
    set_to(datetime.now(UTC))  # noqa: TID251
    now.tells("TWL-T004")
    look = now.look()
    assert look.status == (1, ("TWL-T001",))
    assert "after two to ten minutes it is trusted" in look.page
    if now.is_kept:
        until(lambda: now.standing()[0] == 0, "the clock is not believed", 150)
        lit(now)


def test_the_certificate_of_the_broker_has_expired(night: Nights, mosquittos: Callable[..., Mosquitto]) -> None:
    """It is reported before, and then as the only cause; a new one solves it without a restart of the service."""
    require("localhost")
    now = night("5 the certificate of the broker has expired")
    mosquitto = mosquittos(tls=True)
    now.site.encrypted(mosquitto, "controller")
    now.happens("it ends in nine days")
    end_in(9, mosquitto.certificates)
    mosquitto.send(signal.SIGHUP)
    gateway(now.site)
    now.start()
    now.tells("TWL-M014")
    now.until_status(0, "TWL-M014")
    look = now.look()
    assert look.doctor == (0, {"encryption": ["TWL-M014"], "service": ["TWL-M014"]})
    now.happens("nobody renewed it, and the broker was restarted")
    end_in(-1, mosquitto.certificates)
    mosquitto.kill()
    mosquitto.start()
    now.tells("TWL-M008")
    look = now.look(languages=("en", "sv"))
    assert look.status == (69, ("TWL-M008",))
    assert look.doctor == (69, {"login": ["TWL-M008"]})
    assert CUT_OFF in look.page
    now.happens("`watertower-certificates renew` on the broker's machine")
    mosquitto.certify("renew")
    mosquitto.send(signal.SIGHUP)
    now.tells("TWL-M001", times=2)
    lit(now)


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """A state directory of three megabytes."""
    site.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", site.state], check=True)
    yield site.state
    site.close()
    subprocess.run(["umount", site.state], check=True)


def fill(file: Path) -> None:
    """To the last byte."""
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    for size in (65_536, 1):
        try:
            while True:
                os.write(descriptor, b"x" * size)
        except OSError:
            continue
    os.close(descriptor)


@needs("root")
def test_the_disk_is_full(night: Nights, small_disk: Path) -> None:
    """A saved schedule is lit all the same. All that could not be kept is named, and kept when there is room again."""
    now = night("6 the disk is full")
    now.start()
    now.until_status(0)
    now.happens("the disk of the state directory fills up; somebody saves another colour")
    fill(small_disk / "fill")
    file = now.site.config / "schedule.yaml"
    file.write_text(WEEK.replace("orange", "blue"), encoding="utf-8")
    now.tells("TWL-O132")
    now.until_status(1, "TWL-J003", "TWL-O132", "TWL-D012")
    look = now.look(languages=("en", "sv"))
    assert look.doctor[1]["state"] == ["TWL-H130"]
    assert {"TWL-J003", "TWL-O132", "TWL-D012"} <= set(look.doctor[1]["service"])
    assert "ports" not in look.doctor[1]
    assert "The water tower is blue – confirmed by" in look.page
    assert "the disk is full" in look.page
    now.happens("room is made")
    (small_disk / "fill").unlink()
    now.until_status(0)
    look = now.look()
    assert look.status == (0, ("TWL-T001",))
    assert "service" not in look.doctor[1]


def test_a_stranger_writes_to_the_topics_of_a_lamp(night: Nights, mosquitto: Mosquitto, ear: Listen) -> None:
    """Orders and reports in a name that is not theirs: the light stays, both are reported, and none is believed."""
    now = night("7 a stranger writes to a lamp's topics")
    on_mosquitto(now, mosquitto)
    listens = ear(mosquitto)
    service = now.start()
    lit(now)
    now.happens("somebody reports blue in the name of mast")
    blue = {zone: {"on": True, "color": "#0000FF", "brightness": 1.0} for zone in ("bowl", "shaft")}
    report = listens.on(REPORTED)[-1].document
    listens.say(REPORTED, json.dumps({**report, "zones": blue}).encode(), retain=True)
    now.tells("TWL-G103")
    now.happens("somebody orders blue, retained")
    order = listens.on(DESIRED)[-1].document
    written = {**order, "epoch": order["epoch"] + 1, "command_id": "x", "zones": blue, "cues": []}
    listens.say(DESIRED, json.dumps(written).encode(), retain=True)
    now.tells("TWL-G111")
    now.until_status(1, "TWL-G111")
    until(lambda: "confirmed by the gateway" in now.page(), "it is not put right")
    look = now.look(languages=("en", "sv"))
    assert look.status == (1, ("TWL-T001", "TWL-G111"))
    assert look.doctor == (1, {"service": ["TWL-G111"]})
    assert LIT in look.page
    assert "rights of its own" in look.page
    assert not [one for one in service.events("TWL-G104") if one["gateway"] == "mast"]


@pytest.mark.parametrize("forgotten", ["own word", "requests"])
def test_an_access_rule_was_forgotten(night: Nights, mosquittos: Callable[..., Mosquitto], forgotten: str) -> None:
    """The controller may not write its own state, or not read requests: no text advises to start a service that
    runs."""
    now = night(f"8 an access rule of the broker was forgotten ({forgotten})")
    right = "topic readwrite watertower/#\n"
    mosquitto = mosquittos((right, OWN_WORD if forgotten == "own word" else REQUESTS))
    on_mosquitto(now, mosquitto)
    now.start()
    now.tells("TWL-G101")
    if forgotten == "own word":
        now.tells("TWL-M027")
        look = now.look(languages=("en", "sv"))
        assert look.status == (69, ("TWL-Q123",))
        assert look.doctor == (69, {"controller": ["TWL-Q123"]})
        assert "does not deliver what the controller writes" in look.page
    else:
        now.until_status(0)
        told = now.site.ask("override", "blue", "--until", "1 h", "--reason", "test", code=69)
        now.lines += [f"override [69]  {line}" for line in told.splitlines()]
        assert told.startswith("TWL-Q124")
    now.happens("the line is written, and `systemctl reload mosquitto`")
    acl = mosquitto.folder / "watertower.acl"
    acl.write_text(acl.read_text().replace(OWN_WORD, right).replace(REQUESTS, right))
    mosquitto.send(signal.SIGHUP)
    if forgotten == "own word":
        now.tells("TWL-M028")
    else:
        now.site.ask("override", "orange", "--until", "1 h", "--reason", "test")
    now.until_status(0)
    now.look()


def test_two_controllers_by_mistake(night: Nights, mosquitto: Mosquitto, sites: Callable[[], Site]) -> None:
    """On two machines, or twice on one: the second is what each view leads to."""
    now = night("9 two controllers by mistake")
    on_mosquitto(now, mosquitto)
    now.start()
    lit(now)
    now.happens("an old computer with a copy of the files is switched on")
    other = sites().outside(mosquitto.port, "controller")
    (other.config / "schedule.yaml").write_text(WEEK, encoding="utf-8")
    rival = other.controller()
    now.tells("TWL-M015")
    now.until_status(1, "TWL-M015")
    look = now.look(languages=("en", "sv"))
    assert "TWL-M015" in look.doctor[1]["service"]
    assert "runs a second time" in look.page
    now.happens("it is switched off; somebody starts the service by hand beside the one that runs")
    rival.end()
    by_hand = now.site.controller()
    assert by_hand.wait() == 1
    assert "TWL-J028" in by_hand.log
    now.lines += [f"by hand [1]    {line}" for line in by_hand.log.splitlines()]
    until(lambda: now.page().count(LIT), "it is not lit")
    now.look()


class Lamp:
    """A lamp that reports what it was sent, and is dark a second later while it `lies`. A meter reports how many
    `watts` it draws."""

    def __init__(self, mosquitto: Mosquitto) -> None:
        self.lies, self.watts = False, 60
        self._is_over = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "lamp")
        self._client.username_pw_set("ear", SECRET)
        self._client.on_connect = lambda *_: self._client.subscribe("lamp/set", 1)
        self._client.on_message = lambda _, __, told: self._obey(told.payload)
        self._client.connect("127.0.0.1", mosquitto.port)
        self._client.loop_start()
        self._meter = threading.Thread(target=self._measure)
        self._meter.start()

    def _measure(self) -> None:
        while not self._is_over.wait(1.0):
            self._client.publish("plug/power", str(self.watts))

    def _obey(self, payload: bytes) -> None:
        wanted = json.loads(payload)
        wanted.pop("transition", None)
        self._client.publish("lamp", json.dumps({"color_mode": "rgb", **wanted}), 1)
        if self.lies:
            threading.Timer(1.0, self.revert).start()

    def revert(self) -> None:
        """Dark by itself."""
        self._client.publish("lamp", b'{"state": "OFF"}', 1)

    def close(self) -> None:
        """Gone."""
        self._is_over.set()
        self._meter.join()
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def lamp(mosquitto: Mosquitto) -> Iterator[Lamp]:
    """It is there."""
    made = Lamp(mosquitto)
    yield made
    made.close()


def test_a_lamp_lies(night: Nights, mosquitto: Mosquitto, lamp: Lamp) -> None:
    """It says that it is lit and is dark a second later, again and again: it is called wrong until it stays right."""
    now = night("10 a lamp lies: it says that it is lit, and is dark a moment later")
    now.site.on_broker(mosquitto.port, "ear")
    (now.site.config / "mqtt-password").chmod(0o600)
    with (now.site.config / "tower.yaml").open("a") as tower:
        tower.write(LAMP + METER)
    now.start()
    lit(now)
    now.happens("entrance begins to lie")
    lamp.lies = True
    lamp.revert()
    now.tells("TWL-G109")
    now.until_status(1, "TWL-G109")
    look = now.look(languages=("en", "sv"))
    assert "TWL-G109" in look.doctor[1]["service"]
    assert look.doctor[0] == 1
    assert "did not stay as ordered" in look.page
    now.happens("its timer is switched off")
    lamp.lies = False
    if now.is_kept:
        now.tells("TWL-G118", within_s=150)
        lit(now)
        now.happens("its supply fails: it goes on saying that it is lit, and draws 1 W")
        lamp.watts = 1
        now.tells("TWL-G160", within_s=150)
        now.until_status(1, "TWL-G160")
        look = now.look()
        assert look.doctor == (1, {"service": ["TWL-G160"]})
        assert "power supply" in look.page
        assert "should be orange, and the gateways confirm it, but no light is measured" in look.page
        now.happens("the supply is exchanged")
        lamp.watts = 60
        now.tells("TWL-G161", within_s=150)
        lit(now)
