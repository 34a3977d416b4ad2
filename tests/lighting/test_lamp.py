"""Light to levels and back, for lamps of every make."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.lighting.color import Color
from controller.lighting.gamut import distance
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light, mix
from controller.lighting.look import ZoneState
from controller.lighting.profile import BUILT_IN, Profile

MIXING = ("rgb", "rgbw", "rgba", "rgbwa")
HEX = st.integers(0, 0xFFFFFF).map(lambda number: Color(f"#{number:06X}"))
FULL = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2)).map(
    lambda drawn: Color.from_rgb(*((*divmod(drawn[0], 256), 255, *divmod(drawn[0], 256))[drawn[1] : drawn[1] + 3]))
)
"""Colors whose largest part is 255."""
BRIGHTNESS = st.one_of(st.floats(1e-9, 1), st.sampled_from([1e-6, 0.001, 0.02, 1.0]))
SPECIAL = st.sampled_from(
    [Color(code) for code in ("#FFFFFF", "#010101", "#FEFFFF", "#000001", "#FF6A00", "#FF0000", "#0000FF")]
)


def lamp(*channels: object, **more: object) -> Lamp:
    palette = {"orange": Color("#FF6A00"), "amberish": Color("#FF7400")}
    return Lamp(Profile.model_validate({"name": "x", "channels": channels, **more}), palette)


def light(color: Color, brightness: float = 1.0) -> Light:
    return Light.of(ZoneState(True, color, brightness))


@given(st.one_of(HEX.filter(lambda color: color.hex != "#000000"), SPECIAL), BRIGHTNESS)
def test_unlike_lamps_show_one_color(in_16_bit: dict[str, Profile], color: Color, brightness: float) -> None:
    """RGB, RGBW, RGBA and RGBWA lamps agree with what is desired and each other far within CIEDE2000 3."""
    wanted = light(color, brightness)
    shown = [Lamp(profile).light(Lamp(profile).levels(wanted)) for profile in in_16_bit.values()]
    assert all(one.difference(wanted) <= 0.5 for one in shown)
    assert all(one.difference(other) <= 0.5 for one in shown for other in shown)


@given(st.one_of(FULL, SPECIAL.filter(lambda color: 255 in color.rgb)), st.floats(0.9, 1))
def test_eight_bits_are_enough_near_full(color: Color, brightness: float) -> None:
    """The built-in 8-bit lamps keep within CIEDE2000 3 of each other where a campaign is lit."""
    wanted = light(color, brightness)
    shown = [Lamp(BUILT_IN[name]).light(Lamp(BUILT_IN[name]).levels(wanted)) for name in MIXING]
    assert all(one.difference(other) <= 3 for one in shown for other in shown)


@given(FULL, st.floats(0.05, 1))
def test_what_is_shown_is_read_back(in_16_bit: dict[str, Profile], color: Color, brightness: float) -> None:
    """From the levels alone: each part of the code within 2, brightness within 0.01."""
    for profile in in_16_bit.values():
        state = Lamp(profile).light(Lamp(profile).levels(light(color, brightness))).state
        assert state.color is not None
        assert all(abs(a - b) <= 2 for a, b in zip(state.color.rgb, color.rgb, strict=True))
        assert state.brightness == pytest.approx(brightness, abs=0.01)


@given(HEX.filter(lambda color: color.hex != "#000000"), BRIGHTNESS)
def test_what_is_on_gives_light(color: Color, brightness: float) -> None:
    """The faintest state is rounded up to one step, never to dark."""
    for profile in BUILT_IN.values():
        shown = Lamp(profile).levels(light(color, brightness))
        assert any(shown)
        assert Lamp(profile).light(shown).state.on


@pytest.mark.parametrize("name", BUILT_IN)
def test_dark_is_dark(name: str) -> None:
    """No light, no level; and no level, no light."""
    dark = Lamp(BUILT_IN[name])
    assert not any(dark.levels(Light()))
    assert dark.light(dark.dark) == Light()
    assert dark.predict(dark.dark)[2] == 0


@given(HEX.filter(lambda color: color.hex != "#000000"), BRIGHTNESS, BRIGHTNESS)
def test_levels_grow_with_brightness(color: Color, one: float, other: float) -> None:
    """Every channel of every lamp: none falls while the light rises."""
    dimmer, brighter = sorted((one, other))
    for profile in (*BUILT_IN.values(), lamp("dimmer", "red", "green", "blue", curve="square").profile):
        below, above = (Lamp(profile).levels(light(color, at)) for at in (dimmer, brighter))
        assert all(a <= b for a, b in zip(below, above, strict=True))


@pytest.mark.parametrize("name", MIXING)
@pytest.mark.parametrize("seconds", [5, 30, 120])
def test_a_fade_from_dark_never_trembles(name: str, seconds: int, orange: Color) -> None:
    """At 44 frames a second each 8-bit level only rises, by steps no larger than the fade makes them."""
    frames = seconds * 44
    mine = Lamp(BUILT_IN[name])
    shown = [mine.levels(mix(Light(), light(orange), frame / frames)) for frame in range(1, frames + 1)]
    for before, after in pairwise(shown):
        assert all(a <= b for a, b in zip(before, after, strict=True))
    assert shown[-1] == mine.levels(light(orange))
    assert max(b[0] - a[0] for a, b in pairwise(shown)) <= 1 + 255 * 3.2 / frames


@pytest.mark.parametrize("name", MIXING)
@settings(max_examples=15)
@given(start=FULL, end=FULL)
def test_a_fade_between_colors_never_trembles(name: str, start: Color, end: Color) -> None:
    """No level goes up and down again within a second and a half of a thirty-second fade by rounding alone."""
    mine = Lamp(BUILT_IN[name])
    shown = [mine.levels(mix(light(start), light(end), frame / 330)) for frame in range(331)]
    for channel in zip(*shown, strict=True):
        turns = [b - a for a, b in pairwise(channel) if a != b]
        changes = sum((a > 0) != (b > 0) for a, b in pairwise(turns))
        assert changes <= 6, channel


def test_a_dimmer_carries_the_brightness(orange: Color) -> None:
    """The color keeps its resolution at 2 %: the same ratio of red to green as at full."""
    mine = lamp("dimmer", "red", "green", "blue", {"shutter": 47})
    full, faint = mine.levels(light(orange)), mine.levels(light(orange, 0.02))
    assert full[0] == 255
    assert faint[0] == 5
    assert full[1:] == faint[1:]
    assert faint[4] == 47


def test_several_dimmers_are_full_while_lit(orange: Color) -> None:
    """Nobody says whether they multiply, so the emitters carry the brightness; dark closes all."""
    mine = lamp("dimmer", "red", "green", "blue", "dimmer")
    shown = mine.levels(light(orange, 0.5))
    assert (shown[0], shown[4]) == (255, 255)
    assert shown[1] == 128
    assert mine.light(shown).brightness == pytest.approx(0.5, abs=0.01)
    assert not any(mine.levels(Light()))
    assert mine.light(bytes([255, 255, 94, 2, 0])) == Light()


def test_the_faintest_light_passes_every_one_of_unlike_dimmers() -> None:
    """The coarsest of them decides how little that is."""
    mine = lamp("dimmer", "dimmer fine", {"dimmer": [206, 148]}, "dimmer")
    levels = mine.levels(Light(0.001, 0.001, 0.001))
    assert levels[2] < 206
    assert levels[3] > 0
    assert mine.light(levels).brightness > 0


def test_the_channel_of_the_finest_steps_decides_how_faint_light_may_be() -> None:
    """One that has only a few is dark then: rounding it up would make the lamp hundreds of times brighter."""
    mine = lamp({"red": [245, 255]}, "green", "green fine", "blue", "blue fine")
    levels = mine.levels(Light(0.002, 0.001, 0))
    assert levels[0] == 245
    assert 0 < mine.light(levels).brightness < 0.002


def test_fine_emitters_carry_the_brightness_past_a_coarse_dimmer(orange: Color) -> None:
    """Two hundred and fifty-five steps would be a staircase beside what the emitters can."""
    mine = lamp("dimmer", *[f"{role}{half}" for role in ("red", "green", "blue") for half in ("", " fine")])
    shown = [mine.levels(light(orange, 0.5 + step / 10_000)) for step in range(20)]
    assert {levels[0] for levels in shown} == {255}
    assert len({levels[1:] for levels in shown}) == 20
    assert mine.dark == bytes(7)


def test_fixed_channels_and_shutters_hold_their_value_in_the_dark() -> None:
    """Only light goes out."""
    mine = lamp({"fixed": 7}, "red", {"shutter": 255}, "green", "blue")
    assert mine.dark == bytes([7, 0, 255, 0, 0])


def test_sixteen_bits_go_out_as_coarse_and_fine_at_any_address() -> None:
    """Half of red is 0x8000, its bytes at their own places."""
    mine = lamp("red fine", {"fixed": 9}, "red")
    assert mine.levels(Light(0.5, 0, 0)) == bytes([0x00, 9, 0x80])
    assert mine.levels(Light(1, 0, 0)) == bytes([0xFF, 9, 0xFF])
    assert mine.light(bytes([0x00, 9, 0x80])).brightness == pytest.approx(0.5, abs=1e-5)


def test_pixels_show_the_same(orange: Color) -> None:
    """Every pixel of a bar takes the lamp's levels."""
    bar, par = lamp(*["red", "green", "blue"] * 12), lamp("red", "green", "blue")
    assert bar.levels(light(orange, 0.7)) == par.levels(light(orange, 0.7)) * 12


