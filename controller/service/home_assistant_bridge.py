"""Connects a controller with Home Assistant, without I/O: messages in, messages out.

A retained command is never obeyed but removed from the broker, like everything that an earlier run with other files
has left there. Only what has changed is sent.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from math import inf
from typing import Any
from zlib import crc32

from controller.clock import ClockReading
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Advice, Reason
from controller.gateways.base import Gateway, Message
from controller.mqtt import Received
from controller.rfc3339 import rfc3339
from controller.schedule.hours import night_at
from controller.schedule.plan import Cue
from controller.service.controller import Controller
from controller.service.desired import desired_looks
from controller.service.gateway_state import GatewayState
from controller.service.health import Health
from controller.service.home_assistant_commands import OWNER, HomeAssistantCommands
from controller.service.home_assistant_device import (
    HomeAssistantDevice,
    base_topic,
    discovery_topic,
    zone_document,
    zone_report,
)
from controller.service.override_request import OverridePolicy
from controller.service.overrides import REFUSED
from controller.state import Minute
from controller.topics import is_name

ONLINE = b"online"
LISTEN_S = 1.0
"""Seconds after each connection in which retained messages are awaited before anything is announced."""
BIRTH_S = (1.0, 5.0)
"""Seconds from the start of Home Assistant until everything is sent again, spread by site."""
REMOVE_S = 3.0
"""Seconds until old retained messages are removed: by then Home Assistant has removed the entities that use them."""
WRITTEN_S = 10.0
"""Seconds within which the broker delivers the discovery document back, if it accepts it."""
COALESCE_S = 1.0
EVERY_S = 10.0
"""Seconds between two checks of the states when nothing has changed."""
LIT_S = 30.0
"""A minute counts as lit if this many seconds of it were confirmed."""
PLATFORMS = frozenset({"light", "sensor", "binary_sensor", "button"})


class HomeAssistantLeftovers:
    """What is done for every site, also without Home Assistant: remove what an earlier run with other files has left on
    the broker."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._below = f"{base_topic(prefix)}/"
        self._heard: frozenset[str] = frozenset()
        """Of Home Assistant itself."""
        self._ours: frozenset[str] = frozenset()
        """The retained topics that stay."""
        self._leftovers: dict[str, float] = {}
        """Topics to remove from the broker, and when (boot time)."""
        self._events: list[Event] = []

    def takes(self, topic: str) -> bool:
        """Whether a message on this topic is for us."""
        return topic.startswith(self._below) or topic in self._heard

    @property
    def due_s(self) -> float:
        """When a turn is due, boot time; infinity for never."""
        return -inf if self._events else min(self._leftovers.values(), default=inf)

    # What comes in

    def connected(self, broker: str, reading: ClockReading) -> None:
        """A connection began."""

    def disconnected(self, broker: str) -> None:
        """A connection ended."""

    def receive(self, item: Received, reading: ClockReading) -> bool:
        """Takes a message on such a topic; True if a turn is due at once."""
        return item.retain and self._note_leftover(item, reading)

    def _note_leftover(self, item: Received, reading: ClockReading) -> bool:
        """Schedules a retained message that is not ours for removal, after the discovery document that it names."""
        if not item.payload:
            return False
        if item.topic not in self._ours:
            self._leftovers[item.topic] = reading.mono + REMOVE_S
        if item.topic == f"{self._below}state":
            named = _keys(item.payload).get("discovery")
            # nobody else decides what we delete
            is_one = isinstance(named, str) and is_name(named) and named.endswith(discovery_topic("", self._prefix))
            if is_one and named not in self._ours:
                self._leftovers[str(named)] = reading.mono
        return True

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Takes completed minutes."""

    def answered(self, event: Event) -> bool:  # noqa: ARG002
        """Takes the answer to a request; True if a turn is due."""
        return False

    # What goes out

    def requests(self, policy: OverridePolicy, reading: ClockReading) -> tuple[bytes, ...]:  # noqa: ARG002
        """The manual requests that are due."""
        return ()

    def take_identify(self) -> tuple[str, ...]:
        """Gateways of which a lamp should light now."""
        return ()

    def refuse(self, reason: Reason | Advice) -> None:
        """Reports that something was not done, and why."""
        self._events.append(new_event(REFUSED, id="home-assistant", owner=OWNER, reason=reason))

    def events(self) -> tuple[Event, ...]:
        """The events to emit."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def messages(self, reading: ClockReading, is_changed: bool, health: Callable[[], Health]) -> tuple[Message, ...]:  # noqa: ARG002
        """The messages to publish; `is_changed`: a gateway has changed since the last call."""
        removed = [topic for topic, due_s in self._leftovers.items() if due_s <= reading.mono]
        for topic in removed:
            del self._leftovers[topic]
        return tuple(Message(topic, b"", qos=1, retain=True) for topic in removed)


