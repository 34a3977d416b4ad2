"""Clauses of a sentence: what a landmark shows, `lyser orange`, `skålen lyser vitt, skaftet är släckt`, and by which
rule. Never a hex value: a colour has a name from the files, the name of a colour that looks the same, or is called one
"of its own"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal

from controller.config.tower import Landmark, Tower
from controller.events.models import printable
from controller.events.words import dated
from controller.lighting.color import Color, css_names, difference
from controller.lighting.light import Light
from controller.lighting.look import Look
from controller.lighting.names import SWEDISH, WHITES, plain
from controller.locale import Language, template, texts
from controller.service.health import LookValue, RuleValue

ALIKE = 8.0
"""CIEDE2000 difference up to which a colour is called by the name of another."""
FAINT = 0.4
"""Share of full light below which a colour is called faint."""
FULL = 250
"""Lowest value (of 255) of the strongest component of a colour whose name means full light."""
MOST_LOOKS, MOST_PARTS, MOST_RULES = 3, 5, 3
LONGEST_NAME, LONGEST = 80, 200

Form = Literal["is", "should", "past", "then", "meant", "meant_more", "why", "fading"]
_CONTINUED: Mapping[Form, Form] = {"then": "past", "meant": "meant_more", "why": "is"}
"""The form of a second clause."""
_KELVIN = re.compile(r"([0-9][0-9\s]*)\s*k(?:elvin)?", re.IGNORECASE)
Palette = tuple[tuple[str, str], ...]
"""Name and `#RRGGBB` of each colour of `tower.yaml`."""


@dataclass(frozen=True, slots=True)
class LookPhrase:
    """The words for a part: the kind of clause, and how it is lit; `key` distinguishes colours that have the same
    words."""

    kind: Literal["color", "sequence", "dark"]
    how: str = ""
    key: str = ""


@dataclass(frozen=True)
class Names:
    """What the landmark and its parts are called."""

    site: str
    landmark: Landmark
    palette: Palette = ()

    def subject(self, language: Language) -> str:
        """The landmark: its name, else that of the site."""
        return printable(self.landmark.name.get(language) or self.site, LONGEST_NAME)

    def inside(self, language: Language) -> str:
        """The same inside a sentence: `vattentornet`, but `Kaknästornet`."""
        name = self.subject(language)
        return _small(name) if _is_common(name, language) else name

    def part(self, zone: str, language: Language) -> str:
        """A part inside a sentence: `skålen`, `the bowl`."""
        name = self.title(zone, language)
        pattern = _text(language, "part")
        name = _small(name)
        return name if name.startswith(pattern.partition("{")[0] or "\0") else pattern.format(name=name)

    def title(self, zone: str, language: Language) -> str:
        """A part by itself: `Skålen`."""
        return printable(self.landmark.zone_names(language).get(zone, zone), LONGEST_NAME)

    def started(self, text: str, language: Language) -> str:
        """A text as the beginning of a sentence."""
        inside = self.inside(language)
        return self.subject(language) + text[len(inside) :] if text.startswith(inside) else text[:1].upper() + text[1:]


def names_of(tower: Tower) -> Names:
    """What people call the landmark, its parts and its colours."""
    return Names(tower.site.name, tower.landmark, tuple((name, color.hex) for name, color in tower.palette.items()))


def clause(looks: Mapping[str, LookValue], form: Form, names: Names, language: Language, hand: str = "") -> str:
    """What a landmark shows, with what was set by `hand` behind it, inside a sentence."""
    if form == "fading":
        return _whole(looks, form, names, language)
    groups = _groups(looks, names.palette, language)
    if len(groups) == 1 or len(groups) > MOST_LOOKS or (parts := _parts(groups, names, language)) is None:
        return _whole(looks, form, names, language) + hand
    words: list[str] = []
    lit = sum(look.kind == "color" for look in groups)
    for at, (look, who) in enumerate(zip(groups, parts, strict=True)):
        # one verb for all colours
        key = form if at == 0 else "more" if look.kind == "color" else _CONTINUED.get(form, form)
        joint = "" if at == 0 else _text(language, "and") if at == lit - 1 else ", "
        words += joint, _clause(look, key, who, language)
    return "".join(words) + hand


def _groups(looks: Mapping[str, LookValue], palette: Palette, language: Language) -> dict[LookPhrase, list[str]]:
    """The parts by their words; those that are lit in a colour first."""
    groups: dict[LookPhrase, list[str]] = {}
    for zone, look in looks.items():
        groups.setdefault(look_phrase(look, palette, language), []).append(zone)
    order = ("color", "sequence", "dark")
    return dict(sorted(groups.items(), key=lambda item: order.index(item[0].kind)))


def _parts(groups: Mapping[LookPhrase, list[str]], names: Names, language: Language) -> list[str] | None:
    """Who shows each look; of many parts the largest group is "the rest". None where they are too many to name."""
    zones = list(groups.values())
    if sum(map(len, zones)) > MOST_PARTS:
        largest = max(zones, key=len)
        if sum(map(len, zones)) - len(largest) > MOST_PARTS:
            return None
        return [_text(language, "the_rest") if each is largest else _listed(each, names, language) for each in zones]
    return [_listed(each, names, language) for each in zones]


def _listed(zones: list[str], names: Names, language: Language) -> str:
    *first, last = (names.part(zone, language) for zone in zones)
    return _text(language, "and").join((", ".join(first), last)) if first else last


def _whole(looks: Mapping[str, LookValue], form: Form, names: Names, language: Language) -> str:
    """All parts in one clause."""
    style = "to" if form == "fading" else "shown"
    groups = _groups(looks, names.palette, language)
    if style == "to":
        groups = {look_phrase(look, names.palette, language, style): [] for look in looks.values()}
    look = next(iter(groups)) if len(groups) == 1 else _together(groups, style, language)
    return _clause(look, form, names.inside(language), language)


def _together(groups: Iterable[LookPhrase], style: str, language: Language) -> LookPhrase:
    """One phrase that is true of several different looks."""
    lit = [look for look in groups if look.kind != "dark"]
    if not lit:
        return LookPhrase("dark")
    if any(look.kind == "sequence" for look in lit):
        return LookPhrase("color", _text(language, f"how.{style}.several"))
    if len(lit) > 1:
        return LookPhrase("color", _text(language, f"how.{style}.colors").format(count=len(lit)))
    return LookPhrase("color", _text(language, f"how.{style}.partly").format(how=lit[0].how))


def _clause(look: LookPhrase, form: str, who: str, language: Language) -> str:
    return _text(language, f"clause.{look.kind}.{form}").format(who=who, how=look.how)


def value_of(look: Look) -> LookValue:
    """A look as a value for documents; for a sequence the first colour and the number of colours."""
    if look.is_dark:
        return LookValue(on=False, brightness=0.0)
    first = look.colors[0]
    return LookValue(
        on=True,
        color=first.hex,
        color_name=first.name,
        brightness=look.brightness,
        colors=look.alternating,
    )


def look_phrase(look: LookValue, palette: Palette, language: Language, style: str = "shown") -> LookPhrase:
    """How a part is lit: `orange`, `svagt grönt`, `i en egen färg`; after "fading to" in the style `to`."""
    if look.on is False or look.brightness == 0:
        return LookPhrase("dark")
    if look.colors is not None:
        return LookPhrase("sequence", str(look.colors))
    how, key = _color(look, palette, language, style)
    if _is_faint(look):
        how, key = _text(language, "faint").format(how=how), f"{key} faint"
    return LookPhrase("color", how, key)


def _is_faint(look: LookValue) -> bool:
    """Whether it is under FAINT of the lamps' light: what the brightness and a dark colour leave of it."""
    strongest = max(Color(look.color).linear) if look.color else 1.0
    return (look.brightness if look.brightness is not None else 1.0) * strongest < FAINT


