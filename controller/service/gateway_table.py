"""What the controller knows of its gateways: states, commands issued, and which of them wait to be decided."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterable

from controller.gateways.base import Gateway, Message, Order
from controller.service.gateway_state import GatewayState, Issued
from controller.service.waiting_line import WaitingLine

REMEMBERED = 64
"""Number of documents sent to a gateway that are recognised when the broker delivers them back to us."""


class GatewayTable:
    """The gateways of a site, in the order of its file."""

    def __init__(self, gateways: tuple[Gateway, ...]) -> None:
        self.gateways = {gateway.name: gateway for gateway in gateways}
        self.states = dict.fromkeys(self.gateways, GatewayState())
        self.issued: dict[str, Issued] = {}
        """The last command of each gateway; no entry before the first."""
        self.undecided = WaitingLine(self.gateways)
        """Gateways that wait to be decided."""
        self.lit = set(self.gateways)
        """Gateways that do not confirm that they are dark."""
        kinds: dict[Hashable, int] = {}
        self.alike = {name: kinds.setdefault(gateway.alike, len(kinds)) for name, gateway in self.gateways.items()}
        """By gateway, a number shared by those that differ only in names and topics."""
        self._sent = {gateway.name: deque[int](maxlen=REMEMBERED) for gateway in gateways if gateway.KEEPS_PLAN}
        self._unconfirmed = Counter(zone for gateway in gateways for zone in gateway.zone_names)
        """By zone, the number of its gateways that do not confirm it."""
        self._noted: GatewayState | None = None
        self._is_dark = False
        """Whether the state noted last confirms dark."""
        self._positions = {name: position for position, name in enumerate(self.gateways)}

    @property
    def keepers(self) -> Collection[str]:
        """The gateways that keep the plan."""
        return self._sent.keys()

    @property
    def confirmed_zones(self) -> tuple[str, ...]:
        """The zones that are confirmed by every gateway that drives them."""
        return tuple(zone for zone, count in self._unconfirmed.items() if not count)

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Names sorted into the order of the file."""
        return sorted(names, key=self._positions.__getitem__)

    def note(self, name: str, state: GatewayState) -> None:
        """Keep a decided state, and update which zones are confirmed and which gateways are lit."""
        before, self.states[name] = self.states[name].status, state
        if before is not state.status:
            for zone, status in state.status.items():
                self._unconfirmed[zone] += (before.get(zone) == "confirmed") - (status == "confirmed")
        if self._noted is not state:  # many gateways in a row may share one state
            self._noted, self._is_dark = state, _is_dark(state)
        if self._is_dark:
            self.lit.discard(name)
        else:
            self.lit.add(name)

    def note_report(self, name: str, state: GatewayState) -> None:
        """Keep a state that a message has changed, and decide the gateway in the next turn."""
        self.states[name] = state
        self.undecided.add(name)

    def note_order(self, name: str, order: Order) -> None:
        """A gateway has accepted an order, and will report it shortly."""
        state = self.states[name]
        self.states[name] = state._replace(reported=state.reported._replace(order=order))

    def note_overwritten(self, name: str) -> None:
        """Somebody else has replaced what a gateway was sent; no effect where it was sent nothing."""
        if name in self.issued:
            self.note_report(name, self.states[name]._replace(is_overwritten=True))

    def note_sent(self, name: str, messages: Iterable[Message]) -> None:
        """These documents were sent to a gateway that keeps the plan."""
        self._sent[name].extend(hash(message.payload) for message in messages)

    def was_sent(self, name: str, payload: bytes) -> bool:
        """Whether a document is ours, byte for byte: somebody else may write under our order and id."""
        return hash(payload) in self._sent[name]

    def change_all(self, change: Callable[[GatewayState], GatewayState]) -> None:
        """Change the states of all gateways; those that share a state continue to share one."""
        changed = {key: change(state) for key, state in {id(state): state for state in self.states.values()}.items()}
        self.states = {name: changed[id(state)] for name, state in self.states.items()}


def _is_dark(state: GatewayState) -> bool:
    """Whether the gateway confirms that nothing is lit."""
    is_confirmed = all(status == "confirmed" for status in state.status.values())
    looks = state.desired_looks
    return is_confirmed and looks is not None and not any(look.on for look in looks.values())
