"""Warns in good time of a broker's certificate that ends: once a day from WARN on."""

from datetime import date, datetime, timedelta

from controller.events import Event, new_event

WARN = timedelta(days=30)


class Certificates:
    """When each broker's certificate ends, as the last connection showed it."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._told: dict[str, date] = {}

    def note(self, broker: str, until: datetime | None) -> None:
        """What a new connection showed; None without TLS."""
        if until is not None:
            self._until[broker] = until

    def due(self, now: datetime) -> tuple[Event, ...]:
        """What is to be told today and was not yet."""
        days = {broker: (until - now).days for broker, until in self._until.items()}
        ends = {broker for broker, until in self._until.items() if until - now <= WARN}
        ending = [broker for broker in self._until if broker in ends and self._told.get(broker) != now.date()]
        renewed = [broker for broker in self._told if broker not in ends]
        self._told.update(dict.fromkeys(ending, now.date()))
        for broker in renewed:
            del self._told[broker]
        return (
            *(new_event("TWL-M014", broker=broker, days=days[broker]) for broker in ending),
            *(new_event("TWL-M017", broker=broker, days=days[broker]) for broker in renewed),
        )
