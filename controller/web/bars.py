"""The nights as bars and a year as a strip: what is lit when, under the sky as the sun makes it. SVG for the eye only
(`aria-hidden`); the page shows the same in words, from `controller.web.nights`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from textwrap import wrap

from controller.lighting.look import Look
from controller.locale import Language, template
from controller.schedule.campaign import Blackout, Rule
from controller.schedule.hours import Night, Place
from controller.schedule.sun import elevation
from controller.service.clauses import Names
from controller.web.nights import NightBar, Span, YearRun, night_words, year_runs
from controller.web.svg import blend, drawn, sky

WIDTH, HEIGHT = 480.0, 44.0
FLOOR, TALLEST, LEAST = 42.0, 17.0, 2.0
"""Bottom of a bar, and its height at full brightness and at the lowest."""
HORIZON, BY_DEGREE = 11.0, 0.24
STRIPE, SEAM = 7.0, 0.2
"""Width of one colour of a sequence, and its overlap under the next one."""
LOST_Y, LOST_STEP = 22.0, 4.0
MOST_LOST, MOST_LANES = 4, 24
SAMPLE = timedelta(minutes=20)
STRIP_HEIGHT, LANE, LEFT = 44.0, 9.5, 18.0
NARROWEST_NAMED = 22
"""A month narrower than this in the strip has no name."""

Rect = tuple[float, float, float, float, str]
"""Left, top, width, height and colour."""


# One night


def night_bar(
    bar: NightBar, place: Place, *, now: datetime | None = None, prefix: str = "n", is_alone: bool = False
) -> str:
    """One night as an `svg` element; `now` is marked if it lies in the night, and `prefix` keeps the ids of several
    nights apart. Outside a page (`is_alone`) it has a size of its own."""
    night = bar.night
    is_now = now is not None and night.start <= now < night.end
    return drawn(
        "night_bar",
        id=f"{prefix}-{night.day.isoformat()}",
        is_alone=is_alone,
        sky=_sky(place, night),
        blackouts=[_blackout(night, span) for _, span in bar.blackouts],
        lights=[rect for light in bar.lights for rect in _light(night, (light.start, light.end), light.looks)],
        lost=[
            (LOST_Y - number * LOST_STEP, [_ends(night, span) for span in spans])
            for number, (_, spans) in enumerate(bar.lost[:MOST_LOST])
        ],
        now=_x(night, now) if now is not None and is_now else None,
    )


def _x(night: Night, at: datetime) -> float:
    return round(WIDTH * ((at - night.start) / (night.end - night.start)), 1)


def _ends(night: Night, span: Span) -> tuple[float, float]:
    return _x(night, span[0]), _x(night, span[1])


@dataclass(frozen=True, slots=True)
class BarSky:
    """The colours of the sky from noon to noon by position, the path of the sun, and where it sets and rises."""

    stops: tuple[tuple[float, str], ...]
    sun: str
    borders: tuple[float, ...]


@lru_cache(maxsize=1024)
def _sky(place: Place, night: Night) -> BarSky:
    count = int((night.end - night.start) / SAMPLE)
    heights = [elevation(place.latitude, place.longitude, night.start + SAMPLE * number) for number in range(count + 1)]
    # neighbours of one colour need a single stop
    colors = [blend(*sky(height), 0.42) for height in heights]
    kept = [n for n in range(count + 1) if n in {0, count} or not colors[n - 1] == colors[n] == colors[n + 1]]
    line = "".join(
        f"{'L' if n else 'M'}{WIDTH * n / count:.0f} {max(2.0, HORIZON - BY_DEGREE * height):.1f}"
        for n, height in enumerate(heights)
    )
    dark = place.dark(night)
    borders = tuple(_x(night, at) for span in dark for at in span if night.start < at < night.end)
    return BarSky(tuple((n / count, colors[n]) for n in kept), line, borders)


def _light(night: Night, span: Span, looks: Mapping[str, Look]) -> Iterator[Rect]:
    left, right = _ends(night, span)
    return _stack(looks, left, max(1.0, right - left), FLOOR, TALLEST)


def _blackout(night: Night, span: Span) -> tuple[float, float, float, float]:
    left, right = _ends(night, span)
    return left + 1, FLOOR - TALLEST - 1, max(2.0, right - left - 2), TALLEST + 1


def _stack(looks: Mapping[str, Look], left: float, width: float, floor: float, tallest: float) -> Iterator[Rect]:
    """The looks of the zones as bars, each as high as it is bright; different ones lie on top of each other, the first
    zone highest."""
    distinct = list(dict.fromkeys((look.colors, look.brightness) for look in reversed(list(looks.values()))))
    for colors, brightness in distinct:
        high = round(max(LEAST, tallest * brightness) / len(distinct), 1)
        floor = round(floor - high, 1)
        count = len(colors) * max(1, round(width / (STRIPE * len(colors)))) if len(colors) > 1 else 1
        step = width / count
        seam = SEAM if count > 1 else 0.0
        for number in range(count):
            fill = colors[number % len(colors)].hex
            yield round(left + number * step, 2), floor, round(step + seam, 2), high, fill


# A year


def year_strip(bars: Sequence[NightBar], rules: Sequence[Rule], language: Language) -> str:
    """The nights of a year as an `svg` element: above what is shown, each night as high as it is bright; below a lane
    for each rule, in the order of the list, with a dot for a blackout and a number for light."""
    lanes = [(STRIP_HEIGHT + LANE * number, rule) for number, rule in enumerate(rules[:MOST_LANES])]
    step = (WIDTH - LEFT) / max(1, len(bars))
    lights = [rect for run in year_runs(bars) for rect in _run(run, bars[0].night.day, step)]
    dark = []
    for y, rule in lanes:
        looks = {zone: Look(each.colors, 1.0, each.change_every_s) for zone, each in _lit(rule).items()}
        for left, width in _spans(rule, bars, step):
            lights += _stack(looks, left, width, y + LANE - 1, LANE - 3)
            if not looks:
                dark.append((left + 0.5, y + 2, max(2.0, width - 1), LANE - 4))
    numbers = iter(range(1, len(lanes) + 1))
    return drawn(
        "year_strip",
        bottom=STRIP_HEIGHT + LANE * len(lanes),
        months=list(_months(bars, step, language)),
        lights=lights,
        dark=dark,
        lanes=[(y + LANE / 2, None if isinstance(rule, Blackout) else next(numbers)) for y, rule in lanes],
    )


def _months(bars: Sequence[NightBar], step: float, language: Language) -> Iterator[tuple[float, str]]:
    """Start of each month, and its name if there is room for it."""
    starts = [number for number, bar in enumerate(bars) if number == 0 or bar.night.day.day == 1]
    for number, following in zip(starts, [*starts[1:], len(bars)], strict=False):
        has_room = (following - number) * step > NARROWEST_NAMED
        name = template(language, "commands", f"month.{bars[number].night.day.month}")
        yield round(LEFT + number * step, 1), name if has_room else ""


def _run(run: YearRun, first: date, step: float) -> Iterator[Rect]:
    left = LEFT + (run.first - first).days * step
    width = ((run.last - run.first).days + 1) * step
    return _stack(run.looks, round(left, 1), max(1.0, width), STRIP_HEIGHT, STRIP_HEIGHT - 6)


def _spans(rule: Rule, bars: Sequence[NightBar], step: float) -> Iterator[tuple[float, float]]:
    """Start and width of each run of nights of a rule."""
    for has, same in groupby(enumerate(bars), key=lambda each: any(one is rule for one in each[1].rules)):
        if has:
            nights = [at for at, _ in same]
            yield round(LEFT + nights[0] * step, 1), max(1.2, len(nights) * step)


def _lit(rule: Rule) -> dict[str, Look]:
    return {zone: look for zone, look in rule.looks.items() if not look.is_dark}


# For `watertower plan --svg`

MARGIN, NAME, LINE, GAP = 16.0, 20.0, 15.0, 26.0
LETTERS = 80


def plan_picture(bars: Sequence[NightBar], place: Place, names: Names, language: Language) -> str:
    """The nights of a period below each other, each with its words and its bar, as an SVG document of its own."""
    rows, y = [], MARGIN
    for bar in bars:
        words = night_words(bar, place, names, language)
        gives_way = (template(language, "picture", "night.gives_way").format(name=name) for name in words.gives_way)
        about = wrap(" · ".join((*words.lights, *words.blackouts, *gives_way)), LETTERS)
        drawing = night_bar(bar, place, prefix="plan", is_alone=True)
        high = NAME + LINE * len(about)
        lines = [(NAME + LINE * at + 10, line) for at, line in enumerate(about)]
        rows.append({"y": y, "words": words, "lines": lines, "bar_y": high, "bar": drawing})
        y += high + HEIGHT + GAP
    return drawn("plan", height=y, title=names.subject(language), rows=rows)
