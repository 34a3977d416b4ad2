"""The walk test: one fixture alone, everything else dark, for a while; the schedule goes on unseen beneath it."""

from collections.abc import Mapping

from controller.gateways.base import Rejected
from controller.gateways.lamp_test_message import Walk, parse_walk
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from controller.lighting.patch import Patch

WHITE = Light(1.0, 1.0, 1.0)


class WalkTest:
    """The step under way; `until_s` is boot time, infinity where there is none."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._frames: Mapping[int, bytes] | None = None
        self.until_s = float("inf")

    def begin(self, payload: bytes, now_s: float) -> str | None:
        """Takes a step, or the end of the test; why not, where it is none."""
        step = parse_walk(payload)
        if isinstance(step, Rejected):
            return step.reason
        frames = levels(self._patch, step) if step.fixture is not None else None
        if step.fixture is not None and frames is None:
            return f"no fixture {step.fixture} with a channel {step.channel or 1}"
        self._frames = frames
        self.until_s = now_s + step.for_s if frames is not None else float("inf")
        return None

    def frames(self, now_s: float) -> Mapping[int, bytes] | None:
        """The levels of the step; None where there is none, or it is over."""
        if now_s >= self.until_s:
            self._frames, self.until_s = None, float("inf")
        return self._frames


def levels(patch: Patch, step: Walk) -> dict[int, bytes] | None:
    """The levels of all universes; None where the step names no fixture or channel of this patch."""
    placed = next((place for place in patch.placed if place.fixture.name == step.fixture), None)
    if placed is None or (step.channel is not None and step.channel > len(placed.channels)):
        return None
    own = placed.lamp.levels(WHITE) if step.channel is None else _one(placed.lamp, step.channel)
    frames = {universe: bytearray(frame) for universe, frame in patch.levels({}).items()}
    frames[placed.universe][placed.channels.start : placed.channels.stop] = own
    return {universe: bytes(frame) for universe, frame in frames.items()}


def _one(lamp: Lamp, channel: int) -> bytes:
    """One channel full, shutter and dimmer open so that it shows; what is fixed stays so, lest a macro begin."""
    return bytes(
        own.full if own.role == "dimmer" or number == channel else dark
        for number, (own, dark) in enumerate(zip(lamp.profile.channels, lamp.dark, strict=True), start=1)
    )
