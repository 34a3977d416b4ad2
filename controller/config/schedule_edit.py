"""Changes of schedule.yaml as text: a rule changed, added, moved or removed, everything else byte for byte. Pure.

Every result is read again. It is `Edited` only if the changed rule is as asked and every other rule as before;
mistakes are `Faulty`, and a text in which this cannot be done piece by piece is `NotPatchable`: it must be changed as
text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from controller.config.cures import followed
from controller.config.finding_fields import DAYS_FIELD
from controller.config.findings import Finding, RuleField, SourceText, Suggestion
from controller.config.load import SCHEDULE, OpenedSchedule, open_schedule
from controller.config.nodes import Document, Node, Pairs, Plain, YamlSequence, plain, span_of
from controller.config.rule_form import Group, OneYear, RuleForm, field_texts, form_of, forms, texts_of
from controller.config.rule_patch import NO_VALUE, NoWay, changed_rule, rule_lines
from controller.config.schedule_text import FileText, Splice, as_flow
from controller.config.tower import Tower
from controller.config.yaml_text import INVISIBLE
from controller.errors import Mistake, readable
from controller.locale import Language
from controller.schedule.one_year import days_belonging_to

LONGEST_VALUE = 500
"""Longest value in characters."""
INDENT = 2
ONLY_AS_TEXT = "TWL-S280"


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text of the file."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Faulty:
    """The result has mistakes. `text` is the file with them, in which their suggestions can be applied."""

    findings: tuple[Finding, ...]
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class NotPatchable:
    """The file can only be changed as text: `finding` is that message; `findings` are its existing mistakes."""

    finding: Finding
    findings: tuple[Finding, ...] = ()


Outcome = Edited | Faulty | NotPatchable


class RuleKey(NamedTuple):
    """Identifies a rule: the names in a schedule are unique."""

    group: Group
    name: str


def save_form(text: bytes, key: RuleKey | None, form: RuleForm, tower: Tower) -> Outcome:
    """The file with the rule changed to the form; without a key with a new rule, the last of its group."""
    if too_long := tuple(_too_long(form)):
        return Faulty(too_long)

    def splices(of: FileText, document: Document) -> Iterable[Splice]:
        if key is None:
            return _added(of, document, form)
        old = form_of(document, *key)
        if old is None or old.group != form.group:
            raise NoWay
        meant = form.settled(old)
        return changed_rule(of, _rule(document, key), old.values(), meant.values())

    unreadable = next((one for one in form.years if readable(days_belonging_to, one.year, one.days) is None), None)
    if unreadable is not None:
        return _faulty_year(save_form(text, key, replace(form, days=unreadable.days, years=()), tower), unreadable)
    try:
        return _edited(text, tower, splices, _with_form(key, form))
    except Mistake:  # in the usual days, besides those of a year
        outcome = save_form(text, key, replace(form, years=()), tower)
        return (
            NotPatchable(SourceText(SCHEDULE).finding(ONLY_AS_TEXT, None)) if isinstance(outcome, Edited) else outcome
        )


def cured_form(
    form: RuleForm, faulty: Faulty, finding: Finding, cure: Suggestion, tower: Tower, language: Language
) -> RuleForm:
    """The form with a suggestion for one of its mistakes applied; unchanged if the mistake is not its own."""
    of = finding.field
    if of is None or _plain(of.rule) != _plain(form.name) or not faulty.text:
        return form
    before, after = (
        open_schedule(text, tower).document for text in (faulty.text, followed(faulty.text, cure, language))
    )
    numbers = [number for number, one in enumerate(forms(before)) if _is(one, RuleKey(form.group, form.name))]
    new = forms(after)[numbers[0]] if numbers and numbers[0] < len(forms(after)) else form
    if not of.field.startswith("years."):
        return new
    year = int(of.field.removeprefix("years."))
    return replace(
        form, years=tuple(replace(one, days=new.days, texts=None) if one.year == year else one for one in form.years)
    )


def _faulty_year(outcome: Outcome, year: OneYear) -> Outcome:
    """The mistakes in the days of one year, which were checked as usual days."""
    if not isinstance(outcome, Faulty):
        return outcome
    found = [
        replace(one, field=replace(one.field, field=f"years.{year.year}"))
        for one in outcome.findings
        if one.field is not None and one.field.field == DAYS_FIELD
    ]
    rest = [one for one in outcome.findings if one.field is None or one.field.field != DAYS_FIELD]
    return replace(outcome, findings=(*found, *rest))


def remove_rule(text: bytes, key: RuleKey, tower: Tower) -> Outcome:
    """The file without a rule, its lines and the comments directly above them."""

    def expected(before: tuple[RuleForm, ...]) -> tuple[RuleForm, ...]:
        return tuple(one for one in before if not _is(one, key))

    return _edited(text, tower, lambda of, document: _removed(of, document, key), expected)


def move_rule(text: bytes, key: RuleKey, to: int, tower: Tower) -> Outcome:
    """The file with a rule at another place of its group, counted from 0; its comments move with it."""

    def expected(before: tuple[RuleForm, ...]) -> tuple[RuleForm, ...]:
        group = [one for one in before if one.group == key.group]
        at = next((number for number, one in enumerate(group) if _is(one, key)), 0)
        group.insert(to, group.pop(at))
        rest = iter(group)
        return tuple(next(rest) if one.group == key.group else one for one in before)

    return _edited(text, tower, lambda of, document: _moved(of, document, key, to), expected)


def _edited(
    text: bytes,
    tower: Tower,
    splices: Callable[[FileText, Document], Iterable[Splice]],
    expected: Callable[[tuple[RuleForm, ...]], tuple[RuleForm, ...]],
) -> Outcome:
    """The file with these splices, once it has been read again."""
    before = open_schedule(text, tower)
    refused = before.document.source.finding(ONLY_AS_TEXT, None)
    if before.schedule is None or before.findings:
        return NotPatchable(refused, before.findings)
    try:
        of = FileText.of(text)
        new = of.spliced(splices(of, before.document))
    except (NoWay, UnicodeDecodeError):
        return NotPatchable(refused)
    after = open_schedule(new, tower)
    if after.document.root is None:
        return NotPatchable(refused)
    is_as_asked = _is_as_asked(before, after, expected)
    if after.findings and (is_as_asked or all(one.field is not None for one in after.findings)):
        return Faulty(after.findings, new)
    return Edited(new) if is_as_asked else NotPatchable(refused)


def _is_as_asked(
    before: OpenedSchedule, after: OpenedSchedule, expected: Callable[[tuple[RuleForm, ...]], tuple[RuleForm, ...]]
) -> bool:
    """Whether the rules are as asked, and everything else as before."""
    try:
        old, new = forms(before.document), forms(after.document)
        same = [[_values(one) for one in each] for each in (expected(old), new)]
    except Mistake:
        return True  # the findings of the file say why
    rest = [
        {key: value for key, value in plain(one.document.pairs).items() if not isinstance(value, list)}
        for one in (before, after)
    ]
    return same[0] == same[1] and rest[0] == rest[1]


def _values(form: RuleForm) -> tuple[Group, dict[str, Plain]]:
    """The values of a rule, in whatever order its days are listed."""
    values = form.values()
    for key, listed in values.items():
        if isinstance(listed, list) and key != "color":
            values[key] = [*sorted(map(str, listed))]
    return form.group, values


def _with_form(key: RuleKey | None, form: RuleForm) -> Callable[[tuple[RuleForm, ...]], tuple[RuleForm, ...]]:
    def expected(before: tuple[RuleForm, ...]) -> tuple[RuleForm, ...]:
        if key is not None:
            return tuple(form.settled(one) if _is(one, key) else one for one in before)
        order = ("campaigns", "every_night", "blackouts", "limits")
        listed = [(order.index(one.group), number, one) for number, one in enumerate((*before, form))]
        return tuple(one for _, _, one in sorted(listed, key=lambda each: each[:2]))

    return expected


def _is(form: RuleForm, key: RuleKey) -> bool:
    return form.group == key.group and _plain(form.name) == _plain(key.name)


def _plain(name: str) -> str:
    return re.sub(INVISIBLE, "", name).strip().casefold()


def _too_long(form: RuleForm) -> Iterable[Finding]:
    """Values too long for a line of the file."""
    for field, written in field_texts(form).items():
        if any(len(one) > LONGEST_VALUE for one in texts_of(written)):
            finding = SourceText(SCHEDULE).finding("TWL-S061", None, key=field.partition(".")[0], limit=LONGEST_VALUE)
            yield replace(finding, field=RuleField(form.group, form.name, field))


# Where a rule stands


def _group(document: Document, group: str) -> YamlSequence:
    entry = document.pairs.entries.get(group)
    if entry is None or not isinstance(entry.value, YamlSequence):
        raise NoWay
    return entry.value


def _number(document: Document, key: RuleKey) -> int:
    for number, rule in enumerate(document.pairs.groups(key.group)):
        name = rule.scalar("name")
        if name is not None and name.text.strip().casefold() == key.name.strip().casefold():
            return number
    raise NoWay


def _rule(document: Document, key: RuleKey) -> Pairs:
    return document.pairs.groups(key.group)[_number(document, key)]


def _block(of: FileText, items: YamlSequence, number: int) -> tuple[int, int]:
    """First and last line of a rule. Comments directly above the hyphen, indented no further than it, belong to the
    rule; so do those below it that are indented further."""
    column, node = items.place.column, items.items[number]
    first, last = _hyphen_line(of, node, column), span_of(node).end_line
    before = span_of(items.items[number - 1]).end_line if number else _keyword_line(of, items)
    while first - 1 > before and _is_comment(of.line(first - 1)) and _indent(of.line(first - 1)) < column:
        first -= 1
    while last < len(of.begins) and _is_comment(of.line(last + 1)) and _indent(of.line(last + 1)) >= column:
        last += 1
    return first, last


def _hyphen_line(of: FileText, node: Node, column: int) -> int:
    line = span_of(node).line
    while line > 0 and of.line(line)[column - 1 : column] != "-":
        line -= 1
    if not line or of.line(line)[: column - 1].strip():
        raise NoWay
    return line


def _keyword_line(of: FileText, items: YamlSequence) -> int:
    """The line of the keyword that holds a block list."""
    line = items.place.line - 1
    while line > 0 and (_is_comment(of.line(line)) or not of.line(line).strip()):
        line -= 1
    return line


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


# A rule more


def _added(of: FileText, document: Document, form: RuleForm) -> Iterable[Splice]:
    values = form.settled(None).values()
    entry = document.pairs.entries.get(form.group)
    if document.pairs.flow is not None:
        raise NoWay
    if entry is None:
        last = of.last_line
        yield of.behind_line(last, ["", f"{form.group}:", *_entry(values, *_columns(of, document))])
    elif not isinstance(entry.value, YamlSequence) or not entry.value.items:
        line = entry.key.place.line
        found = NO_VALUE.match(of.line(line), entry.key.place.end - 1)
        if isinstance(entry.value, YamlSequence):
            flow = entry.value.flow
            if flow is None or flow.end_line != line:
                raise NoWay
            end = flow.end_column - 1
        elif entry.is_empty and found:
            end = found.end()
        else:
            raise NoWay
        colon = of.text.index(":", of.offset(line, entry.key.place.end)) + 1
        yield Splice(colon, of.begins[line - 1] + end, "")
        yield of.behind_line(line, _entry(values, *_columns(of, document)))
    elif entry.value.flow is not None:
        end_line, end = span_of(entry.value.items[-1])[2:]
        at = of.offset(end_line, end)
        yield Splice(at, at, f", {as_flow(values)}")
    else:
        yield _behind_the_last(of, document, entry.value, values)


def _behind_the_last(of: FileText, document: Document, items: YamlSequence, values: dict[str, Plain]) -> Splice:
    """With the same distance to the last rule as that has to the rule above it."""
    count = len(items.items)
    blocks = [_block(of, items, number) for number in range(max(0, count - 2), count)]
    first, last = blocks[-1]
    blank = len(blocks) > 1 and not of.line(first - 1).strip()
    column = items.place.column - 1
    inner = _columns(of, document)[1]
    return of.behind_line(last, [*([""] if blank else []), *_entry(values, column, inner)])


def _entry(values: dict[str, Plain], column: int, inner: int) -> list[str]:
    """A rule with its hyphen in a column (from 0), its keywords `inner` columns further in."""
    first, *rest = rule_lines(values, column + inner)
    return [f"{' ' * column}-{' ' * (inner - 1)}{first}", *rest]


def _columns(of: FileText, document: Document) -> tuple[int, int]:
    """The column of hyphens in this file, and how far behind them the keywords are."""
    for group in document.pairs.entries.values():
        items = group.value
        if isinstance(items, YamlSequence) and items.flow is None:
            column = items.place.column - 1
            inner = [
                node.place.column - 1 - column
                for node in items.items
                if isinstance(node, Pairs)
                and node.flow is None
                and of.line(node.place.line)[column : column + 1] == "-"
            ]
            return column, inner[0] if inner else INDENT
    return INDENT, INDENT


# A rule less, or elsewhere


def _removed(of: FileText, document: Document, key: RuleKey) -> Iterable[Splice]:
    items, number = _group(document, key.group), _number(document, key)
    if items.flow is not None:
        yield _cut_in_flow(of, items, number)
        return
    first, last = _block(of, items, number)
    if len(items.items) == 1:
        entry = document.pairs.entries[key.group]
        colon = of.text.index(":", of.offset(entry.key.place.line, entry.key.place.end)) + 1
        yield Splice(colon, colon, " []")
    if last < len(of.begins) and not of.line(last + 1).strip() and not of.line(first - 1).strip():
        last += 1  # of two blank lines one is enough
    yield of.without_lines(first, last)


def _cut_in_flow(of: FileText, items: YamlSequence, number: int) -> Splice:
    spans = [span_of(item) for item in items.items]
    start, end = spans[number][:2], spans[number][2:]
    if number:
        start = spans[number - 1][2:]
    elif len(spans) > 1:
        end = spans[1][:2]
    if start[0] != end[0]:
        raise NoWay
    return Splice(of.offset(*start), of.offset(*end), "")


def _moved(of: FileText, document: Document, key: RuleKey, to: int) -> Iterable[Splice]:
    """The blocks swap places, what is between them stays."""
    items, number = _group(document, key.group), _number(document, key)
    order = list(range(len(items.items)))
    order.insert(to, order.pop(number))
    if items.flow is not None:
        spans = [span_of(item) for item in items.items]
        pieces = [(of.offset(*span[:2]), of.offset(*span[2:])) for span in spans]
    else:
        blocks = (_block(of, items, one) for one in range(len(order)))
        pieces = [(of.begins[first - 1], of.ends[last - 1]) for first, last in blocks]
    for (start, end), source in zip(pieces, order, strict=True):
        moved = of.text[slice(*pieces[source])]
        if of.text[start:end] != moved:
            yield Splice(start, end, moved)
