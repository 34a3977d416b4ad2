"""Payloads of the vendors' documents, sources and captures: what they mean to us, and that we say the same."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from controller.events import CATALOGUE
from controller.gateways.base import DesiredState, Gateway, Report
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "vectors.json").read_text(encoding="utf-8"))
KINDS = {
    "ha_mqtt_json_light": "home-assistant",
    "zigbee2mqtt": "zigbee2mqtt",
    "esphome": "esphome",
    "wled": "wled",
    "tasmota": "tasmota",
    "shelly_gen1": "shelly-gen1",
    "shelly_gen2": "shelly-gen2",
}
NOT_SPOKEN = {
    "ha-birth": "Home Assistant itself, not a lamp",
    "shelly2-cmd-rpc-set-doc": "white channels stay at 0",
}


def chosen(direction: str, *given: str) -> list[Any]:
    """The vectors of one direction whose meaning has at least these keys."""
    return [
        pytest.param(vector, id=vector["id"])
        for vector in VECTORS
        if vector["protocol"] in KINDS
        and vector["direction"] == direction
        and vector["id"] not in NOT_SPOKEN
        and (not given or set(given) <= set(vector["given"]))
    ]


def payload(vector: Mapping[str, Any]) -> bytes:
    """The bytes of a vector."""
    whole = vector["payload"]
    return (whole if isinstance(whole, str) else json.dumps(whole)).encode()


def keys_for(vector: Mapping[str, Any]) -> dict[str, Any]:
    """Where the vector's device is reached, in the keys of tower.yaml."""
    levels = vector["topic"].split("/")
    match KINDS[vector["protocol"]]:
        case "zigbee2mqtt" if levels[1] != "bridge":
            return {"topic": "/".join(levels[:2])}
        case "tasmota":
            return {"topic": levels[1]}
        case "shelly-gen1":
            return {"device": levels[1]}
        case "shelly-gen2" if levels[-1] != "rpc" or len(levels) != 2 or levels[0] != "towerlight":
            return {"topic": levels[0]}
        case _:
            return {}


def meant(given: Mapping[str, Any]) -> ZoneState:
    """What a command means, as a desired state."""
    if not given.get("on", True):
        return DARK
    kelvin = given.get("color_temp_k") or (
        round(1e6 / given["color_temp_mired"]) if "color_temp_mired" in given else None
    )
    color = Color.from_rgb(*given["rgb"]) if "rgb" in given else Color("#FFFFFF", kelvin)
    return ZoneState(on=True, color=color, brightness=given.get("brightness", 1.0))


