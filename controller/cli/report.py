"""`watertower report`: proof of light, planned against confirmed night by night, from the history."""

from collections.abc import Iterator, Mapping

import click

from controller.app.last_good import load_last_good
from controller.cli.options import Options, common, for_each_site, require_readable_state
from controller.cli.spreadsheet import csv_text
from controller.cli.used_by_service import storage
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import WatertowerError
from controller.events.formatters import json_text
from controller.events.words import night_words
from controller.rfc3339 import rfc3339
from controller.service.past import PastSchedules
from controller.service.proof import MEANING, Glow, NightProof, Proof, cause_words, gap_words, glow_words, period_words
from controller.service.proof_period import read_proof_period
from controller.service.proving import prove
from controller.service.why_at import by_hand_words
from controller.state import History
from controller.state.versions import VersionStore


@click.command("report")
@click.argument("period", nargs=-1)
@click.option("--json", "as_json", is_flag=True)
@click.option("--csv", "as_csv", is_flag=True)
@common
@for_each_site("as_csv")
def command(options: Options, period: tuple[str, ...], as_json: bool, as_csv: bool) -> None:
    """What was planned and what was confirmed in PERIOD, which may be the name of a campaign with a year."""
    if as_json and as_csv:
        raise WatertowerError("TWL-Q115", words="--json, --csv")
    require_readable_state(options)
    setup, _ = load_last_good(options.folder, options.state_dir)
    now = SystemClock().read().wall
    asked = read_proof_period(" ".join(period), setup, now)
    schedules = PastSchedules(VersionStore(storage(options), lambda _: None), setup)
    proof = prove(History(storage(options)), setup, asked, now, schedules)
    if as_json:
        click.echo(json_text({"site": setup.tower.site.name, **proof.value}, indent=2))
    elif as_csv:
        click.echo(csv_text(_rows(proof, options)))
    else:
        click.echo("\n".join(_lines(proof, setup, options)))


def _rows(proof: Proof, options: Options) -> Iterator[tuple[object, ...]]:
    """A line for each night and zone: minutes planned and confirmed, and the gaps as text."""
    yield "night", "zone", "planned_min", "confirmed_min", "percent", "gaps", "measured_min"
    for night in proof.nights:
        for zone, glow in night.zones.items():
            gaps = "; ".join(
                f"{rfc3339(gap.start)}/{rfc3339(gap.end)} "
                + ", ".join(cause_words(cause, options.language) for cause in gap.causes)
                for gap in night.gaps
                if zone in gap.zones
            )
            planned, confirmed = f"{glow.planned_s / 60:.0f}", f"{int(glow.confirmed_s / 6) / 10:.1f}"
            measured = f"{int(glow.measured_s / 6) / 10:.1f}" if glow.measured_s is not None else ""
            yield night.night.isoformat(), zone, planned, confirmed, glow.percent, gaps, measured


def _lines(proof: Proof, setup: Setup, options: Options) -> Iterator[str]:
    language, zone = options.language, setup.tower.site.place.time_zone
    names = setup.tower.landmark.zone_names(language)
    title = proof.campaign or options.text("report.all_light")
    yield f"{title}, {period_words(proof, language, zone)}"
    yield glow_words(proof.tower, language)
    if len(proof.zones) > 1 or _is_measured(proof.zones):
        yield from (f"  {names.get(name, name)}: {glow_words(glow, language)}" for name, glow in proof.zones.items())
    if proof.until < proof.end:
        yield options.text("report.counted_until", until=f"{proof.until.astimezone(zone):%Y-%m-%d %H:%M}")
    yield from _nights(proof.nights, names, setup, options)
    if proof.by_hand:
        yield f"{options.text('report.by_hand')}: {len(proof.by_hand)}"
        yield from (f"  {by_hand_words(each, language, zone)}" for each in proof.by_hand)
    for each in proof.versions:
        saved = f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}"
        yield options.text(
            "report.schedule", number=each.number, who=each.who or "–", saved=saved, digest=each.sha256[:12]
        )
    yield MEANING.format(language, {})


def _nights(nights: tuple[NightProof, ...], names: Mapping[str, str], setup: Setup, options: Options) -> Iterator[str]:
    language, zone = options.language, setup.tower.site.place.time_zone
    days = [night_words(night.night, language, year=False) for night in nights]
    widest = max(map(len, days), default=0)
    for day, night in zip(days, nights, strict=True):
        yield f"{day.ljust(widest)}  {glow_words(night.tower, language)}"
        if _is_measured(night.zones):
            lines = (f"{names.get(name, name)}: {glow_words(glow, language)}" for name, glow in night.zones.items())
            yield from (f"{'':{widest}}    {line}" for line in lines)
        yield from (f"{'':{widest}}    {gap_words(gap, language, zone, names)}" for gap in night.gaps)


def _is_measured(zones: Mapping[str, Glow]) -> bool:
    """Whether a meter measured any of them."""
    return any(glow.measured_s is not None for glow in zones.values())
