"""The reason of what is shown: a value for documents, a sentence in the language of whoever asks."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.explanation import Why
from controller.schedule.plan import Program

RULES = """\
campaigns:
  - {name: a b, nights: 20 November, hours: 20:30 to 23:00, color: red}
  - {name: split, nights: 21 November, hours: [20:30 to 23:00, 05:00 to 06:00], color: red}
  - {name: early, nights: 10 December, hours: 17:00 to 18:00, color: red}
  - {name: late, nights: 10 December, hours: 20:00 to 21:00, color: red}
  - {name: rest, dates: 6 June, hours: 22:00 to 23:00, color: red, otherwise: dark}
blackouts:
  - {name: birds, nights: 28 March}
"""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "rule", "english", "swedish"),
    [
        (
            "2026-11-20T21:00",
            {"kind": "campaign", "name": "a b", "line": 3},
            "nights 20 November, 20:30 to 23:00 (line 3)",
            "nätter 20 November, 20:30 to 23:00 (rad 3)",
        ),
        (
            "2026-06-06T12:00",
            {"kind": "otherwise", "name": "rest", "line": 7},
            "otherwise dark: dates 6 June, 22:00 to 23:00 (line 7)",
            "släckt i övrigt: datum 6 June, 22:00 to 23:00 (rad 7)",
        ),
        (
            "2027-03-28T20:00",
            {"kind": "blackout", "name": "birds", "line": 9},
            "blackout: nights 28 March, all day (line 9)",
            "släckning: nätter 28 March, hela dygnet (rad 9)",
        ),
        ("2026-08-01T20:00", {"kind": None}, "nothing applies: dark", "inget gäller: släckt"),
        (
            "2026-11-20T19:00",
            {"kind": None, "idle": {"name": "a b", "ended": None, "begins": "20:30"}},
            "nothing applies: dark; the hours of a b begin at 20:30",
            "inget gäller: släckt; tiden för a b börjar 20:30",
        ),
        (
            "2026-11-21T02:00",
            {"kind": None, "idle": {"name": "a b", "ended": "23:00", "begins": None}},
            "nothing applies: dark; the hours of a b ended at 23:00",
            "inget gäller: släckt; tiden för a b tog slut 23:00",
        ),
        (
            "2026-11-22T02:00",
            {"kind": None, "idle": {"name": "split", "ended": "23:00", "begins": "05:00"}},
            "nothing applies: dark; the hours of split ended at 23:00 and begin again at 05:00",
            "inget gäller: släckt; tiden för split tog slut 23:00 och börjar igen 05:00",
        ),
        (
            "2026-12-10T16:00",
            {"kind": None, "idle": {"name": "early", "ended": None, "begins": "17:00"}},
            "nothing applies: dark; the hours of early begin at 17:00",
            "inget gäller: släckt; tiden för early börjar 17:00",
        ),
        (
            "2026-12-10T22:00",
            {"kind": None, "idle": {"name": "late", "ended": "21:00", "begins": None}},
            "nothing applies: dark; the hours of late ended at 21:00",
            "inget gäller: släckt; tiden för late tog slut 21:00",
        ),
    ],
)
def test_a_reason_is_a_value_and_a_sentence(
    planned: Callable[..., Program], moment: str, rule: dict[str, object], english: str, swedish: str
) -> None:
    """What a person wrote stays as it is; hours that nobody wrote are said in each language."""
    program = planned(RULES)
    why = program.explain(datetime.fromisoformat(moment).replace(tzinfo=program.place.time_zone))
    assert {key: value for key, value in why.rule.items() if value is not None or key == "kind"} == rule
    assert (why.text("en"), why.text("sv")) == (english, swedish)


def test_what_was_set_by_hand_names_who_and_why() -> None:
    """An override and the safety stop are in no file."""
    override = Why(Override("1", {"bowl": "look"}, NOW, NOW, "Åke", "(test)"))
    stop = Why(SafetyStop(NOW, "Eva", "storm: 25 m/s"))
    assert (override.rule["kind"], override.rule["owner"], override.rule["reason"]) == ("override", "Åke", "(test)")
    assert (stop.rule["kind"], stop.rule["owner"], stop.rule["name"]) == ("stop", "Eva", None)
    assert override.text("sv") == "överstyrt av Åke: (test)"
    assert stop.text("en") == "safety stop by Eva until `watertower resume --lift`: storm: 25 m/s"
