"""Colours as people write them."""

import pytest
from coloraide import Color as Coloraide
from hypothesis import example, given
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.lighting.color import FROM_XYZ, TO_XYZ, Color, css_names, parse_color
from controller.lighting.names import SWEDISH, WHITES

PALETTE = {"orange": Color("#FF6A00"), "Kommunblå": Color("#0077B6")}
HEX_COLORS = st.integers(0, 0xFFFFFF).map(lambda number: Color(f"#{number:06X}"))


@pytest.mark.parametrize(
    ("text", "hex_color"),
    [
        ("orange", "#FF6A00"),
        ("ORANGE ", "#FF6A00"),
        ("brandgul", "#FF6A00"),
        ("kommunblå", "#0077B6"),
        ("kommunbla\u030a", "#0077B6"),
        ("röd", "#FF0000"),
        ("Rebecca Purple", "#663399"),
        ("dark-orange", "#FF8C00"),
        ("#ff6a00", "#FF6A00"),
        ("rgb(255, 106, 0)", "#FF6A00"),
        ("rgb(255 106 0)", "#FF6A00"),
        ("RGB(0,0,0)", "#000000"),
    ],
)
def test_a_name_or_a_code_is_a_color(text: str, hex_color: str) -> None:
    """Palette before CSS; Swedish names mean the palette's color too; case, hyphens and spaces do not count."""
    assert parse_color(text, PALETTE) == Color(hex_color)


def test_css_orange_holds_where_the_palette_has_none() -> None:
    """Without a palette the words have their common meaning."""
    assert parse_color("orange", {}) == parse_color("brandgul", {}) == Color("#FFA500")


@pytest.mark.parametrize("text", ["2700 K", "2700K", "2 700 K", "2700\u00a0k", "2700 kelvin", "warm white", "varmvit"])
def test_a_temperature_is_the_black_body_at_its_brightest(text: str) -> None:
    """Planck at 2700 K is x 0.4599, y 0.4106 (CIE 1931); the temperature itself is kept for gateways that take it."""
    color = parse_color(text, {})
    assert color.kelvin == 2700
    assert color.xy == pytest.approx((0.4599, 0.4106), abs=0.002)
    assert max(color.rgb) == 255


def test_the_warmer_the_redder() -> None:
    """From 1000 to 12000 K the share of blue only grows."""
    blues = [color.rgb[2] - color.rgb[0] for color in map(Color.from_kelvin, range(1000, 12001, 250))]
    assert blues == sorted(blues)


@pytest.mark.parametrize("name", sorted(SWEDISH))
def test_every_swedish_name_means_a_known_color(name: str) -> None:
    """No Swedish word leads nowhere."""
    assert SWEDISH[name] in css_names() or SWEDISH[name] in WHITES
    assert parse_color(name, {})


