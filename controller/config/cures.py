"""Suggestions for mistakes, as edits of the text: the cures of the catalogue, applied by one press. Pure.

A sure suggestion keeps what was meant. If only the reader knows, as with a duration without its unit, each answer is a
suggestion of its own and none is sure. A line with a secret gets no suggestion."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from controller.config.cure_place import (
    Cure,
    PlacedFinding,
    edit_in,
    in_each,
    node_at,
    options,
    rule_at,
    same_or_each,
    sv_en,
    text_in,
)
from controller.config.finding_fields import field_of
from controller.config.findings import FilePlace, Finding, LocalizedText, Suggestion, TextEdit
from controller.config.line_cures import LINE_CURES
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlSequence, span_of
from controller.config.ranges import is_written_out
from controller.config.schedule_text import FileText, as_scalar
from controller.config.yaml_text import SPACE, scan
from controller.errors import readable
from controller.locale import Language, languages
from controller.schedule.hours import Window

PACE = "change_every: 60 s"


def cured(findings: Iterable[Finding], *documents: Document) -> tuple[Finding, ...]:
    """The findings with their fields, and with the known suggestions; without both in a file that is not UTF-8."""
    findings = tuple(findings)
    garbled = {finding.file for finding in findings if finding.code == "TWL-S009"}
    by_file = {one.source.file: one for one in documents if one.source.file not in garbled}
    return tuple(_cured(finding, by_file.get(finding.file)) for finding in findings)


def followed(text: bytes, suggestion: Suggestion, language: Language) -> bytes:
    """The file with a suggestion applied; raises UnicodeDecodeError if it is not UTF-8."""
    of = FileText.of(text)
    return of.spliced(
        of.replaced(edit.span, text_in(edit.text, language).replace("\n", of.newline)) for edit in suggestion.edits
    )


def _cured(finding: Finding, document: Document | None) -> Finding:
    if document is None or not document.source.lines:
        return finding
    place = finding.place or FilePlace(1, 1, 1)
    line = document.source.lines[place.line - 1]
    is_secret = finding.place is not None and line != finding.source
    cannot_edit = is_secret or is_written_out(line[place.column - 1 : place.end - 1])
    cure = None if cannot_edit else CURES.get(finding.code)
    suggestions = tuple(cure(PlacedFinding(finding, place, document))) if cure else ()
    return replace(finding, suggestions=suggestions, field=field_of(document, finding))


# One part of the text


def _raw(name: str, before: str = "", after: str = "") -> Cure:
    return lambda found: [found.raw(in_each(found.field(name), lambda text: f"{before}{text}{after}"))]


def _value(name: str) -> Cure:
    return lambda found: [found.value(found.field(name))]


def _values(name: str, *, whole: bool = False, may_be_sure: bool = False) -> Cure:
    """Each text that a field suggests; a single one may be sure."""

    def suggest(found: PlacedFinding) -> Iterator[Suggestion]:
        found_options = options(found.field(name))
        for option in found_options:
            yield found.value(option, whole=whole, is_sure=may_be_sure and len(found_options) == 1)

    return suggest


def _every_weekday(found: PlacedFinding) -> Iterator[Suggestion]:
    """For a single weekday; `the last Saturday` without a month is not every Saturday."""
    if " " not in str(found.field("value")).strip():
        yield from _answers(sv_en("varje {word}", "every {word}"))(found)


def _answers(*forms: LocalizedText, whole: bool = False) -> Cure:
    """The answers to a question; `{field}` in them is a field of the event."""

    def suggest(found: PlacedFinding) -> Iterator[Suggestion]:
        fields = {name: found.field(name) for name in found.finding.event.fields}
        for form in forms:
            texts = {
                language: text_in(form, language).format(
                    **{name: text_in(one, language) for name, one in fields.items()}
                )
                for language in languages()
            }
            yield found.value(same_or_each(texts), whole=whole, is_sure=False)

    return suggest


def _nodes(name: str) -> Cure:
    return lambda found: [found.node(found.field(name), is_sure=False)]


def _ordinary_spaces(found: PlacedFinding) -> Iterator[Suggestion]:
    """Replaces all adjacent special spaces, with ordinary ones between them or not."""
    run = re.compile(rf"(?:{SPACE}| )+").match(found.line(), found.place.column - 1)
    end = run.end() if run else found.place.end - 1
    yield found.raw(" " * (end + 1 - found.place.column), end=end + 1)


def _behind(name: str) -> Cure:
    """Adds a sign at the end of the line's content, before its comment."""

    def suggest(found: PlacedFinding) -> Iterator[Suggestion]:
        line = found.line()
        end = len(line[: scan(line).end].rstrip()) + 1
        sign = found.field(name)
        if not re.search(r"\s#", line[found.place.column - 1 :]):  # which may be meant as a comment
            yield Suggestion((edit_in(found.place.line, end, end, sign),), sign, is_sure=True)

    return suggest


