"""Every part killed and started again, in every order, over a change of light: what is right comes without a hand."""

import json
import random
import signal
import time
from datetime import UTC, datetime, timedelta

from tests.nights.ear import Ear, Listen, Words
from tests.nights.programs import Mosquitto, Program, Site

SOON = timedelta(seconds=5)
ALONE = timedelta(seconds=2)
FADE = timedelta(seconds=2.2)
"""An override is over at its end, its fade out included."""
REPORTED = "watertower/gateway/mast/reported"
ROUNDS = (
    ("controller gateway broker", "broker gateway controller"),
    ("gateway broker controller", "controller broker gateway"),
    ("broker controller gateway", "gateway controller broker"),
)
"""In which order they die, and in which they start: of each two, either is before the other in both."""
BLUE = {"on": True, "color": "#0000FF", "brightness": 1.0}


def always_orange(site: Site) -> None:
    """A schedule that changes nothing: what changes is set by hand, to the second."""
    (site.config / "schedule.yaml").write_text(
        "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n",
        encoding="utf-8",
    )


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 -- the test is the one that knows the time


def override(ear: Listen, until: datetime, look: str = "blue") -> str:
    """Asks for a look by hand."""
    name = f"test-{until.timestamp()}"
    request = {"version": 1, "id": name, "look": look, "until": until.isoformat(), "owner": "test", "reason": "test"}
    ear.say("watertower/override/set", json.dumps(request).encode())
    return name


def turned_blue(ear: Ear, words: Words, lasts_s: float = 4) -> datetime:
    """Blue for some seconds from now, more where the computer is slow, and seen before its end: when that is."""
    blue = words.everywhere(BLUE)
    for factor in (1, 4, 16):
        end = now() + timedelta(seconds=lasts_s * factor)
        override(ear, end)
        if words.until(lambda end=end: ear.shows(blue) or now() > end, "unreachable") and ear.shows(blue):
            return end
    raise AssertionError("not blue")


def started(program: Program, words: Words, code: str) -> datetime:
    """When the service began, by its own log: how fast the computer starts a program is not the matter here."""
    events = words.until(lambda: program.events(code), f"it does not start: {program.log}")
    return datetime.fromisoformat(events[0]["at"])


def test_any_part_may_die_in_any_order(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """Three rounds: a blue that ends while the parts are dead or coming back; orange within 5 s of the last restart."""
    always_orange(site)
    site.outside(mosquitto.port, "controller")
    chance = random.Random(20)
    listens = ear(mosquitto)
    running = {"controller": site.controller(), "gateway": site.gateway(), "broker": mosquitto}
    since = 0
    for kills, restarts in ROUNDS:
        words.until(lambda s=since: listens.shows(words.all_orange, s) and listens.confirmed(s), "not confirmed", 40)
        end = turned_blue(listens, words)
        for part in kills.split():
            time.sleep(chance.uniform(0, 0.3))
            running[part].end(signal.SIGKILL) if part != "broker" else mosquitto.kill()
        begins = [end]
        since = len(listens.heard)
        for part in restarts.split():
            time.sleep(chance.uniform(0, 0.3))
            if part == "broker":
                mosquitto.start()
                begins.append(now())
            else:
                running[part] = site.controller() if part == "controller" else site.gateway()
        begins += [started(running["controller"], words, "TWL-C001"), started(running["gateway"], words, "TWL-D001")]
        told = f"killed {kills}, started {restarts}"
        report = words.until(lambda s=since: listens.shows(words.all_orange, s), told, 40)
        first = next(one for one in listens.on(REPORTED, since) if words.shown(one.document) == words.all_orange)
        assert first.at <= max(begins) + SOON, told
        assert report.document["problems"] == []
    words.until(lambda: listens.confirmed(since), "not confirmed in the end", 40)


def test_the_embedded_broker_dies_with_its_controller(site: Site, ear: Listen, words: Words) -> None:
    """Controller and broker are one process here: killed in both orders, over the end of an override."""
    always_orange(site)
    site.edit("tower.yaml", "    runs: here ", "    runs: elsewhere ")
    running = {"controller": site.controller(), "gateway": site.gateway()}
    started(running["controller"], words, "TWL-B010")
    listens = ear(site.port)
    since = 0
    for kills in (("controller", "gateway"), ("gateway", "controller")):
        words.until(lambda s=since: listens.shows(words.all_orange, s) and listens.confirmed(s), "not confirmed", 40)
        end = turned_blue(listens, words)
        for part in kills:
            running[part].end(signal.SIGKILL)
        since = len(listens.heard)
        running["gateway"] = site.gateway()
        running["controller"] = site.controller()
        begins = [started(running["controller"], words, "TWL-B010"), started(running["gateway"], words, "TWL-D001")]
        words.until(lambda s=since: listens.shows(words.all_orange, s), f"not orange: {kills}", 40)
        first = next(one for one in listens.on(REPORTED, since) if words.shown(one.document) == words.all_orange)
        assert first.at <= max(*begins, end) + SOON, kills


def test_the_gateway_keeps_the_plan_alone(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """The controller is dead and the broker frozen for 15 s when an override ends: the gateway ends it on time, and
    when all are back nothing needs a hand."""
    always_orange(site)
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    controller, gateway = site.controller(), site.gateway()
    words.until(lambda: listens.shows(words.all_orange) and listens.confirmed(), "not orange at the start", 40)
    end = turned_blue(listens, words, 6)
    controller.end(signal.SIGKILL)
    mosquitto.send(signal.SIGSTOP)
    controller = site.controller()
    time.sleep(max(15, (end - now() + ALONE).total_seconds()))
    acts = [event for event in gateway.events("TWL-D010") if event["shows"]["bowl"]["color"] == "#FF6A00"]
    assert end - FADE <= datetime.fromisoformat(acts[-1]["at"]) <= end + ALONE
    since = len(listens.heard)
    mosquitto.send(signal.SIGCONT)
    thawed = now()
    words.until(lambda: listens.confirmed(since), "not confirmed after the thaw", 60)
    assert all(words.shown(one.document) == words.all_orange for one in listens.on(REPORTED, since)[-1:])
    confirmations = controller.events("TWL-G101")
    assert datetime.fromisoformat(confirmations[0]["at"]) <= thawed + 3 * SOON
