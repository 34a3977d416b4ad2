"""What was meant by the text of a colour that is none: several colours, colours by zone, or a colour with a brightness.

Nothing is guessed: each finding shows how its meaning is written, and where there are two, it shows both.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from controller.errors import Mistake
from controller.events.models import InEachLanguage
from controller.lighting.names import plain
from controller.locale import Language

ZoneNames = Mapping[Language, Sequence[str]]
"""What people call the zones, in the order of the file."""
SEPARATOR = re.compile(
    r"\s*[,;/+&|]\s*(?:(?:och|and)\s+)?|\s+(?:och|and|samt|med|with|eller|or|till|to|[-–—])\s+|\s+", re.I
)
BETWEEN_PAIRS = re.compile(r"\s*[,;/&|]\s*(?:(?:och|and)\s+)?|\s+(?:och|and|samt)\s+", re.IGNORECASE)
PAIR = re.compile(r"(?P<zone>[^\W\d][\w-]*)(?:\s*[:=]\s*|\s+)(?P<color>\S.*)")
FRAME = re.compile(r"[(<\[{]+(?P<inner>.*?)[)>\]}]+", re.DOTALL)
PERCENT = re.compile(
    r"(?P<color>.*?\S)\s*[,;]?\s+(?:(?:at|på|med|with|i)\s+)?(?P<percent>[0-9]{1,3})\s*(?:%|procent|percent)", re.I
)
FILLING = frozenset(
    ("blandat", "varannan", "växla", "växlande", "omväxlande", "alternating", "färg", "färger", "colors", "colours")
)
"""Words beside the names of several colours that say nothing more."""
MANY = re.compile(
    "regnbåg|rainbow|pride|flagg|\\bflag\\b|flerfärg|färgglad|multi-?colou?r|(?:alla|olika) färger|all colou?rs",
    re.IGNORECASE,
)
"""What stands for colours that it does not name."""
MOST = 8
"""A text with more parts is no list of colours."""
SHORTEST_NAME = 3


def braced(pairs: Iterable[tuple[str, str]]) -> str:
    """Colours by zone as the file writes them; `#` begins a comment outside quotes."""
    return f"{{{', '.join(f'{zone}: {as_written(color)}' for zone, color in pairs)}}}"


def as_written(color: str) -> str:
    """A colour as the file writes it."""
    return f'"{color}"' if color.startswith("#") or "," in color else color


def listed(colors: Iterable[str]) -> str:
    """A list of colours as the file writes it."""
    return f"[{', '.join(map(as_written, colors))}]"


def of_zones(colors: Sequence[str], zones: ZoneNames) -> InEachLanguage:
    """The first colours, each for a zone."""
    return InEachLanguage({each: braced(zip(names, colors, strict=False)) for each, names in zones.items()})


def in_words(
    text: str, zones: ZoneNames, is_zone: Callable[[str], bool], is_color: Callable[[str], bool]
) -> Mistake | None:
    """What was meant by the text of a whole `color:`; None where nobody can tell."""
    if by_zone := _pairs(text, is_zone, is_color):
        return Mistake("TWL-S065", braced=braced(by_zone))
    if colors := several(text, is_color):
        return Mistake("TWL-S074", suggestion=listed(colors), by_zone=of_zones(colors, zones))
    if MANY.search(text):
        return Mistake("TWL-S181", value=text)
    found = PERCENT.fullmatch(text)
    if found and is_color(found["color"]):
        return Mistake("TWL-S182", color=as_written(found["color"]), brightness=f"{found['percent']} %")
    return None


def several(text: str, is_color: Callable[[str], bool]) -> list[str]:
    """The colours that a text names, in order; none where it names one, or holds any other word."""
    framed = FRAME.fullmatch(text.strip())
    parts = [part for part in SEPARATOR.split(framed["inner"].strip() if framed else text.strip()) if part]
    if len(parts) > MOST:
        return []
    colors = [part for part in parts if part.casefold() not in FILLING]
    if len(colors) > 1 and all(map(is_color, colors)):
        return colors
    return _compound(text.strip(), is_color) if len(colors) == 1 else []


def _compound(word: str, is_color: Callable[[str], bool]) -> list[str]:
    """`blågul`, `röd-vit-blå`: names of colours without a space between them."""
    by_hyphen = re.split(r"\s*[-–—]\s*", word)
    if 1 < len(by_hyphen) <= MOST and all(map(is_color, by_hyphen)):
        return by_hyphen
    letters = plain(word)
    cuts = range(2, len(letters) - 1) if letters.isalpha() and len(letters) <= 20 else ()
    for cut, other in product(cuts, (*cuts, len(letters))):
        parts = [part for part in (letters[:cut], letters[cut:other], letters[other:]) if part]
        if (
            other > cut
            and all(len(part) > 1 and is_color(part) for part in parts)
            and max(map(len, parts)) >= SHORTEST_NAME
        ):
            return parts
    return []


def _pairs(text: str, is_zone: Callable[[str], bool], is_color: Callable[[str], bool]) -> list[tuple[str, str]]:
    """`bowl vit, shaft=blå`, `(bowl: vit)`."""
    framed = FRAME.fullmatch(text.strip())
    parts = BETWEEN_PAIRS.split(framed["inner"].strip() if framed else text.strip())
    found = [PAIR.fullmatch(part.strip()) for part in parts]
    pairs = [(pair["zone"], pair["color"].strip("\"'")) for pair in found if pair]
    return pairs if len(pairs) == len(parts) and all(is_zone(zone) and is_color(color) for zone, color in pairs) else []
