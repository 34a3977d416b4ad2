"""Measured light: a meter of power or of light in a zone, compared with what its gateways report.

A value counts for `max_age`; retained values do not count. A zone is judged once all its gateways have confirmed light,
or darkness, for SETTLE_S: by then fades are done and the inrush current has passed. A contradicting meter must last
HOLDS_S before an event is emitted. Values of a light meter are dropped while the sun is up, or while that is not known.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.clock import ClockReading, Trust
from controller.config.tower_keys import ZoneMeter
from controller.durations import say_duration
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.gateways import payloads
from controller.schedule.hours import Place
from controller.schedule.sun import CIVIL_DEG, elevation
from controller.service.controller import Controller

NOTHING_CAME = Reason("nothing_came")
SETTLE_S = 30.0
HOLDS_S = 60.0
LOOK_S = 0.5
"""Least seconds between two checks: a zone may have thousands of gateways."""
ASLEEP_S = 30.0
"""Seconds without a turn after which messages may have been missed, too."""


def measured_value(payload: bytes, way: str | None) -> float | Reason:
    """The number in a payload, or why there is none; never raises."""
    try:
        value: object = payloads.text(payload) if way is None else payloads.document(payload)
        for part in way.split(".") if way is not None else ():
            if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            elif isinstance(value, Mapping) and part in value:
                value = value[part]
            else:
                return Reason("no_such_value", {"way": way, "part": part})
        number = payloads.number(value)
    except payloads.Unreadable as error:
        return error.reason
    return number if number is not None else Reason("meter_knows_nothing")


@dataclass(slots=True)
class _MeteredZone:
    """One zone with its meter. `is_lit` is the result of the last value, which came at `came_s`; `is_on` is what the
    gateways have confirmed since `since_s`; `against_s` is since when the meter contradicts that. All times are boot
    time."""

    meter: ZoneMeter
    gateways: tuple[str, ...]
    no_light: Alarm
    stray_light: Alarm
    no_value: Alarm
    value: float | None = None
    is_lit: bool | None = None
    came_s: float | None = None
    is_on: bool | None = None
    since_s: float = 0.0
    against_s: float | None = None
    reason: Reason = NOTHING_CAME

    def take(self, payload: bytes, now_s: float) -> None:
        """A message of the meter."""
        found = measured_value(payload, self.meter.value)
        if isinstance(found, Reason):
            self.reason = found
            return
        self.value, self.came_s, self.reason = found, now_s, NOTHING_CAME
        if found >= self.meter.lit_above:
            self.is_lit = True
        elif found <= self.meter.dark_below:
            self.is_lit = False


class MeasuredLight:
    """The meters of a site; `turn` is called with each turn of the controller."""

    def __init__(
        self, controller: Controller, meters: tuple[ZoneMeter, ...], place: Place, on_event: Callable[[Event], None]
    ) -> None:
        self._controller = controller
        self._place = place
        self._listening_s = self._turned_s = float("-inf")
        """Since when messages of meters can arrive, and the last turn (boot time)."""
        by_zone = defaultdict(list)
        for gateway in controller.gateways.values():
            for zone in gateway.zone_names:
                by_zone[zone].append(gateway.name)
        self._zones = {
            meter.zone: _MeteredZone(
                meter, tuple(by_zone[meter.zone]), Alarm(on_event), Alarm(on_event), Alarm(on_event)
            )
            for meter in meters
        }
        self._by_topic: defaultdict[str, list[_MeteredZone]] = defaultdict(list)
        for metered in self._zones.values():
            self._by_topic[metered.meter.topic].append(metered)
        self._measures_light = any(meter.unit == "lux" for meter in meters)
        self._has_sun = True
        """Whether a light meter may measure the sun: it is up, or that is not known."""

    def has_topic(self, topic: str) -> bool:
        """Whether this is the topic of a meter."""
        return topic in self._by_topic

    def receive(self, topic: str, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """Take a message of a meter; a retained one proves nothing."""
        for zone in self._by_topic.get(topic, ()) if not retained else ():
            zone.take(payload, reading.mono)

    def lit(self, reading: ClockReading) -> dict[str, bool]:
        """By zone whether its meter measures light; without zones that have no valid value."""
        return {
            name: zone.is_lit
            for name, zone in self._zones.items()
            if zone.is_lit is not None and self._counts(zone, reading)
        }

    def draws(self, name: str, since_s: float, reading: ClockReading) -> bool | None:
        """Whether the only gateway of a zone draws the power of a lit lamp, by a value that came after `since_s` (boot
        time); None where no value proves it."""
        zone = self._zones.get(name)
        if zone is None or zone.value is None or zone.meter.unit != "W" or len(zone.gateways) != 1:
            return None
        is_recent = zone.came_s is not None and zone.came_s >= since_s and self._counts(zone, reading)
        return zone.value > zone.meter.dark_below if is_recent else None

    def turn(self, reading: ClockReading, *, connected: bool) -> None:
        """Compare what is measured with what is reported; `connected`: any broker is connected."""
        passed_s = reading.mono - self._turned_s
        if not connected or passed_s > ASLEEP_S:
            self._listening_s = reading.mono
        if passed_s < LOOK_S:
            return
        self._turned_s = reading.mono
        if self._measures_light:
            height = elevation(self._place.latitude, self._place.longitude, reading.wall)
            self._has_sun = reading.trust is Trust.SUSPECT or height > CIVIL_DEG
        for zone in self._zones.values():
            if self._is_outshone(zone):
                zone.is_lit = None
            self._watch_meter(zone, reading)
            is_on = self._confirmed(zone)
            if is_on is not zone.is_on:
                zone.is_on, zone.since_s, zone.against_s = is_on, reading.mono, None
            has_settled = zone.came_s is not None and zone.came_s >= zone.since_s + SETTLE_S
            if is_on is None or not has_settled or zone.is_lit is None or not self._counts(zone, reading):
                zone.against_s = None
            elif zone.is_lit is is_on:
                zone.against_s = None
                self._agrees(zone)
            else:
                zone.against_s = reading.mono if zone.against_s is None else zone.against_s
                if reading.mono - zone.against_s >= HOLDS_S:
                    self._contradicts(zone)

    def _counts(self, zone: _MeteredZone, reading: ClockReading) -> bool:
        is_recent = zone.came_s is not None and reading.mono - zone.came_s <= zone.meter.max_age.total_seconds()
        return is_recent and not self._is_outshone(zone)

    def _is_outshone(self, zone: _MeteredZone) -> bool:
        return self._has_sun and zone.meter.unit == "lux"

    def _confirmed(self, zone: _MeteredZone) -> bool | None:
        """Whether the gateways of a zone confirm light (True) or darkness; None where they do not confirm, or are
        tested."""
        states = [self._controller.states[name] for name in zone.gateways]
        name = zone.meter.zone
        looks = [state.desired_looks for state in states if state.status.get(name) == "confirmed"]
        known = [each[name].on for each in looks if each is not None and name in each]
        return any(known) if known and len(known) == len(states) else None

    def _agrees(self, zone: _MeteredZone) -> None:
        """Clear the alarm about light when light is measured, that about darkness when darkness is."""
        if zone.is_on:
            zone.no_light.clear(new_event("TWL-G161", **_about(zone)))
        else:
            zone.stray_light.clear(new_event("TWL-G163", **_about(zone)))

    def _contradicts(self, zone: _MeteredZone) -> None:
        if zone.is_on:
            zone.no_light.raise_(new_event("TWL-G160", **_about(zone), limit=zone.meter.dark_below))
        else:
            zone.stray_light.raise_(new_event("TWL-G162", **_about(zone), limit=zone.meter.lit_above))

    def _watch_meter(self, zone: _MeteredZone, reading: ClockReading) -> None:
        """Raise an alarm for a meter that sent no value for `max_age` although it could have arrived."""
        age, came_s = zone.meter.max_age, zone.came_s if zone.came_s is not None else float("-inf")
        about = {"zone": zone.meter.zone, "topic": zone.meter.topic}
        if reading.mono - came_s <= age.total_seconds():
            zone.no_value.clear(new_event("TWL-G165", **about))
        elif reading.mono - self._listening_s > age.total_seconds():
            event = new_event("TWL-G164", **about, age=say_duration(age), reason=zone.reason)
            zone.no_value.raise_(event, again=zone.no_value.raised not in (None, event))


def _about(zone: _MeteredZone) -> dict[str, object]:
    return {"zone": zone.meter.zone, "value": zone.value, "unit": zone.meter.unit}