def _pair(found: PlacedFinding) -> Iterator[Suggestion]:
    """`key: value` for text without a space; in braces the value ends with the part, else with the line."""
    line, column = found.line(), found.place.column
    pair = f"{found.field('key')}: {found.field('value')}"
    behind = None if "{" in line[: column - 1] else len(line) + 1
    yield found.raw(pair, end=behind)


def _example(found: PlacedFinding) -> Iterator[Suggestion]:
    """The written value in the required form; a made-up example cannot be applied."""
    example, (_, column, end) = str(found.finding.event.fields["example"]), found.place
    if example == "[]" or (found.line()[column - 1 : end - 1] in example):
        yield found.node(example)


def _quoted_tag(found: PlacedFinding) -> Iterator[Suggestion]:
    line, column = found.line(), found.place.column
    end = len(line[: scan(line).end].rstrip())
    yield found.raw(f'"{line[column - 1 : end]}"', end=end + 1)


def _percent(found: PlacedFinding) -> Iterator[Suggestion]:
    """One or two readings of a number without its unit."""
    readings = {each: text_in(found.field("suggestion"), each).split(" / ") for each in languages()}
    count = min(map(len, readings.values()))
    for number in range(count):
        option = same_or_each({each: texts[number] for each, texts in readings.items()})
        yield found.value(option, whole=True, is_sure=count == 1)


def _comma(found: PlacedFinding) -> Iterator[Suggestion]:
    before, word, line = str(found.field("before")), str(found.field("word")), found.line()
    if match := re.search(rf"{re.escape(before)}(?P<gap>[\s;]+){re.escape(word)}", line):
        first, last = match.span("gap")
        edit = edit_in(found.place.line, first + 1, last + 1, ", ")
        yield Suggestion((edit,), f"{before}, {word}", is_sure=True)


def _bare(found: PlacedFinding) -> Iterator[Suggestion]:
    """The only value in brackets or braces where a single value is required."""
    node = node_at(found.document, found.place)
    inner: list[Node] = []
    if isinstance(node, YamlSequence) and node.flow:
        inner = list(node.items)
    elif isinstance(node, Pairs) and node.flow:
        inner = [entry.key for entry in node.entries.values() if entry.is_empty]
    if len(inner) == 1 and isinstance(inner[0], Scalar):
        yield found.node(as_scalar(inner[0].text))


def _sequence_of_colors(found: PlacedFinding) -> Iterator[Suggestion]:
    yield found.node(found.field("suggestion"), more=(found.line_below(PACE),))


def _colors_one_way_or_the_other(found: PlacedFinding) -> Iterator[Suggestion]:
    if "suggestion" in found.finding.event.fields:
        yield replace(next(iter(_sequence_of_colors(found))), is_sure=False)
    else:
        yield from _with_pace(found)
    yield found.node(found.field("by_zone"), is_sure=False)


def _with_pace(found: PlacedFinding) -> Iterator[Suggestion]:
    yield Suggestion((found.line_below(PACE),), PACE)


def _color_and_brightness(found: PlacedFinding) -> Iterator[Suggestion]:
    more = found.line_below(f"brightness: {found.field('brightness')}")
    yield found.node(found.field("color"), more=(more,))


def _hours_apart(found: PlacedFinding) -> Iterator[Suggestion]:
    """The days alone, and the times after them as the hours of the rule."""
    fields = found.finding.event.fields
    days, hours = str(fields["value"]), str(fields["rest"])
    rule = rule_at(found.document, found.place)
    if rule is None or not readable(Window.parse, hours):
        return
    entry, text = rule.entries.get("hours"), as_scalar(hours, in_flow=rule.flow is not None)
    more = TextEdit(span_of(entry.value), text) if entry is not None else found.line_below(f"hours: {text}")
    shown = sv_en(f"{days}, och tiderna {hours}", f"{days}, and the hours {hours}")
    alone = found.value(days, whole=True)
    yield Suggestion((*alone.edits, more), shown, is_sure=entry is None)


# Notes


def _rest_dark(found: PlacedFinding) -> Iterator[Suggestion]:
    rule = rule_at(found.document, found.place)
    if rule is not None and "otherwise" not in rule.entries and rule.flow is None:
        near = rule.entries.get("hours") or rule.entries.get("dates") or rule.entries.get("nights")
        if near is not None:
            line = span_of(near.value).end_line
            end = len(found.line(line)) + 1
            text = "otherwise: dark"
            edit = edit_in(line, end, end, f"\n{' ' * (rule.place.column - 1)}{text}")
            yield Suggestion((edit,), text)


