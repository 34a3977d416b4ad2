"""Every mode of every fixture file that there is, imported, lit, and read back from the file itself."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from controller.errors import Mistake
from controller.events.models import Reason
from controller.fixtures import ofl
from controller.lighting.color import Color
from controller.lighting.emitters import TYPICAL
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from tests.lighting.ofl_decoder import HAZARD, Decoder
from tests.lighting.ofl_files import FOLDER, file

LIBRARY = FOLDER.parent / "library"
TEXTS = {
    f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8")
    for folder in (FOLDER, LIBRARY)
    for path in sorted(folder.glob("*/*.json"))
}
COLORS = [Color("#FF6A00"), Color("#FFFFFF"), Color("#0040FF")]
WHITE_NAMES = {"warm": "warm_white", "ww": "warm_white", "cold": "cold_white", "cool": "cold_white", "cw": "cold_white"}


@cache
def outcomes(text: str) -> dict[str, ofl.Imported | Mistake]:
    """Each mode as it is imported, or why it is refused."""
    found: dict[str, ofl.Imported | Mistake] = {}
    for mode in ofl.modes(text):
        try:
            found[mode] = ofl.import_fixture(text, mode)
        except Mistake as mistake:
            found[mode] = mistake
    return found


def imported(text: str) -> Iterator[tuple[str, ofl.Imported]]:
    """Each mode that is not refused."""
    return ((mode, found) for mode, found in outcomes(text).items() if not isinstance(found, Mistake))


def refused(text: str) -> Iterator[tuple[str, Mistake]]:
    """Each mode that is refused, and why."""
    return ((mode, found) for mode, found in outcomes(text).items() if isinstance(found, Mistake))


def wrong(text: str, mode: str, found: ofl.Imported) -> list[str]:
    """What is wrong with the light of the colours by the file, beyond what the import asked to look at."""
    decoder = Decoder(json.loads(text), mode)
    lamp = Lamp(found.profile)
    doubts = {str(doubt.fields.get("channel")) for doubt in found.doubts}
    doubted = {number for number, name in enumerate(found.names, 1) if name in doubts}
    same_key = {number for number, name in enumerate(found.names, 1) if any(_alike(name, key) for key in doubts)}
    wrongs = [f"{name} is lit in the dark" for (_, _, name), amount in decoder.sources(lamp.dark).items() if amount > 0]
    for color in COLORS:
        full, half = (lamp.levels(Light(*color.linear).times(share)) for share in (1.0, 0.5))
        wrongs += decoder.hazards(full).values()
        wrongs += [wrong for number, wrong in decoder.problems(full).items() if number not in doubted | same_key]
        wrongs += unlike(decoder, lamp, full, half)
    return wrongs


def _alike(name: str, other: str) -> bool:
    """Whether two channels differ by their pixel only: a doubt is reported once for all pixels."""
    return [word for word in name.split() if not word.isdigit()] == [
        word for word in other.split() if not word.isdigit()
    ]


def unlike(decoder: Decoder, lamp: Lamp, full: bytes, half: bytes) -> list[str]:
    """How the light that comes out differs from the light that the profile promises: in colour, and at half the
    brightness of each source."""
    lit, dimmed = decoder.sources(full), decoder.sources(half)
    if not any(lit.values()):
        return ["no light comes out"]
    is_switch = all(channel.zero != 0 for channel in lamp.profile.channels if channel.is_light)
    wrongs = [
        f"{name} gives {dimmed[number, kind, name]:.3f} at half of {amount:.3f}"
        for (number, kind, name), amount in lit.items()
        if abs(dimmed[number, kind, name] - amount / 2) > 0.02 and not is_switch
    ]
    amounts: dict[str, list[float]] = {}
    for (_, kind, name), amount in lit.items():
        white = next((role for word, role in WHITE_NAMES.items() if word in name.lower().split()), "white")
        amounts.setdefault(white if kind == "White" else kind.lower().replace(" ", "_"), []).append(amount)
    total = [0.0, 0.0, 0.0]
    for kind, shares in amounts.items():
        xyz = TYPICAL[kind].xyz  # type: ignore[index]
        total = [whole + sum(shares) / len(shares) * part for whole, part in zip(total, xyz, strict=True)]
    if lamp.profile.kinds:
        x, y, _ = lamp.predict(full)
        seen = total[0] / sum(total), total[1] / sum(total)
        if max(abs(seen[0] - x), abs(seen[1] - y)) > 0.01:
            wrongs.append(f"the colour is {seen[0]:.3f}, {seen[1]:.3f} instead of {x:.3f}, {y:.3f}")
    return wrongs


@pytest.mark.parametrize("path", TEXTS)
def test_the_light_is_the_one_that_the_profile_promises(path: str) -> None:
    """Open, steady, uncovered, in the colour and the brightness asked for; no laser, fog or fire is on."""
    text = TEXTS[path]
    wrongs = {mode: found for mode, profile in imported(text) if (found := wrong(text, mode, profile))}
    assert wrongs == {}


def test_there_are_enough_modes_to_compare() -> None:
    """Real ones; files of kinds that the library has too few of are made below."""
    modes = [(path, mode) for path, text in TEXTS.items() for mode in ofl.modes(text)]
    assert len(modes) >= 300
    assert sum(len(list(imported(text))) for text in TEXTS.values()) >= 250


@pytest.mark.parametrize("path", TEXTS)
def test_no_mode_is_refused_that_mixes_steady_colors(path: str) -> None:
    """A mode with dimmable red, green and blue of its own is refused only for a shutter that never opens."""
    data = json.loads(TEXTS[path])
    for mode, mistake in refused(TEXTS[path]):
        mixing = {
            channel.given["capability"].get("color")
            for channel in Decoder(data, mode).channels(bytes(512))
            if "capability" in channel.given and not HAZARD.search(channel.name)
        }
        assert not mixing >= {"Red", "Green", "Blue"} or mistake.code == "TWL-F116", mode


@pytest.mark.parametrize("path", TEXTS)
def test_only_modes_are_advised_that_mix_colors(path: str) -> None:
    """And none is called so where there is none."""
    usable = {mode for mode, found in imported(TEXTS[path]) if {"red", "green", "blue"} & set(found.profile.lit)}
    for mode, mistake in refused(TEXTS[path]):
        advice = mistake.fields.get("advice")
        if not isinstance(advice, Reason):
            continue
        if usable:
            assert set(str(advice.fields["modes"]).split(", ")) == usable - {mode}
        else:
            assert advice.code == "no_other_mode"


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        ("glp/knv-cube", "23ch", {1: "white", 3: {"shutter": 254}, 10: {"fixed": 255}, 13: "red"}),
        ("glp/knv-cube", "40ch", {1: {"fixed": 255}, 4: "red", 14: "white", 38: "white", 39: {"shutter": 255}}),
        ("glp/knv-cube", "86ch", {1: "white", 3: {"shutter": 254}, 10: "red", 84: "blue", 85: {"shutter": 255}}),
        ("tmb/solaris-flare", "RGBstrobe1pix", {1: {"fixed": 0}, 4: {"fixed": 5}, 6: {"shutter": 0}, 8: "red"}),
        ("chauvet-dj/gigbar-2", "11ch", {1: "red", 7: {"fixed": 0}, 8: {"fixed": 0}, 10: {"fixed": 0}}),
        ("etc/source-four-led-series-2-daylight-hd", "HSI+7", {4: "dimmer", 8: {"fixed": 191}, 9: "red"}),
        ("aputure/nova-p300c", "CCT&RGB", {1: "dimmer", 3: {"fixed": 126}, 4: {"fixed": 255}, 5: "red"}),
        ("aputure/nova-p300c", "CCT", {1: "dimmer", 2: {"fixed": 64}}),
        ("cameo/hydrabeam-400-rgbw", "19ch", {1: "dimmer", 2: {"shutter": 0}, 3: "red"}),
        ("arri/l7-c", "P02", {1: "dimmer", 2: {"fixed": 42}, 3: {"fixed": 0}}),
        ("litepanels/gemini-2x1", "RGBW", {3: "white", 4: "red", 5: {"fixed": 106}}),
    ],
)
def test_channels_of_lamps_that_are_easily_read_wrong(path: str, mode: str, expected: dict[int, object]) -> None:
    """By the number of the channel."""
    channels = ofl.import_fixture(TEXTS[path], mode).profile.channels
    assert {number: channels[number - 1].written for number in expected} == expected


@pytest.mark.parametrize(("path", "mode"), [("aputure/nova-p300c", "Effect"), ("beamz/panther-7r", "16ch")])
def test_modes_that_are_lit_as_the_lamp_likes_are_refused(path: str, mode: str) -> None:
    """By an effect or a wheel of colours."""
    with pytest.raises(Mistake) as caught:
        ofl.import_fixture(TEXTS[path], mode)
    assert caught.value.code == "TWL-F113"


LEVEL = {"type": "Intensity"}


def color(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "ColorIntensity", "color": name, **more}


def steps(*given: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    """Ranges of no type, each with its comment."""
    return {
        "capabilities": [
            {"type": "Generic", "comment": comment, "dmxRange": [first, last], **more} for comment, first, last in given
        ]
    }


RGB = {name: color(name) for name in ("Red", "Green", "Blue")}
OPEN_LAST = {
    "capabilities": [
        {"type": "ShutterStrobe", "shutterEffect": "Closed", "dmxRange": [0, 9]},
        {"type": "ShutterStrobe", "shutterEffect": "Strobe", "dmxRange": [10, 249]},
        {"type": "ShutterStrobe", "shutterEffect": "Open", "dmxRange": [250, 255]},
    ]
}
NEVER_OPEN = {"capabilities": [OPEN_LAST["capabilities"][0], {**OPEN_LAST["capabilities"][1], "dmxRange": [10, 255]}]}
SLOW = {
    "capabilities": [
        {
            "type": "ShutterStrobe",
            "shutterEffect": "Strobe",
            "speedStart": "slow",
            "speedEnd": "fast",
            "dmxRange": [0, 250],
        },
        {"type": "ShutterStrobe", "shutterEffect": "Strobe", "soundControlled": True, "dmxRange": [251, 255]},
    ]
}
PRESETS_OF_LASER = {
    "capabilities": [
        {"type": "ColorPreset", "colors": ["#000000"], "comment": "Blackout", "dmxRange": [0, 39]},
        {"type": "ColorPreset", "colors": ["#ff0000"], "dmxRange": [40, 255]},
    ]
}
STEPPED = {
    name: {
        "capabilities": [
            color(name, brightness="off", dmxRange=[0, 4]),
            color(name, brightness="bright", dmxRange=[5, 255]),
        ]
    }
    for name in ("Red", "Green", "Blue")
}
PIXELS = [f"{name} {pixel}" for pixel in (1, 2, 3) for name in RGB]
MATRIX = {
    "matrix": {"pixelCount": [3, 1, 1], "pixelGroups": {"White LEDs": "all", "RGB LEDs": "all", "Ring": ["1", "2"]}},
    "templateChannels": {
        **{f"{name} $pixelKey": {"capability": color(name)} for name in (*RGB, "White")},
        "$pixelKey Dimmer": {"capability": LEVEL},
        "$pixelKey Flash Rate": OPEN_LAST,
    },
}
MADE: dict[str, tuple[str, str]] = {
    # the dimmer of a part of the lamp
    "a dimmer that is the white": (
        file({**RGB, "White LEDs Dimmer": LEVEL}, ["White LEDs Dimmer", *RGB]),
        "white, red, green, blue",
    ),
    "a dimmer of white pixels' neighbours": (
        file(RGB, ["RGB LEDs Dimmer", *RGB, "White 1", "White 2", "White 3"], **MATRIX),
        "fixed 255, red, green, blue, white, white, white",
    ),
    "a white section beside pixels": (
        file({}, ["White LEDs Dimmer", "White LEDs Flash Rate", *PIXELS], **MATRIX),
        "white, shutter 252" + ", red, green, blue" * 3,
    ),
    "dimmers of two sections": (
        file(RGB, ["White LEDs Dimmer", "White LEDs Flash Rate", "RGB LEDs Dimmer", *RGB], **MATRIX),
        "white, shutter 252, fixed 255, red, green, blue",
    ),
    "a dimmer of some pixels": (
        file({}, ["Ring Dimmer", *PIXELS], **MATRIX),
        "fixed 255" + ", red, green, blue" * 3,
    ),
    "a dimmer of some pixels beside the master": (
        file({"Dimmer": LEVEL}, ["Dimmer", "Ring Dimmer", *PIXELS], **MATRIX),
        "dimmer, fixed 255" + ", red, green, blue" * 3,
    ),
    "a dimmer of each pixel": (
        file({}, ["1 Dimmer", "2 Dimmer", "3 Dimmer", *PIXELS], **MATRIX),
        "dimmer, dimmer, dimmer" + ", red, green, blue" * 3,
    ),
    "a white beam beside a plate of colours": (
        file(
            {f"Plate {name}": given for name, given in RGB.items()}
            | {"Beam Intensity": LEVEL, "Color Plate Intensity": LEVEL},
            ["Beam Intensity", "Color Plate Intensity", *(f"Plate {name}" for name in RGB)],
        ),
        "fixed 0, dimmer, red, green, blue",
    ),
    "white spots beside pars": (
        file(
            {f"Par {name}": given for name, given in RGB.items()} | {"Spot 1 Dimmer": LEVEL, "Spot 2 Dimmer": LEVEL},
            [*(f"Par {name}" for name in RGB), "Spot 1 Dimmer", "Spot 2 Dimmer"],
        ),
        "red, green, blue, fixed 0, fixed 0",
    ),
    "a strobe that does not say where it stands still": (
        file({**RGB, "Strobe": SLOW}, ["Strobe", *RGB]),
        "shutter 0, red, green, blue",
    ),
    "a dimmer of a part that nobody knows": (
        file({**RGB, "Master Dimmer": LEVEL, "Matrix Dimmer": LEVEL}, ["Master Dimmer", "Matrix Dimmer", *RGB]),
        "dimmer, dimmer, red, green, blue",
    ),
    "a dimmer of a part without colours": (
        file({**RGB, "Master Dimmer": LEVEL, "Aura Dimmer": LEVEL}, ["Master Dimmer", "Aura Dimmer", *RGB]),
        "dimmer, fixed 0, red, green, blue",
    ),
    "dimmers called after colours": (
        file({f"{name} Dimmer": LEVEL for name in RGB}, [f"{name} Dimmer" for name in RGB]),
        "red, green, blue",
    ),
    # strobes beside steady lights
    "steady pixels beside a strobe": (
        file(
            {
                **{f"{name} Strobe": given for name, given in RGB.items()},
                "Flash intensity": LEVEL,
                "Flash rate": NEVER_OPEN,
            },
            [*(f"{name} Strobe" for name in RGB), "Flash intensity", "Flash rate", *PIXELS],
            **MATRIX,
        ),
        "fixed 0, fixed 0, fixed 0, fixed 0, shutter 0" + ", red, green, blue" * 3,
    ),
    "a strobe's dimmer beside the master": (
        file({**RGB, "Master": LEVEL, "Strobe Dimmer": LEVEL}, ["Master", "Strobe Dimmer", *RGB]),
        "dimmer, fixed 0, red, green, blue",
    ),
    "the only dimmer, whatever it is called": (
        file({**RGB, "Strobe Dimmer": LEVEL}, ["Strobe Dimmer", *RGB]),
        "dimmer, red, green, blue",
    ),
    "a master that speaks of the colours": (
        file({"Dimmer": {**LEVEL, "comment": "all colours"}}, ["Dimmer"]),
        "dimmer",
    ),
    "a white strobe": (
        file({**RGB, "White Strobe": color("White")}, [*RGB, "White Strobe"]),
        "red, green, blue, fixed 0",
    ),
    "a dimmer that is a strobe too": (
        file({**RGB, "Dimmer / Strobe": LEVEL}, ["Dimmer / Strobe", *RGB]),
        "dimmer, red, green, blue",
    ),
    # switched colours
    "a white that is only switched": (
        file(
            {
                **RGB,
                "White": STEPPED["Red"]
                | {"capabilities": [{**c, "color": "White"} for c in STEPPED["Red"]["capabilities"]]},
            },
            [*RGB, "White"],
        ),
        "red, green, blue, fixed 4",
    ),
    # lasers, fog, fire
    "lasers of steps": (
        file({**RGB, "Red Laser": STEPPED["Red"], "Green Laser": STEPPED["Green"]}, [*RGB, "Red Laser", "Green Laser"]),
        "red, green, blue, fixed 0, fixed 0",
    ),
    "lasers of levels": (
        file({**RGB, "Laser": color("Red"), "Laser Dimmer": LEVEL}, [*RGB, "Laser", "Laser Dimmer"]),
        "red, green, blue, fixed 0, fixed 0",
    ),
    "a laser of presets": (
        file(
            {**RGB, "Laser Color": PRESETS_OF_LASER, "Laser Strobe": OPEN_LAST}, [*RGB, "Laser Color", "Laser Strobe"]
        ),
        "red, green, blue, fixed 0, fixed 0",
    ),
    "a laser that is one of the pixels": (
        file(
            {},
            [*(f"{name} Par" for name in RGB), "Par Shutter", *(f"{name} Laser" for name in RGB), "Laser Shutter"],
            matrix={"pixelKeys": [[["Par", "Laser"]]]},
            templateChannels={
                **{f"{name} $pixelKey": {"capability": given} for name, given in RGB.items()},
                "$pixelKey Shutter": {**OPEN_LAST, "defaultValue": 255},
            },
        ),
        "red, green, blue, shutter 255, fixed 0, fixed 0, fixed 0, fixed 0",
    ),
    "a laser that is on by default": (
        file({**RGB, "Laser": {"defaultValue": 255, "capability": color("Green")}}, [*RGB, "Laser"]),
        "red, green, blue, fixed 0",
    ),
    "fog from nothing to full": (
        file(
            {**RGB, "Output": {"type": "FogOutput", "fogOutputStart": "off", "fogOutputEnd": "strong"}},
            [*RGB, "Output"],
        ),
        "red, green, blue, fixed 0",
    ),
    "a flame that is off in words": (
        file({**RGB, "Flame": steps(("Fire!", 0, 199), ("Off", 200, 255))}, [*RGB, "Flame"]),
        "red, green, blue, fixed 200",
    ),
    # words
    "colours disabled": (
        file(
            {
                **RGB,
                "Control": steps(
                    ("Individual colour adjust disabled", 0, 99), ("Individual colour adjust enabled", 100, 255)
                ),
            },
            [*RGB, "Control"],
        ),
        "red, green, blue, fixed 177",
    ),
    "the output inactive": (
        file({**RGB, "LED output": steps(("inactive", 0, 127), ("active", 128, 255))}, [*RGB, "LED output"]),
        "red, green, blue, fixed 191",
    ),
    "a correction that may stay disabled": (
        file(
            {**RGB, "Control": steps(("Colour calibration disabled", 0, 99), ("Colour calibration enabled", 100, 255))},
            [*RGB, "Control"],
        ),
        "red, green, blue, fixed 0",
    ),
    "a black-out that has no function": (
        file(
            {
                **RGB,
                "Control": {
                    "capabilities": [
                        {"type": "NoFunction", "comment": "Blackout", "dmxRange": [0, 9]},
                        {"type": "NoFunction", "dmxRange": [10, 255]},
                    ]
                },
            },
            [*RGB, "Control"],
        ),
        "red, green, blue, fixed 132",
    ),
    "a programme in words": (
        file(
            {**RGB, "Mode": steps(("Auto run", 0, 99), ("Sound active", 100, 199), ("DMX", 200, 255))}, [*RGB, "Mode"]
        ),
        "red, green, blue, fixed 227",
    ),
    "a fan that is automatic": (
        file({**RGB, "Fan": steps(("Auto", 0, 99), ("Full", 100, 255))}, [*RGB, "Fan"]),
        "red, green, blue, fixed 0",
    ),
    "an effect that is none": (
        file(
            {
                **RGB,
                "FX": {
                    "capabilities": [
                        {"type": "Effect", "effectName": "Rainbow", "dmxRange": [0, 99]},
                        {"type": "Effect", "effectName": "No effect", "dmxRange": [100, 255]},
                    ]
                },
            },
            [*RGB, "FX"],
        ),
        "red, green, blue, fixed 177",
    ),
    "a choice of white or colours": (
        file({**RGB, "Mode": steps(("CCT Mode", 0, 42), ("HSI Mode", 43, 85), ("RGBW Mode", 86, 255))}, [*RGB, "Mode"]),
        "red, green, blue, fixed 170",
    ),
    "commands that the lamp obeys once": (
        file(
            {
                **RGB,
                "Control": {
                    "capabilities": [
                        {"type": "NoFunction", "dmxRange": [0, 19]},
                        {"type": "Maintenance", "comment": "RGBW mode", "hold": "3s", "dmxRange": [20, 99]},
                        {"type": "Maintenance", "comment": "White mode", "hold": "3s", "dmxRange": [100, 255]},
                    ]
                },
            },
            [*RGB, "Control"],
        ),
        "red, green, blue, fixed 0",
    ),
    "a fade that is called an effect": (
        file({**RGB, "Crossfade": {"type": "Effect", "effectName": "CCT to RGBW"}}, [*RGB, "Crossfade"]),
        "red, green, blue, fixed 255",
    ),
    "a fade that is called an intensity": (
        file({**RGB, "Fade": {**LEVEL, "comment": "Crossfade to colour"}}, [*RGB, "Fade"]),
        "red, green, blue, fixed 255",
    ),
    # tints
    "a tint of steps": (
        file(
            {**RGB, "Green/Magenta Point": steps(("-1.0", 0, 99), ("0", 100, 149), ("1.0", 150, 255))},
            [*RGB, "Green/Magenta Point"],
        ),
        "red, green, blue, fixed 124",
    ),
    "gels of which one is none": (
        file(
            {
                **RGB,
                "Gel": {
                    "capabilities": [
                        {"type": "ColorPreset", "comment": "No effect", "dmxRange": [0, 1]},
                        {"type": "ColorPreset", "comment": "No Colour Blue", "dmxRange": [2, 255]},
                    ]
                },
            },
            [*RGB, "Gel"],
        ),
        "red, green, blue, fixed 0",
    ),
    "a tint in letters": (
        file({**RGB, "G/M": steps(("-50%", 0, 99), ("Neutral", 100, 149), ("+50%", 150, 255))}, [*RGB, "G/M"]),
        "red, green, blue, fixed 124",
    ),
    "a fade without a word": (
        file({**RGB, "Cross Fade": {"type": "Generic"}}, [*RGB, "Cross Fade"]),
        "red, green, blue, fixed 255",
    ),
    "a tint of one range": (
        file({**RGB, "Tint": {"type": "Generic", "comment": "green to magenta"}}, [*RGB, "Tint"]),
        "red, green, blue, fixed 127",
    ),
    "a tint that is called green": (
        file({"Dimmer": LEVEL, "Green Offset": color("Green")}, ["Dimmer", "Green Offset"]),
        "dimmer, fixed 0",
    ),
    "a tint that is called a hue": (
        file({"Dimmer": LEVEL, "Hue (Green/Magenta)": {"type": "Generic"}}, ["Dimmer", "Hue (Green/Magenta)"]),
        "dimmer, fixed 127",
    ),
    # white lamps
    "a white panel": (
        file(
            {
                "Dimmer": LEVEL,
                "CCT": {"type": "ColorTemperature", "colorTemperatureStart": "2000K", "colorTemperatureEnd": "10000K"},
            },
            ["Dimmer", "CCT"],
        ),
        "dimmer, fixed 64",
    ),
    "a white panel with a choice of its curve": (
        file(
            {"Dimmer": LEVEL, "CCT Source Mode": steps(("Menu", 0, 99), ("Soft", 100, 255))},
            ["Dimmer", "CCT Source Mode"],
        ),
        "dimmer, fixed 0",
    ),
    "a white panel upside down": (
        file(
            {
                "Dimmer": LEVEL,
                "CCT": {"type": "ColorTemperature", "colorTemperatureStart": "8500K", "colorTemperatureEnd": "3200K"},
            },
            ["Dimmer", "CCT"],
        ),
        "dimmer, fixed 217",
    ),
    "a white panel of two whites": (
        file(
            {
                "Dimmer": LEVEL,
                "CCT": {
                    "capabilities": [
                        {"type": "ColorTemperature", "colorTemperature": f"{kelvin}K", "dmxRange": reach}
                        for kelvin, reach in ((5600, [0, 99]), (3200, [100, 255]))
                    ]
                },
            },
            ["Dimmer", "CCT"],
        ),
        "dimmer, fixed 100",
    ),
    "warm and cold white": (
        file({"Warm White": color("White"), "CW": color("White")}, ["Warm White", "CW"]),
        "warm_white, cold_white",
    ),
    "fixed pixel names given twice": (
        file(
            {},
            ["Speed 1 / Sound 1", *PIXELS],
            matrix=MATRIX["matrix"],
            templateChannels={
                **MATRIX["templateChannels"],
                "Speed $pixelKey": {"capability": {"type": "EffectSpeed"}},
                "Show $pixelKey": {
                    "capabilities": [
                        {
                            "type": "NoFunction",
                            "dmxRange": [0, 255],
                            "switchChannels": {"Speed $pixelKey / Sound $pixelKey": "Speed $pixelKey"},
                        }
                    ]
                },
            },
        ),
        "fixed 0" + ", red, green, blue" * 3,
    ),
}
"""Files of kinds that the library has, each with what becomes of its channels."""


@pytest.mark.parametrize("kind", MADE)
def test_what_becomes_of_a_kind(kind: str) -> None:
    """By its rule; and the decoder agrees."""
    text, expected = MADE[kind]
    found = ofl.import_fixture(text, "m")
    written = [channel.written for channel in found.profile.channels]
    doubts = ", ".join(
        word if isinstance(word, str) else " ".join(f"{k} {v}" for k, v in word.items()) for word in written
    )
    assert doubts == expected
    assert wrong(text, "m", found) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (file(STEPPED, [*RGB]), "TWL-F134"),
        (file({**RGB, "Laser": steps(("Pattern 1", 0, 127), ("Pattern 2", 128, 255))}, [*RGB, "Laser"]), "TWL-F135"),
        (file({**RGB, "Smoke": {"type": "Fog"}}, [*RGB, "Smoke"]), "TWL-F135"),
        (file(RGB, [*RGB], categories=["Laser"]), "TWL-F135"),
        (file(RGB, [*RGB], name="Show Laser 3"), "TWL-F135"),
        (file({"White": color("White"), "Hue": {"type": "Generic"}}, ["White", "Hue"]), "TWL-F114"),
        (file({"Dimmer": LEVEL, "X": {"type": "Generic"}, "Y": {"type": "Generic"}}, ["Dimmer", "X", "Y"]), "TWL-F114"),
        (
            file({"Dimmer": LEVEL, "Effect": steps(("Candle", 0, 99), ("Fire", 100, 255))}, ["Dimmer", "Effect"]),
            "TWL-F113",
        ),
        (
            file({"Dimmer": LEVEL, "Gel Series": steps(("L", 0, 99), ("R", 100, 255))}, ["Dimmer", "Gel Series"]),
            "TWL-F113",
        ),
    ],
)
def test_what_cannot_be_decided_is_refused(text: str, code: str) -> None:
    """Rather than lit wrong."""
    with pytest.raises(Mistake) as caught:
        ofl.import_fixture(text, "m")
    assert caught.value.code == code
