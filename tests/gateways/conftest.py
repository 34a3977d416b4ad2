"""Gateways of every vendor as tower.yaml would name them, and desired states."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Gateway
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

KEYS: dict[str, dict[str, Any]] = {
    "home-assistant": {
        "zone": "bowl",
        "command_topic": "home/rgb1/set",
        "state_topic": "home/rgb1",
        "availability_topic": "home/rgb1/available",
    },
    "zigbee2mqtt": {"zone": "bowl", "topic": "zigbee2mqtt/tower"},
    "esphome": {"zone": "bowl", "topic": "tower", "light": "floods"},
    "wled": {"zone": "bowl", "topic": "wled/a1b2c3"},
    "tasmota": {"zone": "bowl", "topic": "tasmota"},
    "shelly-gen1": {"zone": "bowl", "device": "shellyrgbw2-11ABD9"},
    "shelly-gen2": {"zone": "bowl", "topic": "shellyplusrgbwpm-b48a0a123db4"},
}


def _named(kind: str, **keys: Any) -> Gateway:
    return GATEWAYS[kind].model_validate({"name": "lamp", "kind": kind, **KEYS[kind], **keys})


@pytest.fixture(scope="session")
def named() -> Callable[..., Gateway]:
    """A gateway of a kind with the usual keys, some of them changed."""
    return _named


@pytest.fixture(params=sorted(KEYS))
def vendor(request: pytest.FixtureRequest) -> Gateway:
    """One gateway of each kind."""
    return _named(request.param)


def _desired_state(state: ZoneState, fade_s: float = 0.0, zone: str = "bowl") -> DesiredState:
    return DesiredState(now=NOW, zones={zone: state}, fade_s=fade_s)


@pytest.fixture(scope="session")
def desired_state() -> Callable[..., DesiredState]:
    """A desired state for one zone."""
    return _desired_state


@pytest.fixture(scope="session")
def lit() -> Callable[..., ZoneState]:
    """A zone that shows a colour."""

    def state(color: str = "#FF6A00", brightness: float = 1.0, kelvin: int | None = None) -> ZoneState:
        return ZoneState(on=True, color=Color(color, kelvin), brightness=brightness)

    return state


@pytest.fixture(scope="session")
def dark() -> ZoneState:
    """A zone that is off."""
    return DARK
