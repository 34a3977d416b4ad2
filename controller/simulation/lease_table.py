"""The leases as PostgreSQL keeps them, on the virtual clock."""

from collections.abc import Callable

from controller.state.leases import TERM_S, Lease, Question, Standing


class LeaseTable:
    """A `LeaseStore` whose clock is `now_s`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until: dict[str, float] = {}
        """Controller -> until when it lives."""
        self._leases: dict[str, tuple[str, int, float]] = {}
        """Site -> holder, term, end."""

    def exchange(self, question: Question) -> Standing:
        """As `LeaseStore`."""
        now_s, name = self._now_s(), question.controller
        self._until[name] = now_s + TERM_S
        for site in question.leave:
            holder, term, _ = self._leases.get(site, ("", 0, now_s))
            if holder == name:
                self._leases[site] = (holder, term, now_s)
        for site, epoch in question.keep.items():
            holder, term, _ = self._leases.get(site, ("", 0, now_s))
            if holder == name:
                self._leases[site] = (name, max(term, epoch), now_s + TERM_S)
        for site in question.take:
            _, term, until_s = self._leases.get(site, ("", 0, now_s))
            if until_s <= now_s:
                self._leases[site] = (name, term + 1, now_s + TERM_S)
        leases = {
            site: Lease(holder, term, max(0.0, end - now_s)) for site, (holder, term, end) in self._leases.items()
        }
        return Standing(leases, tuple(sorted(each for each, end in self._until.items() if end > now_s)))

    def depart(self, controller: str) -> None:
        """As `LeaseStore`."""
        self._until.pop(controller, None)
        for site, (holder, term, _) in self._leases.items():
            if holder == controller:
                self._leases[site] = (holder, term, self._now_s())
