"""What is wrong for longer than a moment: from its begin to its end, by the events that are emitted anyway."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.clock import ClockReading, Trust
from controller.events import CATALOGUE, Event, EventKind, Level, new_event
from controller.events.models import EndedTrouble, Phrase, Text
from controller.service.degradations import Degradations
from controller.service.health import Degradation

START = datetime(2026, 11, 20, 16, tzinfo=UTC)


class Hands:
    """A clock that stays where it was set, and the degradations that go by it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.stepped_s = 0.0
        self.degradations = Degradations(self)

    def read(self) -> ClockReading:
        wall = START + timedelta(seconds=self.seconds + self.stepped_s)
        return ClockReading(wall, self.seconds, Trust.TRUSTED, self.stepped_s)

    def real_s(self, wall_s: float) -> float:
        return wall_s

    def emit(self, code: str, **fields: object) -> Event:
        return self.pass_on(new_event(code, **fields))

    def pass_on(self, event: Event) -> Event:
        return self.degradations.take(event, self.read().wall)

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.degradations.now()]


@pytest.fixture
def hands() -> Hands:
    """At the START."""
    return Hands()


def test_it_lasts_from_its_first_event_to_its_end(hands: Hands) -> None:
    """Reported again, it lasts since the first event, with the newest fields; another file is another one."""
    hands.emit("TWL-J003", file="a", reason="No space left on device")
    hands.seconds = 60
    hands.emit("TWL-J003", file="a", reason="Read-only file system")
    hands.emit("TWL-J003", file="b", reason="x")
    first, second = hands.degradations.now()
    assert (first.since, first.fields) == (START, {"file": "a", "reason": "Read-only file system"})
    assert second.since == START + timedelta(seconds=60)
    hands.emit("TWL-J004", file="a")
    assert [one.fields["file"] for one in hands.degradations.now()] == ["b"]
    hands.emit("TWL-J004", file="b")
    hands.emit("TWL-J003", file="b", reason="x")
    assert hands.degradations.now()[0].since == START + timedelta(seconds=60), "it has begun anew"


def test_the_clock_is_one_that_says_itself_when_it_is_over(hands: Hands) -> None:
    """Suspect, then plausible, each since its own begin; one that is trusted is none."""
    hands.emit("TWL-T001", trust="suspect", before="–")
    hands.seconds = 120
    hands.emit("TWL-T001", trust="plausible", before="suspect")
    (one,) = hands.degradations.now()
    assert (one.fields["trust"], one.since) == ("plausible", START + timedelta(seconds=120))
    assert one.is_harmless
    for trust in ("trusted", "holdover"):
        hands.emit("TWL-T001", trust=trust, before="plausible")
        assert hands.codes == []


@pytest.mark.parametrize(("trust", "level"), [("suspect", Level.WARNING), ("plausible", Level.INFO)])
def test_the_level_of_a_change_of_trust_is_that_of_the_new_state(trust: str, level: Level) -> None:
    """A healthy start without a time server warns of nothing; the word in another field does not count."""
    assert new_event("TWL-T001", trust=trust, before="–").level is level
    assert new_event("TWL-T001", trust="suspect", before="trusted").level is Level.WARNING


def test_a_clock_that_is_set_moves_what_began_before(hands: Hands) -> None:
    """A computer that began in 1970: its disk has been full for a minute, and not for half a century."""
    hands.emit("TWL-J003", file="a", reason="x")
    hands.seconds, hands.stepped_s = 60, 1e9
    assert hands.read().wall - hands.degradations.now()[0].since == timedelta(seconds=60)


def test_what_only_happens_again_and_again_is_over_when_it_does_not(hands: Hands) -> None:
    """A foreign writer."""
    quiet_s = CATALOGUE["TWL-G111"].lasting.quiet_s  # type: ignore[union-attr]
    assert quiet_s is not None
    for second in range(180):
        hands.seconds = second
        hands.emit("TWL-G111", topic="t", epoch=1, revision=second)
    assert hands.codes == ["TWL-G111"]
    assert hands.degradations.now()[0].since == START
    hands.seconds += quiet_s
    assert hands.codes == ["TWL-G111"]
    hands.seconds += 1
    assert hands.codes == []


def test_what_ends_it_says_how_long_it_lasted(hands: Hands) -> None:
    """By the clock that is never stepped; of what took the place of another, since that began."""
    assert hands.emit("TWL-M002", broker="a", reason="x").ended is None
    hands.seconds, hands.stepped_s = 60, 1e6
    assert hands.emit("TWL-M007", broker="a", reason="x").ended is None, "it goes on"
    assert hands.emit("TWL-M003", broker="a", reason="x", connack=5).ended is None, "it goes on"
    assert hands.codes == ["TWL-M003"], "that it cannot be reached is true no more"
    hands.seconds = 9000
    ended = hands.emit("TWL-M001", broker="a", attempts=5)
    assert ended.ended == EndedTrouble("TWL-M002", 9000)
    assert ended.text("en") == "Connected to a (attempt 5) (TWL-M002 lasted 2.5 hours)"
    assert ended.text("sv") == "Ansluten till a (försök 5) (TWL-M002 varade i 2,5 timmar)"
    assert hands.emit("TWL-M001", broker="a", attempts=1).ended is None, "nothing was wrong"
    assert hands.pass_on(ended).ended == ended.ended, "who hears of it twice says the same"


