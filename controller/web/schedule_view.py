"""Schema: what applies when, and which rule wins? The rules in force, the year ahead, and the nights."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from controller.config.load import Setup
from controller.config.rule_form import Group, RuleForm, forms
from controller.config.schedule_draft import RuleMove, applied
from controller.config.schedule_edit import Edited
from controller.events import new_event
from controller.events.words import dated, day_words
from controller.lighting.look import Look
from controller.locale import Language
from controller.schedule.campaign import Limit, Rule
from controller.schedule.occurrence import coming_days
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note, notes
from controller.schedule.recurrence import EARLIEST, LATEST
from controller.schedule.translation import days_in_language, hours_in_language
from controller.service.clauses import Names, names_of
from controller.state.drafts import Draft
from controller.state.roles import Role
from controller.web.bars import night_bar, year_strip
from controller.web.nights import NightBar, NightWords, brief, night_bars, night_words
from controller.web.proposals import draft_of, edits_of, typed_of, version_line
from controller.web.rule_paths import WORDS, form_path, rule_paths
from controller.web.rule_words import in_labels
from controller.web.visit import ForViewer, Visit

router = APIRouter()
MOST_CARDS = 200
"""Rules of each kind on one page."""
MOST_TAGS = 3
NIGHTS = 8
MOST_EDITORS = 3
MOST_LANES = 40
"""Largest number of rules below the year."""
YEAR = timedelta(days=366)
GIVES_WAY = frozenset({"TWL-S201", "TWL-S217"})
"""Notes at the rule that wins; on the page they are shown at the one that loses."""
TAGS = {
    "TWL-S201": "gives_way",
    "TWL-S217": "gives_way",
    "TWL-S202": "never_lit",
    "TWL-S204": "never_lit",
    "TWL-S203": "over",
    "TWL-S207": "unconfirmed",
}
"""The notes that a card shows as a tag."""


@dataclass(frozen=True, slots=True)
class YearAhead:
    """What the rules of a setup do in the year from a day on: its picture, and the notes by the name of the rule."""

    setup: Setup
    day: date
    language: Language
    strip: str
    notes: Mapping[str, Sequence[Note]]


YEARS: deque[YearAhead] = deque(maxlen=4)


@dataclass(frozen=True, slots=True)
class Unsaved:
    """The visitor's unsaved changes: `at` when, `path` where they continue; `is_order` if only the order changed."""

    number: int
    at: str
    path: str
    is_order: bool


@dataclass(frozen=True, slots=True)
class ShownNight:
    """One night: its words, and its bar as SVG."""

    words: NightWords
    svg: str
    is_tonight: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A note in a word or two; `text` is the whole note."""

    words: str
    text: str
    is_warning: bool


Day = Annotated[date, Query(ge=date(EARLIEST, 1, 1), le=date(LATEST, 12, 31))]
"""A day in the years that a schedule covers: no night can be computed outside them."""


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule in the list. `rank` counts from 1; `colors` are those of its swatch."""

    rank: int
    name: str
    path: str
    when: str
    colors: tuple[str, ...]
    look: str
    following: str
    tags: tuple[Tag, ...]
    is_shared: bool = False
    """Whether it is in a file that several sites share, and cannot be changed here."""


def nights_from(visited: Visit, start: datetime, count: int) -> list[ShownNight]:
    """The nights from an instant on."""
    snapshot = visited.snapshot
    tower, program = snapshot.setup.tower, snapshot.program.by_schedule
    names = names_of(tower)
    bars = night_bars(program, start, start + timedelta(days=count - 1))
    return [_row(bar, program, names, visited, number) for number, bar in enumerate(bars)]


def _row(bar: NightBar, program: Program, names: Names, visited: Visit, number: int) -> ShownNight:
    now = visited.snapshot.now
    svg = night_bar(bar, program.place, now=now, prefix=f"n{number}")
    is_tonight = bar.night.start <= now < bar.night.end
    return ShownNight(night_words(bar, program.place, names, visited.language), svg, is_tonight)


