"""What becomes of a channel of the library: light, a shutter that is open, or a value that does no harm."""

from typing import Any

import pytest

from controller.errors import Mistake
from controller.fixtures import ofl
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from tests.lighting.ofl_files import RGB, color, file, import_fixture, layout


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
    given = [{"dmxRange": [a, b], "type": "Intensity", "brightness": brightness} for brightness, a, b in steps]
    channels = {**RGB, "Switch": {"capabilities": given}}
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


def test_a_lamp_that_has_nothing_but_strobes_is_lit_by_them() -> None:
    """Beside another light they stay dark."""
    strobes = {f"Strobe {name}": given for name, given in RGB.items()}
    assert layout(import_fixture(file(strobes, [*strobes]), "m")) == "red, green, blue"
    both = {**strobes, **RGB}
    assert layout(import_fixture(file(both, [*strobes, *RGB]), "m")) == "fixed 0, fixed 0, fixed 0, red, green, blue"


def test_a_dimmer_in_two_ranges_is_full_at_the_end_of_the_second() -> None:
    """Where it goes on as it ended; a second way up to the same brightness is another one."""
    halves = [("0%", "50%", 0, 99), ("50%", "100%", 100, 199), ("0%", "100%", 200, 255)]
    given = [
        {"dmxRange": [a, b], "type": "Intensity", "brightnessStart": start, "brightnessEnd": end}
        for start, end, a, b in halves
    ]
    text = file({**RGB, "Dim": {"capabilities": given}}, ["Dim", *RGB])
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


def test_a_fine_channel_may_be_anywhere() -> None:
    """Even before its coarse one."""
    red = {"fineChannelAliases": ["Red fine"], "capability": color("Red")}
    assert layout(import_fixture(file({"Red": red}, ["Red fine", None, "Red"]), "m")) == "red fine, fixed 0, red"


@pytest.mark.parametrize(
    ("given", "expected"),
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
        # slow is not yet still, in how few steps ever it becomes fast
        ([("ShutterStrobe Strobe slow fast", 0, 3), ("NoFunction", 4, 255)], "shutter 129"),
    ],
)
def test_where_a_channel_rests(given: list[tuple[str, int, int]], expected: str) -> None:
    """At its default while that leaves the light alone, else in the middle of the first calm range."""
    capabilities = [
        {
            "type": type_.split()[0],
            "dmxRange": [first, last],
            **dict(zip(("shutterEffect", "speedStart", "speedEnd"), type_.split()[1:], strict=False)),
        }
        for type_, first, last in given
    ]
    text = file({**RGB, "Other": {"capabilities": capabilities}}, ["Other", *RGB])
    assert layout(import_fixture(text, "m")) == f"{expected}, red, green, blue"


@pytest.mark.parametrize(
    ("given", "expected"),
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
def test_where_the_end_of_a_range_leaves_the_light_alone(given: list[dict[str, str]], expected: int) -> None:
    """A strobe at rest, an iris that is open; the default 7 is left for it."""
    flashing = {"type": "ShutterStrobe", "shutterEffect": "Strobe"}
    [first, second] = given if len(given) == 2 else [*given, flashing]
    capabilities = [
        {"shutterEffect": "Strobe", "dmxRange": [0, 127], **first},
        {"shutterEffect": "Strobe", "dmxRange": [128, 255], **second},
    ]
    text = file({**RGB, "Other": {"defaultValue": 7, "capabilities": capabilities}}, ["Other", *RGB])
    assert import_fixture(text, "m").channels[0].full == expected


def generic(comment: str, *dmx_range: int) -> dict[str, Any]:
    return {"type": "Generic", "comment": comment, **({"dmxRange": [*dmx_range]} if dmx_range else {})}


@pytest.mark.parametrize(
    ("key", "given", "value", "doubted"),
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
            72,
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
def test_what_could_cover_the_color_is_set_open_or_reported(
    key: str, given: dict[str, Any], value: int, doubted: bool
) -> None:
    """A wheel, a correction of the white, a fade between white and the colours."""
    wheels = {
        "Colour wheel": {"slots": [{"type": "Color"}, {"type": "Open"}, {"type": "Color"}, {"type": "Color"}]},
        "Gobo wheel": {"slots": [{"type": "Gobo"}, {"type": "Open"}]},
    }
    imported = ofl.import_fixture(file({**RGB, key: given}, [*RGB, key], wheels=wheels), "m")
    assert imported.profile.channels[3].full == value
    assert [doubt.fields for doubt in imported.doubts] == [{"number": 4, "channel": key, "value": value}] * doubted


def test_a_doubt_of_every_pixel_is_shown_once() -> None:
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
    ("mode", "doubted_channels"),
    [
        (["Beam", *RGB, "Plate"], ["1 (Beam), 5 (Plate)"]),
        (["Plate", *RGB], []),
        (["Plate", "Plate", *RGB], []),
        (["Plate", "Own 1", *RGB, "Own 2"], []),
        (["Plate", "Switch", *RGB], []),
    ],
)
def test_a_dimmer_beside_another_is_shown(mode: list[str], doubted_channels: list[str]) -> None:
    """It may be that of a white beam; those of pixels and a switch are not meant."""
    dimmer = {"capability": {"type": "Intensity"}}
    steps = [
        {"type": "Intensity", "brightness": "off", "dmxRange": [0, 9]},
        {"type": "Intensity", "brightness": "bright", "dmxRange": [10, 255]},
    ]
    channels = {**RGB, "Beam": dimmer, "Plate": dimmer, "Switch": {"capabilities": steps}}
    text = file(channels, mode, templateChannels={"Own $pixelKey": dimmer}, matrix={"pixelCount": [2, 1, 1]})
    assert [doubt.fields["channels"] for doubt in ofl.import_fixture(text, "m").doubts] == doubted_channels


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
    """Distinguished by channels that hold a value of their own for one pixel."""
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