@pytest.mark.parametrize("codes", [("TWL-M002", "TWL-M004"), ("TWL-M004", "TWL-M002")])
def test_an_event_that_ends_several_says_how_long_the_first_lasted(hands: Hands, codes: tuple[str, str]) -> None:
    """Whichever of them began first."""
    for at_s, code in zip((0, 60), codes, strict=True):
        hands.seconds = at_s
        hands.emit(code, broker="a", **{"TWL-M002": {"reason": "x"}, "TWL-M004": {"filter": "#"}}[code])
    hands.seconds = 100
    assert hands.emit("TWL-M001", broker="a", attempts=2).ended == EndedTrouble(codes[0], 100)


def test_what_a_gateway_shows_itself_is_no_degradation_of_the_service(hands: Hands) -> None:
    """But its end says how long it lasted; each gateway for itself."""
    for name in ("mast", "entrance"):
        hands.emit("TWL-G104", gateway=name, age_s=30)
    assert hands.codes == []
    hands.seconds = 300
    assert hands.emit("TWL-G105", gateway="mast").ended == EndedTrouble("TWL-G104", 300)
    assert hands.emit("TWL-G105", gateway="mast").ended is None


DAY_S = 86_400


def test_of_what_lasts_there_is_one_reminder_a_day_for_each_code(hands: Hands) -> None:
    """With since when, by the clock of the site; none once it is over, none of what is harmless."""
    for name in ("mast", "entrance"):
        hands.emit("TWL-G104", gateway=name, age_s=30)
    hands.emit("TWL-J003", file="a", reason="x")
    hands.emit("TWL-M014", broker="b", days=12)
    reminded = []
    for seconds in range(0, round(3.5 * DAY_S), 600):
        hands.seconds = seconds
        if seconds == 2 * DAY_S + 600:
            hands.emit("TWL-J004", file="a")
        reminders = hands.degradations.reminders(hands.read(), ZoneInfo("Europe/Stockholm"))
        reminded += [(seconds // DAY_S, str(event.fields["of"])) for event in reminders]
        for event in reminders:
            assert event.text("en").startswith("still since 2026-11-20 17:00 (")
            assert (event.level, event.fields["count"]) in {(Level.ERROR, 2), (Level.WARNING, 1)}
    assert sorted(reminded) == [(1, "TWL-G104"), (1, "TWL-J003"), (2, "TWL-G104"), (2, "TWL-J003"), (3, "TWL-G104")]


def test_a_thousand_that_end_at_once_cost_little(hands: Hands) -> None:
    """Each end is found by its name, not looked for among all."""
    names = [f"g{number}" for number in range(3000)]
    for name in names:
        hands.emit("TWL-G104", gateway=name, age_s=30)
    began_s = time.process_time()
    for name in names:
        hands.emit("TWL-G105", gateway=name)
    many_s, began_s = time.process_time() - began_s, time.process_time()
    for name in names:  # nothing stands any more
        hands.emit("TWL-G105", gateway=name)
    assert many_s < 5 * (time.process_time() - began_s)


def test_a_connection_ends_all_that_was_wrong_with_it(hands: Hands) -> None:
    """With this broker, and not with the other."""
    for broker in ("a", "b"):
        hands.emit("TWL-M002", broker=broker, reason="x")
        hands.emit("TWL-M007", broker=broker, reason="x")
        hands.emit("TWL-M004", broker=broker, filter="#")
    hands.emit("TWL-M001", broker="a", attempts=2)
    assert {one.fields["broker"] for one in hands.degradations.now()} == {"b"}
    assert hands.codes == ["TWL-M007", "TWL-M004"], "why it cannot be reached tells more than that it is lost"
    hands.emit("TWL-M016", broker="b", filter="#")
    assert hands.codes == ["TWL-M007"]
    hands.emit("TWL-J003", file="a", reason="x")
    hands.degradations.rebuilt()
    assert hands.codes == ["TWL-J003"], "that broker may not be there any more, the disk is the same"


@pytest.mark.parametrize("language", ["en", "sv"])
def test_it_reads_from_the_document_as_it_was_in_the_log(hands: Hands, language: str) -> None:
    """Codes and values go over the wire; the reader makes the sentence, in his own language."""
    first = new_event("TWL-Q106", path="users", reason="Permission denied")
    event = new_event("TWL-O131", count=1, where="tower.yaml", first=first, taken="2026-11-19 09:30")
    hands.pass_on(event)
    read = Degradation.model_validate_json(hands.degradations.now()[0].model_dump_json())
    assert read.fields["first"] == {"code": "TWL-Q106", "fields": {"path": "users", "reason": "Permission denied"}}
    assert read.text(language) == event.text(language)  # type: ignore[arg-type]


def test_a_document_that_is_not_ours_breaks_nothing() -> None:
    """Fields that are missing, nested or of other kinds."""
    for fields in (
        {},
        {"file": {"code": "TWL-J003", "fields": {"x": [1]}}, "reason": None},
        {"file": [{}], "reason": 1},
    ):
        for code in ("TWL-J003", "nonsense"):
            assert isinstance(Degradation(code=code, since=START, fields=fields).text("sv"), str)


MOMENTS = {
    "TWL-C030",  # one turn was late
    "TWL-C040",  # says how often another event came
    "TWL-C042",  # reminds of another event
    "TWL-C041",  # lines of the log that are lost
    "TWL-C050",  # the program ends
    "TWL-C051",  # a site ends, and is started anew
    "TWL-C052",  # a site is no more
    "TWL-C053",  # a site has not begun, and keeps no record of itself
    "TWL-J001",  # a file was set aside, and begun anew
    "TWL-J005",  # room was made
    "TWL-J006",  # rows that are lost
    "TWL-J007",  # the answer to a request
    "TWL-J008",  # of a command
    "TWL-J009",  # a file was set aside, and begun anew
    "TWL-J010",  # what was set by hand is lost
    "TWL-J011",  # or taken from its copy
    "TWL-J012",  # one version of the schedule is left out
    *(f"TWL-J02{number}" for number in range(8)),  # of `backup` and `restore`
    "TWL-J028",  # the program ends
    "TWL-J048",  # of the files
    "TWL-J050",  # of `migrate`
    "TWL-J051",
    "TWL-M005",  # one message was thrown away
    "TWL-M006",  # messages that were overtaken
    "TWL-M013",  # the broker is told everything anew
    "TWL-M020",  # of the files
    "TWL-M021",
    "TWL-M022",
    "TWL-O109",  # the answer to a request, as all but those that say that a disk did not take it
    "TWL-T002",  # the clock was stepped; what comes of it is its trust
}


@pytest.mark.parametrize(
    "kind", [kind for kind in CATALOGUE.values() if kind.code[4] in "CJMT"], ids=lambda kind: kind.code
)
def test_whatever_is_wrong_with_the_service_is_shown_until_it_ends(kind: EventKind) -> None:
    """A warning or an error about the service itself lasts, or is in the table above with the reason why not."""
    if kind.level in {Level.WARNING, Level.ERROR}:
        assert (kind.lasting is not None) != (kind.code in MOMENTS)


@pytest.mark.parametrize(
    "kind", [kind for kind in CATALOGUE.values() if kind.lasting is not None], ids=lambda kind: kind.code
)
def test_what_lasts_can_be_distinguished_and_ended(kind: EventKind) -> None:
    """By fields that it has; an event that ends it carries at least one of them."""
    lasting = kind.lasting
    assert lasting is not None
    assert set(lasting.about) <= kind.fields
    for ending in lasting.until:
        assert not lasting.about or CATALOGUE[ending].fields.intersection(lasting.about), ending


def test_of_two_connections_to_one_broker_each_ends_its_own(hands: Hands) -> None:
    """A gateway of the same program that is back does not end the controller's connection; both are reported once."""
    controller, mast = (Phrase(Text("parts", "gateway"), {"name": name}) for name in ("controller", "mast"))
    for each, lasted_s in ((controller, 0), (mast, 1)):
        hands.seconds = lasted_s
        hands.pass_on(new_event("TWL-M007", broker="a", reason="x").of(each))
    assert hands.codes == ["TWL-M007"]
    assert hands.degradations.now()[0].since == START
    hands.seconds = 10
    back = [hands.pass_on(new_event("TWL-M001", broker="a", attempts=2).of(each)).ended for each in (mast, mast)]
    assert back == [EndedTrouble("TWL-M007", 9), None]
    assert hands.codes == ["TWL-M007"], "the controller is still cut off"
    hands.seconds = 20
    assert hands.pass_on(new_event("TWL-M001", broker="a", attempts=3).of(controller)).ended == EndedTrouble(
        "TWL-M007", 20
    )
    assert hands.codes == []


def test_of_many_gateways_those_that_were_in_trouble_are_reported_singly(hands: Hands) -> None:
    """Each says how long its own trouble lasted; the others stay one event."""
    for name in ("post-3", "post-7", "elsewhere"):
        hands.emit("TWL-G120", gateway=name, error="x")
    hands.seconds = 60
    each = {f"post-{number}": f"1.{number}" for number in range(30)}
    fields = {"gateway": "post-3", "command_id": "1.3", "attempts": 1, "shows": {}, "latency_s": 0.2}
    event = replace(new_event("TWL-G101", **fields), each=each)
    taken = [hands.pass_on(part) for part in hands.degradations.apart(event)]
    assert [(part.fields["gateway"], part.count, part.ended) for part in taken] == [
        ("post-0", 28, None),
        ("post-3", 1, EndedTrouble("TWL-G120", 60.0)),
        ("post-7", 1, EndedTrouble("TWL-G120", 60.0)),
    ]
    assert taken[2].fields["command_id"] == "1.7"
    assert [*hands.degradations.apart(event)] == [event.only(each)]
