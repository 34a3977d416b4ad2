"""A line forgotten in mosquitto's access rules: it harms the lamp that it is about, which is named, and no other."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

WITHIN_S = 60.0
REST = ("controller/#", "override/set", "gateway/mast/#", "gateway/gate/availability")
FORGOTTEN = {
    "write": ("readwrite gateway/gate/reported", "read gateway/gate/desired"),
    "read": ("write gateway/gate/#", "read gateway/gate/desired"),
}
"""What the controller may do with the gateway `gate`, by what was forgotten."""
TOLD = {"write": {"TWL-G102", "TWL-G108"}, "read": {"TWL-G104"}}
OVERRIDE = {"version": 1, "id": "lit", "look": "orange", "until": "1 h", "owner": "test", "reason": "test"}


def second_gateway(site: Site) -> None:
    """A gateway `gate` that drives the shaft, like `mast` a process of its own."""
    file: Path = site.config / "tower.yaml"
    lamp = "{name: one, zone: shaft, profile: rgb, address: 1}"
    file.write_text(
        file.read_text(encoding="utf-8")
        + f"  - {{name: gate, kind: dmx, output: simulated, universe: 2, fixtures: [{lamp}]}}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("forgotten", ["write", "read"])
def test_a_forgotten_access_rule_harms_its_own_lamp_only(
    site: Site, mosquittos: Callable[..., Mosquitto], ear: Listen, words: Words, forgotten: str
) -> None:
    """The other lamp is confirmed all the while, nothing is said of it or of the connection, and the lamp that is
    harmed is named within a minute with the access rules as a cause to look for."""
    lines = [f"readwrite {rest}" for rest in REST] + list(FORGOTTEN[forgotten])
    rules = "".join(f"topic {access} watertower/{topic}\n" for access, topic in map(str.split, lines))
    mosquitto = mosquittos(("topic readwrite watertower/#\n", rules), users=("gate",))
    site.outside(mosquitto.port, "controller")
    second_gateway(site)
    listens = ear(mosquitto)
    controller = site.controller()
    for name in ("mast", "gate"):
        site.start("gateway", name, "--log-format", "json", "--config", str(site.box(name)), state=name)
        words.until(lambda n=name: listens.on(f"watertower/gateway/{n}/availability"), f"{name} does not start")
    since = len(listens.heard)
    listens.say("watertower/override/set", json.dumps(OVERRIDE).encode())
    began = time.monotonic()
    told = words.until(
        lambda: [event for code in TOLD[forgotten] for event in controller.events(code)], "not reported", WITHIN_S
    )
    assert time.monotonic() - began < WITHIN_S
    assert [event["gateway"] for event in told] == ["gate"]
    words.until(lambda: listens.shows(words.all_orange, since), "the other lamp is not lit")
    assert "access rules" in site.ask("explain", told[0]["code"]).lower()
    errors = [event for line in controller.log.splitlines() if (event := json.loads(line))["level"] == "error"]
    assert {event["gateway"] for event in errors} == {"gate"}
    assert not controller.events("TWL-M002")
