"""`watertower check-gateway NAME`: whether a gateway, ours or another, keeps the contract of `gateways/wire.py`.

The command listens to it as the controller would and, if no controller is running, sends it documents as one would: its
lamps turn orange, blue and dark for a minute. The desired document is removed from its topic at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import click

from controller.app import broker_settings
from controller.broker.access import Admission
from controller.broker.server import Broker
from controller.cli.client import client_id, items
from controller.cli.gateway import find
from controller.cli.options import FOUND_PROBLEMS, Options, common
from controller.clock import Clock, SystemClock
from controller.config.load import Setup, load
from controller.errors import Unreachable
from controller.events.formatters import json_text
from controller.events.words import looks_words
from controller.gateways import wire
from controller.gateways.base import Message, Order, Rejected, Report
from controller.gateways.dmx import Dmx
from controller.mqtt import Mqtt, Received
from controller.service.health_watch import HEARTBEAT_S, ONLINE
from controller.service.values import Value, reported_value

Verdict = Literal["kept", "broken", "not_tried"]
MARKS = {"kept": "✓", "broken": "✕", "not_tried": "–"}
PROMISES = (
    "availability", "report", "pace", "zones", "uptime", "clock", "obeys", "dark", "unknown_keys", "stale", "poison",
    "garbage", "replaces", "plan", "sequence", "after", "restart", "last_will",
)  # fmt: skip
WITHIN_S = 5.0
"""Seconds within which a gateway shows and reports what it is sent, and refuses what it must not accept."""
STEP_S = 5.0
CLOCKS_APART_S = 5.0
ORANGE, BLUE = "#FF6A00", "#0000FF"


@click.command("check-gateway")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@common
def command(options: Options, name: str, as_json: bool) -> None:
    """Test the promises one after another, and show which of them the gateway keeps."""
    setup = load(options.folder)
    gateway = find(setup, name)
    check = asyncio.run(_checked(setup, gateway, options.service_state))
    if as_json:
        promises = [
            {"promise": promise, "result": check.verdicts[promise], "reported": check.reported.get(promise)}
            for promise in PROMISES
        ]
        document = {"version": 1, "gateway": name, "controller_lives": check.controller_lives, "promises": promises}
        click.echo(json_text(document, indent=2))
    else:
        click.echo("\n".join(_lines(check, options)))
    raise SystemExit(FOUND_PROBLEMS if "broken" in check.verdicts.values() else 0)


def _lines(check: "GatewayCheck", options: Options) -> Iterator[str]:
    text = options.text
    for promise in PROMISES:
        verdict = check.verdicts[promise]
        yield f"{MARKS[verdict]} {text(f'check-gateway.{verdict}'):12} {text(f'check-gateway.promise.{promise}')}"
        if verdict == "broken":
            reported = check.reported.get(promise)
            looks = looks_words(reported, options.language) if reported else "–"
            yield f"    {text('check-gateway.reported', looks=looks)}"
    if check.controller_lives:
        yield f"! {text('check-gateway.controller_lives')}"


async def _checked(setup: Setup, gateway: Dmx, state: Path) -> "GatewayCheck":
    """Runs the test. Raises Unreachable TWL-Q101."""
    prefix = setup.tower.mqtt.topic_prefix
    async with _broker(setup, state):
        brokers = broker_settings.addresses(setup.tower.mqtt, state)
        leaves = ("reported", "availability")
        topics = [*(gateway.topic(leaf, prefix) for leaf in leaves), f"{prefix}/controller/status"]
        subscriptions = tuple((topic, 1) for topic in topics)
        async with Mqtt(brokers, client_id(prefix, "check-gateway"), subscriptions=subscriptions) as mqtt:
            check = GatewayCheck(gateway, prefix, mqtt.publish, SystemClock())
            await check.run(items(mqtt, brokers))
            await asyncio.sleep(HEARTBEAT_S / 4)  # lets the last message be sent
    return check


@asynccontextmanager
async def _broker(setup: Setup, state: Path) -> AsyncIterator[None]:
    """The embedded broker, if tower.yaml asks for it and no service runs it."""
    settings = setup.tower.mqtt
    async with AsyncExitStack() as stack:
        if settings.is_embedded:
            admission = Admission(
                broker_settings.users(setup.tower),
                broker_settings.own_password(state),
                f"{settings.topic_prefix.replace('/', '-')}-",
            )
            host, port = broker_settings.listens(settings)
            with suppress(Unreachable):
                await stack.enter_async_context(Broker(host, port, admission=admission, on_event=lambda _: None))
        yield


@dataclass
class GatewayCheck:
    """One gateway under test: what it has reported, and which promises it keeps."""

    gateway: Dmx
    prefix: str
    publish: Callable[[Message], None]
    clock: Clock
    verdicts: dict[str, Verdict] = field(default_factory=lambda: dict.fromkeys(PROMISES, "not_tried"))
    reported: dict[str, dict[str, Value]] = field(default_factory=dict)
    controller_lives: bool = False
    _last: Report | None = None
    _count: int = 0
    """Number of live reports."""
    _is_understood: bool = True
    _online: bool = False
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _order: Order = Order()

    async def run(self, received: AsyncIterator[object]) -> None:
        """Tests every promise; raises the errors of the connection."""
        listening = asyncio.create_task(self._listen(received), name="check-gateway: listen")
        trying = asyncio.create_task(self._try(), name="check-gateway: try")
        done, _ = await asyncio.wait({listening, trying}, return_when=asyncio.FIRST_COMPLETED)
        for task in (listening, trying):
            task.cancel()
        for task in done:
            task.result()

    async def _try(self) -> None:
        await self._check_own_reports()
        if not self.controller_lives and self._last is not None:
            await self._try_orders()

    async def _listen(self, received: AsyncIterator[object]) -> None:
        async for item in received:
            if isinstance(item, Received):
                self._receive(item)
                self._arrived.set()

    def _receive(self, item: Received) -> None:
        if item.topic == f"{self.prefix}/controller/status":
            self.controller_lives |= not item.retain and item.payload == ONLINE
            return
        report = self.gateway.decode(item.topic, item.payload, self.prefix)
        if isinstance(report, Rejected):
            self._is_understood = False
        elif isinstance(report, Report) and report.online is not None:
            self._online = report.online
        elif isinstance(report, Report):
            self._last = report
            self._count += not item.retain

    async def _until(self, holds: Callable[[Report], bool], within_s: float = WITHIN_S) -> bool:
        """Whether a report for which `holds` is true arrives, or has arrived, in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._last is None or not holds(self._last):
                    self._arrived.clear()
                    await self._arrived.wait()
                return True
        return False

    def _note(self, promise: str, kept: bool) -> None:
        self.verdicts[promise] = "kept" if kept else "broken"
        if not kept and self._last is not None:
            self.reported[promise] = {zone: reported_value(look, {}) for zone, look in self._last.zones.items()}

    async def _check_own_reports(self) -> None:
        """Checks what the gateway reports without being sent anything."""
        pause_s = 1.5 * self.gateway.report_every.total_seconds() + 1.0
        await self._until(lambda _: self._count >= 1, pause_s)
        first, count = self._last, self._count
        self._note("report", first is not None and self._is_understood)
        self._note("availability", self._online)
        if first is None:
            return
        self._note("zones", set(first.zones) == set(self.gateway.zone_names))
        self._note("pace", await self._until(lambda _: self._count > count, pause_s))
        last = self._last
        if self.verdicts["pace"] == "kept" and last is not None:
            self._note("uptime", last.uptime_s is not None and last.uptime_s > (first.uptime_s or 0.0))
        if last is not None and last.clock == "own" and last.at is not None:
            apart_s = abs((last.at - self._now()).total_seconds())
            self._note("clock", apart_s <= CLOCKS_APART_S + pause_s)

    async def _try_orders(self) -> None:
        """Checks what a controller may send; the newest document always makes the gateway dark in the end."""
        seen = self._last.order if self._last is not None and self._last.order is not None else Order()
        self._order = Order(min(seen.epoch, wire.MAX_EPOCH - 1) + 1, 0)
        replaces = seen if self._order < seen else None
        self._note("obeys", await self._obeys(ORANGE, replaces=replaces))
        future = self._document(BLUE).model_dump(mode="json", exclude_none=True) | {"of_a_later_version": {"x": 1}}
        self._send(json_text(future).encode())
        self._note("unknown_keys", await self._until(lambda report: self._shows(report, BLUE)))
        self._note("dark", await self._obeys(None))
        for promise, order in (("stale", Order(self._order.epoch, 1)), ("poison", Order(wire.MAX_EPOCH + 1, 0))):
            self._send_document(self._document(ORANGE, order=order))
            self._note(promise, await self._refuses())
        self._send(b'{"version": 1, "zones": \xff')
        self._note("garbage", await self._refuses())
        held, self._order = self._order, Order(self._order.epoch, 1)
        self._note("replaces", await self._obeys(BLUE, replaces=held))
        self._order = held
        await self._try_plan()
        self._send_document(self._document(None))
        await self._until(lambda report: report.order == self._order and self._shows(report, None))
        self._send(b"")

    async def _try_plan(self) -> None:
        """Checks what the gateway does without a controller."""
        soon = self._now() + timedelta(seconds=WITHIN_S)
        cues = (self._cue(self._now(), None), self._cue(soon, BLUE))
        await self._obeys(None, cues=cues)
        alone = await self._until(lambda report: report.by == "plan" and self._shows(report, BLUE), 2 * WITHIN_S)
        self._note("plan", alone)
        steps = wire.SequenceDocument(colors=(ORANGE, BLUE), change_every_s=STEP_S, started_at=self._now())
        self._send_document(self._document(ORANGE, sequence=steps))
        began = await self._until(lambda report: report.order == self._order and self._shows(report, ORANGE))
        self._note("sequence", began and await self._until(lambda report: self._shows(report, BLUE), STEP_S + WITHIN_S))
        await self._obeys(ORANGE, valid_for_s=WITHIN_S)
        over = await self._until(lambda report: report.by == "after" and self._shows(report, None), 3 * WITHIN_S)
        self._note("after", over)

    async def _obeys(self, color: str | None, **more: Any) -> bool:
        """Whether it shows a colour, or dark, and reports the command; `more` is put in the document."""
        document = self._document(color, **more)
        self._send_document(document)
        behalf = document.order, document.command_id, "desired"
        return await self._until(
            lambda report: (report.order, report.command_id, report.by) == behalf and self._shows(report, color)
        )

    async def _refuses(self) -> bool:
        """Whether it reports that it refuses, and continues as before."""
        refused = await self._until(lambda report: wire.REFUSED in report.problems)
        last = self._last
        is_same = last is not None and last.order == self._order and self._shows(last, None)
        await self._obeys(None)  # the refusal is over
        return refused and is_same

    def _shows(self, report: Report, color: str | None) -> bool:
        """Whether a report has all zones in a colour, or dark."""
        desired = self._look(color).state(self._now())
        return all(
            zone in report.zones
            and (self.gateway.agrees(zone, desired, report.zones[zone]) if color else report.zones[zone].on is False)
            for zone in self.gateway.zone_names
        )

    def _now(self) -> datetime:
        return self.clock.read().wall

    @staticmethod
    def _look(color: str | None, sequence: wire.SequenceDocument | None = None) -> wire.ZoneLook:
        brightness = 1.0 if color else 0.0
        return wire.ZoneLook(on=bool(color), color=color or "#000000", brightness=brightness, sequence=sequence)

    def _cue(self, at: datetime, color: str | None) -> wire.PlannedCue:
        return wire.PlannedCue(at=at, zones=dict.fromkeys(self.gateway.zone_names, self._look(color)))

    def _document(
        self,
        color: str | None,
        *,
        order: Order | None = None,
        replaces: Order | None = None,
        cues: tuple[wire.PlannedCue, ...] = (),
        sequence: wire.SequenceDocument | None = None,
        valid_for_s: float = 3_600.0,
    ) -> wire.DesiredDocument:
        """The next document, with the next revision unless `order` is given."""
        if order is None:
            self._order = order = Order(self._order.epoch, self._order.revision + 1)
        now = self._now()
        zones = dict.fromkeys(self.gateway.zone_names, self._look(color, sequence))
        return wire.DesiredDocument(
            version=1,
            epoch=order.epoch,
            revision=order.revision,
            replaces=wire.Replaced(epoch=replaces.epoch, revision=replaces.revision) if replaces else None,
            command_id=f"check-{order.epoch}.{order.revision}",
            issued_at=now,
            valid_until=now + timedelta(seconds=valid_for_s),
            zones=zones,
            cues=cues,
            after=wire.After(hold_s=1.0, zones=dict.fromkeys(zones, self._look(None))),
        )

    def _send_document(self, document: wire.DesiredDocument) -> None:
        self._send(document.model_dump_json(exclude_none=True).encode())

    def _send(self, payload: bytes) -> None:
        self.publish(Message(self.gateway.topic("desired", self.prefix), payload, qos=1, retain=True))
