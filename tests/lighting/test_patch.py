"""Fixtures in universes, and what their levels show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.errors import Mistake
from controller.lighting.color import Color
from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState
from controller.lighting.patch import Fixture, Patch, mistakes
from controller.lighting.profile import BUILT_IN, Profile

ORANGE, BLUE, DIM_BLUE = Color("#FF6A00"), Color("#0000FF"), Color("#004A73")
TOWER = (
    Fixture(name="north", zone="bowl", profile="rgbw", address=1),
    Fixture(name="south", zone="bowl", profile="rgbwa", address=5),
    Fixture(name="base", zone="shaft", profile="rgb", address=510),
    Fixture(name="cellar", zone="shaft", profile="rgb", address=1, universe=7),
)
STATES = {"bowl": ZoneState(True, ORANGE, 1.0), "shaft": ZoneState(True, DIM_BLUE, 0.4)}
ANY_STATE = st.one_of(
    st.just(DARK),
    st.builds(
        ZoneState,
        st.just(True),
        st.integers(1, 0xFFFFFF).map(lambda number: Color(f"#{number:06X}")),
        st.floats(0.001, 1),
    ),
)


def fixture(name: str, address: int, profile: str = "rgbw", universe: int | None = None) -> Fixture:
    return Fixture(name=name, zone="bowl", profile=profile, address=address, universe=universe)


def test_every_fixture_has_its_levels_at_its_address() -> None:
    """Universes whole, in the order of the channels, the rest at 0."""
    frames = Patch(TOWER).levels(STATES)
    assert {universe: len(frame) for universe, frame in frames.items()} == {1: 512, 7: 512}
    assert frames[1][0] == 255
    assert frames[1][4] == 255
    assert frames[1][9:509] == bytes(500)
    assert frames[1][509:512] == frames[7][0:3]
    assert frames[7][3:] == bytes(509)
    assert frames[1][511] > frames[1][509]


def test_a_fixture_without_a_universe_is_in_the_first() -> None:
    """A gateway may give it another one; 0 is a number of its own."""
    assert Patch(TOWER).universes == (1, 7)
    assert Patch((fixture("a", 1, universe=0),)).universes == (0,)


def test_a_zone_without_a_look_is_dark() -> None:
    """And a zone that no fixture has is nobody's."""
    frames = Patch(TOWER).levels({"bowl": STATES["bowl"], "roof": STATES["bowl"]})
    assert not any(frames[7])
    assert not any(Patch(TOWER).levels({})[1])


@given(ANY_STATE, ANY_STATE)
def test_what_was_meant_is_what_is_shown(bowl: ZoneState, shaft: ZoneState) -> None:
    """Where the levels are exactly those of a state, it is reported as it is, its dark code and all."""
    patch = Patch(TOWER)
    states = {"bowl": bowl, "shaft": shaft}
    reading = patch.reading(patch.levels(states), states)
    assert reading.zones == states
    assert not reading.uneven


def test_a_single_other_level_shows_something_else() -> None:
    """One step on one channel."""
    patch = Patch(TOWER)
    levels = patch.levels(STATES)
    bent = bytearray(levels[1])
    bent[3] += 1
    assert patch.shown({**levels, 1: bytes(bent)}, STATES)["bowl"] != STATES["bowl"]
    assert patch.shown({**levels, 1: bytes(bent)}, STATES)["shaft"] == STATES["shaft"]


def test_the_levels_alone_determine_the_light() -> None:
    """Without knowing what was meant."""
    patch = Patch(TOWER)
    shown = patch.shown(patch.levels(STATES))
    assert shown["bowl"].color is not None
    assert all(abs(a - b) <= 2 for a, b in zip(shown["bowl"].color.rgb, ORANGE.rgb, strict=True))
    assert shown["bowl"].brightness == pytest.approx(1, abs=0.01)
    assert Light.of(shown["shaft"]).difference(Light.of(STATES["shaft"])) < 3


