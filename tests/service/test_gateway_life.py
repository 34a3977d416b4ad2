"""The table of transitions of a gateway's life, walked at random: where it leads, and what it never reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config.load import Setup
from controller.gateways.base import DeviceFault, Gateway, Order, Report, ReportedLook
from controller.gateways.home_assistant import HomeAssistant
from controller.gateways.vendor import CONTRADICTED, REFUSED
from controller.gateways.wled import Wled
from controller.gateways.zigbee2mqtt import Zigbee2Mqtt
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.service.gateway_state import Confirmed, Contested, Decision, GatewayState, Issued, TurnFacts
from controller.service.reconcile import TRANSITIONS, reconcile, transition
from controller.service.situation import command_event, situation_of
from tests.parts import examples

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
LOOKS = (ZoneState(False, None, 0.0), *(ZoneState(True, Color.from_hex(code), 1.0) for code in ("#FF6A00", "#0000FF")))
KINDS = ("dmx", "home-assistant", "unasked", "wled", "zigbee2mqtt")
REPORT_EVERY_S = 10.0
PATIENCE_S = 900.0
"""Longer than the longest pause in which nothing is sent to a gateway that may have gone."""

Action = tuple[str, int, bool]
"""What happens, which of several looks, spans or zones, and whether it is retained or out of the ordinary."""
ACTIONS = (
    "wait",
    "connect",
    "lose",
    "cue",
    "fade",
    "step",
    "overwrite",
    "obey",
    "differ",
    "part",
    "go",
    "come",
    "refuse",
)


def gateway_of(kind: str, setup: Setup) -> Gateway:
    """A gateway that reports by itself, answers commands, cannot be asked, answers questions, or echoes."""
    names = {"name": "lamp", "zone": "bowl"}
    match kind:
        case "home-assistant" | "unasked":
            topics = {"command_topic": "lamp/set", "state_topic": "lamp"}
            made = HomeAssistant(kind="home-assistant", **names, **topics)  # type: ignore[arg-type]
            return made if kind == "home-assistant" else Unaskable(**made.model_dump())
        case "wled":
            return Wled(kind="wled", topic="wled/lamp", **names)  # type: ignore[arg-type]
        case "zigbee2mqtt":
            return Zigbee2Mqtt(kind="zigbee2mqtt", topic="zigbee2mqtt/lamp", **names)  # type: ignore[arg-type]
    return setup.tower.gateways[0]


class Unaskable(HomeAssistant):
    """A gateway that reports what it shows when it changes, and at no other time."""

    @property
    def refresh(self) -> Literal["nothing"]:
        """It cannot be asked."""
        return "nothing"


@dataclass
class Life:
    """One gateway between a controller and whatever happens to both; each action ends with a turn."""

    gateway: Gateway
    now_s: float = 1000.0

    def __post_init__(self) -> None:
        self.state = GatewayState()
        self.decision = Decision(self.state)
        self.connected_s: float | None = None
        self.cue = EVENING
        self.looks = dict.fromkeys(self.gateway.zone_names, LOOKS[1])
        self.fade_ends_s = 0.0
        self.edition = 0
        self.issued: Issued | None = None
        self.rows: set[int] = set()
        self.goodbye_s = 0.0

    @property
    def facts(self) -> TurnFacts:
        """What a turn would go by now."""
        reduced = {zone: self.gateway.reduce(zone, look) for zone, look in self.looks.items()}
        return TurnFacts(
            now_s=self.now_s,
            connected_s=self.connected_s,
            desired_looks=dict(self.looks),
            desired_key=self.edition if self.gateway.KEEPS_PLAN else reduced,
            cue=self.cue,
            fade_s=max(0.0, self.fade_ends_s - self.now_s),
            issued=self.issued,
        )

    def turn(self) -> Decision:
        """One turn; its result is compared with what was reported."""
        before, facts = self.state, self.facts
        situation = situation_of(self.gateway, before, facts)
        row = transition(situation)
        decision = self.decision = reconcile(self.gateway, before, facts)
        self.rows.add(TRANSITIONS.index(row))
        assert isinstance(decision.state.phase, row.targets)
        self.state = decision.state
        if decision.send and (decision.new_order or self.issued is None):
            revision = self.issued.order.revision + 1 if self.issued is not None else 1
            self.issued = Issued(Order(1, revision), f"1.{revision}")
        self._check(situation.state, facts, decision)
        return decision

    def _check(self, before: GatewayState, facts: TurnFacts, decision: Decision) -> None:
        reported, gateway = before.reported, self.gateway
        assert decision.wake_s is None or decision.wake_s > self.now_s
        for zone, status in decision.state.status.items():
            if status != "confirmed":
                continue
            assert facts.connected_s is not None
            assert max(facts.connected_s, self.goodbye_s) <= reported.reported_s[zone]
            ends_s = reported.reported_s[zone] + gateway.quiet_s
            assert self.now_s < ends_s
            assert decision.wake_s is not None
            assert decision.wake_s <= ends_s
            assert gateway.agrees(zone, gateway.reduce(zone, facts.desired_looks[zone]), reported.zones[zone])
            assert CONTRADICTED not in reported.problems
            assert not gateway.echoes or isinstance(decision.state.phase, Confirmed)
            if gateway.KEEPS_PLAN:
                assert facts.issued is not None
                assert reported.order == facts.issued.order

    def wait(self, seconds: float) -> None:
        """Time passes, with a turn whenever one was asked for."""
        end_s = self.now_s + seconds
        while self.decision.wake_s is not None and self.decision.wake_s < end_s:
            self.now_s = self.decision.wake_s
            self.turn()
        self.now_s = end_s
        self.turn()

    def receive(self, report: Report, *, retained: bool = False) -> None:
        """A message of the gateway, or in its name."""
        reported = self.state.reported.after(report, self.now_s, fresh=not retained)
        if report.online is False and not retained:
            self.goodbye_s = self.now_s
        again = not retained and report.online is True and self.state.reported.online is True
        self.state = self.state._replace(reported=reported, has_restarted=self.state.has_restarted or again)
        self.turn()

    def report(self, looks: dict[str, ZoneState], order: Order | None, *, retained: bool = False, by: str = "") -> None:
        """The gateway reports that it shows these looks."""
        zones = {}
        for zone, look in looks.items():
            shown = self.gateway.reduce(zone, look)
            zones[zone] = ReportedLook(shown.on, shown.brightness, shown.color) if shown.on else ReportedLook(on=False)
        if not self.gateway.KEEPS_PLAN:
            return self.receive(Report(zones), retained=retained)
        at = EVENING + timedelta(seconds=self.now_s)
        return self.receive(Report(zones, order=order or Order(), by=by or "desired", at=at), retained=retained)

    def act(self, action: Action) -> None:
        """Something happens."""
        name, number, is_odd = action
        order = self.issued.order if self.issued is not None and not is_odd else Order(1, 0)
        match name:
            case "wait":
                self.wait((0.3, 2.5, 40.0, 200.0)[number % 4])
            case "connect" if self.connected_s is None:
                self.connected_s = self.now_s
                self.state = self.state._replace(reported=self.state.reported.forgotten())
                self.turn()
            case "lose":
                self.connected_s = None
                self.turn()
            case "cue" | "fade":
                self.looks = {zone: LOOKS[(number + place) % 3] for place, zone in enumerate(self.looks)}
                self.cue, self.edition = self.cue + timedelta(minutes=0 if is_odd else 1), self.edition + 1
                self.fade_ends_s = self.now_s + (30.0 if name == "fade" else 0.0)
                self.turn()
            case "step" if self.gateway.KEEPS_PLAN:
                self.looks = dict.fromkeys(self.looks, LOOKS[number % 3])
                self.turn()
            case "overwrite" if self.gateway.KEEPS_PLAN:
                self.state = self.state._replace(is_overwritten=True)
                self.turn()
            case "obey":
                self.report(self.looks, order, retained=number == 0)
            case "differ":
                shown = dict.fromkeys(self.looks, LOOKS[number % 3])
                self.report(shown, order, by=("desired", "plan", "local")[number % 3])
            case "part":
                self.report(dict(list(self.looks.items())[:1]), order)
            case "go" | "come":
                self.receive(Report(online=name == "come"), retained=is_odd)
            case "refuse" | "contradict" if not self.gateway.KEEPS_PLAN:
                code = REFUSED if name == "refuse" else CONTRADICTED
                self.receive(Report(fault=DeviceFault(code, {})), retained=is_odd)

    def behave(self) -> Iterator[float]:
        """From now on gateway, broker and plan are well: how long that has been so, after each thing that happens. The
        gateway obeys, answers and, where its kind does, reports by itself; it is not even said to be back where it only
        seemed to be gone."""
        began_s = self.now_s
        if self.connected_s is None:
            self.act(("connect", 0, False))
        if self.state.reported.went_offline:
            self.receive(Report(online=True))
        shown: dict[str, ZoneState] = dict.fromkeys(self.looks, LOOKS[0])
        next_s = self.now_s
        while True:
            if self.decision.send or self.decision.new_order:
                shown = dict(self.looks)
            is_asked = self.decision.send or self.decision.query
            if self.gateway.refresh == "itself" and self.now_s >= next_s:
                is_asked, next_s = True, self.now_s + REPORT_EVERY_S
            if is_asked:
                self.now_s += 0.1
                self.report(shown if self.now_s >= self.fade_ends_s else {}, self.issued.order if self.issued else None)
            else:
                wakes_s = [self.decision.wake_s, next_s if self.gateway.refresh == "itself" else None]
                self.now_s = min((at_s for at_s in wakes_s if at_s is not None), default=self.now_s + 1.0)
                self.turn()
            yield self.now_s - began_s


actions = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.booleans()), max_size=30)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(60), deadline=None)
@given(past=actions)
def test_whatever_happened_a_well_behaved_gateway_is_confirmed(kind: str, past: list[Action], shipped: Setup) -> None:
    """From every state that can be reached, in a bounded time; and it stays so."""
    life = Life(gateway_of(kind, shipped))
    for action in past:
        life.act(action)
    for passed_s in life.behave():
        if set(life.state.status.values()) == {"confirmed"}:
            break
        assert passed_s < PATIENCE_S, life.state


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(60), deadline=None)
@given(
    past=st.lists(st.tuples(st.sampled_from((*ACTIONS, "contradict")), st.integers(0, 3), st.booleans()), max_size=40)
)
def test_nothing_is_confirmed_without_a_recent_report_that_agrees(
    kind: str, past: list[Action], shipped: Setup
) -> None:
    """In no state, and at no instant between two turns: each turn holds it against what was reported."""
    life = Life(gateway_of(kind, shipped))
    for action in past:
        life.act(action)


def test_each_row_of_the_table_is_reached_and_leads_where_it_says(shipped: Setup) -> None:
    """A row that no life reaches would be no rule; one that leads elsewhere would be another."""
    random, reached = Random(1), set()
    for number in range(300):
        life = Life(gateway_of(KINDS[number % len(KINDS)], shipped))
        for _ in range(60):
            life.act(
                (
                    random.choice((*ACTIONS, "connect", "obey", "wait", "contradict")),
                    random.randrange(4),
                    random.random() < 0.2,
                )
            )
            reached |= life.rows
    assert reached == set(range(len(TRANSITIONS)))


def test_a_fade_brings_no_silent_gateway_back(shipped: Setup) -> None:
    """It need not answer while it fades, which is no reason to call one that does not answer at all heard."""
    life = Life(gateway_of("wled", shipped))
    for action in (("connect", 0, False), ("obey", 1, False), ("wait", 3, False), ("wait", 3, False)):
        life.act(action)
    assert set(life.state.status.values()) == {"silent"}
    for action in (("fade", 2, False), ("wait", 1, False), ("wait", 2, False)):
        life.act(action)
        assert set(life.state.status.values()) == {"silent"}
        assert "TWL-G105" not in [event.code for event in life.decision.events]


@pytest.mark.parametrize(("kind", "longest_s"), [("dmx", 6.0), ("wled", 60.0)])
def test_what_does_not_obey_is_commanded_with_growing_pauses(shipped: Setup, kind: str, longest_s: float) -> None:
    """A gateway of ours every six seconds in the end, since it is heard all the time, a vendor's every minute; each
    pause is up to a quarter longer, so that not all are sent theirs at once."""
    life = Life(gateway_of(kind, shipped))
    life.act(("connect", 0, False))
    sent_s = []
    while life.now_s < 1600.0:
        life.report(dict.fromkeys(life.looks, LOOKS[0]), life.issued.order if life.issued is not None else None)
        for _ in range(10):
            life.now_s += 0.5
            if life.turn().send:
                sent_s.append(life.now_s)
    pauses = [after - before for before, after in pairwise(sent_s)]
    assert pauses[0] <= 5.5
    assert longest_s <= max(pauses) <= 1.25 * longest_s + 0.5
    assert min(pauses[len(pauses) // 2 :]) >= longest_s


def test_an_answer_that_contradicts_without_a_command_before_it_is_repaired_at_once(shipped: Setup) -> None:
    """It can be no echo: somebody changes the lamp, and the light need not stay wrong until the answer is overdue."""
    life = Life(gateway_of("zigbee2mqtt", shipped))
    life.act(("connect", 0, False))
    while not isinstance(life.state.phase, Contested):
        while not isinstance(life.state.phase, Confirmed):
            life.act(("wait", 1, False))
            life.act(("obey", 1, False))
        life.act(("differ", 2, False))
    life.wait(life.state.repairs.ready_s - life.now_s - 0.1)
    life.act(("obey", 1, False))
    assert life.decision.query
    life.act(("wait", 0, False))
    life.act(("differ", 2, False))
    assert life.decision.send


def test_an_echo_is_proved_by_a_question_once_the_lamp_can_have_obeyed(shipped: Setup) -> None:
    """Half a second after the command, or after its fade: an earlier answer would be the echo once more."""
    life = Life(gateway_of("zigbee2mqtt", shipped))
    for action, fade_s in (("connect", 0.0), ("fade", 30.0)):
        life.act((action, 2, False))
        sent_s = life.now_s
        assert life.decision.send
        life.now_s += 0.1
        life.act(("obey", 1, False))
        while not life.decision.query:
            assert life.decision.wake_s is not None
            life.now_s = life.decision.wake_s
            life.turn()
        assert fade_s + 0.5 <= life.now_s - sent_s + 1e-6 <= fade_s + 1.1
        while not isinstance(life.state.phase, Confirmed):
            life.act(("wait", 1, False))
            life.act(("obey", 1, False))


def test_a_step_of_a_sequence_is_reported_only_when_it_is_not_obeyed_at_once(shipped: Setup) -> None:
    """A new cue has its event at its first command."""
    life = Life(gateway_of("wled", shipped))
    life.act(("connect", 0, False))
    for is_step in (False, True):
        life.now_s += 0.1
        life.act(("obey", 1, False))
        assert isinstance(life.state.phase, Confirmed)
        life.act(("cue", 2 if is_step else 0, is_step))
        assert life.decision.send
        event = command_event(life.gateway, life.decision, life.issued)
        assert (event is None) is is_step
    life.decision = life.decision._replace(send=False)
    while not life.decision.send:
        assert life.decision.wake_s is not None
        life.now_s = life.decision.wake_s
        life.turn()
        event = command_event(life.gateway, life.decision, life.issued)
        assert (event is not None) is life.decision.send
    assert event is not None
    assert (event.code, event.fields["attempts"]) == ("TWL-G119", 2)
