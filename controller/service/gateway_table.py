"""What the controller knows of its gateways: states, commands issued, and which of them wait to be decided; and how a
message from their topics changes it. Without I/O."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable

from controller.clock import ClockReading
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.gateways.base import Gateway, Message, Order, Rejected, Report
from controller.gateways.wire import MAX_EPOCH, REFUSED
from controller.retry import TokenBucket
from controller.service.alike import AlikeReports
from controller.service.desired import Orders
from controller.service.gateway_state import GatewayState, Issued
from controller.service.waiting_line import WaitingLine
from controller.service.watches import ClockWatch, clock_off_s

REMEMBERED = 64
"""Number of documents sent to a gateway that are recognised when the broker delivers them back to us."""
OFFLINE_MESSAGES = TokenBucket(5, 60.0)
"""This many `offline` messages are no event: a restart, an upgrade."""


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


class Reception:
    """Receives messages for the gateways of a table, with topics below `prefix`. Higher orders raise ours."""

    def __init__(
        self,
        table: GatewayTable,
        prefix: str,
        orders: Orders,
        clock_watch: ClockWatch,
        emit: Callable[[Event], None],
    ) -> None:
        self._table = table
        self._prefix = prefix
        self._orders = orders
        self._clock_watch = clock_watch
        self._emit = emit
        self._routes: dict[str, list[Gateway]] = {}
        for gateway in table.gateways.values():
            for topic in gateway.topics(prefix):
                self._routes.setdefault(topic, []).append(gateway)
        self._offline_messages = defaultdict[str, TokenBucket](lambda: OFFLINE_MESSAGES)
        self._lamps_differ = defaultdict[str, Alarm](lambda: Alarm(emit))
        self._reports = AlikeReports()

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic to subscribe to."""
        return tuple(self._routes)

    def has_topic(self, topic: str) -> bool:
        """Whether any gateway publishes on it."""
        return topic in self._routes

    def receive(self, topic: str, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """Take one message of a gateway, or of somebody else on its topics."""
        for gateway in self._routes.get(topic, ()):
            match gateway.decode(topic, payload, self._prefix):
                case Rejected(reason):
                    self._emit(new_event("TWL-G110", gateway=gateway.name, topic=topic, reason=reason))
                    if not gateway.KEEPS_PLAN:  # unreadable, but it proves that the gateway is alive
                        self._take_report(gateway, topic, Report(), retained, reading)
                case Report(written=None) as report:
                    self._take_report(gateway, topic, report, retained, reading)
                case Report(written=Order() as written):
                    self._take_written(gateway, topic, written, payload, retained)

    def _take_report(self, gateway: Gateway, topic: str, report: Report, retained: bool, reading: ClockReading) -> None:
        state = self._table.states[gateway.name]
        before = state.reported
        is_leftover = retained and report.fault is not None and report.fault.passes
        if is_leftover or (report.uptime_s is not None and before.overtakes(report, gateway.quiet_s, reading.mono)):
            return
        after = self._reports.after(state, report, reading.mono, fresh=not retained)
        if report.order is not None:
            reported = after.reported._replace(clock_off_s=None if retained else clock_off_s(report, reading))
            after = after._replace(reported=reported)
            if event := self._clock_watch.compare(gateway.name, reported, reading):
                self._emit(event)
        self._table.note_report(gateway.name, after)
        if report.online is False and before.online and not retained:
            self._count_offline(gateway.name, reading.mono)
        if report.has_our_lamps is not None and not retained:
            self._compare_lamps(gateway.name, report.has_our_lamps)
        if report.fault is not None and report.fault.code not in before.problems:
            self._emit(new_event(report.fault.code, gateway=gateway.name, **report.fault.fields))
        if report.order is not None:
            issued = self._table.issued.get(gateway.name)
            is_new = issued is not None and before.order != issued.order == report.order
            if issued is not None and is_new and report.command_id == issued.command_id:
                self._emit(new_event("TWL-G124", gateway=gateway.name, command_id=issued.command_id))
            self._report_problems(gateway, set(before.problems), set(after.reported.problems))
            self._compare_orders(gateway, topic, report, report.order)

    def _report_problems(self, gateway: Gateway, before: set[str], after: set[str]) -> None:
        """Emit the problems that a gateway of our own contract reports, and their end. REFUSED comes from a foreign
        writer on its topic, which has an event of its own."""
        for code, problems in (("TWL-G114", after - before), ("TWL-G115", before - after)):
            for problem in sorted(problems - {REFUSED}):
                self._emit(new_event(code, gateway=gateway.name, problem=problem))

    def _count_offline(self, name: str, now_s: float) -> None:
        """Emit an event for a gateway that keeps going offline: it may be confirmed each time somebody looks."""
        bucket = self._offline_messages[name]
        if bucket.allows(now_s):
            self._offline_messages[name] = bucket.spend(now_s)
        else:
            self._emit(new_event("TWL-G106", gateway=name))

    def _compare_lamps(self, name: str, has_ours: bool) -> None:
        """A gateway with another copy of tower.yaml confirms light on lamps at other addresses than ours."""
        alarm = self._lamps_differ[name]
        if has_ours:
            alarm.clear(new_event("TWL-G167", gateway=name))
        else:
            alarm.raise_(new_event("TWL-G166", gateway=name))

    def _compare_orders(self, gateway: Gateway, topic: str, report: Report, seen: Order) -> None:
        """A gateway reports the highest order it has accepted: ours must not be below it, and under our order it must
        hold our document."""
        issued = self._table.issued.get(gateway.name)
        if issued is not None and issued.order == seen and report.command_id not in {"", issued.command_id}:
            self._table.note_overwritten(gateway.name)
        if not self._orders.current < seen:
            return
        if not self._orders.rise_above(seen):
            self._emit(new_event("TWL-G113", topic=topic, epoch=seen.epoch))
        elif gateway.name in self._table.issued:
            self._emit(new_event("TWL-G112", gateway=gateway.name, epoch=seen.epoch))
        self._table.note_overwritten(gateway.name)

    def _take_written(self, gateway: Gateway, topic: str, seen: Order, payload: bytes, retained: bool) -> None:
        """A desired document arrived: one of ours, one retained from before, or somebody else's."""
        if self._table.was_sent(gateway.name, payload) or (retained and seen < self._orders.current):
            return
        if self._orders.current < seen and not self._orders.rise_above(seen):
            self._emit(new_event("TWL-G113", topic=topic, epoch=seen.epoch))
            if seen.epoch <= MAX_EPOCH:
                self._table.note_order(gateway.name, seen)
        if gateway.name in self._table.issued:
            # something that is no document has the lowest order of all, and no order to name
            epoch, revision = (seen.epoch, seen.revision) if seen != Order() else ("–", "–")
            fields = {"topic": topic, "epoch": epoch, "revision": revision}
            self._emit(new_event("TWL-G111", **fields))
            self._table.note_overwritten(gateway.name)


def _is_dark(state: GatewayState) -> bool:
    """Whether the gateway confirms that nothing is lit."""
    is_confirmed = all(status == "confirmed" for status in state.status.values())
    looks = state.desired_looks
    return is_confirmed and looks is not None and not any(look.on for look in looks.values())