def test_missing_levels_are_dark() -> None:
    """A universe that was never sent, or a short one."""
    assert Patch(TOWER).shown({}) == {"bowl": DARK, "shaft": DARK}
    assert Patch(TOWER).shown({1: bytes([255, 90])})["bowl"].on


@pytest.mark.parametrize("wrong", [bytes([0, 0, 0, 0]), bytes([0, 0, 255, 0])])
def test_lamps_that_disagree_are_noticed(wrong: bytes) -> None:
    """One lamp of the bowl dark, or blue."""
    patch = Patch(TOWER)
    levels = patch.levels(STATES)
    bent = {**levels, 1: wrong + levels[1][4:]}
    assert patch.reading(bent).uneven == {"bowl"}
    assert patch.reading(bent, STATES).uneven == {"bowl"}
    assert not patch.reading(levels).uneven


def test_a_dark_lamp_beside_a_faint_one_is_noticed() -> None:
    """Little light is not none, though the difference is small."""
    patch = Patch((fixture("north", 1), fixture("south", 5)))
    assert patch.reading({1: bytes([1, 0, 0, 0])}).uneven == {"bowl"}
    assert not patch.reading({1: bytes([1, 0, 0, 0, 1])}).uneven


def test_a_white_lamp_beside_colored_ones_is_uneven() -> None:
    """It cannot follow, and that is reported."""
    patch = Patch((fixture("north", 1), fixture("lantern", 5, "dimmer")))
    assert patch.reading(patch.levels(STATES)).uneven == {"bowl"}
    north, lantern = patch.preview(STATES)
    assert north.in_gamut
    assert 0 < north.delta_e < 1, "what rounding to 8 bits makes of it"
    assert not lantern.in_gamut
    assert lantern.delta_e > 5
    assert lantern.levels == b"\xff"


def test_a_preview_says_what_each_fixture_will_show() -> None:
    """Levels, chromaticity and deviation, in the order of the patch."""
    previews = Patch(TOWER).preview(STATES)
    assert [preview.fixture.name for preview in previews] == ["north", "south", "base", "cellar"]
    assert previews[0].xy == pytest.approx(ORANGE.xy, abs=0.01)
    assert [p.levels for p in Patch(TOWER).preview({"bowl": DARK})] == [bytes(4), bytes(5), bytes(3), bytes(3)]


def test_a_fade_goes_out_as_light() -> None:
    """The patch takes light in full precision in place of a state."""
    fine = Profile.model_validate({"name": "fine", "channels": ["dimmer", "dimmer fine", "red", "green", "blue"]})
    patch = Patch((fixture("north", 1, "fine"),), {"fine": fine})
    end = Light.of(STATES["bowl"])
    frames = [patch.levels({"bowl": mix(Light(), end, step / 2000)})[1][:2] for step in range(1001, 2001)]
    assert len(set(frames)) == 1000


def test_pinned_colors_are_those_of_the_palette() -> None:
    """The same profile means another color where the palette does."""
    profile = Profile.model_validate(
        {"name": "p", "channels": ["red", "green", "blue"], "pinned": {"orange": {"red": 250, "green": 9}}}
    )
    patch = Patch((fixture("north", 1, "p"),), {"p": profile}, palette={"orange": ORANGE})
    assert patch.levels(STATES)[1][:3] == bytes([250, 9, 0])


