"""`watertower status`: one sentence about the current state, then now, next, every gateway and the problems of the
service itself, as the running controller publishes them over MQTT.

Retained documents outlive the controller: they are shown as old, and are no answer.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NoReturn

import click

from controller.app import broker_settings
from controller.cli.client import client_id, items, no_controller, with_tower
from controller.cli.options import FOUND_PROBLEMS, INTERRUPTED, Options, common, error_text, for_each_site, print_error
from controller.cli.screen import Screen
from controller.clock import SystemClock
from controller.config.tower import Tower
from controller.errors import Unreachable, WatertowerError
from controller.events import CATALOGUE
from controller.events.formatters import json_text
from controller.events.models import printable
from controller.events.words import LOOKS, span, value_words, with_names
from controller.mqtt import Mqtt
from controller.service.health import WORST_FIRST, Degradation, GatewayHealth, Health, status_value
from controller.service.health_report import MOST_NAMED
from controller.service.health_watch import HEARTBEAT_S, HealthWatch
from controller.service.sentence import facts_of, sentence

LOOK_S = 0.05
LONG_S = 2 * HEARTBEAT_S
READ_S = 3.0
"""Seconds to wait for the documents of single gateways; without them their details are left out."""
WIDEST = 500
"""Most characters of a line; data from MQTT can neither fill the terminal nor control it."""
MARKS = {"confirmed": "✓", "pending": "…", "differs": "▲", "silent": "✕", "unknown": "?"}


@click.command("status")
@click.option("--watch", is_flag=True)
@click.option("-v", "--verbose", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site("watch")
def command(options: Options, watch: bool, verbose: bool, as_json: bool) -> None:
    """Show the current state. Exit code 1 if a lamp is not as it should be or the service has a problem, 69 if no
    controller answers."""
    try:
        health = with_tower(
            options, lambda tower: asyncio.run(_StatusQuery(tower, options, as_json, verbose).run(watch))
        )
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    raise SystemExit(0 if health.is_well else FOUND_PROBLEMS)


class _StatusQuery:
    """One query: what has been received so far, and how it is shown."""

    def __init__(self, tower: Tower, options: Options, as_json: bool, verbose: bool) -> None:
        self._tower = tower
        self._options = options
        self._as_json = as_json
        self._verbose = verbose
        self._brokers = broker_settings.addresses(tower.mqtt, options.service_state)
        self._clock = SystemClock()
        self._health_watch = HealthWatch(tower.mqtt.topic_prefix, self._clock.read().mono)

    async def run(self, watch: bool) -> Health:
        """Returns the document of a live controller. Raises Unreachable, as `no_controller` and `items` do."""
        is_small = len(self._tower.gateways) <= MOST_NAMED
        async with self._connection(
            *self._health_watch.topics, *([self._health_watch.gateway_topics] if is_small else [])
        ) as mqtt:
            if watch:
                await self._watch(mqtt)
            await self._wait_for_controller(mqtt)
            absent = self._absent(mqtt)
        if not is_small and self._lives:
            await self._read_unconfirmed()
        waited_s = self._clock.read().mono - self._health_watch.began_s
        if waited_s > LONG_S and self._lives:
            click.echo(self._options.text("status.slow", seconds=f"{waited_s:.0f}"), err=True)
        if self._health_watch.health is not None:
            click.echo(self._text(self._health_watch.health, indent=2))
            if self._lives:
                return self._health_watch.health
        raise absent

    def _absent(self, mqtt: Mqtt) -> Unreachable:
        unreadable = f"{self._health_watch.prefix}/controller/#" if self._health_watch.beats(self._clock.read()) else ""
        return no_controller(mqtt, self._brokers, self._options.state_dir, unreadable)

    def _connection(self, *topics: str) -> Mqtt:
        name = client_id(self._health_watch.prefix, "status")
        return Mqtt(self._brokers, name, subscriptions=tuple((topic, 0) for topic in topics))

    async def _read_unconfirmed(self) -> None:
        """With many gateways, reads only the documents of those that are not confirmed."""
        health = self._health_watch.health
        names = [each.name for each in health.unconfirmed] if health is not None else []
        if not names:
            return
        topics = (self._health_watch.gateway_topics.replace("+", name) for name in names)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_S), self._connection(*topics) as mqtt:
                async for item in items(mqtt, self._brokers):
                    self._health_watch.take(item, self._clock.read())
                    if self._health_watch.has_documents_of(names):
                        return

    async def _wait_for_controller(self, mqtt: Mqtt) -> None:
        """Waits until the controller gives a sign of life, or has given none for too long."""
        listening = asyncio.create_task(self._listen(mqtt))
        while not listening.done() and not self._health_watch.is_over(self._clock.read(), len(self._brokers)):
            await asyncio.wait([listening], timeout=LOOK_S)
        if not listening.done():
            listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening

    async def _listen(self, mqtt: Mqtt) -> None:
        async for item in items(mqtt, self._brokers):
            self._health_watch.take(item, self._clock.read())

    async def _watch(self, mqtt: Mqtt) -> NoReturn:
        """Shows each change, and each time that nobody answers any more."""
        with Screen() as screen:
            while True:
                try:
                    await self._follow(mqtt, screen)
                except Unreachable as error:
                    self._warn(error, screen)

    async def _follow(self, mqtt: Mqtt, screen: Screen) -> None:
        """Follows until the broker cannot be reached. Raises Unreachable."""
        shown, lived = None, True
        listening = asyncio.create_task(self._listen(mqtt))
        while not listening.done():
            await asyncio.wait([listening], timeout=LOOK_S)
            screen.redraw()
            if (health := self._health_watch.health) is not shown and health is not None and self._lives:
                screen.show(self._text(health, indent=None))
                shown, lived = health, True
            elif lived and not self._lives and self._health_watch.is_over(self._clock.read(), len(self._brokers)):
                self._warn(self._absent(mqtt), screen)
                lived = False
        await listening

    def _warn(self, error: WatertowerError, screen: Screen) -> None:
        """Prints a warning: on a terminal above the last known state, which is marked as old; else on stderr alone."""
        if not screen.is_terminal or self._as_json:
            print_error(error, self._options)
            return
        old = [self._text(self._health_watch.health, indent=None)] if self._health_watch.health is not None else []
        screen.show("\n".join((error_text(error, self._options), "", *old)))

    @property
    def _lives(self) -> bool:
        return self._health_watch.lives(self._clock.read())

    def _text(self, health: Health, indent: int | None) -> str:
        gateways = self._health_watch.gateways
        if self._as_json:
            return json_text(status_value(health, gateways), indent)
        ahead_s = self._health_watch.clock_ahead_s(self._clock.read())
        names = self._tower.landmark.zone_names(self._options.language)
        facts = facts_of(self._tower, health, gateways, lives=self._lives)
        table = status_table(
            health_with_names(health, names),
            [each.model_copy(update={"zones": with_names(each.zones, names)}) for each in gateways],
            self._tower.site.place.time_zone,
            self._options,
            lives=self._lives,
            ahead_s=ahead_s,
            exact=self._verbose,
        )
        return f"{printable(sentence(facts, self._options.language).main, WIDEST)}\n{table}"


def health_with_names(health: Health, names: Mapping[str, str]) -> Health:
    """The same with the names that people use for the zones."""
    now, following = (
        cue and cue.model_copy(update={"looks": with_names(cue.looks, names)}) for cue in (health.now, health.next)
    )
    degradations = [one.model_copy(update={"fields": _fields_named(one.fields, names)}) for one in health.degradations]
    return health.model_copy(update={"now": now, "next": following, "degradations": tuple(degradations)})


def _fields_named(fields: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {
        key: with_names(value, names) if key in LOOKS and isinstance(value, Mapping) else value
        for key, value in fields.items()
    }


def status_table(  # noqa: PLR0913  everything that is shown
    health: Health,
    gateways: Sequence[GatewayHealth],
    zone: tzinfo,
    options: Options,
    *,
    lives: bool,
    ahead_s: float | None = None,
    exact: bool = False,
) -> str:
    """The state in lines; `ahead_s` is how far this computer's clock is ahead of the controller's, and `exact` adds the
    hex value of colours."""
    text, language = options.text, options.language
    trust = value_words("trust", health.clock.value, language)
    lines = [
        f"{health.site}  {_local(health.at, zone)}  {text('status.clock')}: {trust}",
        f"{text('status.now')}: {health.now.text(language, zone, exact=exact)}",
        f"{text('status.confirmed')}: {health.confirmed} / {health.total} ({text('status.by_gateways')})",
    ]
    if not lives:
        lines.append(f"! {text('status.no_controller')}")
    if health.lead is not None:
        lines.append(health.lead.phrase(zone).text(language))
    if ahead_s is not None:
        amount, unit = span(abs(ahead_s))
        signed = f"{'-' if ahead_s < 0 else '+'}{amount:g}"
        lines.append(f"! {text('status.clock_differs', amount=signed, unit=value_words('unit', unit, language))}")
    if health.next is not None:
        following = health.next.text(language, exact=exact)
        lines.append(f"{text('status.next')}: {_local(health.next.at, zone)} {following}")
    lines.extend(_degradation(one, zone, options) for one in health.degradations)
    if health.total > MOST_NAMED:
        counts = ((status, health.counts.get(status, 0)) for status in WORST_FIRST)
        lines.append("  ".join(f"{MARKS[status]} {text(f'status.zone.{status}')}: {count}" for status, count in counts))
    for gateway in (
        gateways if health.total <= MOST_NAMED else (each for each in gateways if each.status != "confirmed")
    ):
        lines.extend(_gateway_lines(gateway, health, zone, options, exact))
    unnamed = health.total - health.confirmed - len(health.unconfirmed)
    if unnamed > 0:
        lines.append(f"  … {unnamed}")
    return "\n".join(printable(line, WIDEST) for line in lines)


def _gateway_lines(
    gateway: GatewayHealth, health: Health, zone: tzinfo, options: Options, exact: bool
) -> Iterator[str]:
    text, age_s = options.text, health.heard_s.get(gateway.name)
    age = "–" if age_s is None else f"{age_s:.0f} s"
    if gateway.online is False and gateway.status == "silent":
        age = f"{age}, {text('status.left')}"
    codes = dict.fromkeys((*([gateway.code] if gateway.code else []), *gateway.problems))
    info = (f"  {text(f'status.info.{name}', value=value)}" for name, value in gateway.info if value is not None)
    yield f"  {gateway.name} ({gateway.kind})  {text('status.heard')} {age}{''.join(info)}  {' '.join(codes)}".rstrip()
    for kind in (CATALOGUE[code] for code in gateway.problems if code in CATALOGUE):
        yield f"    {kind.code}: {kind.meaning.format(options.language, {})}"
    for name, shown in gateway.zones.items():
        state = f"{MARKS[shown.status]} {text(f'status.zone.{shown.status}')}"
        looks = gateway.zone_text(name, options.language, health.at.astimezone(zone), exact=exact)
        yield f"    {name:12} {state:28} {looks}"


def _degradation(one: Degradation, zone: tzinfo, options: Options) -> str:
    mark = "·" if one.is_harmless else "!"
    return f"{mark} {one.code} {options.text('status.since')} {_local(one.since, zone)}: {one.text(options.language)}"


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