def _color(look: LookValue, palette: Palette, language: Language, style: str) -> tuple[str, str]:
    """The words for a colour, and a key that distinguishes it from another with the same words."""
    name = look.color_name or (f"{look.kelvin} K" if look.kelvin else None)
    if name is None and look.color is not None:
        name = name_like(look.color, palette)
    if name is not None:
        word = color_word(name, language)
        shown = printable(name, LONGEST_NAME)
        return (word, word) if word else (_text(language, f"how.{style}.named").format(name=shown), name)
    key = look.color or (str(look.xy) if look.xy else "")
    return _text(language, f"how.{style}.{'own' if key else 'on'}"), key


def color_word(name: str, language: Language) -> str | None:
    """The name of a colour after "lyser": `blått` for `blue`, `blå` and `blått`, `varmvitt` for `2700 K`; None for a
    name that is not a word of the language, as a name of the palette."""
    found = _KELVIN.fullmatch(name.strip())
    if found:
        kelvin = int(re.sub(r"\s", "", found[1])[:6])
        key = min(WHITES, key=lambda white: abs(1 / WHITES[white] - 1 / max(kelvin, 1)))
    else:
        key = SWEDISH.get(plain(name), plain(name))
    words = texts(language, "colors")
    word = words.get(key) or words.get(_twins().get(key, ""))
    return str(word) if word is not None else None


