"""The nights of a period as values and in words: what is lit when, by which rules, and which rules give way."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from controller.lighting.look import Look
from controller.locale import Language, template
from controller.schedule.campaign import Blackout, Rule
from controller.schedule.hours import Night, Place
from controller.schedule.lit import LitStretch, lit_stretches
from controller.schedule.plan import Program
from controller.schedule.precedence import NightPlan, Piece
from controller.service.clauses import Names, look_phrase, value_of

MOST_PARTS = 3
ONE_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class NightBar:
    """One night, from noon to noon: its lights, the rules that give way with the hours that they lose, the blackouts
    with theirs, the other rules that keep it dark, and all rules with hours in it."""

    night: Night
    lights: tuple[LitStretch, ...]
    lost: tuple[tuple[Rule, tuple[Span, ...]], ...]
    blackouts: tuple[tuple[Rule, Span], ...]
    dark_by: tuple[Rule, ...]
    rules: tuple[Rule, ...]

    @property
    def longest(self) -> LitStretch | None:
        """The longest light of the night."""
        return max(self.lights, key=lambda light: light.end - light.start, default=None)


@dataclass(frozen=True, slots=True)
class NightWords:
    """The same for readers: `tors 19 – fre 20 nov`, `15:35–08:02`, and a line for each light, each rule that gives way
    and each blackout."""

    name: str
    hours: str
    lights: tuple[str, ...]
    gives_way: tuple[str, ...]
    blackouts: tuple[str, ...]


ALL_NIGHT = timedelta(hours=23)
"""From noon to noon, when the clocks go forward."""


@dataclass(frozen=True, slots=True)
class YearRun:
    """Neighbouring nights with the same light; dark without a rule and looks."""

    first: date
    last: date
    rule: Rule | None
    looks: Mapping[str, Look]


def night_bars(program: Program, start: datetime, end: datetime) -> tuple[NightBar, ...]:
    """The nights of a period, by the rules."""
    return tuple(_bar(program, plan) for plan in program.nights(start, end))


def _bar(program: Program, plan: NightPlan) -> NightBar:
    lights = lit_stretches(program, plan)
    rules = tuple({id(claim.rule): claim.rule for claim in plan.claims}.values())
    lost = ((rule, tuple(_lost(rule, plan))) for rule in rules if not isinstance(rule, Blackout))
    blackouts = ((claim.rule, (claim.start, claim.end)) for claim in plan.claims if isinstance(claim.rule, Blackout))
    is_lit = [any(light.start <= piece.start < light.end for light in lights) for piece in plan.pieces]
    dark_by = [piece.claim.rule for piece, lit in zip(plan.pieces, is_lit, strict=True) if piece.claim and not lit]
    dark = {id(rule): rule for rule in dark_by if not isinstance(rule, Blackout)}
    gives_way = tuple(each for each in lost if each[1])
    return NightBar(plan.night, lights, gives_way, tuple(blackouts), tuple(dark.values()), rules)


def _lost(rule: Rule, plan: NightPlan) -> Iterator[Span]:
    """The times at which a rule would be lit but others decide in all its zones."""
    for claim in plan.claims:
        if claim.rule is not rule or not claim.lit:
            continue
        parts = [
            (max(claim.start, piece.start), min(claim.end, piece.end)) for piece in plan.pieces if _hides(piece, rule)
        ]
        yield from _joined(part for part in parts if part[0] < part[1])


def _hides(piece: Piece, rule: Rule) -> bool:
    return all(each is not rule for each in piece.showing)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Joins stretches that touch."""
    found: list[Span] = []
    for start, end in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def year_runs(bars: Iterable[NightBar]) -> tuple[YearRun, ...]:
    """The nights in runs with the same light, dark ones too: each night as its longest light."""
    runs = []
    for _, same in groupby(bars, key=_likeness):
        nights = list(same)
        light = nights[0].longest
        rule = light.rules[0] if light is not None else None
        runs.append(YearRun(nights[0].night.day, nights[-1].night.day, rule, light.looks if light is not None else {}))
    return tuple(runs)


