"""Writes the documents of `controller.service.health`: a summary, and one document for each gateway.

The cost depends on what changed: only changed gateways are examined, the counts are kept up to date, and the summary
names a bounded number of gateways. Each document is written at most once in COALESCE_S. A *pending* that is over within
PENDING_S, as after most commands, writes no document of the gateway.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import chain, islice

from controller.clock import ClockReading
from controller.events import Event, Level
from controller.gateways.base import Gateway, Message
from controller.lighting.look import NO_LIGHT
from controller.mqtt import Received
from controller.schedule.hours import night_at
from controller.schedule.plan import Cue, Program
from controller.service.controller import Controller
from controller.service.desired import fade_left_s
from controller.service.gateway_document import GatewayDocuments, MadeDocument, is_askable, statuses_of
from controller.service.gateway_state import GatewayState, Status
from controller.service.health import (
    CueHealth,
    Degradation,
    Health,
    LeadHealth,
    LookValue,
    RuleValue,
    Unconfirmed,
    is_amiss,
    worst,
)
from controller.service.waiting_line import DueTimes, WaitingLine

MOST_NAMED = 100
EVERY_S = 10.0
"""Seconds after which the summary is written even if nothing changed."""
COALESCE_S = 1.0
PENDING_S = 5.0
SEEN = 250
SEEN_BEHIND = 2
BATCH, BATCH_BEHIND = 50, 2
"""Gateways examined and documents written in one turn, normally and while the controller is behind with its decisions;
the rest follow in the next turn."""
LEVELS = (Level.WARNING, Level.ERROR)


class HealthReport:
    """The health documents of one controller that are due, kept up to date from turn to turn."""

    def __init__(self, site: str, prefix: str) -> None:
        self.lead: Callable[[], LeadHealth | None] = lambda: None
        """Returns which of several controllers leads."""
        self._site = site
        self._prefix = prefix
        self._codes: dict[str, tuple[Level, str]] = {}
        self._unseen = WaitingLine()
        self._known: dict[str, GatewayState] = {}
        self._statuses: dict[str, tuple[Status, bool]] = {}
        self._counts: Counter[Status] = Counter()
        self._amiss: dict[str, None] = {}
        self._waiting: dict[str, None] = {}
        """Gateways that are not confirmed but need no attention; like `_amiss` in the order in which they became so."""
        self._written: dict[str, tuple[MadeDocument, float]] = {}
        """The document written last for each gateway, and when (boot time)."""
        self._payloads: dict[str, int] = {}
        self._documents = GatewayDocuments()
        self._pending_s: dict[str, float] = {}
        self._due = DueTimes()
        """When the document of each gateway is due (boot time); the empty name is the summary."""
        self._verdict: tuple[int, GatewayState | None, Status, bool] = (-1, None, "unknown", False)
        """For the identical gateways that share a state: their status, and whether that needs attention."""
        self._strangers: set[str] = set()
        self._never_heard: set[str] = set()
        self._places: tuple[object, dict[tuple[str | None, int | None], dict[str, tuple[int, int] | None]]] = (None, {})
        """For a day, a night and a program: by campaign, the position of that day and night in its occurrence."""
        self._cue: Cue | None = None
        self._next: tuple[Program | None, Cue | None, CueHealth | None] = (None, None, None)
        """A program, its next cue, and what the summary says of that."""
        self._changes = 0
        self._summary: tuple[object, float] = (None, float("-inf"))

    def connected(self) -> None:
        """A connection began: what the broker holds is not known, so every document is due."""
        self._written.clear()
        self._documents.forget()
        for name in self._statuses:
            self._due.set(name, float("-inf"))
        self._summary = (None, float("-inf"))

    def note(self, event: Event) -> None:
        """Remember an emitted event if it names the fault of a gateway."""
        if event.kind.level not in LEVELS:  # cheap test first: an event may be milder than its kind, never graver
            return
        gateway = event.fields.get("gateway")
        if isinstance(gateway, str) and event.code.startswith("TWL-G") and event.level in LEVELS:
            level, _ = self._codes.get(gateway, (Level.WARNING, ""))
            if LEVELS.index(event.level) >= LEVELS.index(level):
                self._codes[gateway] = event.level, event.code

    def receive(self, item: Received, controller: Controller, reading: ClockReading) -> None:
        """A gateway's document on the broker: it is removed if the gateway is no longer in tower.yaml, and overwritten
        if somebody else wrote it."""
        name = item.topic.removeprefix(f"{self._prefix}/controller/gateway/")
        if name not in controller.gateways:
            if item.payload:
                self._strangers.add(name)
        elif not item.retain and hash(item.payload) != self._payloads.get(name):
            self._written.pop(name, None)
            self._due.set(name, reading.mono + COALESCE_S)

    @property
    def due_s(self) -> float:
        """When something is to be examined or written (boot time); infinity for nothing."""
        if self._unseen:
            return float("-inf")
        return self._due.next_s()

    def update(
        self, controller: Controller, reading: ClockReading, changed: Collection[str], *, behind: bool = False
    ) -> None:
        """Examine the gateways in `changed`, whose state may have changed since the last call; at first all of them.
        While the controller is `behind`, only a few: most will have changed again when it has caught up."""
        most = SEEN_BEHIND if behind else SEEN
        self._unseen.join(changed)
        if self._cue is None:
            self._unseen.join(controller.gateways)
            most = len(self._unseen)
        self._cue = controller.cue or controller.program.look_at(reading.wall)
        while self._unseen and most > 0:
            most -= 1
            self._look_at(self._unseen.next(), controller, reading)

    def messages(
        self,
        controller: Controller,
        reading: ClockReading,
        changed: Collection[str],
        degradations: tuple[Degradation, ...] = (),
        *,
        behind: bool = False,
    ) -> tuple[Message, ...]:
        """Updates, then returns the documents to write now; few while the controller is `behind` with its decisions."""
        most = BATCH_BEHIND if behind else BATCH
        self.update(controller, reading, changed, behind=behind)
        cue = self._cue or controller.program.look_at(reading.wall)
        removed = tuple(Message(self._topic(name), b"", qos=1, retain=True) for name in sorted(self._strangers))
        self._strangers.clear()
        written: list[Message] = []
        for name in self._due.take(reading.mono, SEEN):
            written += self._document(name, controller, cue, reading) if name else []
            if len(written) == most:
                break
        return (*removed, *written, *self._summarize(controller, reading, degradations))

    def _look_at(self, name: str, controller: Controller, reading: ClockReading) -> None:
        state, gateway = controller.states[name], controller.gateways[name]
        if self._known.get(name) is state:
            return
        self._known[name] = state
        if state.reported.alive_s is None:
            self._never_heard.add(name)
        else:
            self._never_heard.discard(name)
        status, amiss = self._judged(controller.alike[name], gateway, state)
        before = self._statuses.get(name)
        if before != (status, amiss):
            self._changes += 1
            self._statuses[name] = status, amiss
            self._counts[status] += 1
            if before is not None:
                self._counts[before[0]] -= 1
            for names, belongs in ((self._amiss, amiss), (self._waiting, not amiss and status != "confirmed")):
                names.pop(name, None)
                if belongs:
                    names[name] = None
        if status == "confirmed" and not state.is_contested:
            self._codes.pop(name, None)
        if status == "pending":
            began_s = self._pending_s.setdefault(name, reading.mono)
        else:
            self._pending_s.pop(name, None)
            began_s = float("-inf")
        was, written_s = self._written.get(name, (None, float("-inf")))
        is_patient = status == "pending" and (was is None or was.status != "pending")
        patience_s = began_s + PENDING_S if is_patient else float("-inf")
        self._due.set(name, max(reading.mono, written_s + COALESCE_S, patience_s))

    def _judged(self, alike: int, gateway: Gateway, state: GatewayState) -> tuple[Status, bool]:
        """The status of a gateway, and whether that needs attention; thousands in a row have the same."""
        if self._verdict[1] is not state or self._verdict[0] != alike:
            statuses = set(statuses_of(gateway, state).values())
            self._verdict = alike, state, worst(statuses), is_amiss(statuses, is_askable(gateway, state))
        return self._verdict[2:]

    def _topic(self, name: str) -> str:
        return f"{self._prefix}/controller/gateway/{name}"

    def _document(self, name: str, controller: Controller, cue: Cue, reading: ClockReading) -> list[Message]:
        """The document of a gateway; nothing where it does not differ from the one written last."""
        made = self._documents.of(name, controller, cue, reading, self._code(name))
        if name in self._written and made.essence == self._written[name][0].essence:
            return []
        payload = self._documents.payload(name, made, controller.states[name], reading)
        self._written[name] = made, reading.mono
        self._payloads[name] = hash(payload)
        return [Message(self._topic(name), payload, qos=1, retain=True)]

    @property
    def codes(self) -> dict[str, str]:
        """By gateway, the code of the event that names its fault."""
        return {name: code for name, (_, code) in self._codes.items()}

    def _code(self, name: str) -> str | None:
        return self._codes[name][1] if name in self._codes else None

    def _summarize(
        self, controller: Controller, reading: ClockReading, degradations: tuple[Degradation, ...]
    ) -> tuple[Message, ...]:
        """The summary, on each relevant change and every EVERY_S."""
        cue = self._cue
        key = (
            self._changes,
            cue,
            controller.following,
            reading.trust,
            cue and fade_left_s(cue, reading.wall) > 0,
            degradations,
            self.lead(),
        )
        before, written_s = self._summary
        waited_s = reading.mono - written_s
        if waited_s < EVERY_S and (key == before or waited_s < COALESCE_S):
            if key != before:
                self._due.set("", written_s + COALESCE_S)
            return ()
        self._summary = key, reading.mono
        payload = self.summary(controller, reading, degradations).model_dump_json().encode()
        return (Message(f"{self._prefix}/controller/health", payload, qos=1, retain=True),)

    def summary(
        self, controller: Controller, reading: ClockReading, degradations: tuple[Degradation, ...] = ()
    ) -> Health:
        """The summary of this instant."""
        cue = controller.cue or controller.program.look_at(reading.wall)
        following = controller.following
        named = tuple(islice(chain(self._amiss, self._waiting), MOST_NAMED))
        with_age = controller.gateways if len(controller.gateways) <= MOST_NAMED else named
        return Health(
            version=2,
            at=reading.wall,
            site=self._site,
            clock=reading.trust,
            now=self._cue_health(controller, cue, reading.wall, fade_left_s(cue, reading.wall)),
            next=self._following(controller, following) if following is not None else None,
            counts={status: count for status, count in self._counts.items() if count},
            amiss=len(self._amiss),
            never_heard=len(self._never_heard),
            unconfirmed=tuple(self._unconfirmed(name, controller) for name in named),
            heard_s={name: _ago_s(controller.states[name].reported.alive_s, reading) for name in with_age},
            lead=self.lead(),
            degradations=degradations,
        )

    def _following(self, controller: Controller, cue: Cue) -> CueHealth:
        """The next cue; cached, because for hours each summary names the same one."""
        program, known, health = self._next
        if health is None or known is not cue or program is not controller.program:
            done_at = cue.at + timedelta(seconds=cue.fade_s) if cue.fade_s else None
            health = self._cue_health(controller, cue, cue.at).model_copy(update={"done_at": done_at})
            self._next = controller.program, cue, health
        return health

    def _cue_health(self, controller: Controller, cue: Cue, at: datetime, fade_s: float = 0.0) -> CueHealth:
        looks = {
            zone: LookValue.model_validate({**look, "colors": cue.looks.get(zone, NO_LIGHT).alternating})
            for zone, look in controller.looks(cue, at).items()
        }
        placed = {
            zone: look.model_copy(update={"rule": self._placed(look.rule, controller.program, at)})
            for zone, look in looks.items()
        }
        fades_until = cue.at + timedelta(seconds=cue.fade_s) if fade_s > 0 else None
        return CueHealth(at=cue.at, looks=placed, fades_until=fades_until)

    def _placed(self, value: RuleValue | None, program: Program, at: datetime) -> RuleValue | None:
        """A campaign with the position of this day and night in its occurrence; cached, because it is found by counting
        days."""
        if value is None or value.kind != "campaign":
            return value
        zone = program.place.time_zone
        day, night = at.astimezone(zone).date(), night_at(at, zone).day
        if self._places[0] != (day, night, program.campaigns):
            self._places = (day, night, program.campaigns), {}
        known = self._places[1]
        key = value.name, value.line
        if key not in known:
            named = (rule for rule in program.campaigns if (rule.name, rule.line or None) == (value.name, value.line))
            rule = next(named, None)
            places = (rule.place_of(day) if rule.dates else None, rule.place_of(night)) if rule else (None, None)
            known[key] = {"day": places[0], "night": places[1]}
        return value.model_copy(update=known[key])

    def _unconfirmed(self, name: str, controller: Controller) -> Unconfirmed:
        gateway, state = controller.gateways[name], controller.states[name]
        statuses = statuses_of(gateway, state)
        status = worst(set(statuses.values()))
        return Unconfirmed(
            name=name,
            kind=gateway.kind,
            status=status,
            code=self._code(name) if status != "confirmed" else None,
            zones=statuses,
        )


def health_of(
    controller: Controller, site: str, reading: ClockReading, degradations: tuple[Degradation, ...] = ()
) -> Health:
    """The summary of a controller, computed from scratch."""
    report = HealthReport(site, "")
    report.messages(controller, reading, controller.gateways)
    return report.summary(controller, reading, degradations)


def _ago_s(at_s: float | None, reading: ClockReading) -> float | None:
    return round(reading.mono - at_s, 1) if at_s is not None else None
