"""`watertower status`: one sentence that says how it stands, then now, next, every gateway and what is wrong with the
service itself, as the running controller tells it over MQTT.

What is retained outlives the controller: it is shown as what it is, and is no answer.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NoReturn

import click

from controller.app import broker_settings
from controller.cli.client import client_id, items, unheard, with_tower
from controller.cli.options import FOUND_PROBLEMS, INTERRUPTED, Options, common, for_each_site, said, tell
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
"""So long the documents of single gateways may take to come; what they say in addition is left out otherwise."""
WIDEST = 500
"""Letters of a line; what came over MQTT can neither fill the terminal nor steer it."""
MARKS = {"confirmed": "✓", "pending": "…", "differs": "▲", "silent": "✕", "unknown": "?"}


@click.command("status")
@click.option("--watch", is_flag=True)
@click.option("-v", "--verbose", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site("watch")
def command(options: Options, watch: bool, verbose: bool, as_json: bool) -> None:
    """How it stands now. Exit code 1 where a lamp is not as it should be or something is wrong with the service, 69
    where no controller answers."""
    try:
        health = with_tower(options, lambda tower: asyncio.run(_Asking(tower, options, as_json, verbose).held(watch)))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    raise SystemExit(0 if health.is_well else FOUND_PROBLEMS)


class _Asking:
    """One conversation: what was told so far, and how it is shown."""

    def __init__(self, tower: Tower, options: Options, as_json: bool, verbose: bool) -> None:
        self._tower = tower
        self._options = options
        self._as_json = as_json
        self._verbose = verbose
        self._brokers = broker_settings.addresses(tower.mqtt, options.service_state)
        self._clock = SystemClock()
        self._news = HealthWatch(tower.mqtt.topic_prefix, self._clock.read().mono)

    async def held(self, watch: bool) -> Health:
        """The document of a controller that lives. Raises Unreachable, as `unheard` and `items` do."""
        is_small = len(self._tower.gateways) <= MOST_NAMED
        async with self._connection(*self._news.topics, *([self._news.gateway_topics] if is_small else [])) as mqtt:
            if watch:
                await self._watch(mqtt)
            await self._ask(mqtt)
            absent = self._absent(mqtt)
        if not is_small and self._lives:
            await self._read_unconfirmed()
        waited_s = self._clock.read().mono - self._news.began_s
        if waited_s > LONG_S and self._lives:
            click.echo(self._options.say("status.slow", seconds=f"{waited_s:.0f}"), err=True)
        if self._news.health is not None:
            click.echo(self._said(self._news.health, indent=2))
            if self._lives:
                return self._news.health
        raise absent

    def _absent(self, mqtt: Mqtt) -> Unreachable:
        withheld = f"{self._news.prefix}/controller/#" if self._news.beats(self._clock.read()) else ""
        return unheard(mqtt, self._brokers, self._options.state_dir, withheld)

    def _connection(self, *topics: str) -> Mqtt:
        name = client_id(self._news.prefix, "status")
        return Mqtt(self._brokers, name, subscriptions=tuple((topic, 0) for topic in topics))

    async def _read_unconfirmed(self) -> None:
        """Of many gateways only the documents of those that are not confirmed."""
        health = self._news.health
        names = [each.name for each in health.unconfirmed] if health is not None else []
        if not names:
            return
        topics = (self._news.gateway_topics.replace("+", name) for name in names)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READ_S), self._connection(*topics) as mqtt:
                async for item in items(mqtt, self._brokers):
                    self._news.take(item, self._clock.read())
                    if self._news.has_documents_of(names):
                        return

    async def _ask(self, mqtt: Mqtt) -> None:
        """Until the controller gives a sign of life, or has not for so long as it would."""
        listening = asyncio.create_task(self._listen(mqtt))
        while not listening.done() and not self._news.is_over(self._clock.read(), len(self._brokers)):
            await asyncio.wait([listening], timeout=LOOK_S)
        if not listening.done():
            listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening

    async def _listen(self, mqtt: Mqtt) -> None:
        async for item in items(mqtt, self._brokers):
            self._news.take(item, self._clock.read())

    async def _watch(self, mqtt: Mqtt) -> NoReturn:
        """Each change, and each time that nobody answers any more."""
        with Screen() as screen:
            while True:
                try:
                    await self._follow(mqtt, screen)
                except Unreachable as error:
                    self._warn(error, screen)

    async def _follow(self, mqtt: Mqtt, screen: Screen) -> None:
        """Until the broker cannot be reached any more. Raises Unreachable."""
        shown, lived = None, True
        listening = asyncio.create_task(self._listen(mqtt))
        while not listening.done():
            await asyncio.wait([listening], timeout=LOOK_S)
            screen.look()
            if (health := self._news.health) is not shown and health is not None and self._lives:
                screen.show(self._said(health, indent=None))
                shown, lived = health, True
            elif lived and not self._lives and self._news.is_over(self._clock.read(), len(self._brokers)):
                self._warn(self._absent(mqtt), screen)
                lived = False
        await listening

    def _warn(self, error: WatertowerError, screen: Screen) -> None:
        """On a terminal with what was known last below it, said to be old; else on stderr alone."""
        if not screen.is_terminal or self._as_json:
            tell(error, self._options)
            return
        old = [self._said(self._news.health, indent=None)] if self._news.health is not None else []
        screen.show("\n".join((said(error, self._options), "", *old)))

    @property
    def _lives(self) -> bool:
        return self._news.lives(self._clock.read())

    def _said(self, health: Health, indent: int | None) -> str:
        gateways = self._news.gateways
        if self._as_json:
            return json_text(status_value(health, gateways), indent)
        ahead_s = self._news.clock_ahead_s(self._clock.read())
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
    """The same under the names that people use for the zones."""
    now, following = (
        cue and cue.model_copy(update={"looks": with_names(cue.looks, names)}) for cue in (health.now, health.next)
    )
    told = [one.model_copy(update={"fields": _fields_named(one.fields, names)}) for one in health.degradations]
    return health.model_copy(update={"now": now, "next": following, "degradations": tuple(told)})


def _fields_named(fields: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {
        key: with_names(value, names) if key in LOOKS and isinstance(value, Mapping) else value
        for key, value in fields.items()
    }


def status_table(  # noqa: PLR0913  all that is shown
    health: Health,
    gateways: Sequence[GatewayHealth],
    zone: tzinfo,
    options: Options,
    *,
    lives: bool,
    ahead_s: float | None = None,
    exact: bool = False,
) -> str:
    """How it stands, in lines; `ahead_s` is by how much this computer's clock is ahead of the controller's, and `exact`
    shows colours by their hex value too."""
    say, language = options.say, options.language
    trust = value_words("trust", health.clock.value, language)
    lines = [
        f"{health.site}  {_local(health.at, zone)}  {say('status.clock')}: {trust}",
        f"{say('status.now')}: {health.now.text(language, zone, exact=exact)}",
        f"{say('status.confirmed')}: {health.confirmed} / {health.total} ({say('status.by_gateways')})",
    ]
    if not lives:
        lines.append(f"! {say('status.no_controller')}")
    if health.lead is not None:
        lines.append(health.lead.phrase(zone).text(language))
    if ahead_s is not None:
        amount, unit = span(abs(ahead_s))
        signed = f"{'-' if ahead_s < 0 else '+'}{amount:g}"
        lines.append(f"! {say('status.clock_differs', amount=signed, unit=value_words('unit', unit, language))}")
    if health.next is not None:
        following = health.next.text(language, exact=exact)
        lines.append(f"{say('status.next')}: {_local(health.next.at, zone)} {following}")
    lines.extend(_degradation(one, zone, options) for one in health.degradations)
    if health.total > MOST_NAMED:
        counts = ((status, health.counts.get(status, 0)) for status in WORST_FIRST)
        lines.append("  ".join(f"{MARKS[status]} {say(f'status.zone.{status}')}: {count}" for status, count in counts))
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
    say, heard_s = options.say, health.heard_s.get(gateway.name)
    heard = "–" if heard_s is None else f"{heard_s:.0f} s"
    if gateway.online is False and gateway.status == "silent":
        heard = f"{heard}, {say('status.left')}"
    codes = dict.fromkeys((*([gateway.code] if gateway.code else []), *gateway.problems))
    info = (f"  {say(f'status.info.{name}', value=value)}" for name, value in gateway.info if value is not None)
    yield f"  {gateway.name} ({gateway.kind})  {say('status.heard')} {heard}{''.join(info)}  {' '.join(codes)}".rstrip()
    for kind in (CATALOGUE[code] for code in gateway.problems if code in CATALOGUE):
        yield f"    {kind.code}: {kind.meaning.format(options.language, {})}"
    for name, shown in gateway.zones.items():
        state = f"{MARKS[shown.status]} {say(f'status.zone.{shown.status}')}"
        said = gateway.zone_text(name, options.language, health.at.astimezone(zone), exact=exact)
        yield f"    {name:12} {state:28} {said}"


def _degradation(one: Degradation, zone: tzinfo, options: Options) -> str:
    mark = "·" if one.is_harmless else "!"
    return f"{mark} {one.code} {options.say('status.since')} {_local(one.since, zone)}: {one.text(options.language)}"


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
