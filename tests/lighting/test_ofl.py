"""Fixture files of the Open Fixture Library, real and damaged."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.fixtures.ofl import modes
from controller.lighting.color import Color
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from tests.lighting.ofl_files import FOLDER, RGB, color, file, import_fixture, layout
from tests.parts import examples

FILES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("*/*.json"))
TEXTS = {path: (FOLDER / f"{path}.json").read_text(encoding="utf-8") for path in FILES}
NOT_BY_COLOR = {
    ("briteq/pro-beamer-zoom-outdoor", "HSV"): "TWL-F114",
    ("cameo/flat-pro-flood-600-ip65", "2ch"): "TWL-F113",
    ("cameo/flat-pro-flood-600-ip65", "3ch1"): "TWL-F113",
    ("cameo/flat-pro-flood-ip65-tri", "2ch"): "TWL-F113",
    ("cameo/flat-pro-flood-ip65-tri", "3ch1"): "TWL-F113",
    ("cameo/zenit-w600", "3ch"): "TWL-F113",
    ("elation/fuze-par-z60ip", "4ch HSI"): "TWL-F114",
    ("elation/fuze-par-z60ip", "5ch HSI"): "TWL-F114",
    ("elation/fuze-par-z60ip", "10ch HSI"): "TWL-F114",
}
EVERY_MODE = [(path, mode) for path in FILES for mode in modes(TEXTS[path])]
RGB16 = "red, red fine, green, green fine, blue, blue fine"
LAYOUTS = [
    # strobe open 0-5 and 251-255, closed 6-10: the default 0 stays
    ("cameo/zenit-w600", "8ch2", "dimmer, shutter 0, red, green, blue, white, fixed 0, fixed 0"),
    ("cameo/zenit-w600", "8ch1", f"{RGB16}, white, white fine"),
    ("cameo/zenit-w600", "2ch", "dimmer, fixed 217"),
    ("cameo/flat-pro-flood-600-ip65", "9ch", "dimmer, shutter 0, fixed 0, red, green, blue, white, amber, uv"),
    # 3ch1 is a macro mode, 3ch2 is the RGB one
    ("cameo/flat-pro-flood-ip65-tri", "3ch2", "red, green, blue"),
    # an insert for two rings, after a switching channel's dependency
    (
        "briteq/pro-beamer-zoom-outdoor",
        "FULL",
        ", ".join(
            ["dimmer, dimmer fine", *[f"{RGB16}, white, white fine"] * 2, "fixed 0, shutter 0", *["fixed 0"] * 5]
        ),
    ),
    ("briteq/pro-beamer-zoom-outdoor", "TOUR", "dimmer, red, green, blue, white, fixed 0, shutter 0" + ", fixed 0" * 5),
    # amber and white change places between the modes; the strobe's default is 255, 0 is closed
    ("elation/sixpar-300-ip", "7ch", "red, green, blue, white, amber, uv, dimmer"),
    ("elation/sixpar-300-ip", "8ch", "red, green, blue, amber, white, uv, dimmer, shutter 255"),
    # shutter 0-31 closed, open 32-63
    ("elation/fuze-par-z60ip", "8ch RGBW", "red, green, blue, white, shutter 47, dimmer, dimmer fine, fixed 0"),
    ("elation/fuze-par-z60ip", "10ch 16Bit", f"{RGB16}, white, white fine, fixed 0, fixed 0"),
    ("american-dj/encore-lp12z-ip", "9ch", "red, green, blue, lime, shutter 47, dimmer, dimmer fine, fixed 0, fixed 0"),
    ("american-dj/18p-hex-ip", "8ch", "red, green, blue, white, amber, uv, dimmer, shutter 47"),
    ("phocea-light/par-18x12w-ip65", "9ch", "dimmer, red, green, blue, white, amber, shutter 0, fixed 0, fixed 0"),
    # open at exactly 0 only
    ("stairville/bel6-ip-bar-hex", "10ch", "dimmer, shutter 0, red, green, blue, white, amber, uv, fixed 0, fixed 0"),
    ("chauvet-professional/colordash-s-par-1", "6ch", "dimmer, red, green, blue, amber, shutter 0"),
    # one item of the mode is thirty-six channels; and a strobe behind a switching channel
    ("chauvet-dj/colorband-pix-ip", "36ch", ", ".join(["red, green, blue"] * 12)),
    ("chauvet-dj/colorband-pix-ip", "7ch", "red, green, blue, fixed 0, shutter 0, shutter 0, dimmer"),
]


@pytest.mark.parametrize(("path", "mode", "expected"), LAYOUTS)
def test_the_channels_of_a_real_fixture(path: str, mode: str, expected: str) -> None:
    """In order, with the value at which each shutter is open and each macro off."""
    assert layout(import_fixture(TEXTS[path], mode)) == expected


@pytest.mark.parametrize(("path", "mode"), EVERY_MODE)
def test_every_mode_with_colors_can_be_driven(path: str, mode: str, orange: Color) -> None:
    """Each shows orange; each other one is refused with its reason."""
    code = NOT_BY_COLOR.get((path, mode))
    if code is not None:
        with pytest.raises(Mistake) as caught:
            import_fixture(TEXTS[path], mode)
        assert caught.value.code == code
        return
    lamp = Lamp(import_fixture(TEXTS[path], mode))
    levels = lamp.levels(Light(*orange.linear))
    if (path, mode) != ("cameo/zenit-w600", "2ch"):
        assert lamp.light(levels).difference(Light(*orange.linear)) < 1


@pytest.mark.parametrize(("path", "mode"), [case for case in EVERY_MODE if case not in NOT_BY_COLOR])
def test_nothing_shuts_flashes_or_runs_by_itself(path: str, mode: str) -> None:
    """Looked up again in the file itself: where a channel that is no light rests, the file says open or harmless."""
    data = json.loads(TEXTS[path])
    [keys] = [m["channels"] for m in data["modes"] if m["shortName"] == mode]
    if any(not isinstance(key, str) for key in keys):
        return
    for key, channel in zip(keys, import_fixture(TEXTS[path], mode).channels, strict=True):
        for capability in data["availableChannels"].get(key, {}).get("capabilities", ()):
            first, last = capability["dmxRange"]
            if not channel.is_light and first <= channel.zero <= last:
                assert capability["type"] not in {"Effect", "ColorPreset"}
                assert capability.get("shutterEffect", "Open") == "Open"


def test_a_mode_is_found_by_either_name() -> None:
    """Short or long, in any case."""
    by_short, by_long = (import_fixture(TEXTS["cameo/zenit-w600"], name) for name in ("4CH", "4-channel rgbw"))
    assert by_short == by_long
    assert by_short.name == "Zenit W600, 4ch"


def test_a_mode_that_does_not_exist() -> None:
    """The nearest is suggested and all are named."""
    with pytest.raises(Mistake) as caught:
        import_fixture(TEXTS["phocea-light/par-18x12w-ip65"], "5chn")
    assert caught.value.code == "TWL-F111"
    assert caught.value.fields == {"mode": "5chn", "suggestion": "5ch", "modes": "5ch, 9ch"}


def test_a_fixture_under_another_name() -> None:
    """A redirect says where."""
    text = '{"$schema": "…", "name": "Old", "redirectTo": "maker/new-name", "reason": "FixtureRenamed"}'
    with pytest.raises(Mistake) as caught:
        modes(text)
    assert (caught.value.code, caught.value.fields) == ("TWL-F112", {"target": "maker/new-name"})


FILTERS = {name: color(name) for name in ("Cyan", "Magenta", "Yellow")}
MACRO = {"capabilities": [{"dmxRange": [0, 99], "type": "NoFunction"}, {"dmxRange": [100, 255], "type": "ColorPreset"}]}
ALWAYS = {
    "capabilities": [
        {"dmxRange": [0, 99], "type": "ShutterStrobe", "shutterEffect": "Closed"},
        {"dmxRange": [100, 255], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
    ]
}
RANGES = [{"dmxRange": [value, value], "type": "Effect"} for value in range(257)]
SIZED = {
    "insert": "matrixChannels",
    "repeatFor": "eachPixelABC",
    "channelOrder": "perPixel",
    "templateChannels": ["R $pixelKey"],
}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "TWL-F110"),
        ("nonsense", "TWL-F110"),
        ("[]", "TWL-F110"),
        ("{}", "TWL-F110"),
        ('{"name": "x", "modes": []}', "TWL-F110"),
        ("[" * 100_000, "TWL-F110"),
        ('{"name": ' + "9" * 5000 + "}", "TWL-F110"),
        ("\ud800", "TWL-F110"),
        ("x" * 1_000_001, "TWL-F117"),
        (file(RGB, ["Rouge"]), "TWL-F110"),
        (file({"Red": {}}, ["Red"]), "TWL-F110"),
        (file({"Red": {"capabilities": [{"type": "NoFunction"}]}}, ["Red"]), "TWL-F110"),
        (file({"Red": {"capabilities": [{"type": "Zoom", "dmxRange": [9, 300]}]}}, ["Red"]), "TWL-F110"),
        (file({"Red": {"capabilities": [{"type": "Zoom", "dmxRange": [9, 3]}]}}, ["Red"]), "TWL-F110"),
        (file({"Red": {"capabilities": RANGES[:2] + RANGES[1:]}}, ["Red"]), "TWL-F110"),
        (file({"Red": {"dmxValueResolution": "16bit", "capabilities": RANGES}}, ["Red"]), "TWL-F110"),
        (file(RGB, [*RGB], templateChannels=dict.fromkeys(map(str, range(513)), MACRO)), "TWL-F110"),
        (file(RGB, [*RGB, {**SIZED, "templateChannels": ["$pixelKey" * 100]}]), "TWL-F110"),
        (file({**RGB, "Z": {"defaultValue": "half", "capability": {"type": "Zoom"}}}, ["Z", *RGB]), "TWL-F110"),
        (file({**RGB, "Z": {"defaultValue": 256, "capability": {"type": "Zoom"}}}, ["Z", *RGB]), "TWL-F110"),
        (file({}, [{**SIZED, "repeatFor": "eachPixelXXY"}]), "TWL-F110"),
        (file({}, [SIZED], matrix={"pixelCount": [10**6, 10**6, 10**6]}), "TWL-F110"),
        (file({}, [SIZED], matrix={"pixelCount": [600, 1, 1]}), "TWL-F118"),
        (file(RGB, ["Red"] * 513), "TWL-F118"),
        (file(FILTERS, [*FILTERS]), "TWL-F115"),
        (file({"D": {"type": "Intensity"}, "M": MACRO}, ["D", "M"]), "TWL-F113"),
        (file({"M": MACRO}, ["M"]), "TWL-F113"),
        (file(RGB, []), "TWL-F113"),
        (file({"Hue": {"type": "Intensity"}, "Dimmer": {"type": "Intensity"}}, ["Hue", "Dimmer"]), "TWL-F114"),
        (file({**RGB, "S": ALWAYS}, ["S", *RGB]), "TWL-F116"),
        (file(RGB, [*RGB], wheels={"W": {"slots": [{"type": "Open"}] * 300}}), "TWL-F110"),
        (file({"UV": color("UV")}, ["UV"]), "TWL-F122"),
    ],
)
def test_a_file_that_cannot_be_used(text: str, code: str) -> None:
    """Whatever is wrong with it, it is a Mistake with its own code."""
    with pytest.raises(Mistake) as caught:
        import_fixture(text, "m")
    assert caught.value.code == code


def test_a_white_lamp_with_a_dimmer_alone_can_be_used() -> None:
    """It shows brightness, if no color."""
    assert layout(import_fixture(file({"D": {"type": "Intensity"}}, ["D"]), "m")) == "dimmer"


JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 300),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.lists(st.integers(0, 3), max_size=3),
    st.just({}),
    st.sampled_from(["off", "$pixelKey", "eachPixelZYX", "50%", "ShutterStrobe", "Closed"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree of JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


@settings(max_examples=examples(60))
@given(st.data())
def test_a_damaged_file_is_a_profile_or_a_mistake(data: st.DataObject) -> None:
    """Any part of a real file replaced by anything, in every mode: no other exception, and every value 0 to 255."""
    path = data.draw(
        st.sampled_from(["chauvet-dj/colorband-pix-ip", "briteq/pro-beamer-zoom-outdoor", "stairville/bel6-ip-bar-hex"])
    )
    tree = json.loads(TEXTS[path])
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(tree)[1:]))
        inner = tree
        for key in way:
            inner = inner[key]
        inner[last] = data.draw(JUNK)
    text = json.dumps(tree)
    try:
        names = modes(text)
    except Mistake:
        return
    for name in names:
        try:
            lamp = Lamp(import_fixture(text, name))
        except Mistake as mistake:
            assert mistake.code.startswith("TWL-F1")
        else:
            assert len(lamp.levels(Light(1, 0.5, 0.2))) == len(lamp.profile.channels)


@given(st.integers(0, 3000), st.binary(max_size=8))
def test_a_cut_or_overwritten_file_is_a_mistake_or_fine(at: int, junk: bytes) -> None:
    """A download that broke off."""
    text = TEXTS["phocea-light/par-18x12w-ip65"]
    for broken in (text[:at], text[:at] + junk.decode("latin-1") + text[at + 8 :]):
        try:
            import_fixture(broken, "9ch")
        except Mistake as mistake:
            assert mistake.code.startswith("TWL-F1")


def test_the_licence_is_beside_the_files(fixture_file: Callable[[str], str]) -> None:
    """The library's licence asks for it to be kept with every copy."""
    assert len(FILES) == 12
    assert "MIT License" in (FOLDER / "LICENSE-NOTE.txt").read_text(encoding="utf-8")
