"""Which lamps failed their last test, and the lasting alarms about them. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.gateways import lamps_of
from controller.gateways.base import Gateway
from controller.state.lamp_results import LampFindings, LampResult, Proof

CODES: Mapping[Proof, tuple[str, str]] = {
    "person": ("TWL-G136", "TWL-G137"),
    "report": ("TWL-G155", "TWL-G157"),
    "power": ("TWL-G156", "TWL-G158"),
}
"""By who says that lamps failed: the event for it, and the one for its end."""


def tested_lamps(gateway: Gateway, results: Mapping[str, LampResult]) -> dict[str, LampResult]:
    """By the name of the lamp what its last test said; without those that were never tested."""
    named = {lamp: results.get(f"{gateway.name}/{lamp}") for lamp in lamps_of(gateway)}
    return {name: result for name, result in named.items() if result is not None}


def failed_lamps(gateway: Gateway, findings: LampFindings) -> dict[str, LampResult]:
    """By the name of the lamp the result by which it counts as failed."""
    named = {lamp: findings.failed(f"{gateway.name}/{lamp}") for lamp in lamps_of(gateway)}
    return {name: result for name, result in named.items() if result is not None}


class LampAlarms:
    """Tells by gateway that lamps failed their last test, until they pass one or are gone from tower.yaml."""

    def __init__(self, gateways: Iterable[Gateway], on_event: Callable[[Event], None]) -> None:
        self._gateways = tuple(gateways)
        self._alarms: defaultdict[tuple[str, Proof], Alarm] = defaultdict(partial(Alarm, on_event))

    def look(self, findings: LampFindings) -> None:
        """These are the results now."""
        for gateway in self._gateways:
            failed = failed_lamps(gateway, findings)
            for by in CODES:
                self._look_at(gateway, by, {lamp: result for lamp, result in failed.items() if result.by == by})

    def _look_at(self, gateway: Gateway, by: Proof, failed: Mapping[str, LampResult]) -> None:
        key, (begins, ends) = (gateway.name, by), CODES[by]
        if not failed:
            if key in self._alarms:  # not of the thousands of gateways whose lamps never failed
                self._alarms.pop(key).clear(new_event(ends, gateway=gateway.name))
            return
        alarm = self._alarms[key]
        at = max(result.at for result in failed.values())
        event = new_event(begins, gateway=gateway.name, lamps=", ".join(failed), tested=f"{at:%Y-%m-%d}")
        alarm.raise_(event, again=event != alarm.raised)
