"""The planned lamp tests, for `check`, `plan` and the page: when, before which campaign, and what will prevent them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from controller.config.load import Setup
from controller.events.models import Phrase, Reason, Text
from controller.events.words import dated
from controller.gateways import lamps_of
from controller.locale import Language
from controller.rfc3339 import rfc3339
from controller.schedule.lamp_tests import LampTest, LampTests, obstacle
from controller.schedule.plan import Program


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """A lamp test, until when its last lamp is lit, and why it cannot be made then (None: it can)."""

    test: LampTest
    until: datetime
    obstacle: Reason | None

    def text(self, now: datetime, program: Program, language: Language) -> str:
        """`The lamps are tested on Fri 13 Nov 12:00 before En vecka fri från våld.`"""
        when = dated(self.test.at.astimezone(program.place.time_zone), now, language)
        fields = {"at": when, "campaign": self.test.campaign, "reason": self.obstacle or ""}
        planned, not_then = Text("commands", "lamp_test.planned"), Text("commands", "lamp_test.not_then")
        return Phrase(planned if self.obstacle is None else not_then, fields).text(language)

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        test = self.test
        return {
            "at": rfc3339(test.at),
            "until": rfc3339(self.until),
            "campaign": test.campaign,
            "campaign_begins": rfc3339(test.begins),
            "obstacle": self.obstacle.code if self.obstacle is not None else None,
        }


def planned_tests(setup: Setup, program: Program, start: datetime, end: datetime) -> Iterator[PlannedTest]:
    """The tests from `start` on and before `end`; none without `preflight` in tower.yaml."""
    settings = setup.tower.preflight
    if settings is None:
        return
    lamps = max((len(lamps_of(each)) for each in setup.tower.gateways), default=1)
    for test in LampTests(program, settings.times).between(start, end):
        until = test.at + settings.each * lamps
        code = obstacle(program, test.at, until)
        if code is None and program.highest(test.at, until) <= 0:
            code = "test_limit"
        yield PlannedTest(test, until, Reason(code) if code is not None else None)
