"""`watertower rehearse`: the same controller on a virtual clock against simulated gateways, with or without faults."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, tzinfo
from multiprocessing import get_context
from typing import Any

import click

from controller.cli.options import FOUND_PROBLEMS, Options, common, for_each_site
from controller.cli.plan import dump
from controller.clock import SystemClock
from controller.config.load import load
from controller.config.site_folder import ConfigFolder
from controller.errors import WatertowerError
from controller.rfc3339 import parse_rfc3339
from controller.service.period import day_text, read_period
from controller.simulation.faults import FAULTS, OF_SEVERAL
from controller.simulation.rehearsal import Rehearsal, figures, missed, of_one, of_several

Json = dict[str, Any]
MOST_LISTED = 5
CONTROLLERS = 2
"""Number of controllers if tower.yaml names a database, which they share."""
FIGURES = {
    "availability": "{:.4%}",
    "wrong_colour_s": "{:.1f} s",
    "undetected_s": "{:.1f} s",
    "recovery_s": "{:.1f} s",
    "acknowledged_lost": "{:.0f}",
    "false_alarms": "{:.0f}",
}
"""Formats of the figures of a rehearsal."""


@click.command("rehearse")
@click.argument("period", nargs=-1)
@click.option("--faults", type=click.Choice(list(OF_SEVERAL)), default="none")
@click.option("--seed", default=0)
@click.option("--seeds", "count", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site()
def command(
    options: Options, period: tuple[str, ...], faults: str, seed: int, count: int | None, as_json: bool
) -> None:
    """Simulate a period once, or with several seeds."""
    setup = load(options.folder)
    start, end = read_period(" ".join(period), setup, SystemClock().read().wall)
    controllers = CONTROLLERS if setup.tower.database is not None else 1
    if controllers == 1 and faults not in FAULTS:
        raise WatertowerError("TWL-Q163", faults=faults)
    rehearsal = Rehearsal(setup, start, end, faults, controllers)
    if count is None:
        result = of_one(rehearsal, rehearsal.hold(seed))
        text = _table(result, rehearsal, options)
    else:
        seeds = _on_all_cores(options.folder, rehearsal, range(seed, seed + count))
        result = of_several(rehearsal, seeds)
        text = _summary(result, options)
    click.echo(dump(result) if as_json else text)
    sys.exit(FOUND_PROBLEMS if result["missed"] else 0)


def _on_all_cores(config: ConfigFolder, rehearsal: Rehearsal, seeds: range) -> list[Json]:
    """The figures of each seed, in order; each process reads the files itself."""
    cores = min(len(seeds), os.cpu_count() or 1)
    processes = _processes(cores) if cores > 1 else None
    if processes is None:
        return [figures(rehearsal, rehearsal.hold(seed)) for seed in seeds]
    with processes as pool:
        period = rehearsal.start, rehearsal.end
        what = rehearsal.faults, rehearsal.controllers
        shares = [pool.submit(_figures_of, config, period, what, seeds[i::cores]) for i in range(cores)]
        found = [figures for share in shares for figures in share.result()]
    return sorted(found, key=lambda figures: figures["seed"])


def _processes(count: int) -> ProcessPoolExecutor | None:
    """A process pool; None if the system has no shared semaphores, as in a container without /dev/shm."""
    try:
        return ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    except OSError:
        return None


def _figures_of(
    config: ConfigFolder, period: tuple[datetime, datetime], what: tuple[str, int], seeds: range
) -> list[Json]:
    rehearsal = Rehearsal(load(config), *period, *what)
    return [figures(rehearsal, rehearsal.hold(seed)) for seed in seeds]


def _table(result: Json, rehearsal: Rehearsal, options: Options) -> str:
    """Nights, the longest wrong spells, false alarms, and the figures of the whole period."""
    text = options.text
    head = ("night_of", "lit", "confirmed", "wrong_light", "not_detected", "faults")
    rows = [
        tuple(text(f"rehearse.{column}") for column in head),
        *(_night(night, options) for night in result["nights"]),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = ["  ".join((*(row[i].ljust(widths[i]) for i in range(5)), row[5])).rstrip() for row in rows]
    zone = rehearsal.setup.tower.site.place.time_zone
    if result["spells"]:
        lines += ["", text("rehearse.longest_wrong")]
    for spell in result["spells"][:MOST_LISTED]:
        what = f"{spell['gateway']}/{spell['zone']}  {text('rehearse.wrong.' + spell['wrong'])}"
        causes = ", ".join(spell["causes"]) or "–"
        lines.append(f"  {_local(spell['at'], zone)}  {spell['length_s']:.1f} s  {what}  ({causes})")
    if result["false_alarms_told"]:
        lines += ["", text("rehearse.false_alarms_were")]
    lines += [f"  {_local(alarm['at'], zone)}  {alarm['code']}" for alarm in result["false_alarms_told"]]
    figures = {**result, "recovery_s": result["recovery_s"]["worst"]}
    totals = [f"{text(f'rehearse.figure.{name}')} {form.format(figures[name])}" for name, form in FIGURES.items()]
    totals.append(f"{text('rehearse.seed')} {result['seed']}")
    return "\n".join([*lines, "", " · ".join(totals), *_missed(result, options)])


def _night(night: Json, options: Options) -> tuple[str, ...]:
    text, lit_s = options.text, night["lit_s"]
    hours, minutes = divmod(int(lit_s // 60), 60)
    return (
        day_text(date.fromisoformat(night["night"]), text),
        text("rehearse.lit_time", hours=hours, minutes=f"{minutes:02}") if lit_s else text("dark"),
        f"{night['confirmed_s'] / lit_s:.2%}" if lit_s else "–",
        FIGURES["wrong_colour_s"].format(night["wrong_colour_s"]),
        FIGURES["undetected_s"].format(night["undetected_s"]),
        ", ".join(f"{name} {times}" for name, times in night["faults"].items()),
    )


def _local(at: str, zone: tzinfo) -> str:
    return f"{parse_rfc3339(at).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _summary(result: Json, options: Options) -> str:
    """Median and worst values of several seeds."""
    text = options.text
    rows: list[tuple[str, ...]] = [("", text("rehearse.median"), text("rehearse.worst"))]
    figures = {
        name: {key: result[key][name] for key in ("median", "worst")} for name in FIGURES if name != "recovery_s"
    }
    figures["recovery_s"] = result["recovery_s"]
    named = [
        (f"{text('rehearse.figure.availability')} {one['name']}", "availability", one) for one in result["gateways"]
    ]
    named += [(text(f"rehearse.figure.{name}"), name, figures[name]) for name in FIGURES if name != "availability"]
    rows += [(label, *(FIGURES[name].format(both[key]) for key in ("median", "worst"))) for label, name, both in named]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{row[0].ljust(widths[0])}  {row[1].rjust(widths[1])}  {row[2].rjust(widths[2])}" for row in rows]
    return "\n".join([*lines, "", text("rehearse.seeds", count=result["count"]), *_missed(result, options)])


def _missed(result: Json, options: Options) -> list[str]:
    """The targets that were missed; with several seeds also the seeds, so that they can be rehearsed one by one."""
    targets = ", ".join(options.text(f"rehearse.figure.{name}") for name in result["missed"])
    if not targets:
        return []
    seeds = [str(one["seed"]) for one in result.get("seeds", ()) if missed([one])]
    if not seeds:
        return [options.text("rehearse.missed", targets=targets)]
    some = f"{', '.join(seeds[:MOST_LISTED])}{'…' if seeds[MOST_LISTED:] else ''}"
    return [options.text("rehearse.missed_with", targets=targets, seeds=some)]
