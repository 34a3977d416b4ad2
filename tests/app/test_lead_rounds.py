"""The rounds of one of several controllers: where its clock is not as that of the database, and where they fail."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from unittest.mock import AsyncMock

from controller.app.lead import Lead, LedSites
from controller.clock import ClockReading, SystemClock, Trust
from controller.events import Event
from controller.events.models import Reason
from controller.service.pair import Pair
from controller.simulation.leased_host import LeaseTable
from controller.state.json_file import Unusable
from controller.state.leases import LeaseAnswer, LeaseQuestion

PATIENCE_S = 20.0
HELD_S = 3.0
NORTH = frozenset({"north"})


@dataclass
class WrongClock:
    """That of this machine, so far ahead; no time server holds it, unless it is `trusted`."""

    ahead: timedelta
    trusted: bool = False
    real: SystemClock = field(default_factory=SystemClock)

    def read(self) -> ClockReading:
        reading = self.real.read()
        trust = Trust.TRUSTED if self.trusted else Trust.PLAUSIBLE
        return replace(reading, wall=reading.wall + self.ahead, trust=trust)

    def real_s(self, wall_s: float) -> float:
        return wall_s


class Database:
    """Leases, with a clock that is right."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.leases = LeaseTable(lambda: self.clock.read().mono)
        self.asked: list[LeaseQuestion] = []

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        self.asked.append(question)
        return replace(self.leases.exchange(question), at=self.clock.read().wall)

    def depart(self, controller: str) -> None:
        self.leases.depart(controller)

    def holder(self) -> str:
        """Who leads north; empty where nobody does."""
        leases = self.leases.exchange(LeaseQuestion("nobody")).leases
        return leases["north"].holder if "north" in leases and leases["north"].left_s > 0 else ""


class NoPage:
    """None is served."""

    def note(self) -> str:
        return ""

    def show(self, pair: Pair) -> None:
        """Nobody looks."""


async def led(database: Database, clock: WrongClock, rounds: int) -> tuple[set[str], list[str]]:
    """The sites that a controller with this clock runs after so many rounds, and the codes of its events."""
    running: dict[str, int] = {}
    events: list[Event] = []

    async def stop(site: str, _why: str) -> None:
        running.pop(site, None)

    sites = LedSites(
        names=lambda: ("north",),
        title=str,
        running=lambda: running,
        broken=tuple,
        start=lambda site: running.setdefault(site, 1),  # type: ignore[arg-type,return-value]
        stop=stop,
        ask=lambda _site, _payload: None,
    )
    lead = Lead(database, sites, clock, {}, events.append, NoPage())
    work = asyncio.create_task(lead.tasks()["lead"])
    try:
        async with asyncio.timeout(PATIENCE_S):
            began = len(database.asked)
            while len(database.asked) - began < rounds:
                await asyncio.sleep(0.01)
    finally:
        work.cancel()
    return set(running), [event.code for event in events]


async def test_who_goes_by_another_time_than_the_database_leaves_its_sites_to_one_who_does_not() -> None:
    """It reports why; while no other controller is there it goes on leading."""
    database = Database()
    running, codes = await led(database, WrongClock(timedelta(hours=3)), 3)
    assert (running, codes) == (NORTH, ["TWL-T008", "TWL-C060"])
    assert database.asked[0].able == ("north",)
    assert database.asked[-1].able == ()
    database = Database()
    database.leases.exchange(LeaseQuestion("right-1", able=("north",)))
    running, codes = await led(database, WrongClock(timedelta(hours=-3)), 3)
    assert not running
    assert "TWL-T008" in codes
    assert database.holder() == ""


class Held(Database):
    """One whose tables somebody holds, once north is led: each question fails after as long as is waited."""

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        if self.asked:
            time.sleep(HELD_S)
            raise Unusable(Reason("database_locked"))
        return super().exchange(question)


async def test_a_leader_whose_questions_fail_late_is_never_mute() -> None:
    """What it would say then is dropped, as a safety stop."""
    database, clock = Held(), WrongClock(timedelta(0))
    sites = LedSites(
        names=lambda: ("north",),
        title=str,
        running=dict,
        broken=tuple,
        start=lambda _site: None,
        stop=AsyncMock(),
        ask=lambda _site, _payload: None,
    )
    lead = Lead(database, sites, clock, {}, lambda _event: None, NoPage())
    work = asyncio.create_task(lead.tasks()["lead"])
    try:
        async with asyncio.timeout(PATIENCE_S):
            await lead.asked.wait()
        end_s = clock.read().mono + 2 * HELD_S
        while clock.read().mono < end_s:
            assert lead.leaderships["north"].may_publish(clock.read().mono)
            await asyncio.sleep(0.05)
    finally:
        work.cancel()


async def test_a_clock_that_a_time_server_holds_is_believed_before_that_of_the_database() -> None:
    """The difference is reported all the same."""
    database = Database()
    database.leases.exchange(LeaseQuestion("other-1", able=("north",)))
    running, codes = await led(database, WrongClock(timedelta(hours=3), trusted=True), 3)
    assert running == NORTH
    assert "TWL-T008" in codes
