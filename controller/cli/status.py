"""`watertower status`: now, next and every gateway, as the running controller tells it over MQTT.

What is retained outlives the controller: it is shown, with its age, and is no answer.
"""

import asyncio
import contextlib
from datetime import datetime, tzinfo
from typing import NoReturn

import click

from controller.cli import connect
from controller.cli.news import News
from controller.cli.options import FOUND_PROBLEMS, INTERRUPTED, Options, common, tell
from controller.cli.reach import client_id, heard, with_tower
from controller.clock import SystemClock
from controller.config.tower import Tower
from controller.errors import Unreachable
from controller.events.kind import printable
from controller.events.line import json_text
from controller.mqtt import Mqtt
from controller.service.health import Health
from controller.service.loop import HEALTH_EVERY_S

WAIT_S = HEALTH_EVERY_S + 2.0
WIDEST = 500
"""Letters of a line; what came over MQTT can neither fill the terminal nor steer it."""
MARKS = {"confirmed": "✓", "pending": "…", "differs": "▲", "silent": "✕", "unknown": "?"}
WORDS = {"confirmed": "confirmed by the gateway"}
"""Nobody measures the light."""


@click.command("status")
@click.option("--watch", is_flag=True, help="Go on until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def command(options: Options, watch: bool, as_json: bool) -> None:
    """How it stands now. Exit code 1 where a gateway does not confirm, 69 where no controller answers."""
    try:
        health = with_tower(options, lambda tower: asyncio.run(_Asking(tower, options, as_json).held(watch)))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    raise SystemExit(0 if health.confirmed == len(health.gateways) else FOUND_PROBLEMS)


class _Asking:
    """One conversation: what was told so far, and how it is shown."""

    def __init__(self, tower: Tower, options: Options, as_json: bool) -> None:
        self._tower = tower
        self._options = options
        self._as_json = as_json
        self._brokers = connect.addresses(tower.mqtt)
        self._news = News(tower.mqtt.topic_prefix)
        self._clock = SystemClock()

    async def held(self, watch: bool) -> Health:
        """The document of a controller that lives. Raises Unreachable TWL-Q101 or TWL-Q102."""
        topics = tuple((topic, 0) for topic in self._news.topics)
        name = client_id(self._news.prefix, "status")
        async with Mqtt(self._brokers, name, subscriptions=topics) as mqtt:
            if watch:
                await self._watch(mqtt)
            await self._listen(mqtt)
        if self._news.health is not None:
            self._show(self._news.health, indent=2)
            if self._silent_s() is None:
                return self._news.health
        raise Unreachable("TWL-Q102", address=str(self._brokers[0]))

    async def _listen(self, mqtt: Mqtt) -> None:
        """Until a controller answers, or none will."""
        news = self._news
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                async for item in heard(mqtt, self._brokers):
                    news.take(item, self._clock.read())
                    lives = news.health is not None and self._silent_s() is None
                    if lives or (news.is_gone and len(news.online) == len(self._brokers)):
                        return

    async def _watch(self, mqtt: Mqtt) -> NoReturn:
        """Each change, and each time that nobody answers any more."""
        news, shown, was_gone = self._news, self._news.health, False
        while True:
            try:
                async for item in heard(mqtt, self._brokers):
                    news.take(item, self._clock.read())
                    if news.is_gone and not was_gone:
                        tell(Unreachable("TWL-Q102", address=item.broker), self._options)
                    elif news.health is not None and news.health is not shown:
                        self._show(news.health, indent=None)
                    shown, was_gone = news.health, news.is_gone
            except Unreachable as error:
                tell(error, self._options)

    def _silent_s(self) -> float | None:
        return self._news.silent_s(self._clock.read())

    def _show(self, health: Health, indent: int | None) -> None:
        json = json_text(health.model_dump(mode="json"), indent) if self._as_json else None
        click.echo(json or _table(health, self._tower, self._options, self._silent_s()))


def _table(health: Health, tower: Tower, options: Options, silent_s: float | None) -> str:
    """How it stands, in lines; `silent_s` is for how long a controller that is gone has been so."""
    say, zone = options.say, tower.site.place.time_zone
    count = len(health.gateways)
    lines = [
        f"{health.site}  {_local(health.at, zone)}  {say('clock')}: {say(health.clock)}",
        f"{say('Now')}: {health.now.said(options.language)}",
        f"{say('Confirmed')}: {health.confirmed} / {count} ({say('by the word of the gateways')})",
    ]
    if silent_s is not None:
        lines.append(f"! {say('This is old news; the controller has been silent for')} {silent_s:.0f} s")
    if health.next is not None:
        lines.append(f"{say('Next')}: {_local(health.next.at, zone)} {health.next.said(options.language)}")
    for gateway in health.gateways:
        heard = "–" if gateway.heard_s is None else f"{gateway.heard_s:.0f} s"
        lines.append(
            f"  {gateway.name} ({gateway.kind})  {say('heard')} {heard}  {' '.join(gateway.problems)}".rstrip()
        )
        for name, shown in gateway.zones.items():
            state = f"{MARKS[shown.standing]} {say(WORDS.get(shown.standing, shown.standing))}"
            said = gateway.said(name, options.language, health.at.astimezone(zone))
            lines.append(f"    {name:12} {state:26} {said}")
    return "\n".join(printable(line, WIDEST) for line in lines)


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
