"""A look by hand, over MQTT and by command: granted once and kept, refused with a reason, over on time."""

import json
import signal
import time
from typing import Any

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

SET = "watertower/override/set"
BLUE = {"on": True, "color": "#0000FF", "brightness": 1.0}
RED = {"on": True, "color": "#FF0000", "brightness": 1.0}


def always_orange(site: Site) -> None:
    (site.config / "schedule.yaml").write_text(
        "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n",
        encoding="utf-8",
    )


def request(name: str, **more: Any) -> bytes:
    """A request that would be granted, with changes."""
    keys = {"version": 1, "id": name, "look": "blue", "until": "1 h", "owner": "test", "reason": "test", **more}
    return json.dumps({key: value for key, value in keys.items() if value is not None}).encode()


def answers(ear: Listen, name: str) -> list[dict[str, Any]]:
    """What the controller said to this id."""
    told = (one.document for one in ear.on("watertower/controller/event"))
    return [event for event in told if event.get("id") == name]


REFUSED: dict[str, Any] = {
    "bad-colour": {"look": "blurple"},
    "bad-hex": {"look": "#12345"},
    "bad-until": {"until": "when the cows come home"},
    "no-until": {"until": None},
    "empty-until": {"until": ""},
    "past": {"until": "2020-01-01T00:00:00Z"},
    "too-long": {"until": "9 days"},
    "no-time": {"until": "0 s"},
    "unknown-zone": {"look": {"roof": "blue"}},
    "no-zone": {"look": {}},
    "bad-brightness": {"brightness": "120 %"},
    "far-future": {"until": "9999-12-31T23:59:59Z"},
    "overflow": {"until": "99999999999999999 h"},
    "other-version": {"version": 2},
    "bad-action": {"action": "explode"},
    "look-of-numbers": {"look": [1, 2, 3]},
    "control-characters": {"reason": "a\nb\x1b[31m"},
    "long-reason": {"reason": "x" * 5000},
}
GARBAGE = [
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"{",
    b'"blue"',
    b"[" * 5000,
    b'{"version": 1, "id": "half \\ud800"}',
    b'{"version": 1, "id": {"a": 1}}',
    b"x" * 100_000,
    b'{"version": 1e400}',
    json.dumps({"version": 1, "id": "n" * 100}).encode(),
]


def test_what_cannot_be_granted_is_refused_with_a_reason(site: Site, ear: Listen, words: Words) -> None:
    """Nothing of it changes the light or ends the service, and everything is answered."""
    always_orange(site)
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    listens.say(SET, request("retained"), retain=True)
    for payload in GARBAGE:
        listens.say(SET, payload)
    words.until(lambda: len(listens.events("TWL-O110")) >= len(GARBAGE), "garbage is not answered")
    for name, change in REFUSED.items():
        listens.say(SET, request(name, **change))
    words.until(lambda: len(listens.events("TWL-O110")) >= len(GARBAGE) + len(REFUSED), "not all are answered")
    for event in listens.events("TWL-O110"):
        assert event["reason"]
        assert "Traceback" not in event["reason"]
    listens.say(SET, request("good", until="3 s"))
    words.until(lambda: answers(listens, "good"), "a good request after all that is not granted")
    assert answers(listens, "good")[0]["code"] == "TWL-O101"
    assert program.end() == 0
    # the retained one was delivered live to the controller of then; the next one finds it retained, and leaves it
    again = site.controller()
    words.until(lambda: again.events("TWL-G101"), "no confirmation after the restart")
    time.sleep(1)
    assert not [event for event in again.events("TWL-O101") if event["id"] == "retained"]
    assert "Traceback" not in program.log + again.log


def test_commands_set_resume_stop_and_lift(site: Site, ear: Listen, words: Words) -> None:
    """Each is answered with what was done; a stop holds against override and resume, over a restart, until it is
    lifted, and nothing that was asked meanwhile takes effect then."""
    always_orange(site)
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    until_ = "--until", "1 h", "--reason", "provar"
    assert "TWL-O101" in site.ask("override", "bowl=red", *until_)
    orange = words.orange
    words.until(lambda: listens.shows({"bowl": RED, "shaft": orange}), "the bowl is not red")
    told = site.ask("stop", "--reason", "arbete på taket")
    assert told.index("TWL-O105") < told.index("TWL-O114")
    words.until(lambda: listens.shows(words.all_dark), "not dark")
    refused = site.ask("override", "blue", *until_, code=1)
    assert all(told in refused for told in ("TWL-O110", "TWL-O111", "resume --lift"))
    assert program.end(signal.SIGKILL)
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    time.sleep(0.5)
    assert listens.shows(words.all_dark), "the stop did not outlive the controller"
    resumed = site.ask("resume", code=1)
    assert all(told in resumed for told in ("TWL-O109", "resume --lift"))
    assert listens.shows(words.all_dark), "resume lifted the stop"
    assert "TWL-O106" in site.ask("resume", "--lift")
    words.until(lambda: listens.shows(words.all_orange), "not back on the schedule")
    assert "TWL-O101" in site.ask("override", "blue", *until_)
    words.until(lambda: listens.shows(words.everywhere(BLUE)), "no override after the stop")
    assert "TWL-O102" in site.ask("resume")
    words.until(lambda: listens.shows(words.all_orange), "not back on the schedule")
    assert program.end() == 0


def test_an_acknowledged_override_outlives_the_controller(
    site: Site, mosquitto: Mosquitto, ear: Listen, words: Words
) -> None:
    """Killed right after the acknowledgement: it is in force after the restart, and the same id counts once."""
    always_orange(site)
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    controller, gateway = site.controller(), site.gateway()
    words.until(lambda: listens.shows(words.all_orange) and listens.confirmed(), "not orange at the start")
    asked = request("once")
    listens.say(SET, asked)
    words.until(lambda: answers(listens, "once"), "no answer")
    controller.end(signal.SIGKILL)
    controller = site.controller()
    words.until(lambda: listens.shows(words.everywhere(BLUE)), "the acknowledged override is lost")
    first = answers(listens, "once")[0]
    words.until(lambda: controller.events("TWL-G101"), "no confirmation")
    listens.say(SET, asked)
    listens.say(SET, request("once", look="red"))
    told = words.until(lambda: answers(listens, "once")[2:], "a repeated id is not answered")
    assert {event["code"] for event in told} == {"TWL-O101"}
    assert listens.shows(words.everywhere(BLUE)), first
    assert "TWL-O102" in site.ask("resume")
    words.until(lambda: listens.shows(words.all_orange), "not back on the schedule")
    assert controller.end() == gateway.end() == 0
