"""`tasmota`: a light with Tasmota.

Rules
1. One `Backlog0` makes the whole state: `Fade` and `Speed`, the colour, `Dimmer`, and `Power ON` for
   devices whose SetOption20 keeps light commands from switching on. Off is fade, speed and `Power OFF`. `Fade 0`
   stops a fade where it is, and only `Dimmer` drives the output on from there (LightStopFade, CmndDimmer): a lamp
   on its way to off would stay half lit. So off without a fade is the quickest one.
2. `Fade` and `Speed` are stored by the firmware, so each command says them; `Speed2` is used up by the
   first command of a backlog. `Speed` counts half seconds for a change of 100 %, 1 to 40; smaller changes
   are quicker.
3. `channels` is the number of PWM channels: 1 dimmer, 2 colour temperature, 3 RGB, 4 RGBW, 5 RGB and colour
   temperature. `Color2` leaves the dimmer alone, where `Color` would derive it from the colour. A colour stops a
   running scheme, `CT` does not, and the scheme would bring the colours back: hence `Scheme 0`.
4. The firmware keeps colours at full strength and the dimmer apart, so dark colours are sent that way.
5. Reports tell the goal, not the fade. `Color` is scaled by the dimmer: it is divided out, and below DIM,
   where 8 bits say little, `HSBColor` is read instead. Hue counts whole degrees and one degree is 4.25 of
   255.
6. `cmnd/…/State` is answered with the state; `tele/…/LWT` is birth and last will.
7. `POWER1` and `Dimmer1` stand in place of `POWER` and `Dimmer` with SetOption26 or where white is a light of
   its own (SetOption37).
8. A command that the device has not, or not so, is answered `{"Command":"Unknown"}` or `{"Command":"Error"}`; a relay
   says so of everything but `Power`.
9. `payload_on` and `payload_off` are its words for on and off (StateText2 and 1), `prefixes` are Prefix1 to 3. Commands
   are understood in English whatever these are.
10. Each change of the light is written to the flash within a second (SaveData 1): every form of a colour or a dimmer
   is, and nothing but SaveData, a setting of the whole device, keeps it from that.
11. A full topic without `%prefix%` stands for answers and telemetry alike; commands get the prefix behind it
   (support_command.ino, GetTopic_P). `%hostname%` and `%id%` must be written out: only the device knows them.
https://tasmota.github.io/docs/Commands/ and tasmota/tasmota_xdrv_driver/xdrv_04_light.ino
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities
from controller.gateways.base import DesiredState, Ignored, Message, Refresh, Report, ReportedLook
from controller.gateways.payloads import (
    Unreadable,
    components,
    document,
    fraction,
    from_hue,
    hex_bytes,
    kelvin,
    members,
    mixed,
    quoted,
    switched,
    text,
    within,
)
from controller.gateways.vendor import (
    OFF,
    OneZone,
    Reader,
    Topic,
    Word,
    checked_topic,
    command,
    presence,
    question,
    refused,
    told,
    with_brightness,
)
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

MIRED = (153, 500)
DIM = 128
GROUP = "tasmotas"
"""GroupTopic of every device as it comes: all obey, and none answers there."""
REFUSALS = {"Unknown", "Error"}
STATES = ("RESULT", "STATE", "COLOR", "DIMMER", "HSBCOLOR", "CT", "COMMAND")
"""Answers; all but the first two only with SetOption4."""


def _full_topic(value: str) -> str:
    if "%topic%" not in value or "%" in value.replace("%prefix%", "").replace("%topic%", ""):
        raise Mistake("TWL-S223", value=value)
    checked_topic(value.rstrip("/"))
    return value.rstrip("/") + "/"


def _lamp(topic: str) -> str:
    if topic == GROUP:
        raise Mistake("TWL-S237", value=topic)
    return topic


class Tasmota(OneZone):
    """A Tasmota light by its topic."""

    WRITES_FLASH: ClassVar[bool] = True
    STEPS: ClassVar[int] = 100
    COLOR_TOLERANCE: ClassVar[int] = 8
    MAX_FADE_S: ClassVar[float] = 20.0

    kind: Literal["tasmota"] = "tasmota"
    topic: Annotated[Topic, AfterValidator(_lamp)]
    prefixes: Annotated[tuple[Topic, ...], Field(min_length=3, max_length=3)] = ("cmnd", "stat", "tele")
    payload_on: Word | None = None
    payload_off: Word | None = None
    full_topic: Annotated[str, AfterValidator(_full_topic)] = "%prefix%/%topic%/"
    channels: Annotated[int, Field(ge=1, le=5)] = 3

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        if self.payload_on is not None and self.payload_on == self.payload_off:
            raise Mistake("TWL-S241", key="payload_on", other="payload_off")
        return self

    def at(self, prefix: str, leaf: str) -> str:
        """A topic of the device; `prefix` is cmnd, stat or tele (rule 11)."""
        full = self.full_topic
        if prefix == "cmnd" and "%prefix%" not in full:
            full += "%prefix%/"
        told_prefix = self.prefixes[("cmnd", "stat", "tele").index(prefix)]
        return full.replace("%prefix%", told_prefix).replace("%topic%", self.topic) + leaf

    @property
    def refresh(self) -> Refresh:
        """Rule 6."""
        return "query"

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """Last will, answers, telemetry and plain power."""
        return {
            self.at("tele", "LWT"): presence,
            **{self.at("stat", leaf): self._state for leaf in STATES},
            self.at("stat", "STATUS11"): self._status,
            self.at("tele", "STATE"): self._state,
            self.at("stat", "POWER"): self._power,
            self.at("stat", "POWER1"): self._power,
        }

    def partial(self, prefix: str) -> tuple[str, ...]:
        """Each command of a backlog is answered by itself."""
        return (self.at("stat", "RESULT"),)

    def reduce(self, zone: str, want: ZoneState) -> ZoneState:
        """The wish on so many channels (rules 3 and 4)."""
        goal = capabilities.lit(want)
        if self.channels == 1:
            return capabilities.in_steps(capabilities.without_color(goal), self.STEPS)
        goal = capabilities.as_white(goal) if self.channels == 2 else capabilities.at_full(goal)
        return capabilities.within_mired(super().reduce(zone, goal), *MIRED)

    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One backlog."""
        goal = self.reduce(self.zone, want.zones[self.zone])
        fade_s = self.fade(want.fade_s)
        fade = ["Fade 1", f"Speed {max(1, round(2 * fade_s))}"] if fade_s > 0 or not goal.on else ["Fade 0"]
        light = [*self._color(goal.color), f"Dimmer {capabilities.step(goal.brightness, self.STEPS)}", "Power ON"]
        payload = "; ".join(fade + (light if goal.on else ["Power OFF"]))
        return (command(self.at("cmnd", "Backlog0"), payload.encode()),)

    def _color(self, color: Color | None) -> list[str]:
        if color is None:
            return []
        if color.kelvin is not None and self.channels in {2, 5}:
            steady = ["Scheme 0"] if self.channels == 5 else []
            return [*steady, f"CT {capabilities.mired(color.kelvin)}"]
        levels = (*color.rgb, 0, 0)[: self.channels]
        return ["Color2 " + ",".join(str(level) for level in levels)]

    def query(self, prefix: str) -> tuple[Message, ...]:
        """Asks for the state."""
        return (question(self.at("cmnd", "State"), b""),)

    def cannot(self) -> tuple[str, ...]:
        """One and two channels have no colours."""
        return (*super().cannot(), *(("color",) if self.channels < 3 else ()))

    def _state(self, payload: bytes) -> Report | Ignored:
        return self._read(document(payload))

    def _status(self, payload: bytes) -> Report | Ignored:
        return self._read(members(document(payload).get("StatusSTS")))

    def _power(self, payload: bytes) -> Report | Ignored:
        word = text(payload)
        return self._read(document(payload) if word.startswith("{") else {"POWER": word})

    def _read(self, keys: Mapping[str, object]) -> Report | Ignored:
        if keys.get("Command") in REFUSALS:
            return refused(self.zone_names, " ".join(str(keys[key]) for key in ("Command", "Input") if key in keys))
        power = keys.get("POWER", keys.get("POWER1"))
        on = switched(power, self.payload_on, self.payload_off, "payload")
        if on is False:
            return told(self.zone, OFF)
        scheme = within(keys.get("Scheme"), 0, 255)
        shown = replace(self._shown_color(keys), on=on, steady=None if scheme is None else scheme == 0)
        dimmer = keys.get("Dimmer", keys.get("Dimmer1"))
        return told(self.zone, with_brightness(shown, fraction(dimmer, self.STEPS)))

    def _shown_color(self, keys: Mapping[str, object]) -> ReportedLook:
        if self.channels == 1:
            return ReportedLook()
        if self.channels == 2:
            return ReportedLook(kelvin=kelvin(keys.get("CT")))
        if not isinstance(keys.get("Color"), str):
            return _from_hsb(keys)
        levels = _levels(str(keys["Color"]))
        rgb, whites = levels[:3], levels[3:]
        if self.channels == 5 and any(whites) and not any(rgb) and keys.get("CT") is not None:
            return ReportedLook(kelvin=kelvin(keys["CT"]))
        if max(levels) < DIM and "HSBColor" in keys and not any(whites):
            return _from_hsb(keys)
        return ReportedLook(color=_full(mixed(rgb[0], rgb[1], rgb[2], *whites)))


def _levels(color: str) -> tuple[int, ...]:
    """The channels in decimal (SetOption17) or in hexadecimal digits."""
    count = color.count(",") + 1 if "," in color else len(color.lstrip("#")) // 2
    if not 3 <= count <= 5:
        raise Unreadable(f"{quoted(color)} is not a colour of 3 to 5 channels")
    return components(color.split(","), count) if "," in color else hex_bytes(color.lstrip("#"))


def _full(color: Color) -> Color:
    strongest = max(color.rgb) or 1
    return Color.from_rgb(*(part * 255 / strongest for part in color.rgb))


def _from_hsb(keys: Mapping[str, object]) -> ReportedLook:
    told_hsb = keys.get("HSBColor")
    if not isinstance(told_hsb, str):
        return ReportedLook()
    parts = told_hsb.split(",")
    if len(parts) != 3:
        raise Unreadable(f"{quoted(told_hsb)} is not a hue, a saturation and a brightness")
    return ReportedLook(color=from_hue(within(parts[0], 0, 360) or 0.0, within(parts[1], 0, 100) or 0.0))
