"""Fixture files of the Open Fixture Library: where the real ones are, how others are written, how profiles read."""

import json
from pathlib import Path
from typing import Any

from controller.fixtures import ofl
from controller.lighting.profile import Profile

FOLDER = Path(__file__).parents[1] / "fixtures" / "ofl"


def import_fixture(text: str, mode: str) -> Profile:
    """The profile alone."""
    return ofl.import_fixture(text, mode).profile


def layout(profile: Profile) -> str:
    """The channels of a profile in one line."""
    words = [channel.written for channel in profile.channels]
    return ", ".join(word if isinstance(word, str) else " ".join(f"{k} {v}" for k, v in word.items()) for word in words)


def file(channels: dict[str, Any], mode: list[Any], **more: Any) -> str:
    """A fixture file with one mode `m`; a channel is its capability, or all its properties."""
    available = {key: given if "type" not in given else {"capability": given} for key, given in channels.items()}
    return json.dumps(
        {"name": "Lamp", "availableChannels": available, "modes": [{"name": "m", "channels": mode}], **more}
    )


def color(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "ColorIntensity", "color": name, **more}


RGB = {name: color(name) for name in ("Red", "Green", "Blue")}
