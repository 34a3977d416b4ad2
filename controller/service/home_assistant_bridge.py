"""Between one controller and Home Assistant, without I/O: messages in, messages out.

What is retained is never obeyed: a command is removed from the broker, as is all that an earlier run with other files
has left there. Nothing is sent of what has not changed.
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
    home_assistant_topics,
    zone_document,
    zone_report,
)
from controller.service.overrides import REFUSED
from controller.state import Minute
from controller.topics import is_name

ONLINE = b"online"
LISTEN_S = 1.0
"""After each connection what is retained is waited for, before anything is announced."""
BIRTH_S = (1.0, 5.0)
"""How long after the birth of Home Assistant all is sent anew, spread by site: it starts with all of them at once."""
REMOVE_S = 3.0
"""After that what was retained is removed: Home Assistant has let go of the entities then that listen to it."""
WRITTEN_S = 10.0
"""Within this the broker sends back the discovery document, if it takes it."""
COALESCE_S = 1.0
EVERY_S = 10.0
"""So often the states are looked at though nothing changed."""
LIT_S = 30.0
"""A minute counts as lit when so much of it was confirmed."""
PLATFORMS = frozenset({"light", "sensor", "binary_sensor", "button"})


class HomeAssistantBridge:
    """See the head of this module. Without a `device` Home Assistant is told nothing, and there are no `commands`."""

    def __init__(self, device: HomeAssistantDevice | None, prefix: str, controller: Controller) -> None:
        self.commands = HomeAssistantCommands(device, controller) if device is not None else None
        self._device = device
        self._prefix = prefix
        self._below = f"{base_topic(prefix)}/"
        self._heard = frozenset(home_assistant_topics(device, prefix))
        self._controller = controller
        zones = device.zones if device is not None else ()
        self._drivers: dict[str, list[Gateway]] = {
            zone: [each for each in controller.gateways.values() if zone in each.zone_names] for zone in zones
        }
        self._topics = {device.state_topic, *map(device.zone_topic, zones)} if device is not None else set()
        self._discovery = _dumped(device.document()) if device is not None else b""
        self._announced: dict[str, bytes] = {}
        """By broker, the discovery document that it holds."""
        self._brokers: set[str] = set()
        self._announce_s = inf
        self._written_by_s = inf
        self._is_born = False
        self._leftovers: dict[str, float] = {}
        """What is to be removed from the broker, and when (boot time)."""
        self._cue: Cue | None = None
        self._is_changed = False
        self._looked_s = -inf
        self._written: dict[str, bytes] = {}
        self._night: date | None = None
        self._lit: set[datetime] = set()
        self._events: list[Event] = []
        self._alarm = Alarm(self._events.append)

    def takes(self, topic: str) -> bool:
        """Whether a message on it is for us."""
        return topic.startswith(self._below) or topic in self._heard

    @property
    def due_s(self) -> float:
        """When a turn is due, boot time; infinity for never."""
        if self._events:
            return -inf
        removed_s = min(self._leftovers.values(), default=inf)
        if self.commands is None:
            return removed_s
        looks_s = self._looked_s + COALESCE_S if self._is_changed and self._controller.cue is not None else inf
        return min(self._announce_s, self._written_by_s, looks_s, removed_s, self.commands.due_s)

    # What comes in

    def connected(self, broker: str, reading: ClockReading) -> None:
        """A connection began: what the broker holds is not known, so all is written."""
        self._brokers.add(broker)
        self._announced.pop(broker, None)
        self._written.clear()
        self._is_changed = True
        if self._device is not None:
            self._announce_s = reading.mono + LISTEN_S

    def disconnected(self, broker: str) -> None:
        """A connection ended."""
        self._brokers.discard(broker)

    def receive(self, item: Received, reading: ClockReading) -> bool:
        """A message that it `takes`; True where a turn is due at once."""
        device = self._device
        if device is not None and item.topic == device.birth_topic:
            return self._is_birth(item, device, reading)
        if device is not None and item.topic == device.discovery_topic:
            self._announced[item.broker] = item.payload
            return self._alarm.raised is not None
        if item.retain:
            return self._note_leftover(item, reading)
        if self._written.get(item.topic, item.payload) != item.payload:  # somebody else's, or an echo from before ours
            del self._written[item.topic]
            self._is_changed = True
            return True
        if self.commands is None or not item.payload or not item.topic.startswith(f"{self._below}set/"):
            return False
        due_s = self.due_s
        reason = self.commands.take(item, reading)
        if reason is not None:
            self.refuse(reason)
        return self.due_s < due_s

    def refuse(self, reason: Reason | Advice) -> None:
        """Reports that something was not done, and why."""
        self._events.append(new_event(REFUSED, id="home-assistant", owner=OWNER, reason=reason))

    def _is_birth(self, item: Received, device: HomeAssistantDevice, reading: ClockReading) -> bool:
        """Retained, it says nothing new: whoever starts finds all that we keep on the broker."""
        if item.retain or item.payload != ONLINE:
            return False
        first_s, last_s = BIRTH_S
        share = crc32(device.discovery_topic.encode()) / 2**32
        self._announce_s = min(self._announce_s, reading.mono + first_s + share * (last_s - first_s))
        self._is_born = True
        return True

    def _note_leftover(self, item: Received, reading: ClockReading) -> bool:
        """What is retained and not ours is removed, after the discovery document that it names."""
        if not item.payload:
            return False
        if item.topic not in self._topics:
            self._leftovers[item.topic] = reading.mono + REMOVE_S
        if item.topic == f"{self._below}state":
            named = _keys(item.payload).get("discovery")
            ours = self._device.discovery_topic if self._device is not None else None
            # nobody shall have us delete what he likes
            is_one = isinstance(named, str) and is_name(named) and named.endswith(discovery_topic("", self._prefix))
            if is_one and named != ours:
                self._leftovers[str(named)] = reading.mono
        return True

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Minutes that are over; those of another night take the place of those of the last one."""
        for row in rows:
            if row.night != self._night:
                self._night, self._lit = row.night, set()
            if row.night == self._night and row.planned and row.confirmed_s >= LIT_S:
                self._lit.add(row.at)

    def answered(self, event: Event) -> bool:
        """The answer to a request: a light that did not become what was asked for is told as it is, since whoever
        pressed sees what he pressed until then. True where a turn is due."""
        zones = self.commands.answered(event) if self.commands is not None else ()
        for zone in zones:
            self._written.pop(f"{self._below}zone/{zone}", None)
        self._is_changed |= bool(zones)
        return bool(zones)

    # What goes out

    def events(self) -> tuple[Event, ...]:
        """What is to be reported."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def messages(self, reading: ClockReading, is_changed: bool, health: Callable[[], Health]) -> tuple[Message, ...]:
        """What is to be published; `is_changed` tells whether any gateway has changed since the last call."""
        if self._device is None and not self._leftovers:
            return ()
        removed = [topic for topic, due_s in self._leftovers.items() if due_s <= reading.mono]
        for topic in removed:
            del self._leftovers[topic]
        emptied = tuple(Message(topic, b"", qos=1, retain=True) for topic in removed)
        if self._device is None:
            return emptied
        announced, cue = (*emptied, *self._announcement(self._device, reading)), self._controller.cue
        self._check_written(self._device, reading)
        if cue is None:
            return announced
        self._is_changed |= is_changed or cue is not self._cue
        self._cue = cue
        states: dict[str, dict[str, object]] = {}
        if reading.mono >= self._looked_s + (COALESCE_S if self._is_changed else EVERY_S):
            self._looked_s, self._is_changed = reading.mono, False
            states = self._states(self._device, cue, reading, health())
        payloads = {topic: _dumped(state) for topic, state in states.items()}
        new = {topic: payload for topic, payload in payloads.items() if self._written.get(topic) != payload}
        self._written |= new
        told = (Message(topic, payload, qos=1, retain=True) for topic, payload in new.items())
        return (*announced, *told)

    def _announcement(self, device: HomeAssistantDevice, reading: ClockReading) -> tuple[Message, ...]:
        """The discovery document where a broker does not hold it; before it one that removes the components that are no
        more, as Home Assistant asks for."""
        if reading.mono < self._announce_s:
            return ()
        document, is_born = device.document(), self._is_born
        held = {self._announced.get(broker) for broker in self._brokers}
        self._announce_s, self._is_born = inf, False
        if is_born:
            self._written.clear()
            self._looked_s = -inf
        if held == {self._discovery} and not is_born:
            return ()
        self._written_by_s = reading.mono + WRITTEN_S
        messages = [Message(device.discovery_topic, self._discovery, qos=1, retain=True)]
        stale: dict[str, object] = {}
        for each in filter(None, held):
            stale |= _stale(_keys(each), document["components"])
        if stale:
            without = _dumped(document | {"components": document["components"] | stale})
            messages.insert(0, Message(device.discovery_topic, without, qos=1, retain=True, part="stale"))
        return tuple(messages)

    def _check_written(self, device: HomeAssistantDevice, reading: ClockReading) -> None:
        """A broker whose access rules forbid it drops the discovery document without a word."""
        if self._written_by_s == inf and self._alarm.raised is None:
            return
        topic = device.discovery_topic
        lacking = [broker for broker in self._brokers if self._announced.get(broker) != self._discovery]
        if not lacking:
            self._written_by_s = inf
            self._alarm.clear(new_event("TWL-M026", topic=topic))
        elif reading.mono >= self._written_by_s:
            self._written_by_s = inf
            self._alarm.raise_(new_event("TWL-M025", topic=topic, broker=", ".join(sorted(lacking))))

    def _states(
        self, device: HomeAssistantDevice, cue: Cue, reading: ClockReading, health: Health
    ) -> dict[str, dict[str, object]]:
        """By topic."""
        desired, states = desired_looks(device.zones, cue, reading.wall), self._controller.states
        if self.commands is not None:
            self.commands.note_lit(desired)
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
    """None while nothing is wrong but that gateways may still be heard, as at each start."""
    if health.is_well:
        return "OFF"
    awaited = (each.status == "unknown" and each.code is None for each in health.unconfirmed[: health.amiss])
    return None if all(one.is_harmless for one in health.degradations) and all(awaited) else "ON"


def _connectivity(state: GatewayState) -> str | None:
    """None where it was never heard."""
    if state.reported.alive_s is None:
        return None
    return "OFF" if state.reported.online is False or "silent" in state.status.values() else "ON"


def _stale(held: Mapping[str, Any], components: Mapping[str, object]) -> dict[str, object]:
    """The components of a document that another one does not have, each as what removes it."""
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
