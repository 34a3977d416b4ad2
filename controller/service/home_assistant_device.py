"""The site as a device of Home Assistant: its discovery document and its states. Pure.

    <discovery_prefix>/device/<id>/config        discovery document, retained
    <prefix>/home-assistant/state                what belongs to no zone, retained
    <prefix>/home-assistant/zone/<zone>          what a zone shows, retained
    <prefix>/home-assistant/set/zone/<zone>      a command for a light, as its JSON schema has it
    <prefix>/home-assistant/set/resume           PRESS
    <prefix>/home-assistant/set/identify/<name>  PRESS

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and …/integrations/light.mqtt/#json-schema
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

from controller import __version__
from controller.config.tower import Tower
from controller.gateways import own_gateways
from controller.gateways.base import Gateway, ReportedLook
from controller.lighting.color import COOLEST_K, HOTTEST_K, Color
from controller.lighting.look import ZoneState
from controller.locale import Language, template
from controller.service.gateway_state import GatewayState

MOST_GATEWAYS = 100
"""Above this number gateways are left out: a device of ten thousand entities is of no use to anybody."""
FULL = 255
Component = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LightEntity:
    """A zone as a light: its name for people, and the colour mode of Home Assistant that its lamps support."""

    name: str
    mode: Literal["rgb", "brightness", "onoff"]


@dataclass(frozen=True, slots=True)
class HomeAssistantDevice:
    """The part of `tower.yaml` that Home Assistant gets. `gateways` has by name whether its lamps can be lit to find
    it; empty where there are more than MOST_GATEWAYS."""

    name: str
    prefix: str
    discovery_prefix: str
    control: bool
    language: Language
    url: str | None
    zones: Mapping[str, LightEntity]
    gateways: Mapping[str, bool]

    @classmethod
    def of(cls, tower: Tower, language: Language) -> "HomeAssistantDevice | None":
        """The device from the file; None where it leaves Home Assistant out."""
        settings = tower.home_assistant
        if settings is None:
            return None
        own = {gateway.name for gateway in own_gateways(tower.gateways)}
        names = [gateway.name for gateway in tower.gateways] if len(tower.gateways) <= MOST_GATEWAYS else []
        return cls(
            name=tower.landmark.name.get(language, tower.site.name),
            prefix=tower.mqtt.topic_prefix,
            discovery_prefix=settings.discovery_prefix,
            control=settings.control,
            language=language,
            url=tower.web.url if tower.web is not None else None,
            zones=_lights(tower, language),
            gateways={name: name in own for name in names},
        )

    # Topics

    @property
    def discovery_topic(self) -> str:
        """Topic of the discovery document."""
        return discovery_topic(self.discovery_prefix, self.prefix)

    @property
    def birth_topic(self) -> str:
        """Topic on which Home Assistant publishes `online` when it has started."""
        return f"{self.discovery_prefix}/status"

    @property
    def state_topic(self) -> str:
        """Topic of the state that belongs to no zone."""
        return f"{base_topic(self.prefix)}/state"

    def zone_topic(self, zone: str) -> str:
        """Topic of what a zone shows."""
        return f"{base_topic(self.prefix)}/zone/{zone}"

    def command_topic(self, *levels: str) -> str:
        """Topic of commands."""
        return "/".join((base_topic(self.prefix), "set", *levels))

    @property
    def partial(self) -> tuple[str, ...]:
        """Topics on which not only the newest message counts: commands, each of which holds a part of the look, and the
        discovery document, which is sent twice where it lacks something."""
        return (*(self.command_topic("zone", zone) for zone in self.zones), self.discovery_topic)

    @property
    def no_campaign(self) -> str:
        """The campaign's text where there is no campaign."""
        return self._text("no_campaign")

    @property
    def request_reason(self) -> str:
        """The reason of an override by Home Assistant, for people."""
        return self._text("reason")

    # What it publishes

    def document(self) -> dict[str, Any]:
        """The discovery document."""
        device = {
            "identifiers": [device_id(self.prefix)],
            "name": self.name,
            "model": "watertower",
            "sw_version": __version__,
            "configuration_url": self.url,
        }
        return {
            "device": {key: value for key, value in device.items() if value is not None},
            "origin": {"name": "watertower", "sw_version": __version__},
            "availability": [self._controller_lives],
            "availability_mode": "all",
            "state_topic": self.state_topic,
            "qos": 1,
            "components": dict(self._components()),
        }

    @property
    def _controller_lives(self) -> dict[str, str]:
        return {"topic": f"{self.prefix}/controller/status"}

    def _components(self) -> Iterable[tuple[str, Component]]:
        for zone, light in self.zones.items():
            key = f"light-{zone}" if self.control else f"lit-{zone}"
            yield key, self._component(key, light.name, **(self._light(zone) if self.control else self._lit(zone)))
        yield "campaign", self._sensor("campaign", "sensor")
        yield "next-change", self._sensor("next_change", "sensor", device_class="timestamp")
        minutes = {"device_class": "duration", "unit_of_measurement": "min", "state_class": "total_increasing"}
        yield "lit-minutes", self._sensor("lit_minutes", "sensor", **minutes)
        yield "problem", self._sensor("problem", "binary_sensor", device_class="problem")
        for gateway, can_identify in self.gateways.items():
            connects = {"device_class": "connectivity", "value_template": _of_gateway(gateway)}
            key, category = f"gateway-{gateway}", {"entity_category": "diagnostic"}
            name = self._text("gateway", gateway=gateway)
            yield key, self._component(key, name, platform="binary_sensor", **connects, **category)
            if self.control and can_identify:
                yield self._identify(gateway)
        if self.control:
            yield "resume", self._button("resume", self._text("resume"), "resume")

    def _component(self, key: str, name: str, **keys: object) -> Component:
        return {"unique_id": f"{device_id(self.prefix)}-{key}", "name": name, "qos": 1, **keys}

    def _sensor(self, value: str, platform: str, **keys: object) -> Component:
        template_ = f"{{{{ value_json.{value} }}}}"
        key = value.replace("_", "-")
        return self._component(key, self._text(value), platform=platform, value_template=template_, **keys)

    def _button(self, key: str, name: str, *levels: str, **keys: object) -> Component:
        return self._component(key, name, platform="button", command_topic=self.command_topic(*levels), **keys)

    def _identify(self, gateway: str) -> tuple[str, Component]:
        online = f"{{{{ 'online' if {_value(gateway)} == 'ON' else 'offline' }}}}"
        keys = {
            "device_class": "identify",
            "entity_category": "diagnostic",
            "availability": [self._controller_lives, {"topic": self.state_topic, "value_template": online}],
        }
        key, name = f"identify-{gateway}", self._text("identify", gateway=gateway)
        return key, self._button(key, name, "identify", gateway, **keys)

    def _light(self, zone: str) -> dict[str, object]:
        mode = self.zones[zone].mode
        return {
            "platform": "light",
            "schema": "json",
            "command_topic": self.command_topic("zone", zone),
            "state_topic": self.zone_topic(zone),
            "availability": self._zone_is_reached(zone),
            "supported_color_modes": [mode],
            "brightness": mode != "onoff",
            "brightness_scale": FULL,
        }

    def _lit(self, zone: str) -> dict[str, object]:
        """A zone as a sensor, where nothing may be changed: Home Assistant has no light without commands."""
        return {
            "platform": "binary_sensor",
            "device_class": "light",
            "state_topic": self.zone_topic(zone),
            "value_template": "{{ value_json.state }}",
            "json_attributes_topic": self.zone_topic(zone),
            "availability": self._zone_is_reached(zone),
        }

    def _zone_is_reached(self, zone: str) -> list[dict[str, str]]:
        reached = {"topic": self.zone_topic(zone), "value_template": "{{ value_json.availability }}"}
        return [self._controller_lives, reached]

    def _text(self, key: str, **fields: object) -> str:
        return template(self.language, "home_assistant", key).format_map(fields)


