"""Profiles as they are written."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.events.models import Reason
from controller.lighting.emitters import TYPICAL
from controller.lighting.profile import BUILT_IN, EMITTERS, Profile, dump_profile, parse_profile

LEVELS = st.integers(0, 255)
CHANNELS = st.one_of(
    st.sampled_from([*sorted(set(EMITTERS) - {"uv"}), "dimmer"]),
    st.builds(lambda value: {"fixed": value}, LEVELS),
    st.builds(lambda value: {"shutter": value}, LEVELS),
    st.builds(
        lambda role, ends: {role: ends},
        st.sampled_from(["red", "dimmer"]),
        st.lists(LEVELS, min_size=2, max_size=2, unique=True),
    ),
)
PROFILES = st.fixed_dictionaries(
    {
        "name": st.text(min_size=1, max_size=20),
        "channels": st.lists(CHANNELS, max_size=6).map(lambda more: ["green", *more]),
    },
    optional={
        "curve": st.one_of(st.sampled_from(["linear", "square"]), st.floats(0.2, 5)),
        "emitters": st.just({"green": {"xy": [0.2, 0.7], "flux": 0.9}}),
        "pinned": st.dictionaries(st.text(max_size=10), st.just({"green": 12.5}), max_size=2),
    },
)


@given(PROFILES, st.text(max_size=10))
def test_what_is_written_is_read_back(written: dict[str, object], name: str) -> None:
    """Our own YAML, through an independent reader, gives the same profile, whatever its channels are called."""
    profile = parse_profile(written)
    names = [name] * len(profile.channels)
    assert parse_profile(yaml.safe_load(dump_profile(profile))) == profile
    assert parse_profile(yaml.safe_load(dump_profile(profile, names))) == profile


def test_numbers_may_be_text() -> None:
    """The files are read as text throughout."""
    as_text = {"name": "x", "channels": [{"dimmer": ["0", "189"]}, {"shutter": "47"}, "red"], "curve": "2.2"}
    as_numbers = {"name": "x", "channels": [{"dimmer": [0, 189]}, {"shutter": 47}, "red"], "curve": 2.2}
    assert parse_profile(as_text) == parse_profile(as_numbers)


def test_the_built_in_profiles_are_as_named() -> None:
    """One channel for each letter."""
    letters = {"r": "red", "g": "green", "b": "blue", "w": "white", "a": "amber"}
    for name, profile in BUILT_IN.items():
        roles = [channel.role for channel in profile.channels]
        assert roles == (["dimmer"] if name == "dimmer" else [letters[letter] for letter in name])


def test_measured_figures_take_the_place_of_typical_ones() -> None:
    """Only of the kind that they are given for."""
    profile = parse_profile(
        {"name": "x", "channels": ["red", "lime"], "emitters": {"lime": {"xy": [0.4, 0.55], "flux": 1}}}
    )
    assert (profile.emitter("lime").xy[0], profile.emitter("lime").flux) == (0.4, 1)
    assert profile.emitter("red") == TYPICAL["red"]


@pytest.mark.parametrize(
    ("more", "code", "fields"),
    [
        ({"channels": ["redd"]}, "TWL-F121", {"value": "redd", "suggestion": "red"}),
        ({"channels": ["Warm White"]}, "TWL-F121", {"value": "Warm White", "suggestion": "warm_white"}),
        ({"channels": ["shutter"]}, "TWL-F121", None),
        ({"channels": [{"dimmer": [5, 5]}]}, "TWL-F121", None),
        ({"channels": [{"red": 5, "green": 6}]}, "TWL-F121", None),
        ({"channels": [{"dimmer": ["5", "05"]}]}, "TWL-F128", {"value": "05"}),
        ({"channels": [{"role": "red", "zero": 5, "full": 5}]}, "TWL-F121", None),
        ({"channels": [{"dimer": [0, 9]}]}, "TWL-F121", {"value": "{dimer: [0, 9]}", "suggestion": "dimmer: [0, 255]"}),
        ({"channels": [None]}, "TWL-F121", None),
        ({"channels": [{"fixed": 0}]}, "TWL-F122", {"profile": "x"}),
        ({"channels": ["uv", "dimmer"]}, "TWL-F122", None),
        ({"channels": ["red", "green fine"]}, "TWL-F123", {"channel": "green"}),
        ({"curve": "logarithmic"}, "TWL-F124", {"value": "logarithmic"}),
        ({"curve": 0}, "TWL-F124", None),
        ({"curve": "nan"}, "TWL-F124", None),
        ({"pinned": {"orange": {"amber": 5}}}, "TWL-F125", {"color": "orange", "channel": "amber"}),
        ({"pinned": {"orange": {"red": 0}}}, "TWL-F129", {"color": "orange"}),
        ({"pinned": {"orange": {}}}, "TWL-F129", None),
        ({"channels": ["red", "dimmer"], "pinned": {"orange": {"red": 9, "dimmer": 0}}}, "TWL-F129", None),
        ({"channels": [{"red": [255, 0]}], "pinned": {"orange": {"red": 255}}}, "TWL-F129", None),
        ({"channels": ["dimmer"], "pinned": {"orange": {"dimmer": 0}}}, "TWL-F129", None),
        ({"channels": [{"red": [82, 190]}], "pinned": {"orange": {"red": 80}}}, "TWL-F129", None),
        ({"emitters": {"red": {"xy": [0.7, 0.4], "flux": 1}}}, "TWL-F126", {"value": "0.7, 0.4"}),
        ({"emitters": {"red": {"xy": [0.7, 0.0], "flux": 1}}}, "TWL-F120", None),
        ({"emitters": {"purple": {"xy": [0.3, 0.2], "flux": 1}}}, "TWL-F120", None),
        ({"channels": []}, "TWL-F122", None),
        ({"channels": [{"fixed": 256}]}, "TWL-F128", {"value": "256"}),
        ({"channels": ["red"] * 513}, "TWL-F120", None),
        ({"colour": "red"}, "TWL-F120", {"where": "colour", "problem": Reason("extra_forbidden", {"place": "colour"})}),
        ({"name": ""}, "TWL-F120", None),
    ],
)
def test_a_profile_that_cannot_be_meant(more: dict[str, object], code: str, fields: dict[str, object] | None) -> None:
    """Each mistake has its code and names the wrong part."""
    with pytest.raises(Mistake) as caught:
        parse_profile({"name": "x", "channels": ["red"], **more})
    assert caught.value.code == code
    assert fields is None or caught.value.fields == fields


def test_a_pinned_level_lights_a_channel_that_is_full_at_0() -> None:
    """Where 255 is dark."""
    written = {"name": "x", "channels": [{"red": [255, 0]}], "pinned": {"orange": {"red": 0}}}
    assert parse_profile(written).pinned == {"orange": {"red": 0}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )
)
def test_any_value_is_a_profile_or_a_mistake(value: object) -> None:
    """In the place of every key."""
    for key in ("name", "channels", "curve", "emitters", "pinned"):
        try:
            assert isinstance(parse_profile({"name": "x", "channels": ["red"], key: value}), Profile)
        except Mistake as mistake:
            assert mistake.code.startswith("TWL-F12")
