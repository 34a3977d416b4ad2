"""`shelly-gen2`: Shelly devices of generation 2 and later, by RPC over MQTT.

A request goes to `<topic>/rpc` with `src`; its answer comes to `<src>/rpc`. All requests share one topic, and so do the
answers and the notices. Reports are the whole component on `<topic>/status/<component>`, parts of it as NotifyStatus on
`<topic>/events/rpc`, and the answers to GetStatus. They hold the present values; during a fade `transition.target`
holds the goal, so a running fade does not agree yet.
https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/RGBW
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from controller.errors import Mistake
from controller.gateways import capabilities, payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Lack, Message, Report, ReportedLook
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

COMPONENT = r"^(rgbw|rgb|light):[0-9]$"
METHODS = {"rgbw": "RGBW", "rgb": "RGB", "light": "Light"}
NOTICES = ("NotifyStatus", "NotifyFullStatus")


def _component(value: str) -> str:
    if not re.fullmatch(COMPONENT, value):
        raise Mistake("TWL-S229", value=value)
    return value


Component = Annotated[str, AfterValidator(_component), WithJsonSchema({"type": "string", "pattern": COMPONENT})]


class ShellyGen2(vendor.Addressed):
    """A device and its components."""

    WRITES_FLASH: ClassVar[bool] = False
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "topic"
    ADDRESS: ClassVar[str] = "component"
    STEPS: ClassVar[int] = 100
    MAX_FADE_S: ClassVar[float] = 10_800.0

    kind: Literal["shelly-gen2"] = "shelly-gen2"
    topic: vendor.Topic
    component: Component = "rgbw:0"
    zones: Mapping[str, Component] = Field(default_factory=dict)

    def source(self, prefix: str) -> str:
        """Our `src`, so that only we get the answers."""
        return f"{prefix}/gateway/{self.name}"

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """Last will, status of each component, notices and answers."""
        states = {f"{self.topic}/status/{part}": partial(self._status, zone) for zone, part in self.addresses.items()}
        return {
            # `true`, or `false` by last will, which is not retained: absence proves nothing
            f"{self.topic}/online": vendor.presence,
            **states,
            f"{self.topic}/events/rpc": self._notice,
            f"{self.source(prefix)}/rpc": self._answer,
        }

    def partial(self, prefix: str) -> tuple[str, ...]:
        """A notice is partial, and an answer is about one component."""
        return f"{self.topic}/events/rpc", f"{self.source(prefix)}/rpc"

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """A `light` component has no colours."""
        state = capabilities.lit(desired)
        if self.addresses[zone].startswith("light:"):
            return capabilities.in_steps(capabilities.without_color(state), self.STEPS)
        return super().reduce(zone, state)

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One Set request for each component. `toggle_after` is never sent: it flips the lamp back."""
        fade = {"transition_duration": payloads.plain(self.fade(desired.fade_s))} if desired.fade_s > 0 else {}
        return tuple(
            self._request(prefix, zone, "Set", self._params(zone, desired.zones[zone]) | fade)
            for zone in self.addresses
        )

    def query(self, prefix: str) -> tuple[Message, ...]:
        """One GetStatus request for each component."""
        return tuple(self._request(prefix, zone, "GetStatus", {}) for zone in self.addresses)

    def _request(self, prefix: str, zone: str, verb: str, params: Mapping[str, object]) -> Message:
        family, index = self.addresses[zone].split(":")
        payload = payloads.dumped(
            # the position of the zone, so that an answer is assigned to its component
            id=self.zone_names.index(zone) + 1,
            src=self.source(prefix),
            method=f"{METHODS[family]}.{verb}",
            params={"id": int(index), **params},
        )
        return vendor.command(f"{self.topic}/rpc", payload, part=f"{verb} {zone}")

    def _params(self, zone: str, desired: ZoneState) -> dict[str, object]:
        state = self.reduce(zone, desired)
        if not state.on:
            return {"on": False}
        params: dict[str, object] = {"on": True, "brightness": capabilities.step(state.brightness, self.STEPS)}
        if state.color is not None:
            params["rgb"] = list(state.color.rgb)
        if self.addresses[zone].startswith("rgbw:"):
            params["white"] = 0
        return params

    def cannot(self) -> tuple[Lack, ...]:
        """Where a component is a `light` there are no colours."""
        white = any(part.startswith("light:") for part in self.addresses.values())
        return (*super().cannot(), "color") if white else super().cannot()

    def _status(self, zone: str, payload: bytes) -> Report | Ignored:
        return _report(zone, payloads.document(payload))

    def _notice(self, payload: bytes) -> Report | Ignored:
        keys = payloads.document(payload)
        if keys.get("method") not in NOTICES:
            return Report()
        params = payloads.members(keys.get("params"))
        parts = {zone: params[part] for zone, part in self.addresses.items() if params.get(part) is not None}
        reports = [_report(zone, payloads.members(part)) for zone, part in parts.items()]
        return Report(zones={zone: look for report in reports for zone, look in report.zones.items()})

    def _answer(self, payload: bytes) -> Report | Ignored:
        keys = payloads.document(payload)
        place = payloads.number(keys.get("id"))
        asked = dict(enumerate(self.zone_names, start=1))
        if keys.get("error") is not None:
            # 404 where the profile has no such component, -103 for a wrong argument, 401 where a password is set
            error = payloads.members(keys["error"])
            zones = (asked[int(place)],) if place in asked else self.zone_names
            return vendor.refused(zones, f"{error.get('code')}: {error.get('message')}")
        result = keys.get("result")
        if not isinstance(result, dict) or "output" not in result or place is None:
            return Report()
        return _report(asked[int(place)], result) if int(place) in asked else Report()


def _report(zone: str, keys: Mapping[str, object]) -> Report:
    """A report of one component; `rgb` and `white` may arrive in separate notices."""
    on = payloads.switch(keys.get("output"))
    if on is False:
        return vendor.report_of(zone, vendor.OFF)
    color = Color.from_rgb(*payloads.components(keys["rgb"], 3)) if keys.get("rgb") is not None else None
    white = payloads.within(keys.get("white"), 0, 255)
    look = ReportedLook(on=on, color=color, white=None if white is None else round(white))
    return vendor.report_of(zone, look, payloads.fraction(keys.get("brightness"), 100))