@pytest.mark.parametrize(
    ("text", "code", "fields"),
    [
        ("FF6A00", "TWL-S131", {"value": "FF6A00", "suggestion": "#FF6A00"}),
        ("0xff7a00", "TWL-S131", {"value": "0xff7a00", "suggestion": "#FF7A00"}),
        ("#FF6A0", "TWL-S145", None),
        ("#0077B6FF", "TWL-S145", None),
        ("#f60", "TWL-S131", {"value": "#f60", "suggestion": "#FF6600"}),
        ("#ＦＦ6A00", "TWL-S145", None),
        ("orangee", "TWL-S132", {"value": "orangee", "suggestion": "orange"}),
        ("gorange", "TWL-S132", {"value": "gorange", "suggestion": "orange"}),
        ("2700", "TWL-S132", {"value": "2700", "suggestion": "2700 K"}),
        ("2.700 K", "TWL-S132", {"value": "2.700 K", "suggestion": "2700 K"}),
        ("2700 °K", "TWL-S132", {"value": "2700 °K", "suggestion": "2700 K"}),
        ("99", "TWL-S145", {"value": "99", "example": "orange"}),
        ("255, 106, 0", "TWL-S132", {"value": "255, 106, 0", "suggestion": "#FF6A00"}),
        ("rgb 300/0/0", "TWL-S145", {"value": "rgb 300/0/0", "example": "orange"}),
        ("rod", "TWL-S132", {"value": "rod", "suggestion": "röd"}),
        ("bla", "TWL-S132", {"value": "bla", "suggestion": "blå"}),
        ("", "TWL-S145", {"value": "", "example": "orange"}),
        ("null", "TWL-S145", None),
        ("transparent", "TWL-S145", None),
        ("999 K", "TWL-S133", {"value": "999 K", "low": 1000, "high": 12000}),
        ("12001 K", "TWL-S133", {"value": "12001 K", "low": 1000, "high": 12000}),
        ("9" * 5000 + " K", "TWL-S133", None),
        ("rgb(300,0,0)", "TWL-S134", {"value": "300"}),
        ("rgb(0,0,-1)", "TWL-S134", {"value": "-1"}),
    ],
)
def test_a_mistake_says_what_to_write(text: str, code: str, fields: dict[str, object] | None) -> None:
    """The code names the kind of mistake, the suggestion is made from what was written."""
    with pytest.raises(Mistake) as caught:
        parse_color(text, PALETTE)
    assert caught.value.code == code
    assert fields is None or caught.value.fields == fields


def test_a_component_too_large_is_pointed_at() -> None:
    """The offsets are those of the wrong number."""
    with pytest.raises(Mistake) as caught:
        parse_color("rgb(1, 300, 0)", {})
    assert (caught.value.start, caught.value.end) == (7, 10)


@given(st.text(max_size=80))
@example("#" * 300)
@example("a" * 100_000)
@example("1" + " " * 100_000 + "x")
@example("٢٧٠٠ K")
def test_any_text_is_a_color_or_a_mistake(text: str) -> None:
    """Nothing that can be typed raises anything else."""
    try:
        assert parse_color(text, PALETTE).hex == parse_color(text, PALETTE).hex.upper()
    except Mistake as mistake:
        assert mistake.code in {"TWL-S131", "TWL-S132", "TWL-S133", "TWL-S134", "TWL-S145"}


@given(HEX_COLORS)
def test_linear_light_gives_the_code_back(color: Color) -> None:
    """The sRGB curve there and back loses nothing that a code can say."""
    assert Color.from_linear(*color.linear) == color
    assert parse_color(color.hex.lower(), {}) == color


def test_chromaticity_of_the_primaries_is_that_of_the_standard() -> None:
    """IEC 61966-2-1: red 0.64, 0.33; green 0.30, 0.60; blue 0.15, 0.06; white D65."""
    known = {
        "#FF0000": (0.64, 0.33),
        "#00FF00": (0.30, 0.60),
        "#0000FF": (0.15, 0.06),
        "#FFFFFF": (0.3127, 0.3290),
        "#000000": (0.3127, 0.3290),
    }
    for hex_color, xy in known.items():
        assert Color(hex_color).xy == pytest.approx(xy, abs=0.0005)


@pytest.mark.parametrize("code", ["#000000", "#FFFFFF", "#0A0B0C", "#FF6A00", "#0000FF", "#7F8081"])
def test_the_formulas_of_srgb_are_those_of_an_independent_library(code: str) -> None:
    """Both ways, and CIE xy, where black has that of white."""
    color, other = Color(code), Coloraide(code)
    assert color.linear == pytest.approx(other.convert("srgb-linear").coords(), abs=1e-12)
    assert Color.from_linear(*color.linear) == color
    assert color.xy == pytest.approx(Coloraide("white").xy() if code == "#000000" else other.xy(), abs=1e-9)
    for matrix, spaces in ((TO_XYZ, ("srgb-linear", "xyz-d65")), (FROM_XYZ, ("xyz-d65", "srgb-linear"))):
        columns = [Coloraide(spaces[0], unit).convert(spaces[1]).coords() for unit in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
        assert [list(row) for row in matrix] == [pytest.approx(list(row)) for row in zip(*columns, strict=True)]
