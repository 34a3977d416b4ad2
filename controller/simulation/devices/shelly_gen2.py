"""A Shelly of generation 2: RPC, notices, present values in a fade, off after boot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.gateways.base import Message
from controller.gateways.shelly_gen2 import ShellyGen2
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, document, keys_of, light, seconds, whole

FAMILIES = {"RGBW": "rgbw", "RGB": "rgb", "Light": "light"}
NOT_FOUND, INVALID = 404, -103


@dataclass
class ShellyComponent:
    """The commanded state of one component."""

    on: bool = False
    brightness: int = 100
    rgb: tuple[int, ...] = (255, 255, 255)
    white: int = 0

    def take(self, params: Mapping[str, object]) -> bool:
        """The parameters of a Set request; False where the device would answer that they are invalid."""
        on, brightness = params.get("on"), whole(params.get("brightness"), 1, 100, None)
        if not isinstance(on, bool) and brightness is None:
            return False
        rgb = params.get("rgb")
        if isinstance(rgb, list):
            parts = tuple(whole(part, 0, 255, -1) for part in rgb)
            if len(parts) != 3 or -1 in parts:
                return False
            self.rgb = parts
        self.white = whole(params.get("white"), 0, 255, self.white)
        self.on = on if isinstance(on, bool) else self.on
        self.brightness = self.brightness if brightness is None else brightness
        return True

    def goal(self, family: str) -> ZoneState:
        """The light that results."""
        if not self.on:
            return DARK
        if family == "light":
            return ZoneState(on=True, color=None, brightness=self.brightness / 100)
        white = self.white if family == "rgbw" else 0
        return light(min(255, part + white) * self.brightness / 100 for part in self.rgb)


class ShellyPlus(Device[ShellyGen2]):
    """A device with its components, as its profile has them; every component is a zone."""

    def __init__(self, gateway: ShellyGen2) -> None:
        super().__init__(gateway, (f"{gateway.topic}/rpc",), Message(f"{gateway.topic}/online", b"false"))
        self.components = dict(gateway.addresses)
        self.parts = {zone: ShellyComponent() for zone in gateway.zone_names}
        self.fading: set[str] = set()

    def boot(self, now: datetime) -> Messages:
        """Off, online, and the status of each component."""
        for zone, lamp in self.lamps.items():
            self.parts[zone].on = False
            lamp.go(DARK, 0, now)
        online = Message(f"{self.gateway.topic}/online", b"true")
        return (online, *(message for zone in self.parts for message in self._report(zone, now)))

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:
        """Publishes the end of a fade."""
        over = [zone for zone in sorted(self.fading) if not self.lamps[zone].fades(now)]
        self.fading -= set(over)
        ends = [end for zone in self.fading if (end := self.lamps[zone].arrives) is not None]
        return tuple(message for zone in over for message in self._report(zone, now)), min(ends, default=None)

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """A request."""
        return self._request(keys_of(payload), now) if topic in self.subscriptions else ()

    def _zone(self, component: str) -> str | None:
        return next((zone for zone, part in self.components.items() if part == component), None)

    def _request(self, frame: Mapping[str, object], now: datetime) -> Messages:
        source, method, params = frame.get("src"), str(frame.get("method")), frame.get("params")
        if not isinstance(source, str) or "id" not in frame:
            return ()
        name, _, verb = method.partition(".")
        params = params if isinstance(params, dict) else {}
        zone = self._zone(f"{FAMILIES.get(name)}:{params.get('id')}")
        answer: dict[str, object] = {"id": frame["id"], "src": self.gateway.topic, "dst": source}
        messages: Messages = ()
        if zone is None or verb not in {"Set", "GetStatus"}:
            answer["error"] = {"code": NOT_FOUND, "message": f"No handler for {method}"}
        elif verb == "GetStatus":
            answer["result"] = self._status(zone, now)
        elif self._set(zone, params, now):
            answer["result"], messages = None, self._report(zone, now)
        else:
            answer["error"] = {"code": INVALID, "message": "Missing required argument 'on' or 'brightness'!"}
        return (Message(f"{source}/rpc", document(**answer)), *messages)

    def _set(self, zone: str, params: Mapping[str, object], now: datetime) -> bool:
        if not self.parts[zone].take(params):
            return False
        family = self.components[zone].split(":")[0]
        lamp, fade_s = self.lamps[zone], seconds(params.get("transition_duration"), 10_800)
        lamp.go(self.parts[zone].goal(family), fade_s, now)
        if lamp.fades(now):
            self.fading.add(zone)
        return True

    def _status(self, zone: str, now: datetime) -> dict[str, object]:
        component, part, lamp = self.components[zone], self.parts[zone], self.lamps[zone]
        family, index = component.split(":")
        colors: dict[str, object] = {} if family == "light" else {"rgb": list(part.rgb)}
        colors |= {"white": part.white} if family == "rgbw" else {}
        target = {"output": part.on, "brightness": part.brightness, **colors}
        status: dict[str, object] = {"id": int(index), "source": "MQTT", **target}
        if lamp.fades(now):
            shown = lamp.shows(now)
            status |= {"output": shown.on or part.on, "brightness": max(1, round(100 * shown.brightness))}
            if "rgb" in status and shown.color is not None:
                status["rgb"] = list(shown.color.rgb)
            began = lamp.began.timestamp() if lamp.began else 0.0
            status["transition"] = {"target": target, "started_at": began, "duration": lamp.fade_s}
        return status

    def _report(self, zone: str, now: datetime) -> Messages:
        component, status, topic = self.components[zone], self._status(zone, now), self.gateway.topic
        notice = document(
            src=topic,
            dst=f"{topic}/events",
            method="NotifyStatus",
            params={"ts": round(now.timestamp(), 2), component: status},
        )
        return Message(f"{topic}/events/rpc", notice), Message(f"{topic}/status/{component}", document(**status))
