"""What several sites have wrong together: lamps that two of them command over the same broker. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from controller.config.checks import EPOCH
from controller.config.findings import Finding
from controller.config.load import Setup
from controller.gateways.base import DesiredState
from controller.lighting.look import DARK


def commanded_by_two(setups: Mapping[str, Setup]) -> Mapping[str, Sequence[Finding]]:
    """A finding for each of the two, by site, at the name of the gateway."""
    found: dict[str, list[Finding]] = defaultdict(list)
    owners: dict[tuple[tuple[str, ...], str], tuple[str, int]] = {}
    for site, setup in setups.items():
        for number, gateway in enumerate(setup.tower.gateways):
            dark = DesiredState(now=EPOCH, zones=dict.fromkeys(gateway.zone_names, DARK))
            messages = gateway.encode(dark, setup.tower.mqtt.topic_prefix)
            for topic in dict.fromkeys(message.topic for message in messages):
                other = owners.setdefault((setup.tower.mqtt.broker, topic), (site, number))
                if other[0] != site:
                    mine, theirs = (setup, number), (setups[other[0]], other[1])
                    found[site].append(_finding(*mine, *theirs, topic))
                    found[other[0]].append(_finding(*theirs, *mine, topic))
                    break
    return found


def _finding(setup: Setup, number: int, other: Setup, other_number: int, topic: str) -> Finding:
    """That a gateway shares its topic with one of another site."""
    _, node = setup.tower_text.at(("gateways", number, "name"))
    name, other_name = setup.tower.gateways[number].name, other.tower.gateways[other_number].name
    about = {"gateway": name, "other": other_name, "site": other.site, "topic": topic}
    return setup.tower_text.source.finding("TWL-S334", node.place if node is not None else None, **about)
