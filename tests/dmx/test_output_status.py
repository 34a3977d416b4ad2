"""Failures are reported once, not repeatedly."""

from hypothesis import given
from hypothesis import strategies as st

from controller.dmx.output import OutputStatus
from controller.events import Event, Level
from controller.events.models import Reason


def codes(events: list[Event]) -> list[str]:
    """The codes in order."""
    return [event.code for event in events]


def test_a_failure_is_reported_once_and_counted(events: list[Event]) -> None:
    """A hundred failures are one line, and its end gives their number and the length of the spell."""
    trouble = OutputStatus("mast", "10.0.0.20", events.append)
    for tenth in range(100):
        trouble.fails("TWL-X101", Reason("ENETUNREACH"), tenth / 10)
    assert codes(events) == ["TWL-X101"]
    assert trouble.problems == ("TWL-X101",)
    trouble.works(14.9)
    assert codes(events) == ["TWL-X101", "TWL-X103"]
    assert events[-1].fields["failures"] == 100
    assert events[-1].fields["down_s"] == 9.9
    assert trouble.problems == ()


def test_a_short_success_does_not_end_a_spell(events: list[Event]) -> None:
    """A line that comes and goes every second is one spell, not one line a second."""
    trouble = OutputStatus("mast", "10.0.0.20", events.append)
    for second in range(20):
        trouble.fails("TWL-X101", Reason("ENETDOWN"), second)
        trouble.works(second + 0.5)
    assert codes(events) == ["TWL-X101"]
    assert trouble.problems == ("TWL-X101",)


def test_a_lasting_spell_becomes_an_error_once(events: list[Event]) -> None:
    """What does not heal by itself calls a person, one time."""
    trouble = OutputStatus("mast", "10.0.0.20", events.append)
    for second in range(180):
        trouble.fails("TWL-X101", Reason("ENETDOWN"), second)
    assert codes(events) == ["TWL-X101", "TWL-X104"]
    assert events[-1].level is Level.ERROR
    assert events[-1].fields["down_s"] == 60


def test_another_kind_of_failure_is_reported_too(events: list[Event]) -> None:
    """Each kind once per spell; the problem that is shown is the latest."""
    trouble = OutputStatus("mast", "node", events.append)
    for code in ("TWL-X102", "TWL-X101", "TWL-X102", "TWL-X101"):
        trouble.fails(code, Reason("no_answer"), 0)
    assert codes(events) == ["TWL-X102", "TWL-X101"]
    assert trouble.problems == ("TWL-X101",)


def test_the_next_spell_is_reported_again(events: list[Event]) -> None:
    """Nothing of an old spell is left in a new one."""
    trouble = OutputStatus("mast", "node", events.append)
    for start in (0.0, 1000.0):
        trouble.fails("TWL-X101", Reason("no_answer"), start)
        trouble.works(start + 10)
    assert codes(events) == ["TWL-X101", "TWL-X103"] * 2
    assert events[-1].fields["failures"] == 1
    assert events[-1].fields["down_s"] == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=60))
def test_events_come_in_pairs(steps: list[tuple[bool, float]]) -> None:
    """However it flaps: begun, ended, begun …; and a problem is shown exactly between the two."""
    events: list[Event] = []
    trouble, now = OutputStatus("mast", "node", events.append), 0.0
    for works, pause in steps:
        now += pause
        if works:
            trouble.works(now)
        else:
            trouble.fails("TWL-X101", Reason("no_answer"), now)
        pairs = [code for code in codes(events) if code != "TWL-X104"]
        assert pairs == ["TWL-X101", "TWL-X103"] * (len(pairs) // 2) + ["TWL-X101"] * (len(pairs) % 2)
        assert bool(trouble.problems) == (len(pairs) % 2 == 1)
