"""Schema: what holds when, and who wins? The rules as they are in force, the year ahead, and the nights."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from controller.config.load import Setup
from controller.config.rule_form import Group, RuleForm, forms, text_of
from controller.events import new_event
from controller.events.words import day_words
from controller.locale import Language
from controller.schedule.campaign import Rule
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note, next_span, notes
from controller.service.look_clauses import Names
from controller.service.sentence import facts_of
from controller.web.bars import night_bar, year_strip
from controller.web.nights import NightBar, NightWords, night_bars, night_words
from controller.web.visit import ForViewer, Visit

router = APIRouter()
MOST_CARDS = 200
"""Rules of each kind on one page."""
MOST_TAGS = 3
NIGHTS = 8
YEAR = timedelta(days=366)
TAGS = {
    "TWL-S201": "gives_way",
    "TWL-S217": "gives_way",
    "TWL-S202": "never_lit",
    "TWL-S204": "never_lit",
    "TWL-S203": "over",
    "TWL-S207": "unconfirmed",
}
"""The notes that a card shows as a tag."""
GROUPS: dict[Group, str] = {"blackouts": "blackout", "campaigns": "campaign", "every_night": "everyday"}
"""The lists in the order in which they win, each with the word of its addresses."""


@dataclass(frozen=True, slots=True)
class ShownNight:
    """One night: its words, and its bar as SVG."""

    words: NightWords
    svg: str
    is_tonight: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A note in a word or two; the whole of it is `text`."""

    words: str
    text: str
    is_warning: bool


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule as the list shows it. `rank` counts from 1; `colors` are those of its swatch."""

    rank: int
    name: str
    path: str
    when: str
    colors: tuple[str, ...]
    look: str
    following: str
    tags: tuple[Tag, ...]


def nights_from(visited: Visit, start: datetime, count: int) -> list[ShownNight]:
    """The nights from the one of an instant on."""
    snapshot = visited.snapshot
    tower, program = snapshot.setup.tower, snapshot.program.by_schedule
    names = facts_of(tower, snapshot.health, ()).names
    bars = night_bars(program, start, start + timedelta(days=count - 1))
    return [_row(bar, program, names, visited, number) for number, bar in enumerate(bars)]


def _row(bar: NightBar, program: Program, names: Names, visited: Visit, number: int) -> ShownNight:
    now = visited.snapshot.now
    svg = night_bar(bar, program.place, now=now, prefix=f"n{number}")
    is_tonight = bar.night.start <= now < bar.night.end
    return ShownNight(night_words(bar, program.place, names, visited.language), svg, is_tonight)


@router.get("/schedule", include_in_schema=False)
def schedule(visited: ForViewer, since: date | None = None) -> HTMLResponse:
    """The rules by rank, the year ahead, and the nights from a day on."""
    snapshot = visited.snapshot
    program = snapshot.program.by_schedule
    zone = snapshot.zone
    first = datetime(since.year, since.month, since.day, 18, tzinfo=zone) if since is not None else snapshot.now
    begins = first.astimezone(zone).date()
    year = night_bars(program, snapshot.now, snapshot.now + YEAR)
    cards = _cards(visited, snapshot.setup, program)
    return visited.page(
        "schedule",
        groups=[(group, word, cards[group][:MOST_CARDS], len(cards[group])) for group, word in GROUPS.items()],
        strip=year_strip(year, program.rules, visited.language),
        nights=nights_from(visited, first, NIGHTS),
        begins=day_words(begins, visited.language, year=begins.year != visited.now.year),
        earlier=(begins - timedelta(days=NIGHTS)).isoformat(),
        later=(begins + timedelta(days=NIGHTS)).isoformat(),
    )


def _cards(visited: Visit, setup: Setup, program: Program) -> dict[Group, list[RuleCard]]:
    """By list; what a rule says is taken from its text, what it does from the plan."""
    by_rule: dict[int, list[Note]] = defaultdict(list)
    for note in notes(program, visited.snapshot.now):
        by_rule[id(note.rule)].append(note)
    found: dict[Group, list[RuleCard]] = {group: [] for group in get_args(Group)}
    rules = {group: iter(getattr(program, group)) for group in found}
    for form in forms(setup.schedule_text):
        rule = next(rules[form.group])
        found[form.group].append(_card(visited, form, rule, len(found[form.group]) + 1, by_rule[id(rule)]))
    return found


def _card(visited: Visit, form: RuleForm, rule: Rule, rank: int, found: Sequence[Note]) -> RuleCard:
    today = visited.now.date()
    span = next_span(rule, today)
    is_now = span is not None and span[0] <= today
    key = "over" if span is None else "now" if is_now else "next"
    day = day_words(span[0], visited.language) if span is not None else ""
    has_days = bool(rule.dates or rule.nights)
    return RuleCard(
        rank=rank,
        name=rule.name,
        path=f"/schedule/{GROUPS.get(form.group, form.group)}/{quote(rule.name, safe='')}",
        when=_when(visited, form, has_days),
        colors=_colors(rule),
        look=_look(form, visited.language, visited),
        following=visited.say(f"schedule.following.{key}", day=day) if has_days else "",
        tags=tuple(_tags(visited, found))[:MOST_TAGS],
    )


def _when(visited: Visit, form: RuleForm, has_days: bool) -> str:
    days = ", ".join(form.days) if has_days else visited.say("schedule.every_night")
    parts = [days, *(f"{one.year}: {', '.join(one.days)}" for one in form.years)]
    if form.except_:
        parts.append(visited.say("schedule.except", days=", ".join(form.except_)))
    if form.hours:
        parts.append(", ".join(form.hours))
    return " · ".join(parts)


def _colors(rule: Rule) -> tuple[str, ...]:
    looks: dict[str, Any] = getattr(rule, "looks", {})
    colors = (color.hex for look in looks.values() for color in look.colors)
    return tuple(dict.fromkeys(colors)) or ("#000000",)


def _look(form: RuleForm, language: Language, visited: Visit) -> str:
    if form.group == "blackouts":
        return visited.say("schedule.dark")
    color = form.color
    if isinstance(color, str | tuple):
        words = text_of(color)
    else:
        names = visited.snapshot.setup.tower.landmark.zone_names(language)
        words = ", ".join(f"{names.get(zone, zone)} {text_of(one)}" for zone, one in color.items())
    return " ".join(part for part in (words.strip("[]"), form.brightness) if part and part != "100 %")


def _tags(visited: Visit, found: Sequence[Note]) -> Iterator[Tag]:
    for note in found:
        if (key := TAGS.get(note.code)) is not None:
            event = new_event(note.code, **note.fields)
            words = visited.say(f"schedule.tag.{key}", **{"nights": "", "year": "", **note.fields})
            yield Tag(words, event.text(visited.language), key in {"never_lit", "unconfirmed"})
