"""The base of every simulated device: a vendor's firmware and its lamps as a pure state machine.

    Device(gateway) -> boot(now) -> receive(topic, payload, now) … turn(now) …

A device is built from the gateway's keys of `tower.yaml`, so both ends agree by construction. Rounding, timing,
retained flags and the state after a power cut are those of the documents and sources named in the dialect of the same
kind; no device shares code with its dialect, except conversions of colours. A device understands the forms of commands
that the dialect sends; any other message changes nothing.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from controller.gateways.base import Gateway, Message
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

Messages = tuple[Message, ...]
G = TypeVar("G", bound=Gateway)
T = TypeVar("T")


@dataclass
class SimulatedLamp:
    """Light that fades from one state to another, linearly."""

    goal: ZoneState = DARK
    origin: ZoneState = DARK
    began: datetime | None = None
    fade_s: float = 0.0

    def go(self, goal: ZoneState, fade_s: float, now: datetime) -> None:
        """Begin a fade from the present light."""
        self.origin, self.goal, self.began, self.fade_s = self.shows(now), goal, now, fade_s

    def shows(self, now: datetime) -> ZoneState:
        """The light at an instant."""
        if self.began is None or self.fade_s <= 0:
            return self.goal
        share = (now - self.began).total_seconds() / self.fade_s
        return self.goal if share >= 1 else blended(self.origin, self.goal, max(0.0, share))

    def fades(self, now: datetime) -> bool:
        """Whether a fade is under way."""
        return self.began is not None and now < self.began + timedelta(seconds=self.fade_s)

    @property
    def arrives(self) -> datetime | None:
        """When the last fade ends or ended."""
        return None if self.began is None else self.began + timedelta(seconds=self.fade_s)


class Device(ABC, Generic[G]):
    """The simulated device of one gateway: its topic filters, its last will, and its lamps by zone."""

    def __init__(self, gateway: G, subscriptions: tuple[str, ...], will: Message | None) -> None:
        self.gateway = gateway
        self.subscriptions = subscriptions
        self.will = will
        self.lamps: dict[str, SimulatedLamp] = {zone: SimulatedLamp() for zone in gateway.zone_names}

    @property
    def lamp(self) -> SimulatedLamp:
        """The lamp of a device that has one."""
        (lamp,) = self.lamps.values()
        return lamp

    @abstractmethod
    def boot(self, now: datetime) -> Messages:
        """Power comes back: set the state after a power cut; returns what it publishes once connected."""

    @abstractmethod
    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """Take a message; returns what it publishes in answer."""

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:  # noqa: ARG002
        """Let time pass: returns what it publishes by itself, and when to call again. Called after each `boot` and
        `receive`, and at the instant returned last, or later."""
        return (), None

    def shows(self, now: datetime) -> Mapping[str, ZoneState]:
        """What a person under the tower would see in each zone: fades included, whatever the device reports."""
        return {zone: lamp.shows(now) for zone, lamp in self.lamps.items()}


def blended(one: ZoneState, other: ZoneState, share: float) -> ZoneState:
    """The light between two states."""
    pairs = zip(emitted(one), emitted(other), strict=True)
    return light(first + (second - first) * share for first, second in pairs)


def emitted(state: ZoneState) -> tuple[float, ...]:
    """Red, green and blue of 0..255 with the brightness in them."""
    if not state.on or state.color is None:
        return (255 * state.brightness,) * 3
    return tuple(part * state.brightness for part in state.color.rgb)


def light(parts: Iterable[float]) -> ZoneState:
    """The state of a lamp that emits red, green and blue of 0..255: full colour, and the brightness apart."""
    rgb = tuple(parts)
    strongest = max(rgb)
    if strongest <= 0:
        return DARK
    color = Color.from_rgb(*(255 * part / strongest for part in rgb))
    return ZoneState(on=True, color=color, brightness=min(1.0, strongest / 255))


def keys_of(payload: bytes) -> Mapping[str, object]:
    """The JSON object in a payload; empty for anything else, as firmware ignores it."""
    try:
        read = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def text_of(payload: bytes) -> str:
    """The text in a payload, without undecodable bytes."""
    return payload.decode("utf-8", errors="ignore")


def is_number(value: object) -> bool:
    """Whether a JSON value is a number, which booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: object, low: int, high: int, other: T) -> int | T:
    """A whole number within bounds, as firmware written in C takes it; for anything else `other`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else other


def switched(word: object, on: bool) -> bool:
    """Whether it is on after `on` or `off`; any other word changes nothing."""
    return {"on": True, "off": False}.get(str(word).lower(), on)


def seconds(value: object, longest: float) -> float:
    """A fade as a device takes it: numbers, clipped; anything else is no fade."""
    return float(min(value, longest)) if isinstance(value, int | float) and is_number(value) and value > 0 else 0.0


def document(**keys: object) -> bytes:
    """A JSON object as firmware writes it."""
    return json.dumps(keys, separators=(",", ":")).encode()