def _nights_for_dates(found: PlacedFinding) -> Iterator[Suggestion]:
    rule = rule_at(found.document, found.place)
    entry = rule.entries.get("dates") if rule is not None else None
    if entry is not None:
        line, column, end = entry.key.place
        yield Suggestion((edit_in(line, column, end, "nights"),), "nights:")


def _confirmed(found: PlacedFinding) -> Iterator[Suggestion]:
    rule, year = rule_at(found.document, found.place), str(found.field("year"))
    entry = rule.entries.get("confirmed_for") if rule is not None else None
    if entry is None:
        return
    if isinstance(entry.value, YamlSequence) and entry.value.flow:
        years = [item.text for item in entry.value.items if isinstance(item, Scalar)]
    elif isinstance(entry.value, Scalar):
        years = [entry.value.text]
    else:
        return
    text = f"[{', '.join([*years, year])}]"
    yield Suggestion((TextEdit(span_of(entry.value), text),), text)


def _whole_name(found: PlacedFinding) -> Iterator[Suggestion]:
    name = f'"{found.field("whole")}"'
    yield found.raw(name, is_sure=False, end=len(found.line().rstrip()) + 1)


CURES: Mapping[str, Cure] = {
    f"TWL-{code}": cure
    for codes, cure in (
        ("S004 S156", _raw("value", '"', '"')),
        ("S025 S029 S030 S031 S159", _raw("quoted")),
        ("S183 S186", _raw("plain")),
        ("S026", _ordinary_spaces),
        ("S044 S049", lambda found: [found.raw("")]),
        ("S046", lambda found: [found.raw(f"{found.line()[found.place.column - 1 : found.place.end - 1]}:")]),
        ("S010 S055 S071 S079 S083 S131 S132 S136 S282", _value("suggestion")),
        ("S060 S258", _values("suggestion")),
        ("S111", _values("suggestion", whole=True, may_be_sure=True)),
        ("S138", _percent),
        ("S102 S105 S108", _values("meant", whole=True, may_be_sure=True)),
        ("S121", _values("near", whole=True, may_be_sure=True)),
        ("S128", _values("near", whole=True)),
        ("S104 S115", _values("suggestion", whole=True)),
        ("S126 S129 S144 S171", _values("meant", whole=True)),
        ("S197", _values("meant")),
        ("S147 S245", _values("suggestion")),
        ("S103", _answers("{days}")),
        ("S116", _answers(sv_en("vecka {weeks} {year}", "week {weeks} {year}"))),
        ("S107", _answers(sv_en("sista {weekday}", "last {weekday}"), sv_en("fjärde {weekday}", "fourth {weekday}"))),
        ("S114", _every_weekday),
        ("S123", _answers("{shift} min", "{shift} h")),
        ("S127", _answers(sv_en("solnedgång till soluppgång", "sunset to sunrise"), whole=True)),
        ("S130", _answers("5 s", whole=True)),
        ("S142", _answers(sv_en("hela dygnet", "all day"), whole=True)),
        ("S143", _answers(sv_en("juli", "July"), sv_en("julafton", "Christmas Eve"))),
        ("S148", _answers("{days}", "{weeks}")),
        (
            "S266",
            _answers(
                sv_en("27–30 december", "27–30 December"),
                sv_en("julafton till nyårsdagen", "Christmas Eve to New Year's Day"),
            ),
        ),
        ("S149", _answers("{value} s", "{value} min", "{value} h", whole=True)),
        ("S178", _answers("{weekday}")),
        ("S174 S179", _answers(sv_en("{first} till {last}", "{first} to {last}"))),
        ("S261", _answers(sv_en("1 januari till 31 december {value}", "1 January to 31 December {value}"), whole=True)),
        ("S170", _nodes("meant")),
        ("S120", _nodes("split")),
        ("S175", lambda found: [found.node(found.field("split"))]),
        ("S139", lambda found: [found.value(sv_en("släckt", "dark"), whole=True)]),
        ("S022 S023", _pair),
        ("S024", _behind("quote")),
        ("S028", _behind("closing")),
        ("S032", _quoted_tag),
        ("S048", _comma),
        ("S051", lambda found: [found.value("1", whole=True)]),
        ("S052 S053", _example),
        ("S054", _bare),
        ("S065", lambda found: [found.node(found.field("braced"))]),
        ("S066", _with_pace),
        ("S074 S180", _colors_one_way_or_the_other),
        ("S135", lambda found: [found.node(in_each(found.field("suggestion"), lambda color: f'"{color}"'))]),
        ("S173", _hours_apart),
        ("S182", _color_and_brightness),
        ("S190", _sequence_of_colors),
        ("S192", lambda found: [*_nodes("night")(found), *_nodes("calendar")(found)]),
        ("S207", _confirmed),
        ("S217", _rest_dark),
        ("S218 S248", _nights_for_dates),
        ("S247", _whole_name),
        *LINE_CURES,
    )
    for code in codes.split()
}
"""Suggestions by code."""
