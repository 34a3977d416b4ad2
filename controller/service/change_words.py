"""What an edit of the schedule changes, in the words of *What changes?* and in one line for the history.

The line of the history is stored as values (`summary_value`) and worded in the reader's language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from controller.events import new_event
from controller.events.models import printable
from controller.events.words import day_words, days_words, look_words, looks_words, night_words
from controller.lighting.look import NO_LIGHT, Look
from controller.locale import Language, phrase, template
from controller.rfc3339 import rfc3339
from controller.schedule.changes import (
    GROUPED_FROM,
    Changes,
    DayChange,
    NightGroup,
)
from controller.schedule.lit import LitStretch
from controller.schedule.plan import Looks
from controller.schedule.recurrence import Span
from controller.schedule.rule_changes import DAY_KEYS, RuleChange
from controller.schedule.translation import days_in_language, hours_in_language

MOST_RULES = 3
"""Changed rules named in a line of the history."""
BY_THE_CLOCK = timedelta(hours=20)
"""An end sooner than this is given without its day."""
INSTANT = timedelta(microseconds=1)
WITH_DETAILS = ("name", "hours", "brightness", "order")
"""Keys whose line gives the new value; the others have a text under `summary.key`."""

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """The words for changes in a language; `names` are people's names of the zones, times are those of `zone`."""

    language: Language
    zone: tzinfo
    names: Mapping[str, str]
    changes: Changes

    def now(self) -> str:
        """What saving does to the light at once, if anything."""
        changes, now = self.changes, self.changes.now
        if now is None:
            is_tonight = any(night.day == changes.tonight for night in changes.nights)
            return self._text("now.same" if is_tonight else "now.tonight")
        before, after = self._looks(now.before), self._looks(now.after)
        if not now.before:
            return self._text("now.lit", after=after)
        if now.after:
            return self._text("now.other", before=before, after=after)
        if now.until is None:
            return self._text("now.dark", before=before)
        until = self._end(now.until)
        if now.until - changes.since >= BY_THE_CLOCK:
            last = (now.until - INSTANT).astimezone(self.zone).date()
            until = f"{day_words(last, self.language)} {until}"
        return self._text("now.dark_until", before=before, until=until)

    def day(self, change: DayChange) -> str:
        """`Fri 20 Nov 2026 goes dark.`"""
        days = _capital(days_words(change.first, change.last, self.language))
        key = change.becomes if change.first == change.last else f"{change.becomes}_several"
        return self._text(f"day.{key}", days=days, lit=self.light(change.lit))

    def days(self) -> Iterator[str]:
        """Every day that turns dark or lit; above GROUPED_FROM the number of days, year by year."""
        if len(self.changes.days) <= GROUPED_FROM:
            yield from map(self.day, self.changes.days)
            return
        groups: dict[tuple[int, str], list[date]] = {}
        for change in self.changes.days:
            for offset in range((change.last - change.first).days + 1):
                day = change.first + timedelta(days=offset)
                groups.setdefault((day.year, change.becomes), []).append(day)
        for (_, becomes), days in groups.items():
            span = days_words(days[0], days[-1], self.language)
            yield self._text(f"day.{becomes}_group", count=len(days), days=span)

    def nights(self) -> str:
        """How many nights change."""
        count = len(self.changes.nights)
        key = "none" if not count else "one" if count == 1 else "several"
        return self._text(f"night.{key}", count=count, looked=self.changes.looked)

    def kept(self) -> str:
        """How many nights of the changed rules stay as they are; empty for none."""
        count = max((rule.kept for rule in self.changes.rules), default=0)
        return self._text("night.kept_one" if count == 1 else "night.kept", count=count) if count else ""

    def group(self, group: NightGroup) -> str:
        """One night, or several identical ones, with the light before and after."""
        first, last = group.first, group.last
        before, after = self.light(first.before, last.before), self.light(first.after, last.after)
        key = "fades" if first.before == first.after else "line"
        return self._text(f"night.{key}", nights=self.when(group), before=before, after=after)

    def when(self, group: NightGroup) -> str:
        """`Thu 19 – Fri 20 Nov 2026`; for a group the number of nights, and the days on which the first and the last
        begin."""
        if group.count == 1:
            return night_words(group.first.day, self.language)
        nights = days_words(group.first.day, group.last.day, self.language)
        is_run = (group.last.day - group.first.day).days + 1 == group.count
        return self._text("night.group" if is_run else "night.group_between", count=group.count, nights=nights)

    def light(self, first: tuple[LitStretch, ...], last: tuple[LitStretch, ...] = ()) -> str:
        """`15:41–24:00 orange 100 %`, with the hours of the last night of a group where they differ."""
        parts = []
        for one, other in zip(first, last or first, strict=True):
            hours = dict.fromkeys((self._hours(one), self._hours(other)))
            parts.append(f"{' … '.join(hours)} {self._looks(one.looks)}")
        return ", ".join(parts) or phrase(self.language, "dark")

    def rules(self) -> Iterator[str]:
        """Changed rules that are seen in no night, and why; new rules that never show, and what wins over them."""
        for rule in self.changes.rules:
            if rule.never is not None:
                yield _capital(new_event(rule.never.code, **rule.never.fields).text(self.language))
            elif not rule.changed:
                yield self._text("rule.unseen", name=rule.rule.name)

    def lines(self) -> Iterator[str]:
        """All lines, as a terminal shows them before the edit is saved."""
        yield self.now()
        yield from self.what()

    def what(self) -> Iterator[str]:
        """All lines but the one about the light now."""
        yield from self.days()
        yield self.nights()
        yield from (f"  {self.group(group)}" for group in self.changes.groups)
        if kept := self.kept():
            yield f"  {kept}"
        yield from self.rules()

    def _text(self, key: str, **fields: object) -> str:
        return template(self.language, "changes", key).format_map(fields)

    def _hours(self, stretch: LitStretch) -> str:
        start = (
            self._text("night.from_now") if stretch.start == self.changes.since else _clock(stretch.start, self.zone)
        )
        return f"{start}–{self._end(stretch.end)}"

    def _end(self, at: datetime) -> str:
        """An end at midnight is 24:00 of the day that ends."""
        end = _clock(at, self.zone)
        return "24:00" if end == "00:00" else end

    def _looks(self, looks: Looks) -> str:
        """One look where all zones show it, else zone by zone."""
        shown = {zone: looks.get(zone, NO_LIGHT) for zone in self.changes.zones}
        looks_by_name = {self.names.get(zone, zone): self._look(look) for zone, look in shown.items()}
        return (
            next(iter(looks_by_name.values()))
            if len({*looks_by_name.values()}) == 1
            else looks_words(looks_by_name, self.language)
        )

    def _look(self, look: Look) -> str:
        """The look; of a sequence the first colour and the number of colours."""
        count = look.alternating
        more = f" ({phrase(self.language, 'plan.colors', count=count)})" if count is not None else ""
        return look_words(look.at(0).value, self.language) + more


