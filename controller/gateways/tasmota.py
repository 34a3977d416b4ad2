"""`tasmota`: a light with Tasmota.

One `Backlog0` makes the whole state. `cmnd/…/State` is answered with the state; `tele/…/LWT` is birth and last will.
Reports hold the goal, not the fade. Each change of the light is written to the flash within a second (SaveData 1):
every form of a colour or a dimmer is, and nothing but SaveData, a setting of the whole device, prevents it.
https://tasmota.github.io/docs/Commands/ and tasmota/tasmota_xdrv_driver/xdrv_04_light.ino
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities, payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Lack, Message, Report, ReportedLook
from controller.gateways.payloads import Unreadable
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

MIRED = (153, 500)
DIM = 128
"""Level below which the 8 bits of a scaled colour are too coarse."""
GROUP = "tasmotas"
"""GroupTopic of every device by default: all obey it, and none answers there."""
REFUSALS = {"Unknown", "Error"}
"""Answers to a command that the device does not have, or not in this form; a relay answers so to all but `Power`."""
STATES = ("RESULT", "STATE", "COLOR", "DIMMER", "HSBCOLOR", "CT", "COMMAND")
"""Answers; all but the first two only with SetOption4."""


def _full_topic(value: str) -> str:
    # `%hostname%` and `%id%` must be written out: only the device knows them
    if "%topic%" not in value or "%" in value.replace("%prefix%", "").replace("%topic%", ""):
        raise Mistake("TWL-S223", value=value)
    vendor.checked_topic(value.rstrip("/"))
    return value.rstrip("/") + "/"


def _lamp(topic: str) -> str:
    if topic == GROUP:
        raise Mistake("TWL-S237", value=topic)
    return topic


class Tasmota(vendor.OneZone):
    """A Tasmota light by its topic.

    `prefixes` are Prefix1 to 3; `payload_on` and `payload_off` are its words for on and off (StateText2 and 1), while
    commands are understood in English whatever these are. `channels` is the number of PWM channels: 1 dimmer, 2 colour
    temperature, 3 RGB, 4 RGBW, 5 RGB and colour temperature.
    """

    WRITES_FLASH: ClassVar[bool] = True
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "topic"
    STEPS: ClassVar[int] = 100
    COLOR_TOLERANCE: ClassVar[int] = 8
    MAX_FADE_S: ClassVar[float] = 20.0

    kind: Literal["tasmota"] = "tasmota"
    topic: Annotated[vendor.Topic, AfterValidator(_lamp)]
    prefixes: Annotated[tuple[vendor.Topic, ...], Field(min_length=3, max_length=3)] = ("cmnd", "stat", "tele")
    payload_on: vendor.Word | None = None
    payload_off: vendor.Word | None = None
    full_topic: Annotated[str, AfterValidator(_full_topic)] = "%prefix%/%topic%/"
    channels: Annotated[int, Field(ge=1, le=5)] = 3

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        if self.payload_on is not None and self.payload_on == self.payload_off:
            raise Mistake("TWL-S241", key="payload_on", other="payload_off")
        return self

    def at(self, prefix: str, leaf: str) -> str:
        """A topic of the device; `prefix` is cmnd, stat or tele."""
        full = self.full_topic
        # without `%prefix%` it stands for answers and telemetry alike; commands get the prefix behind it
        # (support_command.ino, GetTopic_P)
        if prefix == "cmnd" and "%prefix%" not in full:
            full += "%prefix%/"
        written = self.prefixes[("cmnd", "stat", "tele").index(prefix)]
        return full.replace("%prefix%", written).replace("%topic%", self.topic) + leaf

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """Last will, answers, telemetry and plain power."""
        return {
            self.at("tele", "LWT"): vendor.presence,
            **{self.at("stat", leaf): self._state for leaf in STATES},
            self.at("stat", "STATUS11"): self._status,
            self.at("tele", "STATE"): self._state,
            self.at("stat", "POWER"): self._power,
            self.at("stat", "POWER1"): self._power,  # with SetOption26 or 37, as `Dimmer1` below
        }

    def partial(self, prefix: str) -> tuple[str, ...]:
        """Each command of a backlog is answered by itself."""
        return (self.at("stat", "RESULT"),)

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """The state as this number of channels can show it. The firmware keeps colours at full strength and the dimmer
        apart, so dark colours are sent that way."""
        state = capabilities.lit(desired)
        if self.channels == 1:
            return capabilities.in_steps(capabilities.without_color(state), self.STEPS)
        state = capabilities.as_white(state) if self.channels == 2 else capabilities.at_full(state)
        return capabilities.within_mired(super().reduce(zone, state), *MIRED)

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One backlog. `Power ON` is for devices whose SetOption20 keeps light commands from switching on."""
        state = self.reduce(self.zone, desired.zones[self.zone])
        fade_s = self.fade(desired.fade_s)
        # `Fade` and `Speed` are stored by the firmware, so each command sets them; `Speed2` is used up by the first
        # command of a backlog. `Speed` counts half seconds for a change of 100 %, 1 to 40; smaller changes are quicker.
        # `Fade 0` stops a fade where it is, and only `Dimmer` drives the output on from there (LightStopFade,
        # CmndDimmer): a lamp on its way to off would stay half lit, so off without a fade is the quickest one.
        fade = ["Fade 1", f"Speed {max(1, round(2 * fade_s))}"] if fade_s > 0 or not state.on else ["Fade 0"]
        light = [*self._color(state.color), f"Dimmer {capabilities.step(state.brightness, self.STEPS)}", "Power ON"]
        payload = "; ".join(fade + (light if state.on else ["Power OFF"]))
        return (vendor.command(self.at("cmnd", "Backlog0"), payload.encode()),)

    def _color(self, color: Color | None) -> list[str]:
        if color is None:
            return []
        if color.kelvin is not None and self.channels in {2, 5}:
            # a colour stops a running scheme, `CT` does not, and the scheme would bring the colours back
            steady = ["Scheme 0"] if self.channels == 5 else []
            return [*steady, f"CT {capabilities.mired(color.kelvin)}"]
        # `Color2` leaves the dimmer alone, where `Color` would derive it from the colour
        levels = (*color.rgb, 0, 0)[: self.channels]
        return ["Color2 " + ",".join(str(level) for level in levels)]

    def query(self, prefix: str) -> tuple[Message, ...]:
        """The question for the state."""
        return (vendor.question(self.at("cmnd", "State"), b""),)

    def cannot(self) -> tuple[Lack, ...]:
        """One and two channels have no colours."""
        return (*super().cannot(), "color") if self.channels < 3 else super().cannot()

    def _state(self, payload: bytes) -> Report | Ignored:
        return self._read(payloads.document(payload))

    def _status(self, payload: bytes) -> Report | Ignored:
        return self._read(payloads.members(payloads.document(payload).get("StatusSTS")))

    def _power(self, payload: bytes) -> Report | Ignored:
        word = payloads.text(payload)
        return self._read(payloads.document(payload) if word.startswith("{") else {"POWER": word})

    def _read(self, keys: Mapping[str, object]) -> Report | Ignored:
        if keys.get("Command") in REFUSALS:
            return vendor.refused(
                self.zone_names, " ".join(str(keys[key]) for key in ("Command", "Input") if key in keys)
            )
        power = keys.get("POWER", keys.get("POWER1"))
        on = payloads.switched(power, self.payload_on, self.payload_off, "payload")
        if on is False:
            return vendor.report_of(self.zone, vendor.OFF)
        scheme = payloads.within(keys.get("Scheme"), 0, 255)
        look = replace(self._look(keys), on=on, steady=None if scheme is None else scheme == 0)
        dimmer = keys.get("Dimmer", keys.get("Dimmer1"))
        return vendor.report_of(self.zone, look, payloads.fraction(dimmer, self.STEPS))

    def _look(self, keys: Mapping[str, object]) -> ReportedLook:
        if self.channels == 1:
            return ReportedLook()
        if self.channels == 2:
            return ReportedLook(kelvin=payloads.kelvin(keys.get("CT")))
        if not isinstance(keys.get("Color"), str):
            return _from_hsb(keys)
        levels = _levels(str(keys["Color"]))
        rgb, whites = levels[:3], levels[3:]
        if self.channels == 5 and any(whites) and not any(rgb) and keys.get("CT") is not None:
            return ReportedLook(kelvin=payloads.kelvin(keys["CT"]))
        # `Color` is scaled by the dimmer, which is divided out. Hue counts whole degrees, and one degree is 4.25 of 255
        if max(levels) < DIM and "HSBColor" in keys and not any(whites):
            return _from_hsb(keys)
        return ReportedLook(color=_full(payloads.mixed(rgb[0], rgb[1], rgb[2], *whites)))


def _levels(color: str) -> tuple[int, ...]:
    """The channels in decimal (SetOption17) or in hexadecimal digits."""
    count = color.count(",") + 1 if "," in color else len(color.lstrip("#")) // 2
    if not 3 <= count <= 5:
        raise Unreadable("not_a_color_of_channels", value=payloads.quoted(color))
    return payloads.components(color.split(","), count) if "," in color else payloads.hex_bytes(color.lstrip("#"))


def _full(color: Color) -> Color:
    strongest = max(color.rgb) or 1
    return Color.from_rgb(*(part * 255 / strongest for part in color.rgb))


def _from_hsb(keys: Mapping[str, object]) -> ReportedLook:
    color = keys.get("HSBColor")
    if not isinstance(color, str):
        return ReportedLook()
    parts = color.split(",")
    if len(parts) != 3:
        raise Unreadable("not_hsb", value=payloads.quoted(color))
    return ReportedLook(
        color=payloads.from_hue(payloads.within(parts[0], 0, 360) or 0.0, payloads.within(parts[1], 0, 100) or 0.0)
    )
