"""The leases as PostgreSQL keeps them, on the virtual clock."""

from collections.abc import Callable

from controller.state.leases import TERM_S, Lease, PageNote, Question, Standing


class LeaseTable:
    """A `LeaseStore` whose clock is `now_s`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until: dict[str, float] = {}
        """Controller -> until when it lives."""
        self._pages: dict[str, PageNote] = {}
        self._unreached: dict[str, frozenset[str]] = {}
        self._able: dict[str, frozenset[str]] = {}
        self._leases: dict[str, tuple[str, int, float]] = {}
        """Site -> holder, term, end."""
        self._since: dict[str, float] = {}
        """Site -> when its lease changed hands."""

    def exchange(self, question: Question) -> Standing:
        """As `LeaseStore`."""
        now_s, name = self._now_s(), question.controller
        self._until[name], self._pages[name] = now_s + TERM_S, PageNote(question.page, "127.0.0.1")
        self._unreached[name], self._able[name] = frozenset(question.unreached), frozenset(question.able)
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
                self._leases[site], self._since[site] = (name, term + 1, now_s + TERM_S), now_s
        leases = {
            site: Lease(holder, term, max(0.0, end - now_s), now_s - self._since[site], max(0.0, now_s - end))
            for site, (holder, term, end) in self._leases.items()
        }
        living = {each: self._pages[each] for each, end in sorted(self._until.items()) if end > now_s}
        gone = {each: now_s - end for each, end in self._until.items() if end <= now_s}
        return Standing(leases, tuple(living), living, gone, self._unreached, self._able)

    def depart(self, controller: str) -> None:
        """As `LeaseStore`."""
        self._until.pop(controller, None)
        for site, (holder, term, _) in self._leases.items():
            if holder == controller:
                self._leases[site] = (holder, term, self._now_s())
