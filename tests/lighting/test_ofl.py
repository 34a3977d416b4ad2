"""Fixture files of the Open Fixture Library, real and damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.lighting import ofl
from controller.lighting.color import Color
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from controller.lighting.ofl import modes
from controller.lighting.profile import Profile

FOLDER = Path(__file__).parents[1] / "fixtures" / "ofl"
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
    ("cameo/zenit-w600", "2ch", "dimmer, fixed 0"),
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


def import_fixture(text: str, mode: str) -> Profile:
    """The profile alone."""
    return ofl.import_fixture(text, mode).profile


def layout(profile: Profile) -> str:
    """The channels of a profile in one line."""
    words = [channel.written for channel in profile.channels]
    return ", ".join(word if isinstance(word, str) else " ".join(f"{k} {v}" for k, v in word.items()) for word in words)


def file(channels: dict[str, Any], mode: list[Any], **more: Any) -> str:
    """A fixture file with one mode `m`; a channel is its capability, or all that is said of it."""
    available = {key: said if "type" not in said else {"capability": said} for key, said in channels.items()}
    return json.dumps(
        {"name": "Lamp", "availableChannels": available, "modes": [{"name": "m", "channels": mode}], **more}
    )


def color(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "ColorIntensity", "color": name, **more}


RGB = {name: color(name) for name in ("Red", "Green", "Blue")}


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


def test_a_dimmer_that_flashes_above_its_range() -> None:
    """Full is the end of the range that dims."""
    dimmer = {
        "capabilities": [
            {"dmxRange": [0, 9], "type": "NoFunction"},
            {"dmxRange": [10, 189], "type": "Intensity"},
            {"dmxRange": [190, 255], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
        ]
    }
    assert (
        layout(import_fixture(file({**RGB, "Dim": dimmer}, ["Dim", *RGB]), "m")) == "dimmer [10, 189], red, green, blue"
    )


def test_a_dimmer_whose_dark_end_still_glows_is_dark_where_it_is_off() -> None:
    """`dark` is 1 % in the library's words, so only the range below is dark."""
    dimmer = {
        "capabilities": [
            {"dmxRange": [0, 4], "type": "Intensity", "brightness": "off"},
            {"dmxRange": [5, 255], "type": "Intensity", "brightnessStart": "dark", "brightnessEnd": "bright"},
        ]
    }
    assert layout(import_fixture(file({**RGB, "Dim": dimmer}, ["Dim", *RGB]), "m")).startswith("dimmer [4, 255]")


