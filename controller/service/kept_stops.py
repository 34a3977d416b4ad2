"""The safety stops that came while nobody led a site, until the next leader acts on them. Pure.

Every controller hears them. A leader that gives signs of life after a stop has heard it too, and the next one finds it
in the database; while that is away it is on the leader's disk alone, and so kept.
"""

import json

from controller.service.health_watch import BEAT_S
from controller.service.override_request import action_of
from controller.service.overrides import STOPPED

SURE_S = 1.5 * BEAT_S
"""A sign of life that comes so long after a stop is of a leader who has heard it."""
LIFTED = ("TWL-O106", "TWL-O108")
MOST = 20
"""Of a site; one would do, but each has somebody who waits for an answer."""


class KeptStops:
    """Those of all sites. Instants are boot time."""

    def __init__(self) -> None:
        self._stops: dict[str, dict[bytes, float]] = {}

    def heard(self, site: str, payload: bytes, now_s: float) -> None:
        """A request. Whoever lifts the stop means also one that nobody has acted on."""
        action = action_of(payload)
        if action == "lift":
            self._stops.pop(site, None)
        elif action == "stop":
            kept = self._stops.setdefault(site, {})
            if len(kept) < MOST:
                kept.setdefault(payload, now_s)

    def heard_event(self, site: str, payload: bytes, now_s: float) -> None:
        """What whoever leads the site tells: what is set and lifted on its page is no request that others hear."""
        try:
            event = json.loads(payload)
            code, request = event["code"], {key: event[key] for key in ("id", "owner")}
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        if code in LIFTED:
            self._stops.pop(site, None)
        elif code in STOPPED and not self._stops.get(site):
            request |= {"version": 1, "action": "stop", "reason": event.get("reason") or "-"}
            self.heard(site, json.dumps(request).encode(), now_s)

    def heard_leader(self, site: str, now_s: float) -> None:
        """A sign of life of whoever leads the site, while the database keeps what it acts on."""
        kept = self._stops.get(site, {})
        self._stops[site] = {payload: heard_s for payload, heard_s in kept.items() if now_s - heard_s < SURE_S}

    def of(self, site: str) -> tuple[bytes, ...]:
        """What the leader of a site is to act on, in the order in which it came."""
        return tuple(self._stops.get(site, ()))
