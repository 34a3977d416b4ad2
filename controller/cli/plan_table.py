"""The table of `watertower plan`: what is lit in each night, why, and what gives way. Consecutive similar nights share
one line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from controller.cli.options import Options
from controller.cli.spreadsheet import csv_text
from controller.config.load import Setup
from controller.events import new_event
from controller.events.words import looks_words
from controller.lighting.look import NO_LIGHT, Look
from controller.schedule.campaign import Blackout, Rule
from controller.schedule.explanation import Why, limit_words
from controller.schedule.lit import lit_nights, lit_stretches
from controller.schedule.plan import Program
from controller.schedule.precedence import Claim, NightPlan, Piece
from controller.schedule.trap_notes import night_notes
from controller.service.desired import desired_looks
from controller.service.period import DAY_MIN, day_text

DRIFT_MIN = 10
"""Minutes by which sunset and sunrise move from one night to the next, south of the polar circle."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class LitSpan:
    """One stretch of a night in local time (None: the whole night is dark), what it shows, and why."""

    span: Span | None
    shows: str
    why: str

    def is_similar(self, other: "LitSpan") -> bool:
        """Whether it shows the same at nearly the same times."""
        if (self.shows, self.why) != (other.shows, other.why) or not (self.span and other.span):
            return (self.shows, self.why, self.span) == (other.shows, other.why, other.span)
        return all(
            _minutes_apart(mine, theirs) <= DRIFT_MIN for mine, theirs in zip(self.span, other.span, strict=True)
        )


@dataclass(frozen=True, slots=True)
class NightRow:
    """One night as it is displayed."""

    day: date
    dark: tuple[Span, ...]
    lights: tuple[LitSpan, ...]

    def is_similar(self, other: "NightRow") -> bool:
        """Whether both can share one line."""
        pairs = zip(self.lights, other.lights, strict=False)
        return len(self.lights) == len(other.lights) and all(mine.is_similar(theirs) for mine, theirs in pairs)


def table(setup: Setup, program: Program, period: Span, options: Options, now: datetime | None) -> str:
    """The nights of a period, with notes below; if `now` is given, its night comes first on its own line."""
    text, nights = options.text, program.nights(*period)
    if now is not None and len(nights) > 1 and _is_over(program, nights[0], now):
        nights = nights[1:]
    rows = [_row(setup, program, plan, options) for plan in nights]
    tonight = rows[:1] if now is not None else []
    runs = [*([row] for row in tonight), *_runs(rows[len(tonight) :])]
    lines = [(text("plan.night_of"), text("plan.dark_hours"), text("plan.light"), text("plan.why"))]
    for run in runs:
        lines.extend(_lines(run, options, is_tonight=bool(tonight) and run[0] is tonight[0]))
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    body = ["  ".join((*(line[i].ljust(widths[i]) for i in range(3)), line[3])) for line in lines]
    return "\n".join((*body, *_notes(program, nights, options)))


def nights_csv(setup: Setup, program: Program, period: Span, options: Options) -> str:
    """A line for each night, for spreadsheets: when its first light begins and its last ends (local time with offset,
    empty if it is dark), what is lit, and why."""
    rows: list[tuple[str, ...]] = [("night", "from", "until", "light", "why")]
    for plan in program.nights(*period):
        row = _row(setup, program, plan, options)
        whole = _whole(program, plan)
        light, why = ("; ".join(dict.fromkeys(parts)) for parts in zip(*_light_texts(row), strict=True))
        ends = [at.isoformat(timespec="seconds") for at in whole] if whole else ["", ""]
        rows.append((row.day.isoformat(), *ends, light, why))
    return csv_text(rows)


def calendar(setup: Setup, program: Program, period: Span, options: Options, now: datetime) -> str:
    """An event for each night with light, in the format of calendars (RFC 5545)."""
    from controller.web.calendar import calendar_ics  # noqa: PLC0415  its library takes 50 ms

    texts = {plan.night.day: _light_texts(_row(setup, program, plan, options)) for plan in program.nights(*period)}
    return calendar_ics(
        lit_nights(program, *period),
        name=setup.tower.site.name,
        site=setup.tower.site.name,
        domain=setup.tower.mqtt.topic_prefix.replace("/", "-"),
        now=now,
        describe=lambda night: "\n".join(f"{light} – {why}" for light, why in texts[night.night]),
    ).decode()


def _whole(program: Program, plan: NightPlan) -> Span | None:
    """From the first light of a night to the last; None if it is dark."""
    lit = lit_stretches(program, plan)
    return _local(program, (lit[0].start, lit[-1].end)) if lit else None


def _light_texts(row: NightRow) -> list[tuple[str, str]]:
    return [(f"{_clock(light.span)} {light.shows}" if light.span else light.shows, light.why) for light in row.lights]


def _is_over(program: Program, plan: NightPlan, now: datetime) -> bool:
    """Whether the sun has risen and nothing more will be lit in this night; its frame lasts until noon."""
    ends = [end for _, end in _dark(program, plan)] + [piece.end for piece in plan.pieces if piece.shows is not None]
    return all(end <= now for end in ends) and plan.night.midnight < now


def _dark(program: Program, plan: NightPlan) -> tuple[Span, ...]:
    return program.place.dark(plan.night)


