"""Documented commands of the vectors, in the forms that our dialects send, are understood by the simulated device of
their kind."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.gateways import GATEWAYS
from controller.gateways.zigbee2mqtt import to_xy
from controller.lighting.color import Color
from controller.simulation.devices import DEVICES

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "vectors.json").read_text(encoding="utf-8"))
ELSEWHERE = {
    "shelly1-cmd-white-off": "the device is in colour mode, where white channels have no topics",
}
UNSENT = {
    "z2m": {"z2m-cmd-color-rgb-string", "z2m-cmd-color-hex", "z2m-cmd-doc-combined", "z2m-cmd-attr-topic"},
    "esphome": {"esphome-cmd-toggle"},
    "wled": {f"wled-cmd-{form}" for form in ("on", "off", "bri", "col-rgb", "col-wrgb", "col-dec", "api-json-col")},
    "tasmota": {f"tas-cmd-{form}" for form in ("toggle", "color-hex", "json", "hsb")},
    "shelly": {"shelly1-cmd-on", "shelly2-cmd-control-light-doc"},
}
"""Other forms of the same: no dialect sends them, and no device knows them."""
LEFT_OUT = ELSEWHERE.keys() | set().union(*UNSENT.values())


def keys_for(vector: Mapping[str, Any]) -> dict[str, Any]:
    """The gateway that the vector's topic belongs to."""
    level = vector["topic"].split("/")
    match vector["protocol"]:
        case "ha_mqtt_json_light":
            modes = ["rgb", "color_temp"]
            keys = {"kind": "home-assistant", "command_topic": vector["topic"], "color_modes": modes}
            keys["color_temp_kelvin"] = vector["id"] == "ha-cmd-color-temp-kelvin"
        case "zigbee2mqtt":
            keys = {"kind": "zigbee2mqtt", "topic": f"{level[0]}/{level[1]}"}
        case "esphome":
            keys = {"kind": "esphome", "topic": level[0], "light": level[2]}
        case "wled":
            keys = {"kind": "wled", "topic": f"{level[0]}/{level[1]}", "channels": "rgbw"}
        case "tasmota":
            keys = {"kind": "tasmota", "topic": level[1], "channels": "5"}
        case "shelly_gen1":
            keys = {"kind": "shelly-gen1", "device": level[1]}
        case _:
            keys = {"kind": "shelly-gen2", "topic": level[0], "component": component(vector)}
    return {"name": "lamp", "zone": "bowl", **keys}


def component(vector: Mapping[str, Any]) -> str:
    """The component that a Shelly command is for."""
    if isinstance(vector["payload"], dict):
        return "rgbw:0" if vector["payload"]["method"].startswith("RGBW") else "rgb:0"
    return str(vector["topic"].rsplit("/", 1)[1])


COMMANDS = [
    pytest.param(each, id=each["id"])
    for each in VECTORS
    if each["direction"] == "command"
    and each["protocol"]
    in {"ha_mqtt_json_light", "zigbee2mqtt", "esphome", "wled", "tasmota", "shelly_gen1", "shelly_gen2"}
    and each["id"] not in LEFT_OUT
]


@pytest.mark.parametrize("vector", COMMANDS)
def test_a_documented_command_is_understood(vector: Mapping[str, Any]) -> None:
    """The device shows what the command means by its documentation."""
    keys = keys_for(vector)
    gateway = GATEWAYS[keys["kind"]].model_validate(keys)
    device = DEVICES[gateway.kind](gateway)
    device.boot(NOW)
    whole = vector["payload"]
    payload = whole if isinstance(whole, str) else json.dumps(whole)
    answered = device.receive(vector["topic"], payload.encode(), NOW)
    shows = device.shows(NOW + timedelta(minutes=1))["bowl"]
    meaning = vector["given"]
    if "on" in meaning:
        assert shows.on is bool(meaning["on"])
    if "brightness" in meaning and shows.on:
        assert shows.brightness == pytest.approx(brightness(meaning), abs=0.02)
    if {"rgb", "white"} & meaning.keys() and shows.on:
        assert shows.color is not None
        assert shows.color.rgb == pytest.approx(full(meaning), abs=6)
    if "color_temp_mired" in meaning:
        assert shows.color is not None
        assert shows.color.kelvin == pytest.approx(1e6 / meaning["color_temp_mired"], abs=1)
    if "query" in meaning:
        assert answered


def full(meaning: Mapping[str, Any]) -> list[int]:
    """The colour at full strength, white LEDs added."""
    parts = [min(255, part + meaning.get("white", 0)) for part in meaning["rgb"]]
    return [round(part * 255 / max(parts)) for part in parts]


def brightness(meaning: Mapping[str, Any]) -> float:
    """The brightness of the light, that of the colour in it."""
    if "rgb" not in meaning:
        return float(meaning["brightness"])
    parts = [min(255, part + meaning.get("white", 0)) for part in meaning["rgb"]]
    return float(meaning["brightness"] * max(parts) / 255)


def test_what_is_left_out_exists() -> None:
    """The excuses name vectors of the file."""
    assert {each["id"] for each in VECTORS} >= LEFT_OUT


def test_orange_over_zigbee_is_the_documented_xy() -> None:
    """The formula of the source gives the figures of its own tests."""
    assert to_xy(Color("#FF6A00")) == pytest.approx((0.6374, 0.3529), abs=1e-4)
    assert to_xy(Color("#64C80A")) == pytest.approx((0.2717, 0.6585), abs=1e-4)