def test_a_dimmer_that_glows_at_its_start_is_dark_where_the_shutter_is_closed() -> None:
    """One channel for shutter, dimmer and strobe, as small lamps have it."""
    dimmer = {
        "capabilities": [
            {"dmxRange": [0, 7], "type": "ShutterStrobe", "shutterEffect": "Closed"},
            {"dmxRange": [8, 134], "type": "Intensity", "brightnessStart": "dark", "brightnessEnd": "bright"},
            {"dmxRange": [135, 239], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
            {"dmxRange": [240, 255], "type": "ShutterStrobe", "shutterEffect": "Open"},
        ]
    }
    assert layout(import_fixture(file({**RGB, "Dim": dimmer}, ["Dim", *RGB]), "m")).startswith("dimmer [7, 134]")


@pytest.mark.parametrize(
    ("steps", "on", "alone"),
    [
        ([("off", 0, 127), ("bright", 128, 255)], 255, "dimmer [127, 255]"),
        ([("bright", 0, 99), ("off", 100, 255)], 0, "dimmer [100, 0]"),
        ([("off", 0, 9), ("50%", 10, 99), ("bright", 100, 199), ("off", 200, 255)], 199, "dimmer [9, 199]"),
    ],
)
def test_a_dimmer_of_steps_is_a_switch(steps: list[tuple[str, int, int]], on: int, alone: str) -> None:
    """It stays on where colors can be dimmed; a lamp that has nothing else is on at every brightness."""
    said = [{"dmxRange": [a, b], "type": "Intensity", "brightness": brightness} for brightness, a, b in steps]
    channels = {**RGB, "Switch": {"capabilities": said}}
    assert layout(import_fixture(file(channels, ["Switch", *RGB]), "m")) == f"fixed {on}, red, green, blue"
    lamp = Lamp(import_fixture(file(channels, ["Switch"]), "m"))
    assert layout(lamp.profile) == alone
    for brightness in (0.001, 0.3, 1.0):
        [level] = lamp.levels(Light(brightness, brightness, brightness))
        assert next(word for word, a, b in steps if a <= level <= b) != "off"


def test_a_switch_may_have_no_function_where_it_is_off() -> None:
    """But a strobe that says `full on` at its end is none: it rests where it does nothing."""
    on = {"dmxRange": [250, 255], "type": "Intensity", "brightness": "bright"}
    calm = {"dmxRange": [0, 9], "type": "NoFunction"}
    plain = {"capabilities": [{**calm, "dmxRange": [0, 249]}, on]}
    strobe = {"capabilities": [calm, {"dmxRange": [10, 249], "type": "ShutterStrobe", "shutterEffect": "Strobe"}, on]}
    text = file({**RGB, "Plain": plain, "Strobe": strobe}, ["Plain", "Strobe", *RGB])
    assert layout(import_fixture(text, "m")) == "fixed 255, shutter 0, red, green, blue"


def test_a_dimmer_in_two_ranges_is_full_at_the_end_of_the_second() -> None:
    """Where it goes on as it ended; a second way up to the same brightness is another one."""
    halves = [("0%", "50%", 0, 99), ("50%", "100%", 100, 199), ("0%", "100%", 200, 255)]
    said = [
        {"dmxRange": [a, b], "type": "Intensity", "brightnessStart": start, "brightnessEnd": end}
        for start, end, a, b in halves
    ]
    text = file({**RGB, "Dim": {"capabilities": said}}, ["Dim", *RGB])
    assert layout(import_fixture(text, "m")) == "dimmer [0, 199], red, green, blue"


def test_a_switching_channel_may_be_the_fine_half_of_another() -> None:
    """As long as no program runs that needs it for its speed."""
    switch = {"Dim fine / Speed": "Dim fine"}
    program = {
        "defaultValue": "0%",
        "capabilities": [
            {"dmxRange": [0, 40], "type": "NoFunction", "switchChannels": switch},
            {"dmxRange": [41, 255], "type": "ColorPreset", "switchChannels": {"Dim fine / Speed": "Speed"}},
        ],
    }
    channels = {
        **RGB,
        "Dim": {"fineChannelAliases": ["Dim fine"], "capability": {"type": "Intensity"}},
        "Speed": {"type": "EffectSpeed"},
        "Program": program,
    }
    text = file(channels, ["Dim", "Dim fine / Speed", *RGB, "Program"])
    assert layout(import_fixture(text, "m")) == "dimmer, dimmer fine, red, green, blue, fixed 0"


def test_brightness_as_a_number_does_not_make_a_file_unreadable() -> None:
    """As converters of other formats write it."""
    red = color("Red", brightnessStart=0, brightnessEnd=1)
    assert layout(import_fixture(file({**RGB, "Red": red}, [*RGB]), "m")) == "red, green, blue"


def test_an_upside_down_channel() -> None:
    """Full at 0."""
    inverted = color("Red", brightnessStart="100%", brightnessEnd="0%")
    assert layout(import_fixture(file({**RGB, "Red": inverted}, [*RGB]), "m")) == "red [255, 0], green, blue"


def test_values_are_in_the_resolution_of_the_channel() -> None:
    """With fine channels 65535 is the top unless the file says `8bit`; a third byte or a half alone is 0."""
    dimmer = {
        "fineChannelAliases": ["Dim 16", "Dim 24"],
        "dmxValueResolution": "16bit",
        "capabilities": [
            {"dmxRange": [0, 32767], "type": "Intensity"},
            {"dmxRange": [32768, 65535], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
        ],
    }
    zoom = {"fineChannelAliases": ["Zoom 16"], "defaultValue": "50%", "capability": {"type": "Zoom"}}
    red = {"fineChannelAliases": ["Red 16"], "capability": color("Red")}
    text = file(
        {**RGB, "Red": red, "Dim": dimmer, "Zoom": zoom},
        ["Dim", "Dim 16", "Dim 24", "Red 16", "Zoom", "Zoom 16", "Blue"],
    )
    assert (
        layout(import_fixture(text, "m")) == "dimmer [0, 127], dimmer fine, fixed 0, fixed 0, fixed 127, fixed 0, blue"
    )


def test_all_bytes_of_a_channel_count_unless_the_file_says_how_many() -> None:
    """A channel with a fine half has ranges up to 65535."""
    zoom = {
        "fineChannelAliases": ["Zoom 16"],
        "capabilities": [
            {"dmxRange": [0, 25599], "type": "Effect"},
            {"dmxRange": [25600, 65535], "type": "NoFunction"},
        ],
    }
    assert layout(import_fixture(file({**RGB, "Zoom": zoom}, ["Zoom", *RGB]), "m")).startswith("fixed 177,")


def test_hue_beside_colors_is_no_dimmer() -> None:
    """The library calls it an intensity; it rests while red, green and blue do the mixing."""
    hue = {name: {"type": "Intensity"} for name in ("Hue", "Saturation", "Dimmer")}
    profile = import_fixture(file({**RGB, **hue}, [*RGB, *hue]), "m")
    assert layout(profile) == "red, green, blue, fixed 0, fixed 0, dimmer"


def test_a_fine_channel_may_stand_anywhere() -> None:
    """Even before its coarse one."""
    red = {"fineChannelAliases": ["Red fine"], "capability": color("Red")}
    assert layout(import_fixture(file({"Red": red}, ["Red fine", None, "Red"]), "m")) == "red fine, fixed 0, red"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("Effect", 0, 99), ("NoFunction", 100, 109), ("Effect", 110, 255)], "fixed 104"),
        ([("Maintenance", 0, 99), ("NoFunction", 100, 255)], "fixed 0"),
        ([("ColorPreset", 0, 99), ("Generic", 100, 255)], "fixed 177"),
        (
            [("ShutterStrobe Closed", 0, 9), ("ShutterStrobe Strobe", 10, 254), ("ShutterStrobe Open", 255, 255)],
            "shutter 255",
        ),
        ([("ShutterStrobe Strobe", 0, 9), ("NoFunction", 10, 19), ("ShutterStrobe Pulse", 20, 255)], "shutter 14"),
        ([("ColorPreset", 0, 255)], "fixed 0"),
        ([("ColorTemperature", 0, 9), ("NoFunction", 10, 255)], "fixed 132"),
        ([("StrobeSpeed", 0, 249), ("NoFunction", 250, 255)], "fixed 252"),
    ],
)
def test_where_a_channel_rests(said: list[tuple[str, int, int]], expected: str) -> None:
    """At its default while that leaves the light alone, else in the middle of the first calm range."""
    capabilities = [
        {
            "type": type_.split()[0],
            "dmxRange": [first, last],
            **({"shutterEffect": type_.split()[1]} if " " in type_ else {}),
        }
        for type_, first, last in said
    ]
    text = file({**RGB, "Other": {"capabilities": capabilities}}, ["Other", *RGB])
    assert layout(import_fixture(text, "m")) == f"{expected}, red, green, blue"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([{"type": "ShutterStrobe", "speedStart": "0Hz", "speedEnd": "20Hz"}], 0),
        ([{"type": "ShutterStrobe", "speedStart": "fast", "speedEnd": "stop"}], 127),
        ([{"type": "StrobeSpeed", "speedStart": "stop", "speedEnd": "fast"}], 0),
        ([{"type": "Iris", "openPercentStart": "closed", "openPercentEnd": "open"}], 127),
        ([{"type": "BladeInsertion", "insertionStart": "in", "insertionEnd": "out"}], 127),
        ([{"type": "ColorTemperature", "colorTemperature": "default"}], 7),
        ([{"type": "ColorTemperature", "colorTemperature": "3200K"}, {"type": "Zoom"}], 191),
    ],
)
def test_where_the_end_of_a_range_leaves_the_light_alone(said: list[dict[str, str]], expected: int) -> None:
    """A strobe that stands still, an iris that is open; the default 7 is left for it."""
    flashing = {"type": "ShutterStrobe", "shutterEffect": "Strobe"}
    [first, second] = said if len(said) == 2 else [*said, flashing]
    capabilities = [
        {"shutterEffect": "Strobe", "dmxRange": [0, 127], **first},
        {"shutterEffect": "Strobe", "dmxRange": [128, 255], **second},
    ]
    text = file({**RGB, "Other": {"defaultValue": 7, "capabilities": capabilities}}, ["Other", *RGB])
    assert import_fixture(text, "m").channels[0].full == expected