def _row(setup: Setup, program: Program, plan: NightPlan, options: Options) -> NightRow:
    local = partial(_local, program)
    lights = tuple(_lights(setup, program, plan, options))
    if not any(piece.shows is not None for piece in plan.pieces):
        whys = dict.fromkeys(light.why for light in lights)
        closed = dict.fromkeys(claim.rule.name for claim in plan.claims if not claim.lit)
        lights = (LitSpan(None, options.text("dark"), "; ".join(whys) or ", ".join(closed) or "–"),)
    return NightRow(plan.night.day, tuple(local(span) for span in _dark(program, plan)), lights)


def _local(program: Program, span: Span) -> Span:
    start, end = (at.astimezone(program.place.time_zone) for at in span)
    return start, end


def _lights(setup: Setup, program: Program, plan: NightPlan, options: Options) -> Iterator[LitSpan]:
    """The stretches that are lit, and those that are dark only because a rule keeps others from being lit."""
    for piece in plan.pieces:
        losers = [
            claim
            for claim in plan.claims
            if claim.lit
            and claim.start < piece.end
            and piece.start < claim.end
            and all(claim.rule is not rule for rule in piece.showing)
        ]
        if piece.claim is None or not (piece.shows or losers):
            continue
        start, end = piece.start, piece.end
        if piece.shows is None:
            start = max(start, min(claim.start for claim in losers))
            end = min(end, max(claim.end for claim in losers))
        shows = _in_words(setup, program, piece.start, options) if piece.shows is not None else options.text("dark")
        rules = tuple({id(claim.rule): claim.rule for claim in losers}.values())
        yield LitSpan(_local(program, (start, end)), shows, _why(piece, piece.claim, rules, options))


def _why(piece: Piece, claim: Claim, losers: tuple[Rule, ...], options: Options) -> str:
    """The rules that are shown, and the limit that dims them; for each rule that would be lit without them, why it is
    not."""
    why = Why(claim.rule, "lit" if claim.lit else "blackout" if isinstance(claim.rule, Blackout) else "otherwise")
    by_reason: dict[str, list[str]] = {}
    for rule in losers:
        by_reason.setdefault(why.loses_words(rule, options.language), []).append(rule.name)
    gives_way = ", ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    parts = [", ".join(rule.name for rule in (claim.rule, *piece.also))]
    if piece.limit is not None:
        parts.append(limit_words(piece.limit, options.language))
    if losers:
        parts.append(f"{options.text('plan.loses').lower()}: {gives_way}")
    return "; ".join(parts)


def _in_words(setup: Setup, program: Program, at: datetime, options: Options) -> str:
    """What each zone shows from an instant on; for a sequence the first colour, and the number of colours."""
    cue = program.look_at(at)
    looks: Mapping[str, Look] = cue.looks
    names = setup.tower.landmark.zone_names(options.language)
    texts = []
    for zone, state in desired_looks(program.zones, cue, at).items():
        count = looks.get(zone, NO_LIGHT).alternating
        more = f" ({options.text('plan.colors', count=count)})" if count is not None else ""
        texts.append(looks_words({names.get(zone, zone): state.value}, options.language) + more)
    return ", ".join(texts)


def _runs(rows: Iterable[NightRow]) -> list[list[NightRow]]:
    """Groups consecutive similar nights."""
    runs: list[list[NightRow]] = []
    for row in rows:
        if runs and runs[-1][-1].is_similar(row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _lines(run: Sequence[NightRow], options: Options, *, is_tonight: bool) -> Iterator[tuple[str, str, str, str]]:
    """One line for each light of a night or of a group of nights."""
    text, first, last = options.text, run[0], run[-1]
    name = _days(first.day, last.day, text)
    if is_tonight:
        name = f"{name} ({text('plan.tonight')})"
    sky = "…" if len(run) > 1 else ", ".join(map(_clock, first.dark)) or text("plan.never_dark")
    for i, (light, later) in enumerate(zip(first.lights, last.lights, strict=True)):
        spans = [_clock(span) for span in (light.span, later.span) if span is not None]
        light_text = " ".join((*([" … ".join(dict.fromkeys(spans))] if spans else []), light.shows))
        yield ("" if i else name, "" if i else sky, light_text, light.why)


def _days(first: date, last: date, text: Callable[..., str]) -> str:
    if first == last:
        return day_text(first, text)
    return f"{day_text(first, text)} – {day_text(last, text)} ({text('plan.nights', count=(last - first).days + 1)})"


def _clock(span: Span) -> str:
    return f"{span[0]:%H:%M}–{span[1]:%H:%M}"


def _minutes_apart(one: datetime, other: datetime) -> int:
    """Minutes between two times of day."""
    apart = abs(one.hour * 60 + one.minute - other.hour * 60 - other.minute)
    return min(apart, DAY_MIN - apart)


def _notes(program: Program, nights: Iterable[NightPlan], options: Options) -> Iterator[str]:
    """Notes under the table: what is unusual, with the nights that it is about; if consecutive nights have the same
    note with moving times, those of the first and of the last."""
    runs: dict[tuple[str, int], list[list[tuple[date, str]]]] = {}
    for plan in nights:
        for note in night_notes(program, plan):
            dated_note = (plan.night.day, new_event(note.code, **note.fields).text(options.language))
            of_rule = runs.setdefault((note.code, id(note.rule)), [])
            if of_rule and dated_note[0] - of_rule[-1][-1][0] == timedelta(days=1):
                of_rule[-1].append(dated_note)
            else:
                of_rule.append([dated_note])
    for run in sorted((run for of_rule in runs.values() for run in of_rule), key=lambda run: run[0][0]):
        (first, text), (last, later) = run[0], run[-1]
        yield f"  {_days(first, last, options.text)}: {text}" + (f" … {later}" if later != text else "")