@pytest.mark.parametrize(
    ("fixtures", "code", "fields"),
    [
        (
            (fixture("a", 1), fixture("b", 4)),
            "TWL-F101",
            {"fixture": "b", "other": "a", "channels": "4", "universe": 1, "free": 5},
        ),
        (
            (fixture("a", 10, "rgbwa"), fixture("b", 8)),
            "TWL-F101",
            {"fixture": "b", "other": "a", "channels": "10–11", "universe": 1, "free": 1},
        ),
        ((fixture("a", 510),), "TWL-F102", {"fixture": "a", "channels": "510–513", "highest": 509}),
        (
            (fixture("a", 1, "rgbv"),),
            "TWL-F107",
            {"fixture": "a", "profile": "rgbv", "known": "rgb, rgbw, rgba, rgbwa, dimmer"},
        ),
        (
            (fixture("a", 1, "RGBW"),),
            "TWL-F103",
            {"fixture": "a", "profile": "RGBW", "suggestion": "rgbw", "known": "rgb, rgbw, rgba, rgbwa, dimmer"},
        ),
        (
            (fixture("a", 1, "sixpar-300-ip-6ch"),),
            "TWL-F107",
            {"fixture": "a", "profile": "sixpar-300-ip-6ch", "known": "rgb, rgbw, rgba, rgbwa, dimmer"},
        ),
        ((fixture("a", 1), fixture("a", 5)), "TWL-F105", {"fixture": "a"}),
    ],
)
def test_a_patch_that_cannot_be(fixtures: tuple[Fixture, ...], code: str, fields: dict[str, object]) -> None:
    """Both fixtures and the channels are named, and a way out."""
    with pytest.raises(Mistake) as caught:
        Patch(fixtures)
    assert (caught.value.code, caught.value.fields) == (code, fields)


def test_each_lamp_of_a_copied_line_gets_an_address_of_its_own() -> None:
    """If the advice is followed for all of them, the patch is right."""
    copied = [fixture("a", 1), fixture("b", 1), fixture("c", 3), fixture("d", 9)]
    found = {mistake.fields["fixture"]: mistake.fields["free"] for mistake in mistakes(copied, BUILT_IN)}
    assert found == {"b": 5, "c": 13}


def test_a_full_universe_has_no_free_address() -> None:
    """Then only another universe helps."""
    full = [fixture(f"f{n}", 1 + 4 * n) for n in range(128)]
    found = list(mistakes([*full, fixture("late", 7)], BUILT_IN))
    assert [(mistake.code, mistake.fields["fixture"]) for mistake in found] == [("TWL-F106", "late")]


def test_every_mistake_of_a_patch_is_found_at_once() -> None:
    """One list for one correction."""
    wrong = (fixture("a", 1), fixture("b", 1), fixture("b", 512), fixture("c", 9, "xyz"))
    assert sorted(m.code for m in mistakes(wrong, {})) == ["TWL-F101", "TWL-F102", "TWL-F105", "TWL-F107"]


def test_a_pinned_color_that_is_none_is_shown_and_does_no_harm() -> None:
    """A slip of the pen in the palette's name; the color itself is then mixed as usual."""
    profile = Profile.model_validate(
        {"name": "p", "channels": ["red"], "pinned": {"ornage": {"red": 9}, "orange": {"red": 8}}}
    )
    fixtures, profiles = (fixture("north", 1, "p"), fixture("south", 2, "p")), {"p": profile}
    [found] = mistakes(fixtures, profiles, {"orange": ORANGE})
    assert (found.code, found.fields) == (
        "TWL-F127",
        {"fixture": "north", "profile": "p", "color": "ornage", "suggestion": "orange"},
    )
    assert Patch(fixtures, profiles, palette={"orange": ORANGE}).levels(STATES)[1][:2] == bytes([8, 8])
    assert not list(mistakes(fixtures, profiles))


def test_neighbours_and_other_universes_do_not_overlap() -> None:
    """4 and 5 are two channels; the last channel is 512."""
    fine = (fixture("a", 1), fixture("b", 5), fixture("c", 1, universe=2), fixture("d", 509))
    assert not list(mistakes(fine, {}))


@pytest.mark.parametrize("address", [0, 513, -1])
def test_addresses_are_those_of_dmx(address: int) -> None:
    """1 to 512."""
    with pytest.raises(ValidationError):
        fixture("a", address)