def _lights(tower: Tower, language: Language) -> dict[str, LightEntity]:
    """The zones that any gateway drives, as lights."""
    names = tower.landmark.zone_names(language)
    driven: dict[str, list[Gateway]] = {zone: [] for zone in tower.zones}
    for gateway in tower.gateways:
        for zone in gateway.zone_names:
            driven[zone].append(gateway)
    return {zone: LightEntity(names.get(zone, zone), _mode(found)) for zone, found in driven.items() if found}


def _mode(gateways: Iterable[Gateway]) -> Literal["rgb", "brightness", "onoff"]:
    """The best colour mode that any of the gateways supports."""
    lacks = set.intersection(*(set(gateway.cannot()) for gateway in gateways))
    return "rgb" if "color" not in lacks else "brightness" if "brightness" not in lacks else "onoff"


def _value(gateway: str) -> str:
    return f"value_json.gateways['{gateway}']"


def _of_gateway(gateway: str) -> str:
    return f"{{{{ {_value(gateway)} }}}}"


def base_topic(prefix: str) -> str:
    """The prefix of all our topics but that of discovery."""
    return f"{prefix}/home-assistant"


def device_id(prefix: str) -> str:
    """The device id, of characters that Home Assistant accepts; it depends only on the prefix of the topics."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", prefix)
    return plain if plain == prefix else f"{plain}-{crc32(prefix.encode()):08x}"


def discovery_topic(discovery_prefix: str, prefix: str) -> str:
    """Topic of the discovery document."""
    return f"{discovery_prefix}/device/{device_id(prefix)}/config"


def home_assistant_topics(device: HomeAssistantDevice | None, prefix: str) -> tuple[str, ...]:
    """The topic filters to subscribe to; without a device those of what an earlier run left."""
    of_device = (device.discovery_topic, device.birth_topic) if device is not None else ()
    return (f"{base_topic(prefix)}/#", *of_device)


# What a zone shows


@dataclass(frozen=True, slots=True)
class ZoneOfGateway:
    """What one gateway is known to show of a zone, and whether the gateway is reached."""

    look: ReportedLook
    is_reached: bool


def zone_report(gateway: Gateway, state: GatewayState, zone: str, desired: ZoneState) -> ZoneOfGateway:
    """What a gateway shows of a zone. One that confirms reports the desired look within its tolerance: the desired look
    is used, as far as the gateway can show it. Of others the report is used, where it is fresh."""
    status = state.status.get(zone, "unknown")
    if status == "confirmed":
        shown = gateway.reduce(zone, desired)
        return ZoneOfGateway(ReportedLook(on=shown.on, brightness=shown.brightness, color=shown.color), is_reached=True)
    is_fresh = status in {"pending", "differs"} and zone in state.reported.reported_s
    return ZoneOfGateway(state.reported.zones[zone] if is_fresh else ReportedLook(), is_reached=status != "silent")


def zone_document(light: LightEntity, reports: Iterable[ZoneOfGateway]) -> dict[str, object]:
    """The state document of a zone: lit where any gateway is known to light it."""
    reports = tuple(reports)
    known = [report.look for report in reports if report.look.on is not None]
    document: dict[str, object] = {"availability": "online" if any(each.is_reached for each in reports) else "offline"}
    lit = next((look for look in known if look.on), None)
    if lit is None:
        return document | {"state": "OFF" if known else None}
    document |= {"state": "ON"}
    if light.mode != "onoff" and lit.brightness is not None:
        document |= {"brightness": max(1, round(FULL * lit.brightness))}
    color = lit.light
    if color is None and lit.kelvin is not None:
        color = Color.from_kelvin(min(max(lit.kelvin, COOLEST_K), HOTTEST_K))
    if light.mode == "rgb" and color is not None:
        document |= {"color_mode": "rgb", "color": dict(zip("rgb", color.rgb, strict=True))}
    return document
