"""What everybody may know: the reason, until when, and what comes; never a name of staff, a gateway or an address."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.clock import Trust
from controller.config.load import Setup, load
from controller.events.words import days_words
from controller.lighting.color import Color
from controller.lighting.look import Look
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.plan import Program
from controller.service.desired import desired_looks
from controller.service.health import CueHealth, Health, LookValue, RuleValue
from controller.service.public_answer import PublicAnswer, PublicText, public_answer
from controller.service.sentence import facts_of
from controller.service.values import looks_value, rules_value

NIGHT = datetime(2026, 11, 23, 20, 14, tzinfo=UTC)
"""21:14 in the campaign."""
DAY = datetime(2026, 11, 23, 11, tzinfo=UTC)
SPRING = datetime(2026, 4, 1, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = "En vecka fri från våld"


@pytest.fixture
def setup() -> Setup:
    """The shipped one."""
    return load(Path(__file__).parents[2] / "config")


def health(program: Program, now: datetime, **more: Any) -> Health:
    """A summary in which all of four gateways confirm, but for what is given."""

    def cue_of(at: datetime) -> CueHealth:
        cue = program.look_at(at)
        values = looks_value(desired_looks(program.zones, cue, at), rules_value(program, cue, at))
        looks = {zone: LookValue(**(value | {"rule": RuleValue(**value["rule"])})) for zone, value in values.items()}  # type: ignore[dict-item]
        return CueHealth(at=cue.at, looks=looks)

    following = program.next_cue(now)
    fields: dict[str, Any] = {
        "version": 2,
        "at": now,
        "site": "Alvesta vattentorn",
        "clock": Trust.TRUSTED,
        "now": cue_of(now),
        "next": cue_of(following.at) if following is not None else None,
        "counts": {"confirmed": 4},
        "amiss": 0,
    }
    return Health(**(fields | more))


def answer(
    setup: Setup, now: datetime = NIGHT, language: str = "sv", by_hand: PublicText | None = None, **more: Any
) -> PublicAnswer:
    """The answer; `program` in `more` takes the place of the shipped schedule."""
    program = more.pop("program", setup.program())
    facts = facts_of(setup.tower, health(program, now, **more), ())
    return public_answer(facts, program, now, language, *([by_hand] if by_hand is not None else []))


def test_a_campaign_that_is_lit_is_the_answer(setup: Setup) -> None:
    """With its days, until when tonight, and that the lamps confirm it."""
    found = answer(setup)
    assert (found.kind, found.claim, found.name) == ("campaign", "confirmed", WEEK)
    assert found.title == "Varför lyser vattentornet orange?"
    assert found.text == (
        f"För {WEEK}, {days_words(date(2026, 11, 20), date(2026, 11, 26), 'sv', year=False)}.",
        "I natt lyser det till 08:01.",
        "Bekräftat 21:14.",
    )
    assert "fre 20 – tor" in found.text[0]
    assert found.until is not None
    assert answer(setup, language="en").title == "Why is the water tower orange?"


@pytest.mark.parametrize("counts", [{"confirmed": 3, "differs": 1}, {"confirmed": 3, "silent": 1}, {"unknown": 4}])
def test_where_lamps_are_wrong_only_the_plan_is_public(setup: Setup, counts: dict[str, int]) -> None:
    """No claim that it is lit, and nothing of the fault."""
    found = answer(setup, counts=counts)
    assert (found.claim, found.title) == ("planned", "Vattentornet ska lysa orange i natt.")
    assert found.text[0].startswith(f"För {WEEK}")
    assert not any("Bekräftat" in line for line in found.text)


def test_where_a_meter_sees_no_light_only_the_plan_is_public(setup: Setup) -> None:
    """Though all gateways confirm it."""
    fields = {"zone": "bowl", "value": 1, "unit": "W", "limit": 5}
    dark = {"code": "TWL-G160", "since": NIGHT, "fields": fields}
    assert answer(setup, degradations=[dark]).claim == "planned"


def test_a_lamp_that_is_on_its_way_is_no_fault(setup: Setup) -> None:
    """It has time left."""
    assert answer(setup, counts={"confirmed": 3, "pending": 1}).claim == "confirmed"


def test_with_a_clock_in_doubt_no_times_are_public(setup: Setup) -> None:
    """Nor which lights come."""
    found = answer(setup, clock=Trust.SUSPECT)
    assert (found.claim, found.until, found.coming) == ("planned", None, ())
    assert found.text[0].startswith(f"För {WEEK}")
    assert not any(":" in line for line in found.text[1:])


def test_by_day_the_answer_says_when_it_is_lit_next(setup: Setup) -> None:
    """Dark is confirmed too."""
    found = answer(setup, DAY)
    assert (found.kind, found.title) == ("nothing", "Varför är vattentornet släckt?")
    assert found.text[0] == "Ingen kampanj just nu."
    assert found.text[1].startswith("Tänds orange i dag 15:")
    assert found.coming[0].name == WEEK


def test_in_the_weeks_without_light_the_next_ones_are_public(setup: Setup) -> None:
    """With their days and colours."""
    found = answer(setup, SPRING)
    assert found.text[0] == "Ingen kampanj just nu."
    assert [(each.name, each.colors) for each in found.coming] == [(WEEK, ("#FF6A00",))]
    assert found.coming[0].days == days_words(date(2026, 11, 20), date(2026, 11, 26), "sv", year=False)
    assert found.coming[0].how == "Vattentornet lyser orange"


SECRET = ("Kim", "sorg", "mast", "192.0.2.1")


def by_hand(setup: Setup, *, on: bool = True) -> Program:
    """Blue, or dark, by Kim."""
    look = Look((Color.from_hex("#0000FF"),)) if on else Look()
    override = Override("1", {"bowl": look, "shaft": look}, NIGHT - HOUR, NIGHT + HOUR, "Kim", "sorg")
    return setup.program().with_overrides((override,), None)


def test_of_an_override_only_its_public_text_is_public(setup: Setup) -> None:
    """Never who set it and why."""
    text = PublicText({"sv": "Vi minns."}, "https://alvesta.se")
    found = answer(setup, program=by_hand(setup), by_hand=text)
    assert (found.kind, found.name, found.about, found.link) == ("by_hand", None, "Vi minns.", "https://alvesta.se")
    assert found.text[0] == "Vattentornet lyser blått i natt."
    assert not any(secret in json.dumps(found.value, ensure_ascii=False) for secret in SECRET)


def test_an_override_without_a_text_says_what_is_seen(setup: Setup) -> None:
    """And nothing where that is not known."""
    assert answer(setup, program=by_hand(setup)).about is None
    assert answer(setup, program=by_hand(setup, on=False)).text[0] == "Vattentornet är släckt i natt."
    assert "Vattentornet lyser blått i natt." not in answer(setup, program=by_hand(setup), counts={"silent": 4}).text


def test_a_safety_stop_is_dark_and_no_more(setup: Setup) -> None:
    """Neither who nor why."""
    stopped = setup.program().with_overrides((), SafetyStop(NIGHT - HOUR, "Kim", "sorg"))
    found = answer(setup, program=stopped)
    assert (found.kind, found.until, found.text[0]) == ("stop", None, "Vattentornet är släckt just nu.")
    assert not any(secret in json.dumps(found.value, ensure_ascii=False) for secret in SECRET)


def test_a_stop_is_confirmed_with_its_time_unless_the_clock_is_in_doubt(setup: Setup) -> None:
    """It is dark all the same."""
    stopped = setup.program().with_overrides((), SafetyStop(NIGHT - HOUR, "Kim", "sorg"))
    for clock, confirmed in ((Trust.TRUSTED, ["Bekräftat 21:14."]), (Trust.SUSPECT, [])):
        found = answer(setup, program=stopped, clock=clock)
        assert (found.claim, found.text[0]) == ("confirmed", "Vattentornet är släckt just nu.")
        assert [line for line in found.text if "Bekräftat" in line] == confirmed


def test_before_the_first_turn_nothing_is_known(setup: Setup) -> None:
    """But what comes."""
    found = public_answer(facts_of(setup.tower, None, ()), setup.program(), DAY, "sv")
    assert (found.kind, found.claim, found.title) == ("unknown", "none", "Vi vet inte vad tornet visar just nu.")
    assert [each.name for each in found.coming][:1] == [WEEK]


RULES = """version: 1
campaigns:
  - {name: Short, nights: 23 November, hours: 22:00 to 23:00, color: red, otherwise: dark}