def holds(part: object, whole: object) -> bool:
    """Whether all of a JSON value is in another, numbers compared as numbers."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and holds(value, whole[key]) for key, value in part.items())
    return part == whole


COMMANDS = [
    "ha-cmd-rgb-orange",
    "ha-cmd-off",
    "ha-cmd-off-fade",
    "ha-cmd-color-temp-mired",
    "ha-cmd-color-temp-kelvin",
    "z2m-cmd-orange",
    "z2m-cmd-off",
    "esphome-cmd-orange",
    "wled-cmd-api-json-orange",
    "wled-cmd-api-json-off",
    "shelly1-cmd-doc-blue",
    "shelly1-cmd-orange",
    "shelly2-cmd-rpc-orange",
    "shelly2-cmd-rpc-rgb",
]


@pytest.mark.parametrize("vector", [each for each in chosen("command") if each.id in COMMANDS])
def test_a_wish_becomes_the_documented_command(
    vector: Mapping[str, Any], named: Callable[..., Gateway], desired_state: Callable[..., DesiredState]
) -> None:
    """Every key of the documented command is in ours, with the same value."""
    extra: dict[str, Any] = {}
    if "color_temp_k" in vector["given"]:
        extra["color_modes"] = ["rgb", "color_temp"]
        extra["color_temp_kelvin"] = vector["id"] == "ha-cmd-color-temp-kelvin"
    if vector["id"] == "shelly2-cmd-rpc-rgb":
        extra["component"] = "rgb:0"
    gateway = named(KINDS[vector["protocol"]], **keys_for(vector), **extra)
    want = desired_state(meant(vector["given"]), vector["given"].get("transition_s", 0.0))
    *_, message = gateway.encode(want, "watertower")
    documented = dict(vector["payload"])
    for free in ("id", "src"):
        documented.pop(free, None) if gateway.kind == "shelly-gen2" else None
    assert message.topic == vector["topic"]
    assert holds(documented, json.loads(message.payload)), message.payload
    assert (message.qos, message.retain) == (1, False)


def test_a_tasmota_wish_holds_the_documented_backlog(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """The commands of the documented backlog are in ours, in their order."""
    (vector,) = (each for each in VECTORS if each["id"] == "tas-cmd-backlog-orange")
    (message,) = named("tasmota").encode(desired_state(lit(brightness=0.8), 2.0), "watertower")
    assert message.topic == vector["topic"]
    assert message.payload.decode().startswith(vector["payload"])


@pytest.mark.parametrize("vector", chosen("fault"))
def test_a_fault_is_reported_by_its_own_code(vector: Mapping[str, Any], named: Callable[..., Gateway]) -> None:
    """An error for an answer, a scale or a word that tower.yaml does not have: nothing is read of the light, and the
    fields are those of the event."""
    keys = {} if vector["topic"].startswith("watertower") else keys_for(vector)
    report = named(KINDS[vector["protocol"]], **keys).decode(vector["topic"], payload(vector), "watertower")
    assert isinstance(report, Report), report
    assert report.fault is not None
    assert (report.fault.code, report.zones, report.online) == (vector["given"]["fault"], {}, None)
    assert {*report.fault.fields, "gateway"} == set(CATALOGUE[report.fault.code].fields)


@pytest.mark.parametrize("vector", chosen("availability"))
def test_availability_is_understood(vector: Mapping[str, Any], named: Callable[..., Gateway]) -> None:
    """Births, last wills and availability in each vendor's form."""
    gateway = named(KINDS[vector["protocol"]], **keys_for(vector))
    assert gateway.decode(vector["topic"], payload(vector), "watertower") == Report(online=vector["given"]["online"])


def test_the_answer_to_a_request_says_only_that_it_lives(named: Callable[..., Gateway]) -> None:
    """A request was carried out; its result is reported elsewhere."""
    (vector,) = (each for each in VECTORS if each["id"] == "shelly2-state-rpc-reply")
    assert named("shelly-gen2").decode("watertower/gateway/lamp/rpc", payload(vector), "watertower") == Report()


@pytest.mark.parametrize("vector", [each for each in chosen("state") if each.id != "shelly2-state-rpc-reply"])
def test_a_state_is_understood(vector: Mapping[str, Any], named: Callable[..., Gateway]) -> None:
    """Every value that the vector names comes out of its payload."""
    given = vector["given"]
    keys = keys_for(vector)
    if vector["id"] == "shelly2-state-notify":
        keys["component"] = "rgb:0"
    gateway = named(KINDS[vector["protocol"]], **keys)
    report = gateway.decode(vector["topic"], payload(vector), "watertower")
    assert isinstance(report, Report), report
    shown = report.zones["bowl"]
    values = {
        "on": shown.on,
        "brightness": shown.brightness,
        "rgb": shown.light and list(shown.light.rgb),
        "color_temp_mired": shown.kelvin and round(1e6 / shown.kelvin),
    }
    silent = {"on"} if vector["id"] == "z2m-state-orange-xy" else set()
    for key in (values.keys() & given.keys()) - silent:
        if key == "rgb":
            near_rgb(vector, values["rgb"])
        else:
            assert values[key] == pytest.approx(given[key], abs=0.005), key


def near_rgb(vector: Mapping[str, Any], rgb: list[int]) -> None:
    """The colour, with the light of a white LED added; reported by xy alone it has no brightness."""
    given = [min(255, part + vector["given"].get("white", 0)) for part in vector["given"]["rgb"]]
    if "x" in json.dumps(vector["payload"]):
        given = [round(part * 255 / max(given)) for part in given]
    assert rgb == pytest.approx(given, abs=3)


def test_every_vector_of_these_protocols_is_used_or_excused() -> None:
    """No vector is forgotten: sent by us, read by us, understood by a simulated device, or excused."""
    for vector in VECTORS:
        if vector["protocol"] in KINDS:
            assert vector["direction"] in {"command", "state", "availability", "fault"}
    assert set(COMMANDS) | set(NOT_SPOKEN) <= {vector["id"] for vector in VECTORS}