def generic(comment: str, *dmx_range: int) -> dict[str, Any]:
    return {"type": "Generic", "comment": comment, **({"dmxRange": [*dmx_range]} if dmx_range else {})}


@pytest.mark.parametrize(
    ("key", "said", "value", "doubted"),
    [
        ("CTC", {"capability": {"type": "ColorTemperature", "colorTemperatureStart": "CTO"}}, 0, True),
        (
            "CTC",
            {
                "capability": {
                    "type": "ColorTemperature",
                    "colorTemperatureStart": "warm",
                    "colorTemperatureEnd": "cold",
                }
            },
            127,
            False,
        ),
        (
            "CTC",
            {
                "capability": {
                    "type": "ColorTemperature",
                    "colorTemperatureStart": "8000K",
                    "colorTemperatureEnd": "2700K",
                }
            },
            0,
            True,
        ),
        # as an LED tube, a soft light and a profile spot have it
        ("Crossfade", {"capability": generic("CCT crossfade to RGB")}, 255, False),
        ("CCT <-> RGB", {"defaultValue": "50%", "capability": generic("crossfade to color")}, 255, False),
        ("CCT/RGB", {"capability": generic("")}, 255, False),
        ("White colour balance", {"capability": generic("")}, 0, True),
        ("White colour temperature", {"capability": generic("")}, 0, False),
        ("Cross Fade to Color", {"capability": generic("White … RGBW/HSI color")}, 255, False),
        (
            "Mix",
            {
                "capabilities": [
                    generic("Full Studio", 0, 0),
                    generic("Linear interpolation from Studio to RGB", 1, 254),
                    generic("Full RGB", 255, 255),
                ]
            },
            254,
            False,
        ),
        ("Crossfade", {"capability": generic("RGB to white")}, 0, True),
        ("Crossfade", {"capability": generic("to color temperature")}, 0, True),
        ("Dimmer Curve", {"capability": generic("Incandescent to Linear")}, 0, False),
        ("Colour wheel", {"capability": {"type": "WheelSlot", "slotNumber": 3}}, 0, True),
        (
            "Colour wheel",
            {"capability": {"type": "WheelSlot", "slotNumberStart": 1, "slotNumberEnd": 4}},
            85,
            False,
        ),
        (
            "Gobo wheel",
            {
                "defaultValue": 0,
                "capabilities": [
                    {"type": "WheelSlot", "slotNumber": 1, "dmxRange": [0, 99]},
                    {"type": "WheelSlot", "slotNumber": 1.5, "dmxRange": [100, 149]},
                    {"type": "WheelSlot", "slotNumber": 2, "dmxRange": [150, 255]},
                ],
            },
            202,
            False,
        ),
        ("Nowhere", {"capability": {"type": "WheelSlot", "slotNumber": 3}}, 0, False),
    ],
)
def test_what_could_cover_the_color_is_set_open_or_told(
    key: str, said: dict[str, Any], value: int, doubted: bool
) -> None:
    """A wheel, a correction of the white, a fade between white and the colours."""
    wheels = {
        "Colour wheel": {"slots": [{"type": "Color"}, {"type": "Open"}, {"type": "Color"}, {"type": "Color"}]},
        "Gobo wheel": {"slots": [{"type": "Gobo"}, {"type": "Open"}]},
    }
    imported = ofl.import_fixture(file({**RGB, key: said}, [*RGB, key], wheels=wheels), "m")
    assert imported.profile.channels[3].full == value
    assert [doubt.fields for doubt in imported.doubts] == [{"number": 4, "channel": key, "value": value}] * doubted


