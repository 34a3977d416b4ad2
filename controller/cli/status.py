"""`watertower status`: now, next and every gateway, as the running controller tells it over MQTT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, tzinfo

import click

from controller.cli import connect
from controller.cli.options import FOUND_PROBLEMS, UNREACHABLE, Options, common
from controller.cli.reach import client_id, heard, with_tower
from controller.clock import SystemClock
from controller.config.tower import Tower
from controller.errors import Unreachable
from controller.events.kind import printable
from controller.mqtt import Item, Mqtt, Received
from controller.schedule.reasons import translated
from controller.service.health import Health, parse_health

WAIT_S = 3.0
STALE_S = 30.0
WIDEST = 500
"""Letters of a line; what came over MQTT can neither fill the terminal nor steer it."""
MARKS = {"confirmed": "✓", "pending": "…", "differs": "▲", "silent": "✕", "unknown": "?"}


@click.command("status")
@click.option("--watch", is_flag=True, help="Go on until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common
def command(options: Options, watch: bool, as_json: bool) -> None:
    """How it stands now. Exit code 1 where a gateway does not confirm, 69 where no controller answers."""
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(with_tower(options, lambda tower: asyncio.run(_ask(tower, options, watch, as_json))))
    raise SystemExit(130)


async def _ask(tower: Tower, options: Options, watch: bool, as_json: bool) -> int:
    """Shows how it stands once or at each change; the exit code. Raises Unreachable TWL-Q101 or TWL-Q102."""
    prefix, brokers = tower.mqtt.topic_prefix, connect.addresses(tower.mqtt)
    topics = [(f"{prefix}/controller/{leaf}", 0) for leaf in ("status", "health")]
    old: tuple[Health, float] | None = None

    def show(health: Health, silent_s: float | None) -> None:
        click.echo(health.model_dump_json(indent=2) if as_json else _table(health, tower, options, silent_s))

    async with Mqtt(brokers, client_id(prefix, "status"), subscriptions=topics) as mqtt:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if watch else WAIT_S):
                async for health, silent_s in _told(heard(mqtt, brokers)):
                    if watch or silent_s is None:
                        show(health, silent_s)
                    elif old is None or health.at > old[0].at:
                        old = health, silent_s
                    if silent_s is None and not watch:
                        return 0 if health.confirmed == len(health.gateways) else FOUND_PROBLEMS
    if old is None:
        raise Unreachable("TWL-Q102", address=str(brokers[0]))
    show(*old)
    return UNREACHABLE


async def _told(items: AsyncIterator[Item]) -> AsyncIterator[tuple[Health, float | None]]:
    """Each health document, and for how long its controller has been silent where it is gone: it has said so, or its
    last will has, or the document is old. One of several brokers may have lost it alone."""
    gone: set[str] = set()
    async for item in items:
        if isinstance(item, Received) and item.topic.endswith("/status"):
            (gone.add if item.payload == b"offline" else gone.discard)(item.broker)
        elif isinstance(item, Received) and isinstance(health := parse_health(item.payload), Health):
            age_s = (SystemClock().read().wall - health.at).total_seconds()
            yield health, age_s if age_s > STALE_S or item.broker in gone else None


def _table(health: Health, tower: Tower, options: Options, silent_s: float | None) -> str:
    """How it stands, in lines; `silent_s` is for how long a controller that is gone has been so."""
    say, zone = options.say, tower.site.place.time_zone
    count = len(health.gateways)
    lines = [
        f"{health.site}  {_local(health.at, zone)}  {say('clock')}: {say(health.clock)}",
        f"{say('Now')}: {health.now.looks} – {health.now.campaign or translated(health.now.why, options.language)}",
        f"{say('Confirmed')}: {health.confirmed} / {count}",
    ]
    if silent_s is not None:
        lines.append(f"! {say('This is old news; the controller has been silent for')} {silent_s:.0f} s")
    if health.next is not None:
        later = health.next
        why = later.campaign or translated(later.why, options.language)
        lines.append(f"{say('Next')}: {_local(later.at, zone)} {later.looks} – {why}")
    for gateway in health.gateways:
        heard = "–" if gateway.heard_s is None else f"{gateway.heard_s:.0f} s"
        lines.append(
            f"  {gateway.name} ({gateway.kind})  {say('heard')} {heard}  {' '.join(gateway.problems)}".rstrip()
        )
        for name, shown in gateway.zones.items():
            state = f"{MARKS[shown.standing]} {say(shown.standing)}"
            lines.append(f"    {name:12} {state:14} {say('shows')} {shown.shown}, {say('wanted')} {shown.wanted}")
    return "\n".join(printable(line, WIDEST) for line in lines)


def _local(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