def test_a_dimmer_that_ends_below_255_is_never_passed() -> None:
    """Above 189 this lamp flashes."""
    mine = lamp({"dimmer": [0, 189]}, "red", "green", "blue")
    levels = [mine.levels(Light(1, 1, 1).times(step / 100))[0] for step in range(101)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (0, 189)


def test_an_upside_down_channel_is_dark_at_its_top() -> None:
    """255 is dark and 0 is full."""
    mine = lamp({"dimmer": [255, 0]}, "red", "green", "blue")
    assert mine.dark[0] == 255
    assert mine.levels(Light(1, 1, 1))[0] == 0
    assert mine.light(mine.levels(Light(0.5, 0, 0))).brightness == pytest.approx(0.5, abs=0.01)


def test_an_upside_down_channel_of_16_bits_is_quite_dark() -> None:
    """Its fine half too is at its top."""
    mine = lamp({"red": [255, 0]}, "red fine")
    assert mine.dark == bytes((255, 255))
    assert mine.levels(Light(1, 0, 0)) == bytes((0, 0))
    assert mine.light(mine.dark).brightness == 0


@pytest.mark.parametrize(("curve", "level"), [("linear", 128), ("square", 180), ("2.2", 186), (0.5, 64)])
def test_the_curve_of_the_lamp_is_undone(curve: object, level: int) -> None:
    """Half of the light of a lamp whose light goes by the square is level 180."""
    mine = lamp("dimmer", curve=curve)
    assert mine.levels(Light(0.5, 0.5, 0.5))[0] == level
    assert mine.light(bytes([level])).brightness == pytest.approx(0.5, abs=0.01)


def test_ultraviolet_stays_off() -> None:
    """It gives no light that is seen."""
    mine = lamp("red", "green", "blue", "uv")
    assert all(mine.levels(light(Color(code)))[3] == 0 for code in ("#FFFFFF", "#8800FF", "#0000FF"))


def test_a_color_out_of_reach_is_the_nearest_and_reported(orange: Color) -> None:
    """Two whites cannot make orange; they show the warmest they have."""
    mine = lamp("warm_white", "cold_white")
    assert mine.levels(light(orange)) == bytes([255, 0])
    assert not mine.can_show(orange)
    assert mine.delta_e(orange) > 10
    assert Lamp(BUILT_IN["rgb"]).delta_e(orange) == 0


def test_measured_emitters_change_the_mix(orange: Color) -> None:
    """A lamp with a weak green gets more of it."""
    usual, weak = (
        lamp("red", "green", "blue"),
        lamp("red", "green", "blue", emitters={"green": {"xy": [0.17, 0.7], "flux": 0.5}}),
    )
    assert weak.levels(light(orange))[1] > usual.levels(light(orange))[1] + 50


def test_predicted_light_is_the_wanted_chromaticity(orange: Color) -> None:
    """And Y is the share of all that the lamp has."""
    mine = lamp("red", "red fine", "green", "green fine", "blue", "blue fine")
    x, y, luminance = mine.predict(mine.levels(light(orange)))
    assert (x, y) == pytest.approx(orange.xy, abs=0.001)
    assert mine.predict(bytes([255] * 6))[2] == pytest.approx(1)
    assert mine.predict(mine.levels(light(orange, 0.5)))[2] == pytest.approx(luminance / 2, rel=0.001)


PINNED = {"orange": {"red": 255, "green": 60, "amber": 130}, "amberish": {"red": 200, "green": 150, "amber": 255}}


@pytest.mark.parametrize("dimmer", [(), ("dimmer",)])
def test_a_pinned_color_has_exactly_its_levels(dimmer: tuple[str, ...], orange: Color) -> None:
    """What was matched by eye wins; other brightness scales it, and it is read back as the color that it means."""
    mine = lamp(*dimmer, "red", "green", "blue", "amber", pinned=PINNED)
    assert mine.levels(light(orange)) == bytes([255] * len(dimmer) + [255, 60, 0, 130])
    for brightness in (1.0, 0.5, 0.1, 0.02):
        state = mine.light(mine.levels(light(orange, brightness))).state
        assert state.color == orange
        assert state.brightness == pytest.approx(brightness, abs=0.003)
    assert mine.can_show(orange)
    assert mine.delta_e(orange) == 0


@pytest.mark.parametrize("curve", ["linear", "square"])
def test_a_pinned_color_is_read_back_in_the_middle_of_what_is_rounded_to_its_levels(curve: str, orange: Color) -> None:
    """At every step of the dimmer, whichever way light follows level."""
    mine = lamp("dimmer", "red", "green", "blue", "amber", pinned=PINNED, curve=curve)
    full = mine.levels(light(orange))
    assert mine.light(full).brightness <= 1
    exponent = {"linear": 1, "square": 2}[curve]
    for step in range(1, 255):
        ends = [((step + half) / 255) ** exponent for half in (-0.5, 0.5)]
        assert mine.light(bytes((step, *full[1:]))).brightness == pytest.approx(sum(ends) / 2, rel=1e-9), step


def test_the_error_of_levels_is_that_of_what_is_seen(orange: Color) -> None:
    """Eight bits are too few for orange at half a per cent, sixteen are not; pinned levels are right by definition."""
    faint = light(orange, 0.005)
    plain = lamp("red", "green", "blue")
    fine = lamp("red", "red fine", "green", "green fine", "blue", "blue fine")
    pinned = lamp("red", "green", "blue", "amber", pinned=PINNED)
    assert plain.delta_e_of_levels(faint, plain.levels(faint)) > 3
    assert fine.delta_e_of_levels(faint, fine.levels(faint)) < 0.2
    assert pinned.delta_e_of_levels(faint, pinned.levels(faint)) == 0
    assert plain.delta_e_of_levels(light(orange), bytes([0, 0, 255])) > 50
    assert plain.delta_e_of_levels(Light(), plain.dark) == 0
    assert lamp("red", "uv").delta_e_of_levels(light(orange), bytes([0, 255])) > 50, "nothing is seen of it"


def test_a_pinned_color_with_a_dark_code_is_exact_at_its_own_full() -> None:
    """#228B22 is a quarter of green; its levels are those of the console all the same."""
    forest = Color("#228B22")
    profile = Profile.model_validate(
        {"name": "x", "channels": ["red", "green", "blue"], "pinned": {"forest": {"red": 10, "green": 80, "blue": 5}}}
    )
    mine = Lamp(profile, {"forest": forest})
    assert mine.levels(light(forest)) == bytes([10, 80, 5])
    assert mine.light(bytes([10, 80, 5])).difference(light(forest)) < 0.5


def test_a_pinned_color_can_be_shown_whatever_figures_its_sources_have(orange: Color) -> None:
    """It was matched by eye: whoever looked at it decides, even if red alone is not orange."""
    assert not lamp("red").can_show(orange)
    assert lamp("red", pinned={"orange": {"red": 200}}).can_show(orange)


def test_both_of_two_pinned_colors_are_exact() -> None:
    """Near neighbours do not disturb each other."""
    mine = lamp("red", "green", "blue", "amber", pinned=PINNED)
    assert mine.levels(light(Color("#FF7400"))) == bytes([200, 150, 0, 255])


@pytest.mark.parametrize("curve", [1, 2])
def test_between_three_pinned_colors_there_is_always_light(curve: float) -> None:
    """They draw together, but never past what they were drawn to."""
    near = {"one": Color("#FF6A00"), "two": Color("#FF7600"), "three": Color("#FF6E14")}
    profile = {"name": "x", "channels": ["red", "green", "blue"], "curve": curve}
    mine = Lamp(Profile.model_validate({**profile, "pinned": {name: {"red": 3, "green": 1} for name in near}}), near)
    for green, blue in product(range(0x62, 0x7E), range(0, 0x1E, 2)):
        between = light(Color.from_rgb(255, green, blue))
        assert min(mine.solve(between.parts)) >= 0
        assert mine.levels(between) != mine.dark


def test_three_pinned_colors_together_never_draw_past_their_levels() -> None:
    """In the middle of them their weights add up to more than one."""
    near = {"one": Color("#FF6A00"), "two": Color("#FF7600"), "three": Color("#FF6C40")}
    pinned = {name: {"red": 255, "green": 200} for name in near}
    profile = {"name": "x", "channels": ["red", "green", "blue"], "pinned": pinned}
    mine = Lamp(Profile.model_validate(profile), near)
    for green, blue in product(range(0x6A, 0x76, 2), range(0, 0x40, 4)):
        assert max(mine.solve(light(Color.from_rgb(255, green, blue)).parts)[1:]) <= 200 / 255 + 1e-9


def test_a_pinned_color_is_not_seen_where_another_channel_is_lit(orange: Color) -> None:
    """Its own levels with blue besides are no orange."""
    mine = lamp("red", "green", "blue", "amber", pinned=PINNED)
    assert mine.light(bytes([255, 60, 0, 130])).state.color == orange
    assert mine.light(bytes([255, 60, 200, 130])).difference(light(orange)) > 20


def test_a_pinned_color_draws_only_its_neighbours(orange: Color) -> None:
    """Within 0.02 of u'v', the less the farther off; other colours are mixed as without it."""
    pinned = {"orange": PINNED["orange"]}  # a second one nearby would shorten its reach
    mine, free = lamp("red", "green", "blue", "amber", pinned=pinned), lamp("red", "green", "blue", "amber")
    apart = {name: Light(*Color(name).linear) for name in ("#FFA500", "#FF2A00", "#FFFFFF", "#0000FF")}
    assert all(distance(light(orange).xyz, other.xyz) > 0.02 for other in apart.values())
    assert {name: mine.levels(other) for name, other in apart.items()} == {
        name: free.levels(other) for name, other in apart.items()
    }
    near = light(Color("#FF6C00"))
    assert 0 < distance(light(orange).xyz, near.xyz) < 0.01
    assert mine.levels(near) != free.levels(near)


def test_a_fade_from_a_pinned_color_has_no_jump(orange: Color) -> None:
    """The pinned levels give way gradually to those of the solver."""
    mine = lamp("red", "green", "blue", "amber", pinned=PINNED)
    shares = [mine.shares(mix(light(orange), Light(1, 1, 1), step / 1320)) for step in range(1321)]
    assert max(abs(a - b) for one, other in pairwise(shares) for a, b in zip(one, other, strict=True)) < 0.05


def test_mid_fade_is_the_mixed_color_on_every_lamp(in_16_bit: dict[str, Profile], orange: Color) -> None:
    """Halfway between orange and white no lamp runs ahead in color."""
    halfway = mix(light(orange), Light(1, 1, 1), 0.5)
    for profile in in_16_bit.values():
        assert Lamp(profile).light(Lamp(profile).levels(halfway)).difference(halfway) < 0.1