def changes_value(changes: Changes) -> Value:
    """Changes for programs: the light now, changed nights, and what was edited; instants in UTC."""
    now = changes.now
    return {
        "now": None
        if now is None
        else {
            "before": _looks_value(now.before, changes.zones),
            "after": _looks_value(now.after, changes.zones),
            "until": None if now.until is None else rfc3339(now.until, timespec="seconds"),
        },
        "nights": [
            {
                "night": night.day.isoformat(),
                "before": _stretches_value(night.before, changes.zones),
                "after": _stretches_value(night.after, changes.zones),
            }
            for night in changes.nights
        ],
        "rules": summary_value(changes),
    }


def _stretches_value(stretches: Iterable[LitStretch], zones: Iterable[str]) -> list[Value]:
    return [
        {
            "from": rfc3339(each.start, timespec="seconds"),
            "until": rfc3339(each.end, timespec="seconds"),
            "looks": _looks_value(each.looks, zones),
        }
        for each in stretches
    ]


def _looks_value(looks: Looks, zones: Iterable[str]) -> Value:
    """The looks by zone; of a sequence the first colour."""
    return {zone: looks.get(zone, NO_LIGHT).at(0).value for zone in zones}


def summary_value(changes: Changes) -> list[Value]:
    """What was edited, rule by rule, as the history stores it; empty where no rule differs."""
    return [_rule_value(rule) for rule in changes.rules]