def test_a_doubt_of_every_pixel_is_told_once() -> None:
    """By the first of them."""
    templates = {"CCT $pixelKey": {"capability": {"type": "ColorTemperature", "colorTemperature": "3200K"}}}
    insert = {
        "insert": "matrixChannels",
        "repeatFor": "eachPixelXYZ",
        "channelOrder": "perPixel",
        "templateChannels": [*templates],
    }
    text = file(RGB, [*RGB, insert], templateChannels=templates, matrix={"pixelCount": [3, 1, 1]})
    [doubt] = ofl.import_fixture(text, "m").doubts
    assert doubt.code == "TWL-F132"
    assert doubt.fields == {"number": 4, "channel": "CCT 1", "value": 0}


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (["Beam", *RGB, "Plate"], ["1 (Beam), 5 (Plate)"]),
        (["Plate", *RGB], []),
        (["Plate", "Plate", *RGB], []),
        (["Plate", "Own 1", *RGB, "Own 2"], []),
        (["Plate", "Switch", *RGB], []),
    ],
)
def test_a_dimmer_beside_another_is_told(mode: list[str], told: list[str]) -> None:
    """It may be that of a white beam; those of pixels and a switch are not meant."""
    dimmer = {"capability": {"type": "Intensity"}}
    steps = [
        {"type": "Intensity", "brightness": "off", "dmxRange": [0, 9]},
        {"type": "Intensity", "brightness": "bright", "dmxRange": [10, 255]},
    ]
    channels = {**RGB, "Beam": dimmer, "Plate": dimmer, "Switch": {"capabilities": steps}}
    text = file(channels, mode, templateChannels={"Own $pixelKey": dimmer}, matrix={"pixelCount": [2, 1, 1]})
    assert [doubt.fields["channels"] for doubt in ofl.import_fixture(text, "m").doubts] == told


