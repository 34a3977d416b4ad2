"""`wled`: a WLED controller.

Reports are `/g` brightness, `/c` colour of the first selected segment, and `/v` both and the effect as XML: all of the
goal and not of the fade, at most once a second, and only when something changed. `/status` is birth and last will. It
never answers a command with an error, and has no other words and scales than these.
https://kno.wled.ge/interfaces/mqtt/
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, StringConstraints

from controller.errors import Mistake
from controller.gateways import capabilities, payloads
from controller.gateways.base import DesiredState, Ignored, Message, Report, ReportedLook
from controller.gateways.payloads import Unreadable, text
from controller.gateways.vendor import OneZone, Reader, Topic, command, presence, question, report_of
from controller.lighting.color import Color

COLOR = re.compile(r"#([0-9A-Fa-f]{6,8})")
"""`#%06X` of white, red, green, blue: six digits without white, else seven or eight."""
TAG = re.compile(r"<(ac|cl|wv|fx)>(-?[0-9]{1,3})</")
GROUP = "wled/all"
"""Group topic of every device by default: all obey it, and none reports there."""
LEAVES = {"api", "col", "status"}


def _lamp(topic: str) -> str:
    if topic == GROUP or topic.rsplit("/", maxsplit=1)[-1] in LEAVES:
        raise Mistake("TWL-S237", value=topic)
    return topic


class Wled(OneZone):
    """A WLED controller by its device topic, which the firmware cuts at 32 characters."""

    WRITES_FLASH: ClassVar[bool] = False
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "topic"
    MAX_FADE_S: ClassVar[float] = 65.5

    kind: Literal["wled"] = "wled"
    topic: Annotated[Topic, StringConstraints(max_length=32), AfterValidator(_lamp)]
    channels: Literal["rgb", "rgbw"] = "rgb"

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """Status and the three reports."""
        return {
            f"{self.topic}/status": presence,
            f"{self.topic}/g": self._brightness,
            f"{self.topic}/c": self._color,
            f"{self.topic}/v": self._everything,
        }

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command. Off is `on: false`; `bri` is never 0."""
        state = self.reduce(self.zone, desired.zones[self.zone])
        # `tt` is this fade only, an integer of 100 ms, always sent: 0.75 s would be the default. `nl` stops a night
        # light
        always: dict[str, object] = {"tt": round(10 * self.fade(desired.fade_s)), "nl": {"on": False}}
        # `fx: 0` stops an effect and a playlist, which would light the lamp again (wled00/json.cpp)
        if not state.on or state.color is None:
            return (command(f"{self.topic}/api", payloads.dumped(on=False, **always, seg={"fx": 0})),)
        color = capabilities.split_white(state.color) if self.channels == "rgbw" else state.color.rgb
        # without an id this is all selected segments; one may have been switched off, dimmed or frozen by hand, little
        # of which shows in the reports
        segment = {"on": True, "bri": 255, "frz": False, "fx": 0, "col": [color]}
        brightness = capabilities.step(state.brightness, self.STEPS)
        return (command(f"{self.topic}/api", payloads.dumped(on=True, bri=brightness, **always, seg=segment)),)

    def query(self, prefix: str) -> tuple[Message, ...]:
        """`SX=~0`, effect speed plus nothing, makes WLED report without changing the light; an empty message or
        `{"v":true}` does not (wled00/mqtt.cpp, set.cpp, util.cpp). It cuts a running fade to the default: hence asked
        seldom."""
        return (question(f"{self.topic}/api", b"SX=~0"),)

    def _brightness(self, payload: bytes) -> Report | Ignored:
        return report_of(self.zone, ReportedLook(on=True), payloads.fraction(text(payload), self.STEPS))

    def _color(self, payload: bytes) -> Report | Ignored:
        found = COLOR.fullmatch(text(payload))
        if found is None:
            raise Unreadable("not_a_color", value=payloads.quoted(text(payload)))
        white, *rgb = payloads.hex_bytes(found[1].zfill(8))
        return report_of(self.zone, ReportedLook(color=payloads.mixed(rgb[0], rgb[1], rgb[2], white)))

    def _everything(self, payload: bytes) -> Report | Ignored:
        found: dict[str, list[int]] = {}
        for name, value in TAG.findall(text(payload)):
            found.setdefault(name, []).append(int(value))
        if len(found.get("ac", ())) != 1 or len(found.get("cl", ())) != 3:
            raise Unreadable("not_xml_of_wled")
        color = _color_of(found["cl"], found.get("wv", [0])[0])
        look = ReportedLook(on=True, color=color, steady=found.get("fx", [0])[0] == 0)
        return report_of(self.zone, look, payloads.fraction(found["ac"][0], self.STEPS))


def _color_of(components: list[int], white: int) -> Color:
    red, green, blue = (round(payloads.within(value, 0, 255) or 0) for value in components)
    return payloads.mixed(red, green, blue, round(payloads.within(max(0, white), 0, 255) or 0))
