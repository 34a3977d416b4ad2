"""The nights as bars and a year as a strip: what is lit when, under the sky that the sun makes. SVG for the eye only
(`aria-hidden`); beside it stands the same in words, from `controller.web.nights`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from textwrap import wrap

from controller.lighting.look import Look
from controller.locale import Language, template
from controller.schedule.campaign import Blackout, Rule
from controller.schedule.hours import Night, Place
from controller.schedule.sun import SUNSET_DEG, below, elevation
from controller.service.clauses import Names
from controller.web.nights import BarLight, NightBar, Span, YearRun, night_words, year_runs
from controller.web.svg import FONTS, blend, element, sky, text

WIDTH, HEIGHT = 480.0, 44.0
FLOOR, TALLEST, LEAST = 42.0, 17.0, 2.0
"""Where a bar stands, and how high it is at full brightness and at the least."""
HORIZON, BY_DEGREE = 11.0, 0.24
STRIPE, SEAM = 7.0, 0.2
"""Width of one colour of a sequence, and by how much it reaches under the next one."""
LOST_Y, LOST_STEP = 22.0, 4.0
MOST_LOST, MOST_LANES = 4, 24
SAMPLE = timedelta(minutes=20)
STRIP_HEIGHT, LANE, FOOT, LEFT = 44.0, 9.5, 18.0, 18.0
GROUND, FAINT, BRIGHT = "#0B1020", "#39415F", "#E4E7EC"


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


# A year


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
            yield element("text", words, x=x + 3, y=bottom + 13, font_size=11, fill=BRIGHT)


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
            yield element("circle", cx=LEFT / 2, cy=y, r=2.6, fill=BRIGHT)
        else:
            count += 1
            yield element("text", str(count), x=LEFT / 2, y=y + 3.4, font_size=9.5, text_anchor="middle", fill=BRIGHT)


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
    gives_way = (template(language, "picture", "night.gives_way").format(name=name) for name in words.gives_way)
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
