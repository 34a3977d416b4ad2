"""`watertower status`: what the health document says, in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.cli.options import Options
from controller.cli.status import _table
from controller.clock import Trust
from controller.config.load import load_tower
from controller.events.kind import Language
from controller.service.health import CueHealth, GatewayHealth, Health, ZoneHealth

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_came_over_mqtt_does_not_steer_the_terminal(config: Path, language: Language) -> None:
    """A name that clears the screen, or that makes a line of its own, is told as what it is."""
    bad = "x\x1b[2J\nAll is well"
    zone = ZoneHealth(standing="differs", wanted=bad, shown=bad)
    gateway = GatewayHealth(name=bad, kind="dmx", online=True, heard_s=1.0, zones={"bowl": zone})
    now = CueHealth(at=NOW, looks=bad, campaign=bad, why=bad)
    health = Health(at=NOW, site=bad, clock=Trust.TRUSTED, now=now, next=now, gateways=(gateway,))
    lines = _table(health, load_tower(config), Options(lang=language), None).split("\n")
    assert not [line for line in lines if "\x1b" in line or line.startswith("All is well")]
