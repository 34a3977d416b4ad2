"""A look: what one zone shows, as a function of the seconds since it began. Also reads brightness."""

import re
from dataclasses import dataclass, replace

from controller.errors import Mistake
from controller.events.models import InEachLanguage
from controller.lighting.color import Color
from controller.locale import languages, texts

SHORTEST_STEP_S = 5.0
"""Shortest step of a sequence in seconds. Nothing ever flashes: light that changes faster disturbs people and traffic
(SPEC 2.1)."""
SHARES = {
    **dict.fromkeys(("full", "max", "maximum", "hel", "fullt", "högsta", "maximal"), 1.0),
    **dict.fromkeys(("three quarters", "tre fjärdedelar", "3/4"), 0.75),
    **dict.fromkeys(("half", "halv", "halva", "halvt", "hälften", "1/2"), 0.5),
    **dict.fromkeys(("a quarter", "quarter", "en fjärdedel", "fjärdedel", "1/4"), 0.25),
}
"""Words for a brightness, optionally followed by one of `_OF_LIGHT`."""
_OF_LIGHT = re.compile(
    r"\s+(?:(?:of\s+the\s+|av\s+)?(?:brightness|power|strength|light|styrka|styrkan|ljusstyrka|ljusstyrkan|ljus|ljuset|effekt|kraft))$"
)
PERCENT = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(?:%|percent|procent)")
NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class ZoneState:
    """What a zone shows at one instant; `brightness` is 0..1, linear in light, and 0 exactly when off."""

    on: bool
    color: Color | None
    brightness: float

    @property
    def value(self) -> dict[str, object]:
        """For documents and events; `color_name` is the name in the file."""
        color = self.color if self.on else None
        return {
            "on": self.on,
            "color": color.hex if color else None,
            "color_name": color.name if color else None,
            "brightness": self.brightness,
        }


DARK = ZoneState(on=False, color=None, brightness=0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """No colour, or black, is dark; one is steady, several alternate, each for `change_every_s` seconds."""

    colors: tuple[Color, ...] = ()
    brightness: float = 1.0
    change_every_s: float = 0.0

    def __post_init__(self) -> None:
        """Several colours that change faster than `SHORTEST_STEP_S`, or never, are Mistake TWL-S130."""
        if len(self.colors) > 1 and not self.change_every_s >= SHORTEST_STEP_S:
            raise Mistake("TWL-S130", value=f"{self.change_every_s:g} s", shortest_s=SHORTEST_STEP_S)

    def at(self, seconds: float) -> ZoneState:
        """The state this many seconds after the look began."""
        if not self.colors or self.brightness <= 0:
            return DARK
        color = self.colors[self._step(seconds) % len(self.colors)]
        return ZoneState(on=True, color=color, brightness=self.brightness) if any(color.rgb) else DARK

    @property
    def is_dark(self) -> bool:
        """Whether it never gives light."""
        return self.brightness <= 0 or not any(any(color.rgb) for color in self.colors)

    @property
    def alternating(self) -> int | None:
        """How many different colours alternate; None where it is always the same one, or dark."""
        count = len({color.hex for color in self.colors})
        return count if count > 1 and self.brightness > 0 else None

    def at_most(self, brightness: float) -> "Look":
        """The same look, not brighter than this; itself if it is not."""
        if self.is_dark or self.brightness <= brightness:
            return self
        return replace(self, brightness=brightness)

    def next_step(self, seconds: float) -> float | None:
        """Seconds since the look began at which it next changes by itself; None for a steady look."""
        if len(self.colors) < 2 or self.brightness <= 0:
            return None
        return (self._step(seconds) + 1) * self.change_every_s

    def _step(self, seconds: float) -> int:
        """The index of the current step. Counted in whole microseconds, as time is: 26 s are five steps of 5.2 s,
        though no float is 5.2."""
        return round(seconds * 1e6) // round(self.change_every_s * 1e6) if len(self.colors) > 1 else 0


NO_LIGHT = Look()


def parse_brightness(text: str) -> float:
    """`80 %` and `half` as shares of 1; raises Mistake TWL-S137 outside 0..100 % and TWL-S138 without a unit."""
    text = text.strip()
    bare = _OF_LIGHT.sub("", " ".join(text.casefold().split()))
    if bare in SHARES:
        return SHARES[bare]
    found = PERCENT.fullmatch(bare)
    if found is None:
        raise _not_a_brightness(text)
    percent = _number(found[1])
    if percent > 100:
        raise Mistake("TWL-S137", value=text)
    return percent / 100


def _not_a_brightness(text: str) -> Mistake:
    if not NUMBER.fullmatch(text):
        return Mistake("TWL-S137", value=text)
    number = _number(text)
    if number > 100:
        return Mistake("TWL-S137", value=text)
    # 0.8 may be a share or per cent, and so may 1
    meant = dict.fromkeys((number * 100, number) if number <= 1 else (number,))
    readings = " / ".join(f"{percent:g} %" for percent in meant)
    marks = {language: texts(language, "values")["decimal_mark"] for language in languages()}
    suggestion = InEachLanguage({language: readings.replace(".", mark) for language, mark in marks.items()})
    return Mistake("TWL-S138", value=text, suggestion=suggestion)


def _number(text: str) -> float:
    return float(text.replace(",", "."))
