"""The nights as bars and a year as a strip: what is lit when, under the sky that the sun makes. SVG for the eye only
(`aria-hidden`); beside it stands the same in words, as `NightWords` and `YearRun`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from textwrap import wrap

from controller.lighting.look import Look
from controller.locale import Language, template
from controller.schedule.campaign import Blackout, Rule
from controller.schedule.hours import Night, Place
from controller.schedule.plan import Program
from controller.schedule.precedence import NightPlan, Piece
from controller.schedule.sun import SUNSET_DEG, below, elevation
from controller.service.health import LookValue
from controller.service.look_clauses import Names, said_look
from controller.web.svg import FONTS, blend, element, sky, text

WIDTH, HEIGHT = 480.0, 44.0
FLOOR, TALLEST, LEAST = 42.0, 17.0, 2.0
"""Where a bar stands, and how high it is at full brightness and at the least."""
HORIZON, BY_DEGREE = 11.0, 0.24
STRIPE, SEAM = 7.0, 0.2
"""Width of one colour of a sequence, and by how much it reaches under the next one."""
LOST_Y, LOST_STEP = 22.0, 4.0
MOST_LOST, MOST_LANES, MOST_PARTS = 4, 24, 3
SAMPLE = timedelta(minutes=20)
STRIP_HEIGHT, LANE, FOOT, LEFT = 44.0, 9.0, 16.0, 18.0
GROUND, FAINT, BRIGHT = "#0B1020", "#39415F", "#E4E7EC"
ONE_DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class BarLight:
    """A stretch of a night, UTC, with what each lit zone shows, and the rules that show it, the deciding one first."""

    start: datetime
    end: datetime
    looks: Mapping[str, Look]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class NightBar:
    """One night, from noon to noon: its lights, the rules that give way with the hours that they lose, the blackouts
    with theirs, the other rules that keep it dark, and all rules that have hours in it."""

    night: Night
    lights: tuple[BarLight, ...]
    lost: tuple[tuple[Rule, tuple[Span, ...]], ...]
    blackouts: tuple[tuple[Rule, Span], ...]
    dark_by: tuple[Rule, ...]
    rules: tuple[Rule, ...]

    @property
    def longest(self) -> BarLight | None:
        """The light that is on for longest."""
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


@dataclass(frozen=True, slots=True)
class YearRun:
    """Neighbouring nights that are lit alike; None of a rule and of looks is dark."""

    first: date
    last: date
    rule: Rule | None
    looks: Mapping[str, Look]


def night_bars(program: Program, start: datetime, end: datetime) -> tuple[NightBar, ...]:
    """The nights that a period touches, by the rules."""
    return tuple(_bar(program, plan) for plan in program.nights(start, end))


def _bar(program: Program, plan: NightPlan) -> NightBar:
    lights: list[BarLight] = []
    for piece in plan.pieces:
        looks, rules = _lit(program, piece), piece.showing
        if (
            looks
            and lights
            and (lights[-1].end, lights[-1].looks) == (piece.start, looks)
            and lights[-1].rules == rules
        ):
            lights[-1] = BarLight(lights[-1].start, piece.end, looks, rules)
        elif looks:
            lights.append(BarLight(piece.start, piece.end, looks, rules))
    rules = tuple({id(claim.rule): claim.rule for claim in plan.claims}.values())
    lost = ((rule, tuple(_lost(rule, plan))) for rule in rules if not isinstance(rule, Blackout))
    blackouts = ((claim.rule, (claim.start, claim.end)) for claim in plan.claims if isinstance(claim.rule, Blackout))
    dark_by = [piece.claim.rule for piece in plan.pieces if piece.claim and not _lit(program, piece)]
    dark = {id(rule): rule for rule in dark_by if not isinstance(rule, Blackout)}
    gives_way = tuple(each for each in lost if each[1])
    return NightBar(plan.night, tuple(lights), gives_way, tuple(blackouts), tuple(dark.values()), rules)


def _lit(program: Program, piece: Piece) -> dict[str, Look]:
    return {zone: look for zone, look in program.looks_of(piece).items() if not look.is_dark}


def _lost(rule: Rule, plan: NightPlan) -> Iterator[Span]:
    """When a rule would be lit, and others decide in all its zones."""
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
    """Stretches that touch become one."""
    found: list[Span] = []
    for start, end in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


# One night


def night_bar(bar: NightBar, place: Place, *, now: datetime | None = None, prefix: str = "n") -> str:
    """One night as an element `svg`; `now` has a mark if it lies in it, and `prefix` keeps the ids of several apart."""
    name = f"{prefix}-{bar.night.day.isoformat()}"
    gradient, sun = _sky(place, bar.night)
    return element(
        "svg",
        element("defs", element("linearGradient", *gradient, id=name)),
        element("rect", width=WIDTH, height=HEIGHT, fill=f"url(#{name})"),
        sun,
        *_hours(),
        *(_blackout(bar.night, span) for _, span in bar.blackouts),
        *(_light(bar.night, light) for light in bar.lights),
        *(_lost_line(bar.night, number, spans) for number, (_, spans) in enumerate(bar.lost[:MOST_LOST])),
        *_mark(bar.night, now),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        aria_hidden="true",
        focusable="false",
    )


def _x(night: Night, at: datetime) -> float:
    return round(WIDTH * ((at - night.start) / (night.end - night.start)), 1)


@lru_cache(maxsize=1024)
def _sky(place: Place, night: Night) -> tuple[tuple[str, ...], str]:
    """The colours of the sky from noon to noon, and the path of the sun with its horizon, sunset and sunrise."""
    count = int((night.end - night.start) / SAMPLE)
    heights = [elevation(place.latitude, place.longitude, night.start + SAMPLE * number) for number in range(count + 1)]
    # neighbours of one colour need one stop
    colors = [blend(*sky(height), 0.42) for height in heights]
    kept = [n for n in range(count + 1) if n in {0, count} or not colors[n - 1] == colors[n] == colors[n + 1]]
    stops = tuple(element("stop", offset=n / count, stop_color=colors[n]) for n in kept)
    line = "".join(
        f"{'L' if n else 'M'}{WIDTH * n / count:.0f} {max(2.0, HORIZON - BY_DEGREE * height):.1f}"
        for n, height in enumerate(heights)
    )
    horizon = element(
        "path", d=f"M0 {HORIZON}H{WIDTH:g}", stroke="#FFF", stroke_opacity=0.4, stroke_width=0.8, stroke_dasharray="2 4"
    )
    path = element("path", d=line, fill="none", stroke="#F6D89A", stroke_opacity=0.75, stroke_width=1)
    dark = below(place.latitude, place.longitude, night.start, night.end, SUNSET_DEG)
    borders = [at for span in dark for at in span if night.start < at < night.end]
    dots = (element("circle", cx=_x(night, at), cy=HORIZON, r=2.2, fill="#FFDFA0") for at in borders)
    return stops, "".join((horizon, path, *dots))


def _hours() -> Iterator[str]:
    """A line for each third hour."""
    lines = "".join(f"M{WIDTH * number / 8:g} 0V{HEIGHT:g}" for number in range(1, 8))
    yield element("path", d=lines, stroke="#FFF", stroke_opacity=0.13, stroke_width=0.8)


def _light(night: Night, light: BarLight) -> str:
    left, right = _x(night, light.start), _x(night, light.end)
    return "".join(_stack(light.looks, left, max(1.0, right - left), FLOOR, TALLEST))


def _stack(looks: Mapping[str, Look], left: float, width: float, floor: float, tallest: float) -> Iterator[str]:
    """What zones show as bars, each as high as it is bright; those that differ lie on top of each other, the first zone
    highest."""
    distinct = list(dict.fromkeys((look.colors, look.brightness) for look in reversed(list(looks.values()))))
    for colors, brightness in distinct:
        high = round(max(LEAST, tallest * brightness) / len(distinct), 1)
        floor = round(floor - high, 1)
        count = len(colors) * max(1, round(width / (STRIPE * len(colors)))) if len(colors) > 1 else 1
        step = width / count
        seam = SEAM if count > 1 else 0.0
        for number in range(count):
            x, fill = round(left + number * step, 2), colors[number % len(colors)].hex
            yield element("rect", x=x, y=floor, width=round(step + seam, 2), height=high, fill=fill)


def _blackout(night: Night, span: Span) -> str:
    left, right = (_x(night, at) for at in span)
    box = {"x": left + 1, "y": FLOOR - TALLEST - 1, "width": max(2.0, right - left - 2), "height": TALLEST + 1, "rx": 2}
    return element("rect", **box, fill="#05070F", fill_opacity=0.45, stroke="#FFF", stroke_dasharray="4 3")


def _lost_line(night: Night, number: int, spans: tuple[Span, ...]) -> str:
    y = LOST_Y - number * LOST_STEP
    lines = "".join(f"M{_x(night, start):g} {y:g}H{_x(night, end):g}" for start, end in spans)
    dots = "0.1 4"
    return element("path", d=lines, stroke="#FFF", stroke_width=1.8, stroke_dasharray=dots, stroke_linecap="round")


def _mark(night: Night, now: datetime | None) -> Iterator[str]:
    if now is not None and night.start <= now < night.end:
        x = _x(night, now)
        yield element("path", d=f"M{x:g} 0V{HEIGHT:g}", stroke="#0B0F18", stroke_width=4)
        yield element("path", d=f"M{x:g} 0V{HEIGHT:g}", stroke="#FFF", stroke_width=1.8)
        yield element("path", d=f"M{x - 6:g} 0H{x + 6:g}L{x:g} 7Z", fill="#FFF")


# Words


def night_words(bar: NightBar, place: Place, names: Names, language: Language) -> NightWords:
    """The night for readers, in the time of the place."""
    spans = _joined((light.start, light.end) for light in bar.lights)
    by_rule: dict[str, None] = {}
    for light in bar.lights:
        name = ", ".join(each.name for each in light.rules)
        by_rule[_say(language, "night.light", name=name, look=brief(light.looks, names, language))] = None
    shown = {id(rule) for light in bar.lights for rule in light.rules}
    for rule in bar.dark_by:
        if id(rule) not in shown:
            by_rule[_say(language, "night.light", name=rule.name, look=_say(language, "night.dark"))] = None
    gives_way = (
        f"{rule.name} {_spans(lost, place, language)}" if id(rule) in shown else rule.name for rule, lost in bar.lost
    )
    return NightWords(
        night_name(bar.night.day, language),
        _spans(spans, place, language) or _say(language, "night.dark"),
        tuple(by_rule),
        tuple(gives_way),
        tuple(dict.fromkeys(_say(language, "night.blackout", name=rule.name) for rule, _ in bar.blackouts)),
    )


def night_name(day: date, language: Language) -> str:
    """A night by both its days: `tors 19 – fre 20 nov`, `mån 30 nov – tis 1 dec`."""
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
    return _say(language, f"night.{key}", **fields)


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
    said = said_look(value_of(look).model_copy(update={"brightness": 1.0}), names.palette, language)
    how = said.how if said.kind == "color" else _say(language, f"night.{said.kind}", how=said.how)
    if look.brightness == 1 or said.kind == "dark":
        return how
    return _say(language, "night.brightness", how=how, percent=f"{100 * look.brightness:g}")


def value_of(look: Look) -> LookValue:
    """A look as documents say it: of a sequence the first colour, and how many alternate."""
    if look.is_dark:
        return LookValue(on=False, brightness=0.0)
    first, count = look.colors[0], len({color.hex for color in look.colors})
    return LookValue(
        on=True,
        color=first.hex,
        color_name=first.name,
        brightness=look.brightness,
        colors=count if count > 1 else None,
    )


def _spans(spans: Sequence[Span], place: Place, language: Language) -> str:
    """`15:29–23:00 och 05:00–08:12`; midnight as an end is 24:00."""
    told = []
    for span in spans:
        start, end = (f"{at.astimezone(place.time_zone):%H:%M}" for at in span)
        told.append(_say(language, "night.span", start=start, end="24:00" if end == "00:00" else end))
    *first, last = told or [""]
    return _say(language, "night.and").join((", ".join(first), last)) if first else last


def _say(language: Language, key: str, **fields: object) -> str:
    return template(language, "picture", key).format_map(fields)


# A year


def year_runs(bars: Iterable[NightBar]) -> tuple[YearRun, ...]:
    """The nights in runs that are lit alike, dark ones too: each as the light that is on for longest in it."""
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


def year_strip(bars: Sequence[NightBar], rules: Sequence[Rule], language: Language) -> str:
    """The nights of a year as an element `svg`: above what is shown, each night as high as it is bright; below a lane
    for each rule, as in the list, a dot for a blackout and a number for what is lit."""
    lanes = rules[:MOST_LANES]
    bottom = STRIP_HEIGHT + LANE * len(lanes)
    high = bottom + FOOT
    step = (WIDTH - LEFT) / max(1, len(bars))
    first = bars[0].night.day if bars else date.min
    return element(
        "svg",
        element("rect", width=WIDTH, height=high, fill=GROUND),
        *_months(bars, step, bottom, language),
        element("path", d=f"M{LEFT:g} {STRIP_HEIGHT:g}H{WIDTH:g}", stroke=FAINT, stroke_width=1),
        *(part for run in year_runs(bars) for part in _run(run, first, step)),
        *(part for number, rule in enumerate(lanes) for part in _lane(number, rule, bars, step)),
        *_numbers(lanes),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {high:g}",
        font_family=FONTS,
        aria_hidden="true",
        focusable="false",
    )


def _months(bars: Sequence[NightBar], step: float, bottom: float, language: Language) -> Iterator[str]:
    starts = [(number, bar.night.day) for number, bar in enumerate(bars) if number == 0 or bar.night.day.day == 1]
    for at, (number, day) in enumerate(starts):
        x = round(LEFT + number * step, 1)
        if number:
            yield element("path", d=f"M{x:g} 0V{bottom:g}", stroke=FAINT, stroke_width=1)
        following = starts[at + 1][0] if at + 1 < len(starts) else len(bars)
        if (following - number) * step > 22:
            words = text(template(language, "commands", f"month.{day.month}"))
            yield element("text", words, x=x + 4, y=bottom + 11.5, font_size=10, fill=BRIGHT)


def _run(run: YearRun, first: date, step: float) -> Iterator[str]:
    if run.rule is not None:
        left = LEFT + (run.first - first).days * step
        width = ((run.last - run.first).days + 1) * step
        yield from _stack(run.looks, round(left, 1), max(1.0, width), STRIP_HEIGHT, STRIP_HEIGHT - 6)


def _lane(number: int, rule: Rule, bars: Sequence[NightBar], step: float) -> Iterator[str]:
    y = STRIP_HEIGHT + LANE * number
    for has, same in groupby(enumerate(bars), key=lambda each: any(one is rule for one in each[1].rules)):
        if not has:
            continue
        nights = [at for at, _ in same]
        left, width = round(LEFT + nights[0] * step, 1), max(1.2, len(nights) * step)
        looks = {zone: look for zone, look in rule.looks.items() if not look.is_dark}
        if looks:
            full = {zone: Look(look.colors, 1.0, look.change_every_s) for zone, look in looks.items()}
            yield from _stack(full, left, width, y + LANE - 1, LANE - 3)
        else:
            box = {"x": left + 0.5, "y": y + 2, "width": max(2.0, width - 1), "height": LANE - 4}
            yield element("rect", **box, fill="none", stroke=BRIGHT)


def _numbers(lanes: Sequence[Rule]) -> Iterator[str]:
    """As the list of rules has them."""
    count = 0
    for number, rule in enumerate(lanes):
        y = STRIP_HEIGHT + LANE * number + LANE / 2
        if isinstance(rule, Blackout):
            yield element("circle", cx=LEFT / 2, cy=y, r=2.4, fill=BRIGHT)
        else:
            count += 1
            yield element("text", str(count), x=LEFT / 2, y=y + 3, font_size=8.5, text_anchor="middle", fill=BRIGHT)


# For `watertower plan --svg`

MARGIN, NAME, LINE, GAP = 16.0, 20.0, 15.0, 26.0
LETTERS = 80


def plan_picture(bars: Sequence[NightBar], place: Place, names: Names, language: Language) -> str:
    """The nights of a period one below another, each with its words and its bar, as an SVG document of its own."""
    rows, y = [], MARGIN
    for bar in bars:
        row, high = _plan_row(bar, place, names, language)
        rows.append(element("g", *row, transform=f"translate({MARGIN:g} {y:g})"))
        y += high
    wide = WIDTH + 2 * MARGIN
    return element(
        "svg",
        element("title", text(names.subject(language))),
        element("rect", width=wide, height=y, fill="#FFF"),
        *rows,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {wide:g} {y:g}",
        width=wide,
        height=y,
        font_family=FONTS,
    )


def _plan_row(bar: NightBar, place: Place, names: Names, language: Language) -> tuple[list[str], float]:
    """A night and its height."""
    words = night_words(bar, place, names, language)
    gives_way = (_say(language, "night.gives_way", name=name) for name in words.gives_way)
    about = wrap(" · ".join((*words.lights, *words.blackouts, *gives_way)), LETTERS)
    y = NAME + LINE * len(about)
    drawn = night_bar(bar, place, prefix="plan").replace("<svg ", f'<svg width="{WIDTH:g}" height="{HEIGHT:g}" ', 1)
    row = [
        element("text", text(words.name), y=14, font_size=14, font_weight=650, fill="#15181D"),
        element("text", text(words.hours), x=WIDTH, y=14, font_size=14, text_anchor="end", fill="#15181D"),
        *(
            element("text", text(line), y=NAME + LINE * at + 10, font_size=11.5, fill="#4B525D")
            for at, line in enumerate(about)
        ),
        element("g", drawn, transform=f"translate(0 {y:g})"),
    ]
    return row, y + HEIGHT + GAP
