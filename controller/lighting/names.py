"""Words for dark, and names of colours in Swedish and of whites, the words of `parse_color`."""

import re
import unicodedata


def plain(name: str) -> str:
    """A name as it is compared: without case, spaces, hyphens and underscores, composed letters."""
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFC", name)).casefold()


def unmarked(name: str) -> str:
    """`plain`, and also without the marks of its letters, as on a keyboard that lacks them: `rod` for `röd`."""
    return "".join(char for char in unicodedata.normalize("NFD", plain(name)) if not unicodedata.combining(char))


DARK_WORDS = frozenset({"dark", "släckt", "off", "svart", "black", "släck", "av"})
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

SWEDISH = {
    "levandeljus": "candlelight",
    "varmvit": "warmwhite",
    "varmvitt": "warmwhite",
    "neutralvit": "neutralwhite",
    "neutralvitt": "neutralwhite",
    "kallvit": "coldwhite",
    "kallvitt": "coldwhite",
    "vit": "white",
    "vitt": "white",
    "röd": "red",
    "rött": "red",
    "mörkröd": "darkred",
    "vinröd": "maroon",
    "karmosin": "crimson",
    "korall": "coral",
    "lax": "salmon",
    "laxrosa": "salmon",
    "tomat": "tomato",
    "brandgul": "orange",
    "brandgult": "orange",
    "mörkorange": "darkorange",
    "guld": "gold",
    "gul": "yellow",
    "gult": "yellow",
    "ljusgul": "lightyellow",
    "persika": "peachpuff",
    "beige": "beige",
    "brun": "brown",
    "choklad": "chocolate",
    "grön": "green",
    "grönt": "green",
    "ljusgrön": "lightgreen",
    "mörkgrön": "darkgreen",
    "limegrön": "limegreen",
    "skogsgrön": "forestgreen",
    "havsgrön": "seagreen",
    "olivgrön": "olive",
    "oliv": "olive",
    "turkos": "turquoise",
    "blågrön": "teal",
    "blå": "blue",
    "blått": "blue",
    "ljusblå": "lightblue",
    "himmelsblå": "skyblue",
    "kungsblå": "royalblue",
    "stålblå": "steelblue",
    "mörkblå": "darkblue",
    "midnattsblå": "midnightblue",
    "marinblå": "navy",
    "lila": "purple",
    "violett": "violet",
    "lavendel": "lavender",
    "orkidé": "orchid",
    "plommon": "plum",
    "rosa": "pink",
    "ljusrosa": "lightpink",
    "varmrosa": "hotpink",
    "cerise": "deeppink",
    "grå": "gray",
    "grått": "gray",
    "ljusgrå": "lightgray",
    "mörkgrå": "darkgray",
    "silver": "silver",
    "svart": "black",
}
"""Swedish name: English name, both as `plain` has them."""
