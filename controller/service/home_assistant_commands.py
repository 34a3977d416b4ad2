"""Commands of Home Assistant, converted to ordinary manual requests. Without I/O.

A slider sends as long as it moves: its commands become one request when it has rested for QUIET_S, or has moved for
LONGEST_S. By night the override lasts until sunrise, by day until the next change.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from controller.clock import CEILING, FLOOR, ClockReading
from controller.events import Event
from controller.events.models import Reason
from controller.gateways.base import Rejected
from controller.gateways.wire import parse_document
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.mqtt import Received
from controller.service.controller import Controller
from controller.service.desired import desired_looks
from controller.service.home_assistant_device import FULL, HomeAssistantDevice
from controller.service.override_preview import ENDS, offered_ends
from controller.service.override_request import LONGEST_FADE_S, OverridePolicy
from controller.service.overrides import REFUSED

OWNER = "Home Assistant"
PRESS = b"PRESS"
"""Payload of a Home Assistant button, unless its discovery document names another."""
QUIET_S = 0.4
LONGEST_S = 5.0
ASKED_S = 5.0
"""Seconds for which a requested look counts as present, until the answer arrives."""
REMEMBERED = 100
NEAR = 4
"""Difference per component (of 255) up to which a colour is taken for one of the palette: people choose on a wheel of
hue and saturation, which rounds."""
WHITE = ZoneState(on=True, color=Color("#FFFFFF"), brightness=1.0)


class RgbColor(BaseModel):
    """Red, green and blue, 0..255."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    r: Annotated[float, Field(ge=0, le=FULL)]
    g: Annotated[float, Field(ge=0, le=FULL)]
    b: Annotated[float, Field(ge=0, le=FULL)]


class LightCommand(BaseModel):
    """A command for a light: what it leaves out stays unchanged. `transition` is in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: Literal["ON", "OFF"]
    brightness: Annotated[float, Field(ge=0, le=FULL)] | None = None
    color: RgbColor | None = None
    transition: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    def after(self, earlier: "LightCommand | None") -> "LightCommand":
        """This command merged over an earlier one."""
        if earlier is None or "OFF" in {self.state, earlier.state}:
            return self
        return LightCommand.model_validate({**earlier.model_dump(), **self.model_dump(exclude_none=True)})

    @property
    def fade_s(self) -> float:
        """The fade in seconds, at most that of an override."""
        return min(self.transition or 0.0, LONGEST_FADE_S)

    def state_from(self, before: ZoneState, palette: Mapping[str, Color]) -> ZoneState:
        """The look after this command for a zone that shows, or when last lit showed, `before`."""
        brightness = before.brightness if self.brightness is None else round(self.brightness / FULL, 4)
        color = before.color if self.color is None else named(self.color, palette)
        if self.state == "OFF" or brightness == 0 or (color is not None and not any(color.rgb)):
            return DARK
        return ZoneState(on=True, color=color or WHITE.color, brightness=brightness)


def named(given: RgbColor, palette: Mapping[str, Color]) -> Color:
    """The colour, with the name of the palette's colour if it is near one."""
    asked = Color.from_rgb(given.r, given.g, given.b)
    for name, color in palette.items():
        if all(abs(one - other) <= NEAR for one, other in zip(color.rgb, asked.rgb, strict=True)):
            return replace(color, name=name)
    return asked


def parse_command(payload: bytes) -> LightCommand | Rejected:
    """A command, or why the payload is not one."""
    return parse_document(LightCommand, payload)


class WaitingCommand(NamedTuple):
    """The merged commands for a light since `first_s`, the latest at `last_s` (boot time)."""

    command: LightCommand
    first_s: float
    last_s: float

    @property
    def due_s(self) -> float:
        """When it becomes a request (boot time)."""
        return min(self.last_s + QUIET_S, self.first_s + LONGEST_S)


class AskedState(NamedTuple):
    """The look that an unanswered request asks of a zone, and when (boot time)."""

    state: ZoneState
    at_s: float


