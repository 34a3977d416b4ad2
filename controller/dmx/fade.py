"""A fade of one zone: what it shows as a function of time, from the light it had to the state it is to reach."""

from dataclasses import dataclass

from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState


@dataclass(frozen=True, slots=True)
class Fade:
    """From `start` to `goal` in `fade_s` seconds since `began_s`, both on whichever clock the caller counts."""

    start: Light
    goal: ZoneState
    began_s: float = 0.0
    fade_s: float = 0.0

    def at(self, now_s: float) -> Light:
        """The light at an instant; the goal's own once the fade is done."""
        if self.is_done(now_s):
            return Light.of(self.goal)
        share = max(0.0, (now_s - self.began_s) / self.fade_s)
        return mix(self.start, Light.of(self.goal), share)

    def towards(self, goal: ZoneState, now_s: float) -> "Fade":
        """From the light of this instant to another goal, done when this one would have been."""
        return Fade(self.at(now_s), goal, now_s, max(0.0, self.began_s + self.fade_s - now_s))

    def is_done(self, now_s: float) -> bool:
        """Whether the goal is reached."""
        return self.fade_s <= 0 or now_s >= self.began_s + self.fade_s


AT_REST_DARK = Fade(Light.of(DARK), DARK)
