"""`watertower plan`: what will be shown in each night and why, or an explanation of one instant."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import click
from pydantic import ValidationError

from controller.app.last_good import LAST_GOOD
from controller.cli.options import Options, common, for_each_site, require_readable_state
from controller.cli.plan_table import calendar, nights_csv, table
from controller.cli.swatch import swatch
from controller.cli.used_by_service import storage
from controller.clock import SystemClock
from controller.config.load import Setup, load
from controller.errors import WatertowerError
from controller.events.formatters import json_text
from controller.events.models import printable
from controller.events.words import rule_words, with_names
from controller.locale import Language, template
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Rule
from controller.schedule.plan import Program
from controller.service.clauses import names_of
from controller.service.desired import desired_looks, fade_left_s
from controller.service.manual_state import ManualState
from controller.service.override_request import StoredOverride
from controller.service.past import NOTHING_RECORDED, PastSchedules, PastVersion
from controller.service.period import SOON, read_instant, read_period
from controller.service.plan_document import moment_document, plan_document
from controller.service.planned_tests import planned_tests
from controller.service.values import rules_value
from controller.service.why_at import WhyAt, why_at
from controller.state import History
from controller.state.json_file import MOST_BYTES
from controller.state.override_file import FILE, OverrideContent, by_id, in_force
from controller.state.versions import VersionStore

LONGEST = 600
"""Most characters of a notice."""


@click.command("plan")
@click.argument("period", nargs=-1)
@click.option("--at", "moment")
@click.option("--json", "as_json", is_flag=True)
@click.option("--csv", "as_csv", is_flag=True)
@click.option("--ics", "as_ics", is_flag=True)
@click.option("--svg", "as_svg", is_flag=True)
@common
@for_each_site("as_csv", "as_ics", "as_svg")
def command(  # noqa: PLR0913  one for each output format
    options: Options,
    period: tuple[str, ...],
    moment: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    as_ics: bool,
    as_svg: bool,
) -> None:
    """What will be shown in PERIOD (days as in the schedule, or INSTANT..INSTANT) and why, and what is set by hand."""
    by_night = [word for word, given in (("--csv", as_csv), ("--ics", as_ics), ("--svg", as_svg)) if given]
    forms = [*(["--json"] if as_json else []), *by_night]
    days = [template(options.language, "help", "argument.period")] if period else []
    if moment is not None and (days or by_night):
        raise WatertowerError("TWL-Q115", words=", ".join((*days, *by_night, "--at")))
    if len(forms) > 1:
        raise WatertowerError("TWL-Q115", words=", ".join(forms))
    setup = load(options.folder)
    program, zone = setup.program(), setup.tower.site.place.time_zone
    now = SystemClock().read().wall.replace(microsecond=0)
    by_hand = read_by_hand(options, now)
    if moment is not None:
        at = read_instant(moment, setup, now)
        under = program.with_overrides(by_hand.in_force(), by_hand.stop)
        version = _version_then(options, setup, at) if at < now else None
        why = why_at(History(storage(options)), under, at, now, version)
        if as_json:
            click.echo(dump({**moment_document(under, at), **by_hand.document(at, now), **why.value}))
        else:
            names = setup.tower.landmark.zone_names(options.language)
            past = _past(why, names, zone, options) if at < now else []
            beside = notices(by_hand, (max(at, now), at + SOON), now, zone, options.language) if at + SOON > now else []
            rules = version.program if version is not None else under
            click.echo("\n".join((rfc3339(at, zone), *past, *_explanation(rules, names, at, options), *beside)))
        return
    start, end = read_period(" ".join(period), setup, now)
    if as_json:
        click.echo(dump({**plan_document(setup, program, start, end), **by_hand.document(start, now)}))
        return
    tests = planned_tests(setup, program, start, end)
    beside = notices(by_hand, (start, end), now, zone, options.language)
    beside += [f"! {test.text(now, program, options.language)}" for test in tests]
    if as_csv:
        output = nights_csv(setup, program, (start, end), options)
    elif as_ics:
        output = calendar(setup, program, (start, end), options, now)
    elif as_svg:
        from controller.web.bars import plan_picture  # noqa: PLC0415  importing it takes 20 ms
        from controller.web.nights import night_bars  # noqa: PLC0415

        bars = night_bars(program, start, end)
        output = plan_picture(bars, program.place, names_of(setup.tower), options.language)
    else:
        output = table(setup, program, (start, end), options, None if period else now)
    click.echo(output, nl=not as_ics)
    for line in beside:
        click.echo(line, err=bool(by_night))


def dump(value: object) -> str:
    """JSON in the format of the commands."""
    return json_text(value, indent=2)


def _past(why: WhyAt, names: Mapping[str, str], zone: ZoneInfo, options: Options) -> list[str]:
    """What the history has about an instant, and a heading with the version of the files that the rest is from."""
    text, language = options.text, options.language
    shown = with_names(why.shown, names)
    lines = [f"{text('plan.was_shown')}: {each.words(name, language)}" for name, each in shown.items()]
    by_hand = [step.text(language, zone) for step in why.steps if step.by_hand is not None]
    return [
        *(lines or [f"! {NOTHING_RECORDED.format(language, {})}"]),
        *(f"{text('plan.by_hand')}: {step}" for step in by_hand),
        *why.fault_words(language),
        f"{why.version_words(language, zone) or text('plan.as_the_files_say')}:",
    ]


def _explanation(program: Program, names: Mapping[str, str], at: datetime, options: Options) -> list[str]:
    text, language, zone = options.text, options.language, program.place.time_zone
    cue, why = program.look_at(at), program.explain(at)
    lines = [f"{text('plan.shows')}: {swatch(with_names(desired_looks(program.zones, cue, at), names), language)}"]
    if fade_left_s(cue, at):
        lines.append(f"{text('plan.fading_until')}: {rfc3339(cue.at + timedelta(seconds=cue.fade_s), zone, 'seconds')}")
    winner = f"{why.winner} – " if isinstance(why.by, Rule) else ""  # an override has its own words
    lines.append(f"{text('plan.because')}: {winner}{why.text(language)}")
    rules = {zone: rule_words(rule, language) for zone, rule in rules_value(program, cue, at).items()}
    if len(set(rules.values())) > 1:
        lines += [f"  {name}: {rule}" for name, rule in with_names(rules, names).items()]
    lines += [
        f"{text('plan.loses')}: {rule.name} – {rule.words(language)} ({why.loses_words(rule, language)})"
        for rule in why.losers
    ]
    following = program.next_cue(at)
    if following is not None:
        lines.append(f"{text('plan.next')}: {rfc3339(following.at, zone, 'seconds')}")
    return lines


def _version_then(options: Options, setup: Setup, at: datetime) -> PastVersion | None:
    require_readable_state(options)
    return PastSchedules(VersionStore(storage(options), lambda _: None), setup).at(at)


def read_by_hand(options: Options, now: datetime) -> ManualState:
    """What is set by hand now, from the state directory: a plan from the files alone would not match what the tower
    shows. The file may belong to another program, and be written meanwhile; it is only read."""
    try:
        state = options.state_dir
        content = OverrideContent.model_validate_json(storage(options).folder().read(FILE, MOST_BYTES))
        rows = by_id(content.held)
        overrides = [StoredOverride.model_validate_json(row.document) for row in in_force(rows, "override")]
        stops = [StoredOverride.model_validate_json(row.document) for row in in_force(rows, "stop")]
    except FileNotFoundError:
        return ManualState(known=(state / LAST_GOOD).is_dir())  # a service runs here, and nothing has ever been set
    except (OSError, ValidationError, WatertowerError):
        return ManualState()
    current = tuple(stored for stored in overrides if stored.override.end > now)
    return ManualState(True, current, stops[-1] if stops else None)


def notices(
    by_hand: ManualState, span: tuple[datetime, datetime], now: datetime, zone: tzinfo, language: Language
) -> list[str]:
    """The notices as lines of text."""
    found = by_hand.notices(*span, now.astimezone(UTC), zone)
    return [f"! {printable(phrase.text(language), LONGEST)}" for phrase in found]