class HomeAssistantBridge(HomeAssistantLeftovers):
    """See the head of this module."""

    def __init__(self, device: HomeAssistantDevice, prefix: str, controller: Controller) -> None:
        super().__init__(prefix)
        self._commands = HomeAssistantCommands(device, controller)
        self._device = device
        self._controller = controller
        self._drivers: dict[str, list[Gateway]] = {
            zone: [each for each in controller.gateways.values() if zone in each.zone_names] for zone in device.zones
        }
        self._heard = frozenset({device.discovery_topic, device.birth_topic})
        self._ours = frozenset({device.state_topic, device.discovery_topic, *map(device.zone_topic, device.zones)})
        self._discovery = _dumped(device.document())
        self._announced: dict[str, bytes] = {}
        """By broker, the discovery document that it has retained."""
        self._brokers: set[str] = set()
        self._announce_s = inf
        self._written_by_s = inf
        self._is_born = False
        self._cue: Cue | None = None
        self._is_changed = False
        self._looked_s = -inf
        self._written: dict[str, bytes] = {}
        self._night: date | None = None
        self._lit: set[datetime] = set()
        self._alarm = Alarm(self._events.append)

    @property
    def due_s(self) -> float:
        """As of one that has more to do."""
        looks_s = self._looked_s + COALESCE_S if self._is_changed and self._controller.cue is not None else inf
        return min(self._announce_s, self._written_by_s, looks_s, super().due_s, self._commands.due_s)

    # What comes in

    def connected(self, broker: str, reading: ClockReading) -> None:
        """What the broker has retained is unknown, so everything is written."""
        self._brokers.add(broker)
        self._announced.pop(broker, None)
        self._written.clear()
        self._is_changed = True
        self._announce_s = reading.mono + LISTEN_S

    def disconnected(self, broker: str) -> None:
        """What that broker has retained no longer counts."""
        self._brokers.discard(broker)

    def receive(self, item: Received, reading: ClockReading) -> bool:
        """Takes commands too, and the status of Home Assistant."""
        if item.topic == self._device.birth_topic:
            return self._is_birth(item, reading)
        if item.topic == self._device.discovery_topic:
            self._announced[item.broker] = item.payload
            return self._alarm.raised is not None
        if item.retain:
            return self._note_leftover(item, reading)
        if self._written.get(item.topic, item.payload) != item.payload:  # somebody else's, or an echo from before ours
            del self._written[item.topic]
            self._is_changed = True
            return True
        if not item.payload or not item.topic.startswith(f"{self._below}set/"):
            return False
        due_s = self.due_s
        reason = self._commands.take(item, reading)
        if reason is not None:
            self.refuse(reason)
        return self.due_s < due_s

    def _is_birth(self, item: Received, reading: ClockReading) -> bool:
        """Takes the status of Home Assistant. A retained one is ignored: at its start it finds all that we retain."""
        if item.retain or item.payload != ONLINE:
            return False
        first_s, last_s = BIRTH_S
        share = crc32(self._device.discovery_topic.encode()) / 2**32
        self._announce_s = min(self._announce_s, reading.mono + first_s + share * (last_s - first_s))
        self._is_born = True
        return True

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Minutes of another night replace those of the last one."""
        for row in rows:
            if row.night != self._night:
                self._night, self._lit = row.night, set()
            if row.night == self._night and row.planned and row.confirmed_s >= LIT_S:
                self._lit.add(row.at)

    def answered(self, event: Event) -> bool:
        """Sends the state of a light again that did not become what was asked for: Home Assistant shows the request."""
        zones = self._commands.answered(event)
        for zone in zones:
            self._written.pop(f"{self._below}zone/{zone}", None)
        self._is_changed |= bool(zones)
        return bool(zones)

    # What goes out

    def requests(self, policy: OverridePolicy, reading: ClockReading) -> tuple[bytes, ...]:
        """As they come on the topic for them."""
        return self._commands.requests(policy, reading)

    def take_identify(self) -> tuple[str, ...]:
        """As somebody has pressed."""
        return self._commands.take_identify()

    def messages(self, reading: ClockReading, is_changed: bool, health: Callable[[], Health]) -> tuple[Message, ...]:
        """The discovery document and the states, too."""
        emptied = super().messages(reading, is_changed, health)
        announced, cue = (*emptied, *self._announcement(reading)), self._controller.cue
        self._check_written(reading)
        if cue is None:
            return announced
        self._is_changed |= is_changed or cue is not self._cue
        self._cue = cue
        states: dict[str, dict[str, object]] = {}
        if reading.mono >= self._looked_s + (COALESCE_S if self._is_changed else EVERY_S):
            self._looked_s, self._is_changed = reading.mono, False
            states = self._states(cue, reading, health())
        payloads = {topic: _dumped(state) for topic, state in states.items()}
        new = {topic: payload for topic, payload in payloads.items() if self._written.get(topic) != payload}
        self._written |= new
        messages = (Message(topic, payload, qos=1, retain=True) for topic, payload in new.items())
        return (*announced, *messages)

    def _announcement(self, reading: ClockReading) -> tuple[Message, ...]:
        """The discovery document if a broker does not have it; before it one without components that no longer
        exist, as Home Assistant requires."""
        if reading.mono < self._announce_s:
            return ()
        topic, document, is_born = self._device.discovery_topic, self._device.document(), self._is_born
        held = {self._announced.get(broker) for broker in self._brokers}
        self._announce_s, self._is_born = inf, False
        if is_born:
            self._written.clear()
            self._looked_s = -inf
        if held == {self._discovery} and not is_born:
            return ()
        self._written_by_s = reading.mono + WRITTEN_S
        messages = [Message(topic, self._discovery, qos=1, retain=True)]
        stale: dict[str, object] = {}
        for each in filter(None, held):
            stale |= _stale(_keys(each), document["components"])
        if stale:
            without = _dumped(document | {"components": document["components"] | stale})
            messages.insert(0, Message(topic, without, qos=1, retain=True, part="stale"))
        return tuple(messages)

    def _check_written(self, reading: ClockReading) -> None:
        """A broker whose access rules forbid it silently drops the discovery document."""
        if self._written_by_s == inf and self._alarm.raised is None:
            return
        topic = self._device.discovery_topic
        lacking = [broker for broker in self._brokers if self._announced.get(broker) != self._discovery]
        if not lacking:
            self._written_by_s = inf
            self._alarm.clear(new_event("TWL-M026", topic=topic))
        elif reading.mono >= self._written_by_s:
            self._written_by_s = inf
            self._alarm.raise_(new_event("TWL-M025", topic=topic, broker=", ".join(sorted(lacking))))

    def _states(self, cue: Cue, reading: ClockReading, health: Health) -> dict[str, dict[str, object]]:
        """By topic."""
        device = self._device
        desired, states = desired_looks(device.zones, cue, reading.wall), self._controller.states
        self._commands.note_lit(desired)
        found: dict[str, dict[str, object]] = {}
        for zone, light in device.zones.items():
            each = (zone_report(one, states[one.name], zone, desired[zone]) for one in self._drivers[zone])
            found[device.zone_topic(zone)] = zone_document(light, each)
        night = night_at(reading.wall, self._controller.program.place.time_zone).day
        found[device.state_topic] = {
            "version": 1,
            "discovery": device.discovery_topic,
            "campaign": cue.campaign or device.no_campaign,
            "next_change": rfc3339(health.next.at) if health.next is not None else None,
            "lit_minutes": len(self._lit) if night == self._night else 0,
            "problem": _problem(health),
            "gateways": {name: _connectivity(states[name]) for name in device.gateways},
        }
        return found


def _problem(health: Health) -> str | None:
    """None while only the first reports of gateways are missing, as at each start."""
    if health.is_well:
        return "OFF"
    awaited = (each.status == "unknown" and each.code is None for each in health.unconfirmed[: health.amiss])
    return None if all(one.is_harmless for one in health.degradations) and all(awaited) else "ON"


def _connectivity(state: GatewayState) -> str | None:
    """None if it has never reported."""
    if state.reported.alive_s is None:
        return None
    return "OFF" if state.reported.online is False or "silent" in state.status.values() else "ON"


def _stale(held: Mapping[str, Any], components: Mapping[str, object]) -> dict[str, object]:
    """The components that another document does not have, each in the form that removes it."""
    found = held.get("components")
    platforms = {key: _platform(keys) for key, keys in found.items()} if isinstance(found, dict) else {}
    return {
        key: {"platform": platform}
        for key, platform in platforms.items()
        if key not in components and platform in PLATFORMS
    }


def _platform(keys: object) -> object:
    found = keys.get("platform") if isinstance(keys, dict) else None
    return found if isinstance(found, str) else None


def _keys(payload: bytes) -> Mapping[str, Any]:
    """Of a JSON object; nothing of anything else."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _dumped(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
