"""Messages from gateways, and what others write to their topics: merged into states, with events. Without I/O."""

from collections import defaultdict
from collections.abc import Callable

from controller.clock import ClockReading
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.gateways.base import Gateway, Order, Rejected, Report
from controller.gateways.wire import MAX_EPOCH, REFUSED
from controller.retry import TokenBucket
from controller.service.alike import AlikeReports
from controller.service.desired import Revisions
from controller.service.gateway_table import GatewayTable
from controller.service.watches import ClockWatch, clock_off_s

OFFLINE_MESSAGES = TokenBucket(5, 60.0)
"""This many `offline` messages are no event: a restart, an upgrade."""


class Reception:
    """Receives messages for the gateways of a table, with topics below `prefix`. Higher orders raise ours."""

    def __init__(
        self,
        table: GatewayTable,
        prefix: str,
        orders: Revisions,
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
