"""A look that no cue began within the plan's sight: nothing at all, every night the same, or a sequence without end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, parse
from controller.gateways.base import DesiredState
from controller.gateways.dmx import Dmx
from controller.gateways.wire import DesiredDocument, parse_desired
from controller.service.desired import desired_looks

SHIPPED = Path(__file__).parents[2] / "config"
NOW = datetime(2026, 7, 4, 12, 34, 57, tzinfo=UTC)
ALWAYS = "  - {name: a, dates: every day, hours: all day, "


def _setup(rules: str) -> Setup:
    schedule = f"version: 1\ncampaigns:\n{rules}" if rules else "version: 1\ncampaigns: []\n"
    return parse((SHIPPED / "tower.yaml").read_bytes(), schedule.encode(), SHIPPED)


@pytest.mark.parametrize(
    "rules",
    [
        "",
        ALWAYS + "color: orange}\n",
        ALWAYS + "color: [red, blue, green], change_every: 7 s}\n",
        ALWAYS + "color: {bowl: [red, blue], shaft: white}, change_every: 1 h, fade_in: 30 s, fade_out: 2 min}\n",
    ],
)
def test_a_gateway_is_sent_what_always_applies(rules: str) -> None:
    """The document can be made and read, and at each instant means what the controller means."""
    setup = _setup(rules)
    (gateway,) = setup.tower.gateways
    assert isinstance(gateway, Dmx)
    program = setup.program()
    cues = program.cues(NOW, NOW + timedelta(hours=72))
    want = DesiredState(
        now=NOW, zones=desired_looks(gateway.zone_names, cues[0], NOW), cues=cues, valid_until=NOW + timedelta(hours=72)
    )
    (message,) = gateway.encode(want, "watertower")
    document = parse_desired(message.payload)
    assert isinstance(document, DesiredDocument)
    for seconds in (0, 5, 3600, 7201):
        at = NOW + timedelta(seconds=seconds)
        states = {zone: look.state(at) for zone, look in document.zones.items()}
        assert states == desired_looks(gateway.zone_names, cues[0], at)