def _likeness(bar: NightBar) -> object:
    light = bar.longest
    if light is None:
        return None
    return id(light.rules[0]), tuple((zone, look.colors, look.brightness) for zone, look in light.looks.items())


# Words


def night_words(bar: NightBar, place: Place, names: Names, language: Language) -> NightWords:
    """The night for readers, in the time of the place."""
    spans = _joined((light.start, light.end) for light in bar.lights)
    by_rule: dict[str, None] = {}
    for light in bar.lights:
        name = ", ".join(each.name for each in light.rules)
        by_rule[_text(language, "night.light", name=name, look=brief(light.looks, names, language))] = None
    shown = {id(rule) for light in bar.lights for rule in light.rules}
    for rule in bar.dark_by:
        if id(rule) not in shown:
            by_rule[_text(language, "night.light", name=rule.name, look=_text(language, "night.dark"))] = None
    gives_way = (
        f"{rule.name} {spans_words(lost, place, language)}" if id(rule) in shown else rule.name
        for rule, lost in bar.lost
    )
    return NightWords(
        night_name(bar.night.day, language),
        spans_words(spans, place, language) or _text(language, "night.dark"),
        tuple(by_rule),
        tuple(gives_way),
        tuple(dict.fromkeys(_text(language, "night.blackout", name=rule.name) for rule, _ in bar.blackouts)),
    )


def night_name(day: date, language: Language) -> str:
    """A night by both its dates: `tors 19 – fre 20 nov`, `mån 30 nov – tis 1 dec`."""
    following = day + ONE_DAY
    key = "one_month" if day.month == following.month else "two_months"
    fields = {
        f"{prefix}{part}": word
        for prefix, each in (("", day), ("next_", following))
        for part, word in (
            ("weekday", template(language, "commands", f"weekday.{each.isoweekday()}")),
            ("day", each.day),
            ("month", template(language, "commands", f"month.{each.month}")),
        )
    }
    return _text(language, f"night.{key}", **fields)


def brief(looks: Mapping[str, Look], names: Names, language: Language) -> str:
    """What zones show in few words: `orange 60 %`, `skålen vitt, skaftet grönt`, `i 5 färger`."""
    by_words: dict[str, list[str]] = {}
    for zone, look in looks.items():
        by_words.setdefault(_how(look, names, language), []).append(zone)
    if len(by_words) == 1:
        return next(iter(by_words))
    if len(looks) > MOST_PARTS:
        return template(language, "sentence", "how.shown.colors").format(count=len(by_words))
    return ", ".join(f"{names.part(zone, language)} {how}" for how, zones in by_words.items() for zone in zones)


def _how(look: Look, names: Names, language: Language) -> str:
    words = look_phrase(value_of(look).model_copy(update={"brightness": 1.0}), names.palette, language)
    how = words.how if words.kind == "color" else _text(language, f"night.{words.kind}", how=words.how)
    if look.brightness == 1 or words.kind == "dark":
        return how
    return _text(language, "night.brightness", how=how, percent=f"{100 * look.brightness:g}")


def spans_words(spans: Sequence[Span], place: Place, language: Language) -> str:
    """`15:29–23:00 och 05:00–08:12`; midnight as an end is 24:00, and a night without a gap is "all day"."""
    parts = []
    for span in spans:
        if span[1] - span[0] >= ALL_NIGHT:
            return _text(language, "night.all_day")
        start, end = (f"{at.astimezone(place.time_zone):%H:%M}" for at in span)
        parts.append(_text(language, "night.span", start=start, end="24:00" if end == "00:00" else end))
    *first, last = parts or [""]
    return _text(language, "night.and").join((", ".join(first), last)) if first else last


def _text(language: Language, key: str, **fields: object) -> str:
    return template(language, "picture", key).format_map(fields)
