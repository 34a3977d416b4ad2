"""What one of several controllers receives about the sites that others lead."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.app.lead import Lead, LedSites, SiteBrokers
from controller.broker.server import Broker
from controller.clock import ClockReading, Trust
from controller.events import Event
from controller.gateways.base import Message
from controller.mqtt import Address, Mqtt
from controller.service.health_watch import ONLINE
from controller.service.leadership import SURE_S
from controller.service.pair import Pair
from controller.simulation.leased_host import LeaseTable
from controller.state.leases import Lease, LeaseAnswer, LeaseQuestion, LeaseStore

PATIENCE_S = 30.0
REQUESTS, STATUS = "watertower/override/set", "watertower/controller/status"


class Hand:
    """A clock that is moved by hand."""

    mono = 100.0

    def read(self) -> ClockReading:
        """Now."""
        return ClockReading(datetime(2026, 11, 20, 18, tzinfo=UTC), self.mono, Trust.TRUSTED)

    def real_s(self, wall_s: float) -> float:
        """One to one."""
        return wall_s


class NoPage:
    """None is served."""

    def note(self) -> str:
        """Nothing."""
        return ""

    def show(self, pair: Pair) -> None:
        """To nobody."""


@dataclass
class StandingBy:
    """A controller that receives from a broker what it may have to act on."""

    port: int = 1
    store: LeaseStore | None = None
    clock: Hand = field(default_factory=Hand)
    asked: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lead = Lead(
            self.store or LeaseTable(lambda: self.clock.mono),
            LedSites(
                names=lambda: ("",),
                title=lambda _: "Tower",
                running=dict,
                broken=tuple,
                start=lambda _: None,
                stop=self._stop,
                ask=lambda _, payload: self.asked.append(payload),
            ),
            self.clock,
            {"": SiteBrokers((Address("127.0.0.1", self.port),), "watertower")},
            self.events.append,
            NoPage(),
        )

    async def _stop(self, site: str, why: str) -> None:
        """Nothing runs."""

    @property
    def client_id(self) -> str:
        """As its connection names itself."""
        return f"watertower-{self.lead.leaderships.name}-beside"

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        """Listens for as long."""
        tasks = self.lead.tasks()
        tasks.pop("lead").close()  # which asks the database
        running = [asyncio.create_task(each) for each in tasks.values()]
        yield
        for task in running:
            task.cancel()

    def handed_over(self) -> list[bytes]:
        """What it acts on where it takes the lead now."""
        self.asked.clear()
        self.lead.began("")
        return self.asked


async def until(condition: Callable[[], object]) -> None:
    """Until something is so; fails where it is not in time."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


def stop(name: str) -> bytes:
    """A safety stop."""
    return json.dumps({"version": 1, "id": name, "action": "stop", "owner": "Eva", "reason": "storm"}).encode()


async def test_a_word_that_the_broker_had_kept_is_no_sign_that_the_leader_has_heard_a_stop() -> None:
    """It may be of one who has been dead for hours: the stop is acted on. What the leader says live counts."""
    async with Broker(port=0, on_event=lambda _: None) as broker:
        address = Address("127.0.0.1", broker.port)
        this = StandingBy(broker.port)
        async with Mqtt(address, "leader") as leader, this.hearing():

            async def heard(name: str) -> None:
                async with asyncio.timeout(PATIENCE_S):
                    while stop(name) not in this.handed_over():
                        leader.publish(Message(REQUESTS, stop(name), qos=1))
                        await asyncio.sleep(0.1)

            await until(lambda: leader.connected)
            leader.publish(Message(STATUS, ONLINE, qos=1, retain=True))
            await heard("first")
            this.clock.mono += 2 * SURE_S
            async with Mqtt(address, this.client_id) as intruder:  # in whose place it connects anew
                await until(lambda: intruder.connected)
            await heard("second")
            assert this.handed_over() == [stop("first"), stop("second")]
            this.clock.mono += 2 * SURE_S
            leader.publish(Message(STATUS, ONLINE))
            await until(lambda: not this.handed_over())


async def test_a_sign_of_life_at_a_site_that_has_just_come_ends_nothing() -> None:
    """Another controller may have seen its folder first; this one has not asked for its lease yet, and goes on."""
    async with Broker(port=0, on_event=lambda _: None) as broker:
        this = StandingBy(broker.port)
        async with Mqtt(Address("127.0.0.1", broker.port), "leader") as leader, this.hearing():
            await until(lambda: leader.connected)
            async with asyncio.timeout(PATIENCE_S):
                while stop("a") not in this.handed_over():
                    leader.publish(Message(STATUS, ONLINE))
                    leader.publish(Message(REQUESTS, stop("a"), qos=1))
                    await asyncio.sleep(0.1)
                this.clock.mono += 2 * SURE_S
                while this.handed_over():
                    leader.publish(Message(STATUS, ONLINE))
                    await asyncio.sleep(0.1)
                while stop("b") not in this.handed_over():
                    leader.publish(Message(REQUESTS, stop("b"), qos=1))
                    await asyncio.sleep(0.1)


class Answers:
    """A database that answers one round after another with this lease of the site, then with the last of them."""

    def __init__(self, *leases: tuple[float, int]) -> None:
        self.left = list(leases)
        """Seconds until it ends, and its term."""

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        """It is always of whoever asks."""
        left_s, term = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return LeaseAnswer({"": Lease(question.controller, term, left_s)}, (question.controller,))

    def depart(self, controller: str) -> None:
        """Nobody minds."""


async def test_a_lead_that_was_lost_and_taken_again_is_reported_again() -> None:
    """The new term is reported, by which orders are distinguished; a lead that goes on is reported once."""
    this = StandingBy(store=Answers((5.0, 1), (5.0, 1), (0.0, 1), (5.0, 2)))
    tasks = this.lead.tasks()
    leading = asyncio.create_task(tasks.pop("lead"))
    for other in tasks.values():
        other.close()

    def terms() -> list[object]:
        return [event.fields["term"] for event in this.events if event.code == "TWL-C060"]

    await until(lambda: 2 in terms())
    leading.cancel()
    assert terms() == [1, 2]
