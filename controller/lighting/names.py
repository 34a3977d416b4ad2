"""Words for dark, and names of colours in Swedish and of whites, the words of `parse_color`."""

import re
import unicodedata


def plain(name: str) -> str:
    """A name as it is compared: without case, spaces, hyphens and underscores, composed letters."""
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFC", name)).casefold()


def unmarked(name: str) -> str:
    """`plain`, and also without the marks of its letters, as on a keyboard that lacks them: `rod` for `röd`."""
    return "".join(char for char in unicodedata.normalize("NFD", plain(name)) if not unicodedata.combining(char))


DARK_WORDS = frozenset(
    {
        *("dark", "off", "black", "no light", "darkness", "nothing", "lights off"),
        *("släckt", "svart", "släck", "av", "mörkt", "mörk", "mörker", "inget ljus", "helt släckt", "helt mörkt"),
    }
)
"""What people write for no light, casefolded."""

WHITES = {
    "candlelight": 1900,
    "warmwhite": 2700,
    "softwhite": 3000,
    "neutralwhite": 4000,
    "coolwhite": 5700,
    "coldwhite": 6500,
}
"""Kelvin of whites by name; the names of lamp packages and the ANSI C78.377 temperatures they stand for."""

_SWEDISH = {
    "candlelight": "levandeljus",
    "warmwhite": "varmvit varmvitt",
    "neutralwhite": "neutralvit neutralvitt",
    "coldwhite": "kallvit kallvitt",
    "white": "vit vitt",
    "red": "röd rött",
    "darkred": "mörkröd",
    "maroon": "vinröd",
    "crimson": "karmosin",
    "coral": "korall",
    "salmon": "lax laxrosa",
    "tomato": "tomat",
    "orange": "brandgul brandgult",
    "darkorange": "mörkorange",
    "gold": "guld",
    "yellow": "gul gult",
    "lightyellow": "ljusgul",
    "peachpuff": "persika",
    "beige": "beige",
    "brown": "brun",
    "chocolate": "choklad",
    "green": "grön grönt",
    "lightgreen": "ljusgrön",
    "darkgreen": "mörkgrön",
    "limegreen": "limegrön",
    "forestgreen": "skogsgrön",
    "seagreen": "havsgrön",
    "olive": "olivgrön oliv",
    "turquoise": "turkos",
    "teal": "blågrön",
    "blue": "blå blått",
    "lightblue": "ljusblå",
    "skyblue": "himmelsblå",
    "royalblue": "kungsblå",
    "steelblue": "stålblå",
    "darkblue": "mörkblå",
    "midnightblue": "midnattsblå",
    "navy": "marinblå",
    "purple": "lila",
    "violet": "violett",
    "lavender": "lavendel",
    "orchid": "orkidé",
    "plum": "plommon",
    "pink": "rosa",
    "lightpink": "ljusrosa",
    "hotpink": "varmrosa",
    "deeppink": "cerise",
    "gray": "grå grått",
    "lightgray": "ljusgrå",
    "darkgray": "mörkgrå",
    "silver": "silver",
    "black": "svart",
}

SWEDISH = {name: english for english, names in _SWEDISH.items() for name in names.split()}
"""Swedish name -> English name, both as `plain` has them."""
