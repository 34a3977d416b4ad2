"""The levels of one step of a walk test: one fixture alone, everything else dark. Pure."""

from controller.gateways.walk import Walk
from controller.lighting.light import Light
from controller.lighting.patch import Patch
from controller.lighting.profile import Profile

WHITE = Light(1.0, 1.0, 1.0)


def levels(patch: Patch, step: Walk) -> dict[int, bytes] | None:
    """The levels of all universes; None where the step names no fixture or channel of this patch."""
    placed = next((place for place in patch.placed if place.fixture.name == step.fixture), None)
    if placed is None or (step.channel is not None and step.channel > len(placed.channels)):
        return None
    own = placed.lamp.levels(WHITE) if step.channel is None else _one(placed.lamp.profile, step.channel)
    frames = {universe: bytearray(frame) for universe, frame in patch.levels({}).items()}
    frames[placed.universe][placed.channels.start : placed.channels.stop] = own
    return {universe: bytes(frame) for universe, frame in frames.items()}


def _one(profile: Profile, channel: int) -> bytes:
    """One channel full, shutter and dimmer open so that it shows; what is fixed stays so, lest a macro begin."""
    return bytes(
        own.full if own.role == "dimmer" or number == channel else own.zero
        for number, own in enumerate(profile.channels, start=1)
    )
