"""The shipped campaign in real processes on real brokers, in years that are not this one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Program, Site
from tests.nights.waiting import until

AT_ONCE = timedelta(seconds=2)
SOON = timedelta(seconds=5)
EARLY = timedelta(seconds=0.1)
FADE_IN = timedelta(seconds=30)
FADE_OUT = timedelta(seconds=3)
REPORTED = "watertower/gateway/mast/reported"


@dataclass
class Night:
    """One controller that lives from just before a cue on, and what its gateway reports."""

    cue: datetime
    begins: datetime
    began_s: float
    """What the clock of the service showed at an instant of this machine's."""
    ear: Listen
    controller: Program

    @property
    def latest(self) -> datetime:
        """When what the cue changes must be seen: at once, or soon where a slow computer starts the service late."""
        return max(self.cue + AT_ONCE, self.started + SOON)

    @property
    def started(self) -> datetime:
        """When the gateway began, by its own log."""
        (started,) = until(lambda: self.controller.events("TWL-D001"), "the gateway does not begin")
        return datetime.fromisoformat(started["at"])

    def came(self, heard: Any) -> datetime:
        """When a report came, by the clock of the service: not before the instant in it. Its own instant is behind by
        the time that the document was under way from which the gateway took the time."""
        return self.begins + timedelta(seconds=heard.at_s - self.began_s)

    @property
    def reports(self) -> list[Any]:
        """Those with every zone, from the first document for the gateway on."""
        told = self.ear.on(REPORTED)
        return [one for one in told if len(one.document["zones"]) == 2 and one.document["by"] != "boot"]

    def first(self, is_wanted: Any, after: Any = None) -> Any:
        """The first report like this, after the first like that."""
        rest = iter(self.reports)
        if after is not None:
            next((one for one in rest if after(one.document["zones"].values())), None)
        return next((one for one in rest if is_wanted(one.document["zones"].values())), None)


def is_dark(zones: Any) -> bool:
    return not any(zone["on"] for zone in zones)


def is_light(zones: Any) -> bool:
    return any(zone["on"] for zone in zones)


def test_the_shipped_campaign_is_reported_at_its_cues(
    sites: Callable[[], Site], mosquittos: Callable[..., Mosquitto], ear: Listen, words: Words
) -> None:
    """Light begins within two seconds of midnight, of sunset and of another year's sunset; the fade ends as promised;
    and the last night is dark at 24:00. (Its fade is shortened from two minutes, for which no test need wait.)"""

    def night(cue: str, from_s: float) -> Night:
        at = words.instant(cue)
        broker = mosquittos()
        site = sites().on_broker(broker.port, "controller")
        site.edit("schedule.yaml", "fade_out: 2 min", "fade_out: 2 s")
        begins, began_s = at + timedelta(seconds=from_s), time.monotonic()
        site.travel(begins)
        return Night(at, begins, began_s, ear(broker), site.controller())

    def is_full(zones: Any) -> bool:
        return {"bowl": words.orange, "shaft": words.orange} == dict(zip(("bowl", "shaft"), zones, strict=True))

    midnight = night("2026-11-19 23:00:00", -10)
    other_year = night("2023-11-26 14:33:02", -10)
    mid_fade = night("2026-11-20 14:41:13", 18)
    last_dark = night("2026-11-26 23:00:00", -16)

    for begins in (midnight, other_year):
        lit = words.until(lambda b=begins: b.first(is_light), "no light")
        assert begins.cue - EARLY <= begins.came(lit)
        assert lit.at <= begins.latest
    full = words.until(lambda: mid_fade.first(is_full), "the fade does not end")
    assert mid_fade.cue + FADE_IN - EARLY <= mid_fade.came(full)
    assert full.at <= mid_fade.latest + FADE_IN
    # a computer that needs so long to start the service sees no light before the end
    before = None if last_dark.started + FADE_OUT > last_dark.cue else is_light
    dark = words.until(lambda: last_dark.first(is_dark, after=before), "it stays lit")
    assert last_dark.cue - EARLY <= last_dark.came(dark)
    assert dark.at <= last_dark.latest
