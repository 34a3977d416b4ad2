"""What a rehearsal must reach, and what it missed.

Rules
1. Without faults nothing is ever wrong and nobody is alarmed.
2. In a storm, and under faults AROUND it, our gateway is right for OURS_WORST of its light in every seed: it keeps the
   plan. In the median storm it is for OURS_MEDIAN; a vendor's, which keeps none, for VENDORS_MEDIAN.
3. Under any faults no gateway is wrong and called confirmed for more than UNDETECTED_S in all, nothing that was
   acknowledged is lost, no order is applied below one that was applied before, and nobody who asks is told that the
   controller lives when it does not, or the other way round.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

OURS_MEDIAN, OURS_WORST, VENDORS_MEDIAN = 0.9999, 0.999, 0.999
UNDETECTED_S = 60.0
AROUND = {
    "controller",
    "broker",
    "gateway",
    "partition",
    "garbage",
    "flood",
    "reload",
    "disk",
    "flap",
    "replay",
    "epoch",
    "asker",
}
"""The other sets make lamps or clocks go wrong themselves, or are a matter of seconds by hand."""

Figures = Mapping[str, Any]
"""The figures of one seed, as `document.figures` makes them."""


def missed(seeds: Iterable[Figures]) -> tuple[str, ...]:
    """The names of the figures that missed their target in any seed, or in the median; in a fixed order."""
    told = tuple(seeds)
    names = [name for one in told for name in _missed_alone(one)]
    for kind, target in ((True, OURS_MEDIAN), (False, VENDORS_MEDIAN)):
        shares = [_availability(one, ours=kind) for one in told]
        known = [share for share in shares if share is not None]
        if known and told[0]["faults"] == "storm" and median(known) < target:
            names.append("availability")
    return tuple(dict.fromkeys(names))


def _missed_alone(one: Figures) -> list[str]:
    sound = ("wrong_colour_s", "alarms") if one["faults"] == "none" else ()
    zeros = ("acknowledged_lost", "regressions", "misjudged", *sound)
    names = [name for name in zeros if one[name] > 0]
    if any(gateway["undetected_s"] > UNDETECTED_S for gateway in one["gateways"]):
        names.append("undetected_s")
    share = _availability(one, ours=True)
    if one["faults"] in {"storm", *AROUND} and share is not None and share < OURS_WORST:
        names.append("availability")
    return names


def _availability(one: Figures, *, ours: bool) -> float | None:
    """The worst of our gateways, or of the vendors'; None where there are none."""
    shares = (gateway["availability"] for gateway in one["gateways"] if (gateway["kind"] == "dmx") is ours)
    return min(shares, default=None)