every_night:
  - {name: Always, color: white}
blackouts:
  - {name: Birds, dates: 1–10 May}
"""


@pytest.mark.parametrize(
    ("now", "kind", "first"),
    [
        (NIGHT, "otherwise", "Det är släckt vid den här tiden: Short, mån 23 nov."),
        (datetime(2026, 5, 3, 21, tzinfo=UTC), "blackout", "Det är släckt med avsikt: Birds, fre 1 – sön 10 maj."),
        (SPRING, "every_night", "Så lyser det när inget annat gäller (Always)."),
    ],
)
def test_every_kind_of_rule_has_its_words(setup: Setup, now: datetime, kind: str, first: str) -> None:
    """With its days, where it has some."""
    other = replace(setup, schedule=setup.schedule_of(RULES.encode()))
    found = answer(setup, now, program=other.program())
    assert (found.kind, found.text[0]) == (kind, first)


def test_of_everyday_light_only_the_beginning_is_public(setup: Setup) -> None:
    """It has no end; the one that the plan has is that of the plan."""
    other = replace(setup, schedule=setup.schedule_of(RULES.encode()))
    days = {each.name: each.days for each in answer(setup, DAY, program=other.program()).coming}
    assert days["Always"] == "från tis 24 nov"


def test_the_document_has_values_and_the_looks(setup: Setup) -> None:
    """Without the rule, which may name people."""
    value = answer(setup).value
    assert value["looks"]["bowl"] == {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}  # type: ignore[index]
    assert (value["version"], value["kind"], value["claim"]) == (1, "campaign", "confirmed")
