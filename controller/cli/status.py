"""`watertower status`: now, next and every gateway, as the running controller tells it over MQTT."""

import asyncio
import contextlib
from datetime import datetime, tzinfo

import click

from controller.cli import connect
from controller.cli.options import FOUND_PROBLEMS, Options, common
from controller.cli.reach import client_id, heard
from controller.clock import SystemClock
from controller.config.load import Setup, load
from controller.errors import Unreachable
from controller.events.kind import printable
from controller.mqtt import Mqtt, Received
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
    setup = load(options.config_dir)
    with contextlib.suppress(KeyboardInterrupt):
        health = asyncio.run(_ask(setup, options, watch, as_json))
        raise SystemExit(0 if health.confirmed == len(health.gateways) else FOUND_PROBLEMS)
    raise SystemExit(130)


async def _ask(setup: Setup, options: Options, watch: bool, as_json: bool) -> Health:
    """The health document, shown once or at each change; raises Unreachable TWL-Q101 or TWL-Q102."""
    settings = setup.tower.mqtt
    brokers = connect.addresses(settings)
    topic = f"{settings.topic_prefix}/controller/health"
    async with Mqtt(brokers, client_id(settings.topic_prefix, "status"), subscriptions=((topic, 0),)) as mqtt:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if watch else WAIT_S):
                async for item in heard(mqtt, brokers):
                    told = parse_health(item.payload) if isinstance(item, Received) else None
                    if isinstance(told, Health):
                        click.echo(told.model_dump_json(indent=2) if as_json else _table(told, setup, options))
                        if not watch:
                            return told
    raise Unreachable("TWL-Q102", address=str(brokers[0]))


def _table(health: Health, setup: Setup, options: Options) -> str:
    say, zone = options.say, setup.tower.site.place.time_zone
    count = len(health.gateways)
    lines = [
        f"{health.site}  {_local(health.at, zone)}  {say('clock')}: {say(health.clock)}",
        f"{say('Now')}: {health.now.looks} – {health.now.campaign or translated(health.now.why, options.language)}",
        f"{say('Confirmed')}: {health.confirmed} / {count}",
    ]
    age_s = (SystemClock().read().wall - health.at).total_seconds()
    if age_s > STALE_S:
        lines.append(f"! {say('This is old news; the controller has been silent for')} {age_s:.0f} s")
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
