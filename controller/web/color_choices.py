"""The colours that the page offers: those of `tower.yaml`, then the most common ones."""

from dataclasses import dataclass

from controller.config.tower import Tower
from controller.lighting.color import known_color, parse_color
from controller.lighting.names import plain
from controller.locale import Language
from controller.web.visit import page_text

STANDARD = ("white", "warm white", "red", "orange", "yellow", "lime", "blue", "blueviolet", "magenta")
"""Colours at the full light of the lamps: green as in print is a fifth of it."""
DARK = "dark"


@dataclass(frozen=True, slots=True)
class ColorChoice:
    """A colour: `value` is what a request contains, `hex` what is drawn."""

    value: str
    label: str
    hex: str


def color_choices(tower: Tower, language: Language) -> tuple[ColorChoice, ...]:
    """Each colour once; the last is no light."""
    own = {name: color.hex for name, color in tower.palette.items()}
    choices = [ColorChoice(name, name[:1].upper() + name[1:], code) for name, code in own.items()]
    for name in STANDARD:
        label = page_text(language, f"colors.{name.replace(' ', '_')}")
        color, taken = parse_color(name, {}), known_color(label, tower.palette)
        if {color.hex, taken.hex if taken is not None else None}.isdisjoint(own.values()) and plain(name) not in own:
            # audit and log name the colour as people do, where that means the same colour
            is_same = taken is not None and taken.hex == color.hex
            choices.append(ColorChoice(label.lower() if is_same else name, label, color.hex))
    return (*choices, ColorChoice(DARK, page_text(language, "colors.dark"), "#000000"))