def test_a_value_in_two_ranges_is_judged_by_the_worse() -> None:
    """The fine half decides which it is in, and rests at 0."""
    shutter = {
        "fineChannelAliases": ["Shutter fine"],
        "capabilities": [
            {"dmxRange": [0, 100], "type": "ShutterStrobe", "shutterEffect": "Closed"},
            {"dmxRange": [101, 65535], "type": "ShutterStrobe", "shutterEffect": "Open"},
        ],
    }
    text = file({**RGB, "Shutter": shutter}, ["Shutter", "Shutter fine", *RGB])
    assert layout(import_fixture(text, "m")) == "shutter 128, fixed 0, red, green, blue"


def test_a_default_in_a_calm_range_is_kept() -> None:
    """The maker knows best."""
    zoom = {"defaultValue": 200, "capability": {"type": "Zoom"}}
    assert layout(import_fixture(file({**RGB, "Zoom": zoom}, ["Zoom", *RGB]), "m")).startswith("fixed 200,")


def test_a_constant_channel_is_no_light() -> None:
    """It may not be touched."""
    red = {"constant": True, "defaultValue": 9, "capability": color("Red")}
    assert layout(import_fixture(file({**RGB, "Red": red}, [*RGB]), "m")) == "fixed 9, green, blue"


def test_a_constant_channel_keeps_its_value_whatever_it_does() -> None:
    """No other value is one of it."""
    other = {
        "constant": True,
        "defaultValue": 99,
        "capabilities": [
            {"dmxRange": [0, 199], "type": "ColorPreset"},
            {"dmxRange": [200, 255], "type": "NoFunction"},
        ],
    }
    assert layout(import_fixture(file({**RGB, "Other": other}, [*RGB, "Other"]), "m")).endswith("fixed 99")


