"""Which rules an edit of the schedule adds, removes and changes, and which days they win and lose. Pure; the visible
effect on nights is in `changes`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Literal, get_args

from controller.schedule.campaign import Rule
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note
from controller.schedule.recurrence import Span, days_of, runs

YEARS = 5
"""Number of years, this one included, that are compared to see whether days changed in one of them only."""
MOST_SPANS = 4
"""Days that were added in more pieces than this are shown as written."""
ORDER = "order"
"""Among the changed keys of a rule: its place in the list."""

RuleKind = Literal["blackouts", "campaigns", "every_night", "limits"]
KINDS: tuple[RuleKind, ...] = get_args(RuleKind)
DAY_KEYS = frozenset({"dates", "nights", "except"})


@dataclass(frozen=True, slots=True)
class DaysEdit:
    """Days, in their own years, that a rule won and lost. `only`: its other days stay as they are; `as_usual`: a year
    with days of its own has those of every year again."""

    added: tuple[Span, ...]
    removed: tuple[Span, ...]
    only: bool
    as_usual: bool = False


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is new, removed or edited: the keywords that differ, with ORDER for its place in the list.

    `changed` counts the changed nights in which it has hours, before or after; `kept` those between the first and the
    last of them in which it shows as before, of all nights if none changes. `never` is the reason why a rule is never
    lit: the note has the code and the winner. `days` is None if the days are the same, or come in too many pieces to
    list."""

    change: Literal["new", "removed", "edited"]
    kind: RuleKind
    before: Rule | None
    after: Rule | None
    keys: tuple[str, ...] = ()
    changed: int = 0
    kept: int = 0
    never: Note | None = None
    days: DaysEdit | None = None

    @property
    def rule(self) -> Rule:
        """The new rule, or the old one if it is removed."""
        rule = self.after or self.before
        assert rule is not None  # noqa: S101 -- one of them always is
        return rule


def rule_changes(before: Program, after: Program, year: int) -> Iterator[RuleChange]:
    """Each rule that changes, list by list, with its days from the beginning of a year on; its nights are not counted
    yet."""
    for kind in KINDS:
        yield from _of_kind(kind, getattr(before, kind), getattr(after, kind), year)


def _of_kind(kind: RuleKind, before: tuple[Rule, ...], after: tuple[Rule, ...], year: int) -> Iterator[RuleChange]:
    """The changes of one list: new and edited rules in the order of the new list, then the removed ones."""
    old = _by_rule(before, after)
    moved = _moved(before, [old[id(rule)] for rule in after if id(rule) in old])
    for rule in after:
        was = old.get(id(rule))
        if was is None:
            yield RuleChange("new", kind, None, rule)
        elif keys := (*_differing(was, rule), *((ORDER,) if id(was) in moved else ())):
            days = _days_edit(was, rule, year) if not DAY_KEYS.isdisjoint(keys) else None
            yield RuleChange("edited", kind, was, rule, keys, days=days)
    kept = {id(rule) for rule in old.values()}
    yield from (RuleChange("removed", kind, rule, None) for rule in before if id(rule) not in kept)


def _by_rule(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> dict[int, Rule]:
    """By the identity of a new rule the old one: the one with its name, or else one whose name is gone and that is
    equal, or that had its place and differs only in its days or in its light."""
    names = {rule.name: rule for rule in before}
    found = {id(rule): names.pop(rule.name) for rule in after if rule.name in names}
    for is_renamed in (lambda old, rule: _differing(old, rule) == ("name",), _is_at_place(before, after)):
        for rule in after:
            same = (name for name, old in names.items() if type(old) is type(rule) and is_renamed(old, rule))
            if id(rule) not in found and (name := next(same, None)) is not None:
                found[id(rule)] = names.pop(name)
    return found


def _is_at_place(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> Callable[[Rule, Rule], bool]:
    """Whether a new rule is at the place of an old one, with the same days or the same light."""
    places = [{id(rule): number for number, rule in enumerate(rules)} for rules in (before, after)]

    def is_same(old: Rule, rule: Rule) -> bool:
        keys = {*_differing(old, rule)} - {"name", "confirmed_for"}
        return places[0][id(old)] == places[1][id(rule)] and (keys <= DAY_KEYS or keys.isdisjoint(DAY_KEYS))

    return is_same


def _moved(before: tuple[Rule, ...], after: list[Rule]) -> frozenset[int]:
    """The rules whose order relative to the other remaining ones has changed."""
    new = [id(rule) for rule in after]
    old = [id(rule) for rule in before if id(rule) in set(new)]
    kept = {
        each
        for block in SequenceMatcher(None, old, new, False).get_matching_blocks()
        for each in old[block.a :][: block.size]
    }
    return frozenset(new) - kept


def _differing(one: Rule, other: Rule) -> tuple[str, ...]:
    """The keywords of the file whose values differ; different words for the same days do not count."""
    fields = {name: info.alias or name for name, info in type(other).model_fields.items() if not info.exclude}
    return tuple(key for name, key in fields.items() if getattr(one, name) != getattr(other, name))


def _days_edit(one: Rule, other: Rule, year: int) -> DaysEdit | None:
    """None for days in many pieces, or that change in most years or are counted in another way than before."""
    if (one.dates is None) != (other.dates is None):
        return None
    old, new = (set(_runs(rule, year)) for rule in (one, other))
    added, removed = sorted(new - old), sorted(old - new)
    if not added + removed or max(len(added), len(removed)) > MOST_SPANS:
        return None
    years = {first.year for first, _ in added + removed}
    if len(years) >= YEARS - 1:  # every year but one that has days of its own
        return None
    is_one = len(years) == 1 and bool(old & new)
    is_usual = is_one and years <= _years_named(one) and years.isdisjoint(_years_named(other))
    return DaysEdit(tuple(added), tuple(removed), only=is_one and not is_usual, as_usual=is_usual)


def _years_named(rule: Rule) -> set[int | None]:
    """The years that its days name as different."""
    return {days.year for days in (*rule.listed, *rule.except_)}


def _runs(rule: Rule, year: int) -> Iterator[Span]:
    """Runs of days, from the beginning of a year on for YEARS."""
    return runs(day for day in days_of(date(year, 1, 1), date(year + YEARS - 1, 12, 31)) if rule.has(day))
