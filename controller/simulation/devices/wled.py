"""A WLED controller: orange after a power cut, at most one report a second and only of changes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.gateways.base import Message
from controller.gateways.wled import Wled
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, keys_of, light, whole

PAUSE = timedelta(seconds=1)
DEFAULT_FADE_S = 0.75
QUESTION = b"SX=~0"
XML = (
    '<?xml version="1.0" ?><vs><ac>{bri}</ac><cl>{r}</cl><cl>{g}</cl><cl>{b}</cl>'
    "<cs>0</cs><cs>0</cs><cs>0</cs><ns>0</ns><nr>1</nr><nl>0</nl><nf>1</nf><nd>60</nd><nt>0</nt><fx>{fx}</fx><sx>128</sx><ix>128</ix>"
    "<fp>0</fp><wv>{w}</wv><ws>0</ws><ps>0</ps><cy>0</cy><ds>WLED</ds><ss>0</ss></vs>"
)


class WledStrip(Device[Wled]):
    """One segment of one strip."""

    def __init__(self, gateway: Wled) -> None:
        offline = Message(f"{gateway.topic}/status", b"offline", 0, True)
        super().__init__(gateway, (f"{gateway.topic}/api",), offline)
        self.bri, self.last_bri = 128, 128
        self.color = (255, 160, 0, 0)
        self.effect = 0
        self.reported: datetime | None = None
        self.waiting = False

    def boot(self, now: datetime) -> Messages:
        """WLED's default look, reported at once."""
        self.bri, self.last_bri, self.color, self.effect = 128, 128, (255, 160, 0, 0), 0
        self.lamp.go(self._goal(), 0, now)
        online = Message(f"{self.gateway.topic}/status", b"online", 0, True)
        return (online, *self._report(now))

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:  # noqa: ARG002
        """A JSON command, or the question for a report."""
        before = (self.bri, self.color, self.effect)
        fade_s, asked = DEFAULT_FADE_S, payload == QUESTION
        if not asked:
            fade_s, asked = self._take_json(keys_of(payload))
        if (self.bri, self.color, self.effect) == before and not asked:
            return ()
        self.lamp.go(self._goal(), fade_s, now)
        self.waiting = True
        return self.turn(now)[0]

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:
        """A report that waits is sent a second after the last one."""
        if not self.waiting:
            return (), None
        if self.reported is not None and now < self.reported + PAUSE:
            return (), self.reported + PAUSE
        return self._report(now), None

    def _switch(self, on: bool) -> None:
        if on and self.bri == 0:
            self.bri = self.last_bri
        elif not on and self.bri:
            self.last_bri, self.bri = self.bri, 0

    def _dim(self, bri: int) -> None:
        self._switch(False)
        self.bri = bri
        self.last_bri = bri or self.last_bri

    def _take_json(self, keys: Mapping[str, object]) -> tuple[float, bool]:
        bri = whole(keys.get("bri"), 0, 255, None)
        if bri is not None:
            self._dim(bri)
        on = keys.get("on")
        if isinstance(on, bool):
            self._switch(on)
        segment = keys.get("seg")
        if isinstance(segment, dict):
            self._take_segment(segment)
        return whole(keys.get("tt"), 0, 655, 10 * DEFAULT_FADE_S) / 10, isinstance(keys.get("nl"), dict)

    def _take_segment(self, segment: Mapping[str, object]) -> None:
        self.effect = whole(segment.get("fx"), 0, 255, self.effect)
        colors = segment.get("col")
        first = colors[0] if isinstance(colors, list) and colors else None
        if isinstance(first, list) and first:
            parts = [whole(part, 0, 255, 0) for part in (*first, 0, 0, 0, 0)[:4]]
            self.color = (parts[0], parts[1], parts[2], parts[3])

    def _goal(self) -> ZoneState:
        if not self.bri:
            return DARK
        red, green, blue, white = self.color
        return light(min(255, part + white) * self.bri / 255 for part in (red, green, blue))

    def _report(self, now: datetime) -> Messages:
        self.waiting, self.reported = False, now
        red, green, blue, white = self.color
        number = white << 24 | red << 16 | green << 8 | blue
        whites = white if self.gateway.channels == "rgbw" else -1
        xml = XML.format(bri=self.bri, r=red, g=green, b=blue, w=whites, fx=self.effect)
        return (
            Message(f"{self.gateway.topic}/g", str(self.bri).encode()),
            Message(f"{self.gateway.topic}/c", f"#{number:06X}".encode()),
            Message(f"{self.gateway.topic}/status", b"online", 0, True),
            Message(f"{self.gateway.topic}/v", xml.encode()),
        )