def summary_words(rules: Iterable[Mapping[str, Any]], language: Language) -> str:
    """`En vecka fri från våld: Sat 21 – Fri 27 Nov, only 2026`."""
    lines = [_edit_words(rule, language) for rule in rules]
    if not lines:
        return template(language, "changes", "summary.text")
    line, more = "; ".join(lines[:MOST_RULES]), len(lines) - MOST_RULES
    if more <= 0:
        return line
    return template(language, "changes", "summary.more").format_map({"first": line, "count": more})


def _rule_value(change: RuleChange) -> Value:
    rule, before = change.rule, change.before
    value: Value = {"change": change.change, "kind": change.kind, "name": rule.name}
    if change.change != "edited" or before is None:
        return value
    value["keys"] = [key for key in change.keys if key not in DAY_KEYS]
    if not DAY_KEYS.isdisjoint(change.keys):
        value["unit"] = "dates" if rule.dates is not None else "nights" if rule.nights is not None else "every_night"
        value["days"] = ", ".join(map(str, rule.dates or rule.nights or ()))
        value["left_out"] = ", ".join(map(str, rule.except_))
    if change.days is not None:
        spans = {"added": change.days.added, "removed": change.days.removed}
        value |= {key: [[day.isoformat() for day in span] for span in found] for key, found in spans.items()}
        value |= {"only": change.days.only, "as_usual": change.days.as_usual}
    details = {
        "name": before.name,
        "hours": ", ".join(map(str, rule.hours)),
        "brightness": getattr(rule, "brightness", None),
    }
    value["details"] = {key: details[key] for key in change.keys if details.get(key) is not None}
    return value


def _edit_words(value: Mapping[str, Any], language: Language) -> str:
    name, kind = printable(value["name"]), value["kind"]
    if value["change"] != "edited":
        return template(language, "changes", f"summary.{value['change']}.{kind}").format_map({"name": name})
    parts = [_days_words(value, language)] if "days" in value else []
    parts += [_key_words(key, value["details"], language) for key in value["keys"]]
    return template(language, "changes", "summary.edited").format_map({"name": name, "what": ", ".join(parts)})


def _key_words(key: str, details: Mapping[str, Any], language: Language) -> str:
    if key not in WITH_DETAILS:
        return template(language, "changes", f"summary.key.{key}")
    fields = {key: printable(detail) for key, detail in details.items() if key != "brightness"}
    if "hours" in fields:
        fields["hours"] = ", ".join(hours_in_language(each, language) for each in fields["hours"].split(", "))
    percent = f"{100 * details.get('brightness', 0):g}"
    return template(language, "changes", f"summary.{key}").format_map({**fields, "percent": percent})


def _days_words(value: Mapping[str, Any], language: Language) -> str:
    added, removed = (_spans(value.get(key, ())) for key in ("added", "removed"))
    if not added and not removed:
        key, left_out = value.get("unit", "dates"), days_in_language(printable(value.get("left_out", "")), language)
        listed = days_in_language(printable(value["days"]), language)
        days = template(language, "changes", f"summary.{key}").format_map({"days": listed})
        fields = {"days": days, "left_out": left_out}
        return template(language, "changes", "summary.but").format_map(fields) if left_out else days
    spans, is_usual, is_only = added or removed, bool(value.get("as_usual")), bool(value["only"])
    days = ", ".join(days_words(first, last, language, year=not (is_only or is_usual)) for first, last in spans)
    if not added:
        days = template(language, "changes", "summary.not").format_map({"days": days})
    if not (is_only or is_usual):
        return days
    key = "summary.as_usual" if is_usual else "summary.only"
    return template(language, "changes", key).format_map({"days": days, "year": spans[0][0].year})


def _spans(value: Iterable[Iterable[str]]) -> list[Span]:
    return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in value]


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
