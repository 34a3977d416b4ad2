"""Reads levels back against the ranges of a fixture file, as the lamp would.

Written from the library's `docs/fixture-format.md` and `docs/capability-types.md`, and it shares nothing with
`controller.fixtures`: what the import got wrong about the format must not be wrong here in the same way.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PIXEL = "$pixelKey"
BYTES = {"8bit": 1, "16bit": 2, "24bit": 3}
WORDS = {"off": 0.0, "dark": 1.0, "bright": 100.0, "stop": 0.0, "closed": 0.0, "open": 100.0, "out": 0.0, "in": 100.0}
WORDS |= {
    "warm": -100.0,
    "CTO": -100.0,
    "default": 0.0,
    "cold": 100.0,
    "CTB": 100.0,
    "slow": 1.0,
    "fast": 100.0,
    "weak": 1.0,
    "strong": 100.0,
}
HAZARD = re.compile(r"laser|fog|haz(?:e|er)\b|smoke|pyro|flame|spark(?!l)|confetti|co2", re.IGNORECASE)
STROBE = re.compile(r"strob|flash|blind", re.IGNORECASE)
FADE = re.compile(r"cross.?fade|interpolat|(?:cct|white)\W{1,5}(?:to\s)?(?:rgb|colou?r(?!\W*temp))", re.IGNORECASE)
NOTHING = re.compile(r"(?:no|none|off|manual|static|constant|open|dmx)\b", re.IGNORECASE)
PROGRAM = re.compile(r"\b(?:auto run\w*|sound|music|chase|rainbow|macro|effects? (?!off)\w+)\b", re.IGNORECASE)
NOT_A_LEVEL = re.compile(
    r"\b(?:fan|speed|time|duration|curve|hue|sat\w*|tint|offset|shift|green\W+magenta)\b", re.IGNORECASE
)
PART = re.compile(r"aura|beam|ring|plate|background|spot", re.IGNORECASE)
LETTERS = {"r": "Red", "g": "Green", "b": "Blue", "w": "White"}
COLORS = ("Red", "Green", "Blue", "White", "Amber", "Lime", "Cyan", "Magenta", "Yellow", "Indigo", "UV")


@dataclass
class Channel:
    """A coarse channel of a mode: its slot and those of its finer bytes, what the file says of it, and its pixel."""

    number: int
    name: str
    given: Mapping[str, Any]
    pixel: str
    bytes: list[int] = field(default_factory=list)

    def value(self, levels: Sequence[int]) -> tuple[int, int]:
        """Its level in the resolution of the file, and how many bytes that has. Bytes not in the mode are 0."""
        whole = 1 + len(self.given.get("fineChannelAliases", ()))
        most = BYTES.get(self.given.get("dmxValueResolution", ""), whole)
        value = 0
        for place in range(most):
            value = value * 256 + (levels[self.bytes[place]] if place < len(self.bytes) else 0)
        return value, most

    def now(self, levels: Sequence[int]) -> tuple[Mapping[str, Any], float]:
        """The range that the level lies in, and how far in it, 0 to 1."""
        value, most = self.value(levels)
        ranges = [self.given["capability"]] if "capability" in self.given else self.given["capabilities"]
        for does in ranges:
            first, last = does.get("dmxRange", (0, 256**most - 1))
            if first <= value <= last:
                return does, (value - first) / max(1, last - first)
        raise AssertionError(f"{self.name}: {value} is in no range")

    def types(self) -> set[str]:
        """The types of all its ranges."""
        ranges = [self.given["capability"]] if "capability" in self.given else self.given["capabilities"]
        return {does["type"] for does in ranges}


def figure(written: object) -> float | None:
    """A number with its unit, or a word for one."""
    text = str(written)
    found = re.match(r"-?[0-9.]+", text)
    return float(found[0]) if found else WORDS.get(text)


def at(does: Mapping[str, Any], name: str, share: float) -> float | None:
    """A property at a place in a range."""
    first = figure(does.get(f"{name}Start", does.get(name)))
    last = figure(does.get(f"{name}End", does.get(name)))
    return None if first is None or last is None else first + (last - first) * share


class Decoder:
    """One mode of a fixture file."""

    def __init__(self, data: Mapping[str, Any], mode: str) -> None:
        [self.mode] = [m for m in data["modes"] if mode in {m.get("shortName"), m["name"]}][:1]
        self.data = data
        self.pixels = self._pixels()
        self.groups = data.get("matrix", {}).get("pixelGroups", {})
        self.keys = list(self._keys())
        self.made = dict(self._made())
        self.switching = dict(self._switching())

    def _pixels(self) -> dict[str, tuple[int, int, int]]:
        matrix = self.data.get("matrix", {})
        if "pixelKeys" in matrix:
            return {
                key: (x, y, z)
                for z, page in enumerate(matrix["pixelKeys"])
                for y, line in enumerate(page)
                for x, key in enumerate(line)
                if key
            }
        size = matrix.get("pixelCount", (0, 0, 0))
        places = [(x, y, z) for z in range(size[2]) for y in range(size[1]) for x in range(size[0])]
        shown = [axis for axis in range(3) if size[axis] > 1] or [0]
        names = [[str(place[axis] + 1) for axis in shown] for place in places]
        return {
            parts[0] if len(parts) == 1 else f"({', '.join(parts)})": place
            for parts, place in zip(names, places, strict=True)
        }

    def _keys(self) -> Iterator[str | None]:
        for item in self.mode["channels"]:
            if not isinstance(item, dict):
                yield item
                continue
            order = item["repeatFor"]
            if order == "eachPixelGroup":
                keys = list(self.groups)
            elif order == "eachPixelABC":
                keys = sorted(
                    self.pixels, key=lambda k: [(int(p) if p.isdigit() else -1, p) for p in re.split(r"([0-9]+)", k)]
                )
            elif isinstance(order, str):
                axes = ["XYZ".index(axis) for axis in order.removeprefix("eachPixel")]
                keys = sorted(self.pixels, key=lambda k: [self.pixels[k][axis] for axis in reversed(axes)])
            else:
                keys = order
            templates = item["templateChannels"]
            by_pixel = [(k, t) for k in keys for t in templates]
            by_channel = [(k, t) for t in templates for k in keys]
            for key, template in by_pixel if item["channelOrder"] == "perPixel" else by_channel:
                yield template and template.replace(PIXEL, key)

    def _made(self) -> Iterator[tuple[str, tuple[str, Mapping[str, Any], str, int]]]:
        """Each key -> its channel's key, its properties, its pixel and its byte."""
        for template, given in self.data.get("templateChannels", {}).items():
            for pixel in (*self.pixels, *self.groups):
                for byte, alias in enumerate((template, *given.get("fineChannelAliases", ()))):
                    yield alias.replace(PIXEL, pixel), (template.replace(PIXEL, pixel), given, pixel, byte)
        for key, given in self.data.get("availableChannels", {}).items():
            for byte, alias in enumerate((key, *given.get("fineChannelAliases", ()))):
                yield alias, (key, given, "", byte)

    def _switching(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Each switching key -> the key of the channel it hangs on, and its pixel."""
        for key, given in self.data.get("availableChannels", {}).items():
            for does in given.get("capabilities", ()):
                for alias in does.get("switchChannels", {}):
                    yield alias, (key, "")
        for template, given in self.data.get("templateChannels", {}).items():
            for pixel in (*self.pixels, *self.groups):
                for does in given.get("capabilities", ()):
                    for alias in does.get("switchChannels", {}):
                        yield alias.replace(PIXEL, pixel), (template.replace(PIXEL, pixel), pixel)

    def channels(self, levels: Sequence[int]) -> list[Channel]:
        """The channels of the mode while it has these levels, on which it depends what a switching one is."""
        found: dict[str, Channel] = {}
        for slot, key in enumerate(self.keys):
            name = key
            for _ in range(10):
                if name is None or name in self.made:
                    break
                trigger, pixel = self.switching[name]
                does = self._at(trigger, levels)
                name = {a.replace(PIXEL, pixel): t for a, t in does["switchChannels"].items()}[name].replace(
                    PIXEL, pixel
                )
            if name is None:
                continue
            main, given, pixel, byte = self.made[name]
            channel = found.setdefault(main, Channel(0, main, given, pixel))
            if byte == len(channel.bytes) or byte == 0:
                channel.bytes[byte : byte + 1] = [slot]
                channel.number = channel.bytes[0] + 1
        return [channel for channel in found.values() if channel.bytes]

    def _at(self, key: str, levels: Sequence[int]) -> Mapping[str, Any]:
        """The range in which the channel on which others depend lies."""
        _, given, pixel, _ = self.made[key]
        slots = [slot for slot, name in enumerate(self.keys) if name == key][:1]
        if slots:
            return Channel(
                0, key, {**given, "dmxValueResolution": "8bit"} if "capability" in given else given, pixel, slots
            ).now(levels)[0]
        first: Mapping[str, Any] = given["capabilities"][0]
        return first

    def covers(self, group: str) -> set[str]:
        """The pixels of a group, or the one pixel."""
        members = self.groups.get(group, [group])
        return set(members) if isinstance(members, list) else set(self.pixels)

    def brightness(self, channel: Channel, levels: Sequence[int]) -> float | None:
        """0 to 1 where it is one of light; None of any other channel."""
        if not channel.types() & {"Intensity", "ColorIntensity"} or NOT_A_LEVEL.search(channel.name):
            return None
        does, share = channel.now(levels)
        if channel.types() & {"Effect", "ColorPreset"} and does["type"] not in {"Intensity", "ColorIntensity"}:
            return None
        if does["type"] in {"Intensity", "ColorIntensity"}:
            if "brightness" not in does and "brightnessStart" not in does:
                return share
            percent = at(does, "brightness", share)
            return None if percent is None else percent / 100
        if does.get("shutterEffect") == "Open":
            return 1.0
        return 0.0 if does["type"] == "NoFunction" or does.get("shutterEffect") == "Closed" else None

    def sources(self, levels: Sequence[int]) -> dict[tuple[int, str, str], float]:
        """Number, kind and name of each light -> how much of it comes out, 0 to 1, through all its dimmers."""
        channels = [channel for channel in self.channels(levels) if not HAZARD.search(channel.name)]
        colored = {c.number: color for c in channels if (color := self._color(c)) is not None}
        present = set(colored.values())
        lights = [c for c in channels if c.number in colored]
        dimmers = [
            c
            for c in channels
            if c.number not in colored
            and "Intensity" in c.types()
            and self.brightness(c, levels) is not None
            and not self._fades(c)
        ]
        alone = [d for d in dimmers if (named := self._named(d)) and not named & present]
        found = {}
        for light in [*lights, *alone]:
            through = [d for d in dimmers if d is not light and self._dims(d, light, colored)]
            amount = 1.0
            for channel in [light, *through]:
                amount *= self.brightness(channel, levels) or 0.0
            kind = colored.get(light.number) or "/".join(sorted(self._named(light)))
            found[light.number, kind, light.name] = amount
        if not found:
            for light in dimmers:
                found[light.number, "White", light.name] = self.brightness(light, levels) or 0.0
        return found

    def _color(self, channel: Channel) -> str | None:
        ranges = [channel.given["capability"]] if "capability" in channel.given else channel.given["capabilities"]
        colors = [does["color"] for does in ranges if does["type"] == "ColorIntensity" and "color" in does]
        return (
            colors[0] if colors and not NOT_A_LEVEL.search(channel.name) and not channel.given.get("constant") else None
        )

    def _fades(self, channel: Channel) -> bool:
        return any(
            FADE.search(f"{channel.name} {does.get('comment', '')}") for does in [channel.given.get("capability", {})]
        )

    def _named(self, dimmer: Channel) -> set[str]:
        words = re.findall("[a-z]+", dimmer.name.lower())
        named = {color for color in COLORS if color.lower() in words}
        for word in words:
            if word.startswith("rgb"):
                named |= {LETTERS[letter] for letter in word if letter in LETTERS}
        return named

    def _dims(self, dimmer: Channel, light: Channel, colored: Mapping[int, str]) -> bool:
        named = self._named(dimmer)
        if named:
            return colored.get(light.number) in named
        if bool(STROBE.search(dimmer.name)) and not dimmer.types() & {"ShutterStrobe"} and "/" not in dimmer.name:
            others = [c for c in self.channels(bytes(512)) if c is not dimmer and "Intensity" in c.types()]
            channels = {c.number: c.name for c in self.channels(bytes(512))}
            alone = not any(c.name != dimmer.name and not STROBE.search(c.name) for c in others)
            alone = alone and not any(STROBE.search(channels[number]) for number in colored)
            return bool(STROBE.search(light.name)) or alone
        if not dimmer.pixel and (part := PART.search(dimmer.name)):
            return part[0].lower() in light.name.lower()
        return not dimmer.pixel or not light.pixel or bool(self.covers(dimmer.pixel) & self.covers(light.pixel))

    def problems(self, levels: Sequence[int]) -> dict[int, str]:
        """Channel number -> what is wrong with the light there: shut, flashing, coloured, covered, running."""
        lit = self.sources(levels)
        strobe_is_dark = any(STROBE.search(name) for _, _, name in lit) and not any(
            amount for (_, _, name), amount in lit.items() if STROBE.search(name)
        )
        found: dict[int, str] = {}
        for channel in self.channels(levels):
            does, share = channel.now(levels)
            spared = HAZARD.search(channel.name) or (strobe_is_dark and STROBE.search(channel.name))
            wrong = None if spared or channel.given.get("constant") else self._wrong(channel, does, share)
            if wrong:
                found[channel.number] = f"{channel.name}: {wrong}"
        return found

    def _wrong(self, channel: Channel, does: Mapping[str, Any], share: float) -> str | None:
        kind = does["type"]
        words = str(does.get("comment", does.get("effectName", "")))
        if FADE.search(f"{channel.name} {words}") and kind in {"Generic", "Effect", "Intensity"}:
            return None if share > 0.98 or words.lower().startswith("full rgb") else "white covers the colours"
        match kind:
            case "ShutterStrobe":
                is_still = at(does, "speed", share) == 0
                return None if does["shutterEffect"] == "Open" or is_still else f"shutter {does['shutterEffect']}"
            case "StrobeSpeed":
                return None if at(does, "speed", share) == 0 else "it flashes"
            case "Effect":
                return None if NOTHING.match(words) else f"effect {words}"
            case "ColorPreset":
                return None if NOTHING.match(words) else f"preset {words}"
            case "WheelRotation" | "WheelShake" | "WheelSlotRotation":
                return "the wheel moves"
            case "WheelSlot":
                return self._covered(channel, does, share)
            case "Iris":
                return None if at(does, "openPercent", share) in {None, 100.0} else "the iris is closed"
            case "NoFunction":
                return "black-out" if re.search("black.?out", words, re.IGNORECASE) else None
            case "Generic" | "Maintenance":
                if re.search(r"\b(?:colou?r|rgb|led)\b(?! calib).*\bdisabled\b", words, re.IGNORECASE):
                    return words
                return (
                    words
                    if PROGRAM.search(words) and not re.search(r"\b(?:no|off|fan)\b", words, re.IGNORECASE)
                    else None
                )
        return None

    def _covered(self, channel: Channel, does: Mapping[str, Any], share: float) -> str | None:
        wheel = self.data.get("wheels", {}).get(does.get("wheel", channel.name))
        number = at(does, "slotNumber", share)
        if wheel is None or number is None:
            return None
        slot = wheel["slots"][round(number) - 1]
        return None if slot is not None and slot["type"] == "Open" else f"wheel at slot {number:g}"

    def hazards(self, levels: Sequence[int]) -> dict[int, str]:
        """Channel number -> a laser, fog or fire that is on, or may be."""
        found = {}
        for channel in self.channels(levels):
            does, share = channel.now(levels)
            is_fog = channel.types() & {"Fog", "FogOutput"}
            if not is_fog and not HAZARD.search(channel.name):
                continue
            kind = does["type"]
            output = at(does, "fogOutput" if kind.startswith("Fog") else "brightness", share)
            if kind in {"Fog", "FogOutput"} and output != 0:
                found[channel.number] = f"{channel.name}: fog"
            elif kind in {"Intensity", "ColorIntensity"} and (share if output is None else output) != 0:
                found[channel.number] = f"{channel.name}: lit"
            elif kind == "ColorPreset" and does.get("colors") != ["#000000"]:
                found[channel.number] = f"{channel.name}: {does.get('comment')}"
            elif kind == "ShutterStrobe" and does["shutterEffect"] != "Closed":
                found[channel.number] = f"{channel.name}: {does['shutterEffect']}"
        return found
