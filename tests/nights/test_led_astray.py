"""Messages that would lead the controller astray, on real processes: no order is refused, and no stop is only said."""

import json
import signal
from typing import Any

import pytest

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

SET = "watertower/override/set"
TOPICS = "watertower/gateway/mast"


def request(name: str, action: str, **more: Any) -> bytes:
    """A request by hand."""
    return json.dumps({"version": 1, "id": name, "action": action, "owner": "test", "reason": "test", **more}).encode()


@pytest.mark.parametrize("leaf", ["reported", "desired"])
def test_an_order_far_ahead_locks_no_gateway_out(
    site: Site, mosquitto: Mosquitto, ear: Listen, words: Words, leaf: str
) -> None:
    """Reported or written, a million ahead and half a million twice: the tower obeys, through restarts of both."""
    (site.config / "schedule.yaml").write_text("version: 1\nevery_night: [{name: A, hours: all day, color: orange}]\n")
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    controller, gateway = site.controller(), site.gateway()
    words.until(lambda: listens.shows(words.all_orange) and listens.confirmed(), "not orange at the start")
    for ahead in (1_000_000, 999_999, 499_999, 499_999):
        told = listens.on(f"{TOPICS}/{leaf}")[-1].document
        odd = {"epoch": told["epoch"] + ahead, "revision": 9, "command_id": "odd", "zones": {}, "cues": []}
        listens.say(f"{TOPICS}/{leaf}", json.dumps({**told, **odd}).encode(), retain=True)
    for number in range(2):
        if number:
            controller.end(signal.SIGKILL)
            gateway.end(signal.SIGKILL)
            (site.folder / "mast" / "gateway-mast.json").unlink()
            controller, gateway = site.controller(), site.gateway()
            words.until(lambda anew=controller: anew.events("TWL-G101"), "no confirmation after the restart")
        words.until(lambda: listens.shows(words.all_orange) and listens.confirmed(), "not orange")
        listens.say(SET, request(f"stop-{number}", "stop"))
        words.until(lambda: listens.shows(words.all_dark), "lit under a stop")
        words.until(lambda n=number: len(listens.events("TWL-O114")) > n, "dark is not reported")
        listens.say(SET, request(f"lift-{number}", "lift"))
        words.until(lambda: listens.shows(words.all_orange), "not orange after the stop")
    assert not listens.events("TWL-O113")
    assert not [event for event in gateway.events("TWL-D011") if leaf == "reported"]


def test_one_button_stops_each_time_and_old_requests_undo_nothing(site: Site, ear: Listen, words: Words) -> None:
    """Stop, lift and stop again under one id, and over a restart: what is acknowledged holds."""
    (site.config / "schedule.yaml").write_text("version: 1\nevery_night: [{name: A, hours: all day, color: orange}]\n")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    for number in range(3):
        listens.say(SET, request("button", "stop"))
        words.until(lambda n=number: len(listens.events("TWL-O105")) > n, "no answer to a stop")
        words.until(lambda: listens.shows(words.all_dark), "lit under a stop")
        listens.say(SET, request(f"lift-{number}", "lift"))
        words.until(lambda n=number: len(listens.events("TWL-O106")) > n, "no answer to a lift")
        words.until(lambda: listens.shows(words.all_orange), "not orange after the lift")
    listens.say(SET, request("back", "resume"))
    listens.say(SET, request("blue", "override", look="blue", until="1 h"))
    words.until(lambda: listens.events("TWL-O101"), "no answer to an override")
    assert program.end(signal.SIGKILL)
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    listens.say(SET, request("back", "resume"))
    words.until(lambda: listens.events("TWL-O110"), "a resume that comes again is not refused")
    listens.say(SET, request("button", "stop"))
    words.until(lambda: listens.shows(words.all_dark), "lit under a stop")
    listens.say(SET, request("lift-0", "lift"))
    words.until(lambda: len(listens.events("TWL-O110")) == 2, "a lift that comes again is not refused")
    assert listens.shows(words.all_dark)
    listens.say(SET, request("lift-9", "lift"))
    blue = words.everywhere({"on": True, "color": "#0000FF", "brightness": 1.0})
    words.until(lambda: listens.shows(blue), "the override is gone")