@router.get("/schedule", include_in_schema=False)
def schedule(visited: ForViewer, since: Day | None = None) -> HTMLResponse:
    """The rules by rank, the year ahead, and the nights from a day on."""
    snapshot = visited.snapshot
    program = snapshot.program.by_schedule
    first = (
        datetime(since.year, since.month, since.day, 18, tzinfo=snapshot.zone) if since is not None else snapshot.now
    )
    begins = first.astimezone(snapshot.zone).date()
    known = _year_ahead(visited, snapshot.setup, program)
    draft = draft_of(visited) if visited.may(Role.OPERATOR) else None
    setup = _in_order(visited, draft)
    cards = _cards(visited, setup, known)
    return visited.page(
        "schedule",
        groups=[(group, word, cards[group], len(getattr(setup.schedule, group))) for group, word in WORDS.items()],
        strip=known.strip,
        nights=nights_from(visited, first, NIGHTS),
        begins=day_words(begins, visited.language, year=begins.year != visited.now.year),
        earlier=(begins - timedelta(days=NIGHTS)).isoformat(),
        later=(begins + timedelta(days=NIGHTS)).isoformat(),
        may_edit=visited.may(Role.OPERATOR) and visited.service.keeper is not None,
        unsaved=_unsaved(visited, draft) if draft is not None else None,
        editors=_editors(visited),
        **_file(visited),
    )


def _file(visited: Visit) -> dict[str, Any]:
    """Who saved last, whether that can be undone, and whether the file on the disk is broken."""
    keeper = visited.service.keeper
    if keeper is None:
        return {"saved": None, "may_undo": False, "faults": 0}
    versions, current = keeper.versions.versions(), keeper.read()
    return {
        "saved": version_line(visited, versions[0]) if versions else None,
        "may_undo": len(versions) > 1 and visited.may(Role.OPERATOR),
        "faults": 0 if current.setup is not None else len(current.findings),
    }


def _unsaved(visited: Visit, draft: Draft) -> Unsaved:
    edits, typed = edits_of(draft), typed_of(draft)
    at = dated(draft.saved.astimezone(visited.snapshot.zone), visited.now, visited.language)
    path = f"/schedule/draft/{draft.id}"
    if typed is not None:
        path = form_path(visited.snapshot.setup, typed.group, typed.name)
    return Unsaved(draft.id, at, path, typed is None and all(isinstance(each, RuleMove) for each in edits))


def _editors(visited: Visit) -> list[str]:
    """Others with unsaved changes; only colleagues see them."""
    if not visited.may(Role.OPERATOR) or visited.service.keeper is None:
        return []
    drafts = visited.service.accounts.drafts.all(visited.service.site)
    return [each.person for each in drafts if each.person != visited.visitor.owner][:MOST_EDITORS]


def _in_order(visited: Visit, draft: Draft | None) -> Setup:
    """The setup in force; in the order of the visitor's draft, if the file on the disk is the one in force."""
    setup, moves = visited.snapshot.setup, [each for each in edits_of(draft) if isinstance(each, RuleMove)]
    if not moves or visited.service.keeper is None:
        return setup
    outcome = applied(visited.service.keeper.read().text, moves, setup.tower)
    moved = visited.service.keeper.parsed(outcome.text) if isinstance(outcome, Edited) else None
    return moved if moved is not None and _names(moved) == _names(setup) else setup


def _names(setup: Setup) -> set[str]:
    return {rule.name for rule in setup.program().rules}


def _cards(visited: Visit, setup: Setup, known: YearAhead) -> dict[Group, list[RuleCard]]:
    """By list; the texts of a rule come from its file, its effect from the plan in force."""
    found: dict[Group, list[RuleCard]] = {group: [] for group in WORDS}
    rules = {group: iter(getattr(setup.schedule, group)) for group in found}
    paths = {group: rule_paths(setup, group) for group in found}
    for form in forms(setup.rules_text, MOST_CARDS):
        rule, cards = next(rules[form.group]), found[form.group]
        more = known.notes.get(rule.name, ())
        cards.append(_card(visited, form, rule, len(cards) + 1, more, paths[form.group]))
    return found


