"""A look: what one zone shows, as a function of the seconds since it began."""

from dataclasses import dataclass

from controller.lighting.color import Color


@dataclass(frozen=True, slots=True)
class ZoneState:
    """What a zone shows at one instant; `brightness` is 0..1, linear in light, and 0 exactly when off."""

    on: bool
    color: Color | None
    brightness: float


DARK = ZoneState(on=False, color=None, brightness=0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """No colour is dark, one is steady, several come one after another, each for `change_every_s` seconds."""

    colors: tuple[Color, ...] = ()
    brightness: float = 1.0
    change_every_s: float = 0.0

    def at(self, seconds: float) -> ZoneState:
        """What is shown so many seconds after the look began."""
        if not self.colors or self.brightness <= 0:
            return DARK
        step = int(seconds // self.change_every_s) if len(self.colors) > 1 else 0
        return ZoneState(on=True, color=self.colors[step % len(self.colors)], brightness=self.brightness)

    def next_step(self, seconds: float) -> float | None:
        """Seconds since the look began at which it next changes by itself; None for a steady look."""
        if len(self.colors) < 2 or self.brightness <= 0:
            return None
        return (seconds // self.change_every_s + 1) * self.change_every_s


NO_LIGHT = Look()
