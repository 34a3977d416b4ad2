"""Which lamps failed their last walk test, and the lasting alarm about them. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.gateways import own_gateways
from controller.gateways.base import Gateway
from controller.gateways.dmx import Dmx
from controller.state.lamp_results import LampResult


def tested_lamps(gateway: Dmx, results: Mapping[str, LampResult]) -> dict[str, LampResult]:
    """By the name of the fixture what its last walk test said; without those that were never tested."""
    named = {fixture.name: results.get(f"{gateway.name}/{fixture.name}") for fixture in gateway.patched_fixtures}
    return {name: result for name, result in named.items() if result is not None}


def failed_lamps(gateway: Dmx, results: Mapping[str, LampResult]) -> dict[str, LampResult]:
    """The same of those that did not light."""
    return {name: result for name, result in tested_lamps(gateway, results).items() if not result.lit}


class LampAlarms:
    """Tells by gateway that lamps failed their last walk test, until they pass one or are gone from tower.yaml."""

    def __init__(self, gateways: Iterable[Gateway], on_event: Callable[[Event], None]) -> None:
        self._gateways = own_gateways(gateways)
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, on_event))

    def look(self, results: Mapping[str, LampResult]) -> None:
        """These are the results now."""
        for gateway in self._gateways:
            alarm, failed = self._alarms[gateway.name], failed_lamps(gateway, results)
            if not failed:
                alarm.clear(new_event("TWL-G137", gateway=gateway.name))
                continue
            at = max(result.at for result in failed.values())
            event = new_event("TWL-G136", gateway=gateway.name, lamps=", ".join(failed), tested=f"{at:%Y-%m-%d}")
            alarm.raise_(event, again=event != alarm.raised)