def test_a_switching_channel_is_what_it_is_at_rest() -> None:
    """Through two of them, and never round in a circle."""

    def switch(at_rest: str, other: str) -> dict[str, Any]:
        return {
            "defaultValue": 0,
            "capabilities": [
                {"dmxRange": [0, 9], "type": "NoFunction", "switchChannels": {at_rest: other}},
                {"dmxRange": [10, 255], "type": "Effect", "switchChannels": {at_rest: "Green"}},
            ],
        }

    channels = {**RGB, "A": switch("One", "Two"), "B": switch("Two", "Red")}
    assert layout(import_fixture(file(channels, ["One", "Blue"]), "m")) == "red, blue"
    with pytest.raises(Mistake) as caught:
        import_fixture(file({**RGB, "A": switch("One", "Two"), "B": switch("Two", "One")}, ["One"]), "m")
    assert caught.value.code == "TWL-F110"


@pytest.mark.parametrize(
    ("repeat", "order", "expected"),
    [
        ("eachPixelABC", "perPixel", "Red 1, Green 1, Red 2, Green 2, Red 10, Green 10, Red up, Green up"),
        ("eachPixelXYZ", "perChannel", "Red 10, Red 2, Red 1, Red up, Green 10, Green 2, Green 1, Green up"),
        ("eachPixelYXZ", "perPixel", "Red 10, Green 10, Red 1, Green 1, Red 2, Green 2, Red up, Green up"),
        ("eachPixelGroup", "perPixel", "Red all, Green all"),
        (["up", "2"], "perPixel", "Red up, Green up, Red 2, Green 2"),
    ],
)
def test_pixels_come_in_the_order_of_the_mode(repeat: object, order: str, expected: str) -> None:
    """Told apart by channels that hold a value of their own for one pixel."""
    keys = [f"{name} {pixel}" for pixel in ("1", "2", "10", "up", "all") for name in ("Red", "Green")]
    values = {key: number for number, key in enumerate(keys, 1)}
    channels = {
        key: {"constant": True, "defaultValue": value, "capability": color("Red")} for key, value in values.items()
    }
    insert = {
        "insert": "matrixChannels",
        "repeatFor": repeat,
        "channelOrder": order,
        "templateChannels": ["Red $pixelKey", "Green $pixelKey"],
    }
    template = {"Red $pixelKey": {"capability": color("Red")}, "Green $pixelKey": {"capability": color("Green")}}
    matrix = {"pixelKeys": [[["10", "2"], ["1", None]], [["up", None], [None, None]]], "pixelGroups": {"all": "all"}}
    text = file({**channels, "Blue": color("Blue")}, ["Blue", insert], templateChannels=template, matrix=matrix)
    wanted = ", ".join(f"fixed {values[key]}" for key in expected.split(", "))
    assert layout(import_fixture(text, "m")) == f"blue, {wanted}"


@pytest.mark.parametrize(
    ("count", "keys"),
    [([3, 1, 1], "1 2 3"), ([1, 2, 1], "1 2"), ([2, 2, 1], "(1,1) (2,1) (1,2) (2,2)"), ([1, 1, 1], "1")],
)
def test_pixels_without_a_name_have_numbers(count: list[int], keys: str) -> None:
    """And their channels can be named one by one."""
    template = {"Red $pixelKey": {"capability": color("Red")}}
    mode = [f"Red {key.replace(',', ', ')}" for key in keys.split()]
    profile = import_fixture(file({}, mode, templateChannels=template, matrix={"pixelCount": count}), "m")
    assert layout(profile) == ", ".join(["red"] * len(mode))


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


@settings(max_examples=300)
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


def test_the_licence_stands_beside_the_files(fixture_file: Callable[[str], str]) -> None:
    """The library's licence asks for it to be kept with every copy."""
    assert len(FILES) == 12
    assert "MIT License" in (FOLDER / "LICENSE-NOTE.txt").read_text(encoding="utf-8")