class HomeAssistantCommands:
    """Commands that wait to become requests, and the requests made of them."""

    def __init__(self, device: HomeAssistantDevice, controller: Controller) -> None:
        self._device = device
        self._controller = controller
        self._waiting: dict[str, WaitingCommand] = {}
        self._asked: dict[str, AskedState] = {}
        self._requests: list[dict[str, object]] = []
        self._ids: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        """The zones of each of our requests, by its id."""
        self._count = 0
        self._identify: dict[str, None] = {}
        self._last_lit: dict[str, ZoneState] = {}

    @property
    def due_s(self) -> float:
        """When the next command is due (boot time); infinity for never."""
        if self._requests or self._identify:
            return -inf
        return min((waiting.due_s for waiting in self._waiting.values()), default=inf)

    def take(self, item: Received, reading: ClockReading) -> Reason | None:
        """Take a command; returns the reason where it is refused."""
        device = self._device
        if not device.control:
            return Reason("home_assistant_only_shows")
        match item.topic.removeprefix(device.command_topic("")).split("/"):
            case ["zone", zone] if zone in device.zones:
                return self._light(zone, item.payload, reading)
            case ["resume"] if item.payload == PRESS:
                self._requests.append({"action": "resume"})
            case ["identify", name] if device.gateways.get(name) and item.payload == PRESS:
                self._identify[name] = None
            case _:
                return Reason("not_for_home_assistant", {"topic": item.topic})
        return None

    def _light(self, zone: str, payload: bytes, reading: ClockReading) -> Reason | None:
        command = parse_command(payload)
        if isinstance(command, Rejected):
            return command.reason
        before = self._waiting.get(zone)
        merged = command.after(before.command if before is not None else None)
        self._waiting[zone] = WaitingCommand(merged, before.first_s if before else reading.mono, reading.mono)
        return None

    def note_lit(self, desired: Mapping[str, ZoneState]) -> None:
        """Remember what zones show now: a light that is turned on without a look gets the one it last had."""
        self._last_lit |= {zone: state for zone, state in desired.items() if state.on}

    def answered(self, event: Event) -> tuple[str, ...]:
        """Take the answer to a request; returns its zones, if the request was ours."""
        zones = self._ids.pop(str(event.fields.get("id")), ())
        for zone in zones if event.code == REFUSED else ():
            self._asked.pop(zone, None)
        return zones

    def requests(self, policy: OverridePolicy, reading: ClockReading) -> tuple[bytes, ...]:
        """The manual requests that are due, as payloads for their topic."""
        asked, self._requests = self._requests, []
        due = {zone: waiting for zone, waiting in self._waiting.items() if waiting.due_s <= reading.mono}
        # commands for several lights at once, as by a group, are one override
        looks: dict[tuple[float, float], dict[str, str]] = {}
        for zone, waiting in due.items():
            del self._waiting[zone]
            state = waiting.command.state_from(self._before(zone, reading), policy.palette)
            self._asked[zone] = AskedState(state, reading.mono)
            look = (state.color.name or state.color.hex) if state.on and state.color is not None else "dark"
            looks.setdefault((state.brightness if state.on else 1.0, waiting.command.fade_s), {})[zone] = look
        if looks:
            until = ENDS[next(iter(offered_ends(policy, _within(reading.wall))), "hour")]
            for (brightness, fade_s), by_zone in looks.items():
                asked.append({"look": by_zone, "brightness": brightness, "fade_s": fade_s, "until": until})
        return tuple(self._request(each, reading) for each in asked)

    def _request(self, keys: dict[str, Any], reading: ClockReading) -> bytes:
        self._count += 1
        name = f"home-assistant-{int(reading.wall.timestamp() * 1000):x}-{self._count}"
        self._ids[name] = tuple(keys.get("look", ()))
        while len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)
        document = {"version": 1, "id": name, "owner": OWNER, "reason": self._device.request_reason, **keys}
        return json.dumps(document, ensure_ascii=False).encode()

    def _before(self, zone: str, reading: ClockReading) -> ZoneState:
        """The look to which a partial command is applied: what the zone shows, else what the schedule gives, else what
        it showed last."""
        asked = self._asked.get(zone)
        if asked is not None and asked.state.on and reading.mono - asked.at_s < ASKED_S:
            return asked.state
        program, now = self._controller.program, _within(reading.wall)
        cues = (self._controller.cue or program.look_at(now), program.by_schedule.look_at(now))
        found = (desired_looks((zone,), cue, now)[zone] for cue in cues)
        return next((state for state in found if state.on), self._last_lit.get(zone, WHITE))

    def take_identify(self) -> tuple[str, ...]:
        """The gateways of which a lamp is to be lit now, each returned once."""
        names, self._identify = tuple(self._identify), {}
        return names


def _within(wall: datetime) -> datetime:
    """The instant within the years that a plan covers: a suspect clock may be anywhere, and the request is refused
    later."""
    return min(max(wall, FLOOR), CEILING)
