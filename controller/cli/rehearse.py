"""`watertower rehearse`: the same engine on a virtual clock against simulated gateways, with faults or without."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from controller.cli.options import FOUND_PROBLEMS, Options, common
from controller.cli.period import read_period, say_day
from controller.cli.plan import dump
from controller.clock import SystemClock
from controller.config.load import load
from controller.rfc3339 import parse_rfc3339
from controller.simulation import results
from controller.simulation.faults import FAULTS
from controller.simulation.rehearsal import Rehearsal
from controller.simulation.targets import missed

Json = dict[str, Any]
SPELLS = 5


@click.command("rehearse")
@click.argument("period", nargs=-1)
@click.option("--faults", type=click.Choice(list(FAULTS)), default="none")
@click.option("--seed", default=0)
@click.option("--seeds", "count", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True)
@common
def command(
    options: Options, period: tuple[str, ...], faults: str, seed: int, count: int | None, as_json: bool
) -> None:
    """Live through PERIOD in seconds and count the seconds in which the light was wrong."""
    setup = load(options.config_dir)
    start, end = read_period(" ".join(period), setup, SystemClock().read().wall)
    rehearsal = Rehearsal(setup, start, end, faults)
    if count is None:
        told = results.of_one(rehearsal, rehearsal.hold(seed))
        shown = _table(told, rehearsal, options)
    else:
        seeds = _held_on_all_cores(options.config_dir, rehearsal, range(seed, seed + count))
        told = results.of_several(rehearsal, seeds)
        shown = _summary(told, options)
    click.echo(dump(told) if as_json else shown)
    sys.exit(FOUND_PROBLEMS if told["missed"] else 0)


def _held_on_all_cores(config: Path, rehearsal: Rehearsal, seeds: range) -> list[Json]:
    """The figures of each seed, in order; the processes read the files by themselves."""
    cores = min(len(seeds), os.cpu_count() or 1)
    processes = _processes(cores) if cores > 1 else None
    if processes is None:
        return [results.figures(rehearsal, rehearsal.hold(seed)) for seed in seeds]
    with processes as pool:
        period = rehearsal.start, rehearsal.end
        shares = [pool.submit(_held, config, period, rehearsal.faults, seeds[i::cores]) for i in range(cores)]
        found = [figures for share in shares for figures in share.result()]
    return sorted(found, key=lambda figures: figures["seed"])


def _processes(count: int) -> ProcessPoolExecutor | None:
    """None where the system lets nobody share semaphores, as a container with a closed /dev/shm does."""
    try:
        return ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    except OSError:
        return None


def _held(config: Path, period: tuple[datetime, datetime], faults: str, seeds: range) -> list[Json]:
    rehearsal = Rehearsal(load(config), *period, faults)
    return [results.figures(rehearsal, rehearsal.hold(seed)) for seed in seeds]


def _table(told: Json, rehearsal: Rehearsal, options: Options) -> str:
    say = options.say
    head = ("night_of", "lit", "confirmed", "wrong_light", "not_detected", "faults")
    rows = [tuple(say(f"rehearse.{column}") for column in head), *(_night(night, options) for night in told["nights"])]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = ["  ".join((*(row[i].ljust(widths[i]) for i in range(5)), row[5])).rstrip() for row in rows]
    causes = (*_spells(told, rehearsal, options), *_false_alarms(told, rehearsal, options))
    return "\n".join([*lines, *causes, "", _figures(told, options), *_missed(told, options)])


def _night(night: Json, options: Options) -> tuple[str, ...]:
    say, lit_s = options.say, night["lit_s"]
    hours, minutes = divmod(int(lit_s // 60), 60)
    confirmed = f"{night['confirmed_s'] / lit_s:.2%}" if lit_s else "–"
    return (
        say_day(date.fromisoformat(night["night"]), say),
        say("rehearse.lit_time", hours=hours, minutes=f"{minutes:02}") if lit_s else say("dark"),
        confirmed,
        f"{night['wrong_colour_s']:.1f} s",
        f"{night['undetected_s']:.1f} s",
        ", ".join(f"{name} {times}" for name, times in night["faults"].items()),
    )


def _spells(told: Json, rehearsal: Rehearsal, options: Options) -> list[str]:
    """The longest spells with what was the matter."""
    say = options.say
    lines = [
        f"  {_local(spell['at'], rehearsal)}  {spell['length_s']:.1f} s  "
        f"{spell['gateway']}/{spell['zone']}  {say('rehearse.wrong.' + spell['wrong'])}  "
        f"({', '.join(spell['causes']) or '–'})"
        for spell in told["spells"][:SPELLS]
    ]
    return ["", say("rehearse.longest_wrong"), *lines] if lines else []


def _false_alarms(told: Json, rehearsal: Rehearsal, options: Options) -> list[str]:
    """The first of them; `explain` tells what they say."""
    lines = [f"  {_local(alarm['at'], rehearsal)}  {alarm['code']}" for alarm in told["false_alarms_told"]]
    return ["", options.say("rehearse.false_alarms_were"), *lines] if lines else []


def _local(at: str, rehearsal: Rehearsal) -> str:
    return f"{parse_rfc3339(at).astimezone(rehearsal.setup.tower.site.place.time_zone):%Y-%m-%d %H:%M:%S}"


def _figures(told: Json, options: Options) -> str:
    say = options.say
    parts = (
        f"{say('rehearse.figure.availability')} {told['availability']:.4%}",
        f"{say('rehearse.figure.wrong_colour_s')} {told['wrong_colour_s']:.1f} s",
        f"{say('rehearse.figure.undetected_s')} {told['undetected_s']:.1f} s",
        f"{say('rehearse.figure.recovery_s')} {told['recovery_s']['worst']:.1f} s",
        f"{say('rehearse.figure.acknowledged_lost')} {told['acknowledged_lost']}",
        f"{say('rehearse.figure.false_alarms')} {told['false_alarms']}",
        f"{say('rehearse.seed')} {told['seed']}",
    )
    return " · ".join(parts)


def _summary(told: Json, options: Options) -> str:
    """Median and worst of several seeds."""
    say = options.say
    rows = [("", say("rehearse.median"), say("rehearse.worst"))]
    rows += [
        (f"{say('rehearse.figure.availability')} {one['name']}", f"{one['median']:.4%}", f"{one['worst']:.4%}")
        for one in told["gateways"]
    ]
    for name in ("wrong_colour_s", "undetected_s", "recovery_s"):
        both = told["recovery_s"] if name == "recovery_s" else {key: told[key][name] for key in ("median", "worst")}
        rows.append((say(f"rehearse.figure.{name}"), f"{both['median']:.1f} s", f"{both['worst']:.1f} s"))
    for name in ("acknowledged_lost", "false_alarms"):
        rows.append((say(f"rehearse.figure.{name}"), f"{told['median'][name]:.0f}", f"{told['worst'][name]:.0f}"))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{row[0].ljust(widths[0])}  {row[1].rjust(widths[1])}  {row[2].rjust(widths[2])}" for row in rows]
    return "\n".join([*lines, "", say("rehearse.seeds", count=told["count"]), *_missed(told, options)])


def _missed(told: Json, options: Options) -> list[str]:
    """What was missed; of several seeds also by which, to be looked at one by one."""
    targets = ", ".join(options.say(f"rehearse.figure.{name}") for name in told["missed"])
    if not targets:
        return []
    seeds = [str(one["seed"]) for one in told.get("seeds", ()) if missed([one])]
    if not seeds:
        return [options.say("rehearse.missed", targets=targets)]
    some = f"{', '.join(seeds[:SPELLS])}{'…' if seeds[SPELLS:] else ''}"
    return [options.say("rehearse.missed_with", targets=targets, seeds=some)]
