"""Home Assistant on a real broker with the shipped rules: what it may do there, and that nothing of it is left."""

import json
from collections.abc import Callable

import pytest

from tests.nights.ear import Ear, Listen, Words
from tests.nights.programs import SECRET, Mosquitto, Site

DISCOVERY = "homeassistant/device/watertower/config"
BOWL = "watertower/home-assistant/zone/bowl"
SET_BOWL = "watertower/home-assistant/set/zone/bowl"
RED = {"state": "ON", "color": {"r": 255, "g": 0, "b": 0}, "brightness": 255, "transition": 3.0}
CONTROLLERS = "# topic readwrite homeassistant/device/+/config\n# topic read homeassistant/status\n"
OWN = """
user homeassistant
topic readwrite homeassistant/#
topic read watertower/home-assistant/#
topic write watertower/home-assistant/set/#
"""


@pytest.fixture
def broker(mosquittos: Callable[..., Mosquitto]) -> Mosquitto:
    """One with the rules about Home Assistant in force."""
    in_force = CONTROLLERS.replace("# topic", "topic")
    return mosquittos((CONTROLLERS, in_force + OWN), users=("homeassistant",))


def shows(listens: Ear, since: int, **keys: object) -> bool:
    """Whether the last state of the bowl has these."""
    last = listens.last(BOWL, since)
    return last is not None and last.document | keys == last.document


def test_home_assistant_finds_lights_and_leaves_nothing_behind(
    site: Site, broker: Mosquitto, ear: Listen, words: Words
) -> None:
    """Switched on in the file while the service runs, commanded by a user who may do no more than that, after the
    broker has lost all that it had, and switched off again."""
    site.on_broker(broker.port, "controller")
    listens = ear(broker)
    controller = site.controller()
    words.until(listens.confirmed, "the lamp is not confirmed")
    site.edit("tower.yaml", "web: off", "web: off\nhome_assistant: on")
    words.until(lambda: listens.on(DISCOVERY), "nothing is discovered")
    words.until(lambda: listens.on(BOWL), "the bowl shows nothing")

    home = Ear(broker.port, ("homeassistant", SECRET))
    try:
        words.until(lambda: home.on(DISCOVERY) and home.on(BOWL), "Home Assistant reads nothing")
        since = len(listens.heard)
        home.say("watertower/override/set", b'{"id": "a", "look": "blue", "until": "1 h"}')
        home.say(BOWL, b"{}")
        home.say(SET_BOWL, json.dumps(RED).encode())
        told = words.until(lambda: listens.events("TWL-O101", since), "the command is not obeyed")
        assert [event["owner"] for event in told] == ["Home Assistant"]
        words.until(lambda: shows(listens, since, state="ON", color=RED["color"]), "the bowl is not red")
        assert not [one for one in listens.on("watertower/override/set", since) if one.payload]

        broker.kill()
        (broker.folder / "mosquitto.db").unlink()
        since = len(listens.heard)
        broker.start()
        words.until(lambda: listens.on(DISCOVERY, since), "it is not discovered again")
        words.until(lambda: shows(listens, since, state="ON"), "the bowl shows nothing again")
    finally:
        home.close()

    site.edit("tower.yaml", "home_assistant: on", "home_assistant: off")
    words.until(lambda: not kept(ear(broker)), "something is left")
    assert not controller.events("TWL-M025")


def kept(new: Ear) -> list[str]:
    """What the broker retains for Home Assistant."""
    try:
        new.say("end", b"x")
        return [one.topic for one in new.heard if one.retain and "home" in one.topic and one.payload]
    finally:
        new.close()


def test_a_rule_that_was_forgotten_is_reported(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """The controller may not write what Home Assistant reads; the light does not depend on it."""
    site.on_broker(mosquitto.port, "controller")
    site.edit("tower.yaml", "web: off", "web: off\nhome_assistant: on")
    listens = ear(mosquitto)
    controller = site.controller()
    told = words.until(lambda: controller.events("TWL-M025"), "not reported")
    assert [event["topic"] for event in told] == [DISCOVERY]
    words.until(listens.confirmed, "the lamp is not confirmed")
    assert not listens.on(DISCOVERY)
