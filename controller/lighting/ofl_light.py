"""Which light a channel of a fixture file gives, and between which of its values.

Rules
1. Of several ranges the longest counts in which the brightness slopes, be it upside down or followed by one that
   flashes. A range that goes on as the last one ended is a part of it.
2. Where even its faint end glows, it is dark at the nearest value that gives nothing.
3. A channel of steps only is a switch: everything above the edge of its darkest step is on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from controller.lighting.ofl_file import Capability, Channel
from controller.lighting.profile import EMITTERS

HUE = re.compile(r"\b(hue|saturation)\b", re.IGNORECASE)
Written = str | dict[str, int | list[int]]


@dataclass(frozen=True, slots=True)
class Beam:
    """Which light a channel gives, and its values at dark and at full; a switch has steps, and nothing between."""

    role: str
    dark: int
    full: int
    is_switch: bool = False

    @property
    def written(self) -> Written:
        """As it stands in a profile."""
        return self.role if (self.dark, self.full) == (0, 255) else {self.role: [self.dark, self.full]}


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a channel's values with the light that it gives, and its brightness in per cent at either end."""

    role: str
    values: range
    first: float
    last: float

    def goes_on_in(self, other: "Span") -> bool:
        """Whether the other begins where this one ends, and goes the same way."""
        same_way = (self.last - self.first) * (other.last - other.first) > 0
        meets = self.values[-1] + 1 >= other.values[0] and self.last == other.first
        return self.role == other.role and same_way and meets


def beam(key: str, channel: Channel) -> Beam | None:
    """Which light a channel gives; None for a channel that rests."""
    spans = [] if channel.constant else _spans(key, channel)
    slopes = [span for span in spans if span.first != span.last]
    if not slopes:
        return _switch(channel, spans)
    span = max(slopes, key=lambda span: len(span.values))
    dark, full = span.values[0], span.values[-1]
    if span.first > span.last:
        dark, full = full, dark
    if min(span.first, span.last) > 0:
        dark = min(_off(channel), key=lambda value: abs(value - dark), default=dark)
    return Beam(span.role, dark, full) if dark != full else None


def _spans(key: str, channel: Channel) -> list[Span]:
    """The ranges in which a channel gives light; one that goes on where the last one ended is a part of it."""
    spans: list[Span] = []
    hue = is_hue(key, channel)
    for values, does in channel.does:
        role, (first, last) = _role(does, hue), does.ends
        if role is None:
            continue
        span = Span(role, values, first, last)
        if spans and spans[-1].goes_on_in(span):
            before = spans.pop()
            span = Span(role, range(before.values[0], values[-1] + 1), before.first, last)
        spans.append(span)
    return spans


def _switch(channel: Channel, steps: list[Span]) -> Beam | None:
    """The light of steps: anything above the edge of its darkest step is on, up to the far end of its brightest."""
    if not steps:
        return None
    bright = max(steps, key=lambda step: step.first)
    darkest = min(steps, key=lambda step: step.first)
    dark = darkest.values if darkest.first < bright.first else _off(channel) if _only_switches(channel) else ()
    if not dark:
        return None
    rising = dark[0] < bright.values[0]
    edges = (dark[-1], bright.values[-1]) if rising else (dark[0], bright.values[0])
    return Beam(bright.role, *edges, is_switch=True)


def _only_switches(channel: Channel) -> bool:
    return all(does.type in {"Intensity", "ColorIntensity", "NoFunction"} for _, does in channel.does)


def _off(channel: Channel) -> Sequence[int]:
    """Every value at which a channel says that it gives nothing."""
    return [value for values, does in channel.does if _gives_nothing(does) for value in values]


def _gives_nothing(does: Capability) -> bool:
    if does.type in {"Intensity", "ColorIntensity"}:
        return does.ends == (0.0, 0.0)
    return does.type == "NoFunction" or does.shutter_effect == "Closed"


def _role(does: Capability, hue: bool) -> str | None:
    if does.type == "ColorIntensity" and does.color is not None:
        role = does.color.lower().replace(" ", "_")
        return role if role in EMITTERS else None
    return "dimmer" if does.type == "Intensity" and not hue else None


def is_hue(key: str, channel: Channel) -> bool:
    """Whether it is a hue or a saturation, which the library calls intensities."""
    return bool(HUE.search(key) or HUE.search(channel.name or ""))