def _year_ahead(visited: Visit, setup: Setup, program: Program) -> YearAhead:
    """Cached for the day: with thousands of rules it takes a while."""
    day, language = visited.now.date(), visited.language
    for known in YEARS:
        if known.setup is setup and (known.day, known.language) == (day, language):
            return known
    begin = visited.snapshot.now
    rules = program.rules[:MOST_LANES]
    strip = year_strip(night_bars(program, begin, begin + YEAR), rules, language)
    by_rule: dict[str, list[Note]] = defaultdict(list)
    for note in notes(program, begin):
        name = note.fields["other"] if note.code in GIVES_WAY else note.rule.name
        by_rule[str(name)].append(note)
    YEARS.append(YearAhead(setup, day, language, strip, by_rule))
    return YEARS[-1]


def _card(
    visited: Visit, form: RuleForm, rule: Rule, rank: int, found: Sequence[Note], paths: Mapping[str, str]
) -> RuleCard:
    today = visited.now.date()
    span = coming_days(rule, today)
    is_now = span is not None and span[0] <= today
    key = "over" if span is None else "now" if is_now else "next"
    day = day_words(span[0], visited.language) if span is not None else ""
    has_days = bool(rule.dates or rule.nights)
    is_never_lit = any(TAGS.get(note.code) == "never_lit" for note in found)
    return RuleCard(
        rank=rank,
        name=rule.name,
        path=paths.get(rule.name, ""),
        when=_when(visited, form, has_days),
        colors=_colors(rule),
        look=_look(visited, rule),
        following=visited.text(f"schedule.following.{key}", day=day) if has_days and not is_never_lit else "",
        tags=tuple(_tags(visited, found))[:MOST_TAGS],
        is_shared=bool(rule.shared_file),
    )


def _when(visited: Visit, form: RuleForm, has_days: bool) -> str:
    parts = [_days(visited, form.days) if has_days else visited.text("schedule.every_night")]
    parts += [f"{one.year}: {_days(visited, one.days)}" for one in form.years]
    if form.except_:
        parts.append(visited.text("schedule.except", days=_days(visited, form.except_)))
    if form.hours:
        parts.append(", ".join(hours_in_language(each, visited.language) for each in form.hours))
    return " · ".join(parts)


def _days(visited: Visit, texts: Sequence[str]) -> str:
    return ", ".join(days_in_language(each, visited.language) for each in texts)


def _colors(rule: Rule) -> tuple[str, ...]:
    """Empty for a limit, which has no light of its own."""
    if isinstance(rule, Limit):
        return ()
    looks: dict[str, Look] = getattr(rule, "looks", {})
    colors = (color.hex for look in looks.values() for color in look.colors)
    return tuple(dict.fromkeys(colors)) or ("#000000",)


def _look(visited: Visit, rule: Rule) -> str:
    if isinstance(rule, Limit):
        return visited.text("schedule.at_most", brightness=f"{100 * rule.brightness:g} %")
    looks: dict[str, Look] = getattr(rule, "looks", {})
    if not looks:
        return visited.text("schedule.dark")
    return brief(looks, names_of(visited.snapshot.setup.tower), visited.language)


def _tags(visited: Visit, found: Sequence[Note]) -> Iterator[Tag]:
    """Tags of a rule. Of several rules that win over it only the one that takes the most nights is shown."""
    losses = [note for note in found if note.code in GIVES_WAY]
    lost = max(losses, key=lambda note: int(str(note.fields["nights"])), default=None)
    for note in found:
        key = TAGS.get(note.code)
        if key is None or (note.code in GIVES_WAY and note is not lost):
            continue
        event = new_event(note.code, **note.fields)
        one = "_one" if note.fields.get("nights") == 1 else ""
        words = visited.text(f"schedule.tag.{key}{one}", **{"nights": "", "year": "", **note.fields})
        yield Tag(words, in_labels(visited, visited.event_text(event)), key in {"never_lit", "unconfirmed"})
