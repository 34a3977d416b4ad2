"""The one way to report a lasting problem: when it begins, when it changes, and when it is over. Pure."""

from collections.abc import Callable

from controller.events import Event


class Alarm:
    """One lasting problem. `raised` is the latest event that described it, None while there is no problem.

    `on_event` gets an event for the beginning and the end, however often the problem is noticed in between. `raised`
    can be passed in if the problem outlives the part of the program that watches it."""

    def __init__(self, on_event: Callable[[Event], None], raised: Event | None = None) -> None:
        self.raised = raised
        self._on_event = on_event
        self._reported = set() if raised is None else {raised.code}

    def raise_(self, event: Event, *, again: bool = False) -> None:
        """Reports a problem: each code once until the alarm is cleared, or again with `again`."""
        self.raised = event
        if again or event.code not in self._reported:
            self._reported.add(event.code)
            self._on_event(event)

    def clear(self, event: Event | None = None) -> None:
        """Ends the problem; reports `event` if there was one."""
        was_raised = self.raised is not None
        self.raised = None
        self._reported.clear()
        if was_raised and event is not None:
            self._on_event(event)