@cache
def _twins() -> Mapping[str, str]:
    """For a CSS name its synonym that has a word in the language files."""
    by_hex = {css_names()[name].hex: name for name in texts("en", "colors") if name in css_names()}
    return {name: by_hex[color.hex] for name, color in css_names().items() if color.hex in by_hex}


@lru_cache(maxsize=1024)
def name_like(hex_color: str, palette: Palette) -> str | None:
    """The name of the colour that looks the same, from the palette, else from CSS; None where none is within ALIKE.
    Compared as light: a dark colour is a faint one."""
    own = {code: name for name, code in palette}
    css = {color.hex: name for name, color in css_names().items()}
    if hex_color in own or hex_color in css:
        return own.get(hex_color) or css[hex_color]
    mine = _full(hex_color)
    bright = {code: name for code, name in css.items() if max(Color(code).rgb) >= FULL}
    for candidates in (own, bright):
        apart = {code: difference(mine, _full(code)) for code in candidates}
        nearest = min(apart, key=apart.__getitem__, default=None)
        if nearest is not None and apart[nearest] <= ALIKE:
            return candidates[nearest]
    return None


def _full(hex_color: str) -> tuple[float, float, float]:
    """CIE XYZ of a colour at full brightness."""
    light = Light(*Color(hex_color).linear)
    return light.times(1 / light.brightness).xyz if light.brightness else light.xyz


def _is_common(name: str, language: Language) -> bool:
    """Whether a name is a common noun, which has a small letter inside a sentence."""
    known = _text(language, "common.names").split()
    small = name.casefold()
    return any(small == each or (each.endswith("*") and small.startswith(each[:-1] + " ")) for each in known)


def _small(name: str) -> str:
    """With a small first letter, but for `LED-list`."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or len(name) == 1 else name


# By which rule


def because(looks: Mapping[str, LookValue], names: Names, now: datetime, language: Language) -> str:
    """The rule behind what is shown; one for each part where they differ. `now` is in the time zone of the site."""
    by_rule: dict[str, list[str]] = {}
    for zone, look in looks.items():
        by_rule.setdefault(_rule(look.rule or RuleValue(kind=None), now, language), []).append(zone)
    if len(by_rule) == 1:
        return next(iter(by_rule))
    parts = [
        _text(language, "why.part").format(who=names.part(zones[0], language), why=rule)
        for rule, zones in by_rule.items()
    ]
    more = [_text(language, "why.more").format(count=len(parts) - MOST_RULES)] if len(parts) > MOST_RULES else []
    return names.started("; ".join((*parts[:MOST_RULES], *more)), language)


def _rule(rule: RuleValue, now: datetime, language: Language) -> str:
    text = _nothing(rule, language) if rule.kind is None else _decision(rule, now, language)
    for key, place in (("day", rule.day), ("night", rule.night)):
        if place is not None and place[1] > 1:
            text += _text(language, f"why.{key}").format(at=place[0], of=place[1])
    if rule.limit is not None and isinstance(share := rule.limit.get("brightness"), int | float):
        text += _text(language, "why.limit").format(name=plain_line(rule.limit.get("name")), percent=f"{100 * share:g}")
    if rule.skip is not None:
        name, owner, reason = (rule.skip.get(key) for key in ("name", "owner", "reason"))
        text += _text(language, "why.skip").format_map(_by_hand(name, owner, reason, language))
    return text


def _nothing(rule: RuleValue, language: Language) -> str:
    idle = rule.idle or {}
    ended, begins = idle.get("ended"), idle.get("begins")
    key = "again" if ended and begins else "ended" if ended else "begins" if begins else "nothing"
    return _text(language, f"why.{key}").format(name=plain_line(idle.get("name")), ended=ended, begins=begins)


def _decision(rule: RuleValue, now: datetime, language: Language) -> str:
    until, since = (
        _text(language, f"why.{key}").format(when=dated(at.astimezone(now.tzinfo), now, language)) if at else ""
        for key, at in (("until", rule.until), ("since", rule.since))
    )
    fields = _by_hand(rule.name, rule.owner, rule.reason, language)
    return _text(language, f"why.{rule.kind}").format(until=until, since=since, **fields)


def _by_hand(name: object, owner: object, reason: object, language: Language) -> dict[str, str]:
    """Name, owner and reason of a rule, an override or a stop, as fields of a text."""
    because_of = _text(language, "why.reason").format(reason=plain_line(reason)) if reason else ""
    return {"name": plain_line(name), "owner": plain_line(owner) or _text(language, "somebody"), "reason": because_of}


def plain_line(text: object) -> str:
    """A name or a reason as one printable line."""
    return " ".join(printable(text, LONGEST).split()) if text is not None else ""


def _text(language: Language, key: str) -> str:
    return template(language, "sentence", key)
