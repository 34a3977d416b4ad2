"""What is worth a notice, and its text: only what is true, and once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.events import new_event
from controller.events.models import EndedTrouble
from controller.locale import Language
from controller.service.health import Degradation, Health
from controller.service.notice_words import Notice, NoticeFacts, of_event, proof_notice
from controller.service.notices import NoticeWatch, proof_sent
from controller.service.proof import Glow, NightProof, Proof
from controller.service.proof_period import ProofPeriod
from controller.state.lamp_results import LampFindings, LampResult
from controller.state.notice_file import NoticeMemory
from tests.service.test_sentence import DARK, NOTHING, WEEK, health

EVENING = datetime(2026, 11, 20, 20, 14, tzinfo=UTC)
"""Fri 20 November 2026 21:14 in Alvesta, the first of the shipped campaign."""
NOON = datetime(2026, 11, 8, 11, tzinfo=UTC)
LOOK_S = 10.0
MAST = {
    "counts": {"confirmed": 0, "silent": 1},
    "amiss": 1,
    "unconfirmed": [
        {"name": "mast", "kind": "dmx", "status": "silent", "code": "TWL-G104", "zones": {"bowl": "silent"}}
    ],
}
DARK_NOW = {"bowl": DARK, "shaft": DARK, "rule": NOTHING}
Setups = Callable[[str], Setup]


@dataclass
class Tower:
    """A tower that is looked at every LOOK_S; `state` is its present state."""

    setup: Setup
    now: datetime = EVENING
    state: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    trust: Trust = Trust.TRUSTED
    stepped_s: float = 0.0
    mono: float = 1000.0
    memory: NoticeMemory = field(default_factory=NoticeMemory)
    watch: NoticeWatch = field(default_factory=NoticeWatch)
    over: list[ProofPeriod] = field(default_factory=list)

    def restart(self) -> None:
        """The service restarts, with what is on disk."""
        self.watch = NoticeWatch()
        self.memory = NoticeMemory.model_validate_json(self.memory.model_dump_json())

    def facts(self) -> NoticeFacts:
        """The present state."""
        summary: Health = health(**{**self.state, "at": self.now, "clock": self.trust})
        reading = ClockReading(self.now, self.mono, self.trust, stepped_s=self.stepped_s)
        return NoticeFacts(reading, self.setup, self.setup.program(), summary, **self.more)

    def stays(self, seconds: float) -> list[Notice]:
        """The notices within this many seconds."""
        notices: list[Notice] = []
        end_s = self.mono + seconds
        while self.mono < end_s:
            found = self.watch.look(self.facts(), self.memory)
            self.memory = found.memory
            notices += found.notices
            for period in found.over:
                self.over.append(period)
                self.memory = proof_sent(self.memory, str(period.campaign))
            self.mono += LOOK_S
            self.now += timedelta(seconds=LOOK_S)
        return notices

    def jump(self, days: float) -> None:
        """Some days later, with the service running."""
        self.now += timedelta(days=days)
        self.mono += days * 86_400


def titles(notices: list[Notice], language: Language = "sv") -> list[str]:
    """Their titles, without the name of the site."""
    return [notice.words[language][0].removeprefix("Alvesta vattentorn: ") for notice in notices]


@pytest.fixture
def tower(shipped: Setup) -> Tower:
    """The shipped one, confirmed in orange."""
    return Tower(shipped, state={"counts": {"confirmed": 4}})


@pytest.fixture
def dark(shipped: Setup) -> Tower:
    """The same without a campaign."""
    return Tower(shipped, now=NOON, state={**DARK_NOW, "counts": {"confirmed": 4}})


def test_the_first_light_is_reported_when_it_is_confirmed(tower: Tower) -> None:
    """At once, and once; with who confirms it."""
    (notice,) = tower.stays(3600)
    title, body = notice.words["sv"]
    assert title == "Alvesta vattentorn: Vattentornet lyser orange – bekräftat av 4 av 4 styrenheter"
    assert body.startswith("En vecka fri från våld, dag 5 av 7")
    assert (notice.kind, notice.manner) == ("lights", "success")


def test_a_first_light_that_is_not_confirmed_is_reported_as_such_after_five_minutes(tower: Tower) -> None:
    """Not before, while the lamps may be on their way."""
    tower.state = {"counts": {"confirmed": 3, "silent": 1}}
    assert titles(tower.stays(290)) == []
    assert sorted(titles(tower.stays(30))) == [
        "Vattentornet ska lysa orange – 3 av 4 styrenheter bekräftar, 1 svarar inte",
        "silent-0 svarar inte",
    ]


def test_a_fade_is_waited_for(tower: Tower) -> None:
    """However long it is."""
    tower.state["fades_until"] = EVENING + timedelta(hours=1)
    assert tower.stays(3500) == []
    tower.state["fades_until"] = None
    assert len(tower.stays(60)) == 1


def test_a_restart_does_not_report_the_first_light_again(tower: Tower) -> None:
    """Nor does the next night of the same campaign, or one of its next week."""
    tower.stays(60)
    tower.restart()
    assert tower.stays(60) == []
    for days in (1, 7):
        tower.jump(days)
        assert [each.kind for each in tower.stays(60)] == []
    tower.jump(360)
    assert [each.kind for each in tower.stays(60)] == ["lights"]


def test_no_notice_about_the_light_is_sent_while_the_clock_is_in_doubt(tower: Tower) -> None:
    """Neither first light nor lamps that are wrong."""
    tower.trust, tower.state = Trust.SUSPECT, {**MAST, "counts": {"silent": 1}}
    assert tower.stays(3600) == []


def test_no_notice_about_lamps_is_sent_while_no_broker_answers(dark: Tower) -> None:
    """Their messages cannot arrive: it is not their fault. Nor has a fault ended."""
    dark.state |= MAST
    assert titles(dark.stays(320)) == ["mast svarar inte"]
    dark.more["connected"] = False
    dark.state = {**DARK_NOW, "counts": {"unknown": 1}, "amiss": 0}
    assert dark.stays(3600) == []
    dark.more["connected"], dark.state["counts"] = True, {"confirmed": 1}
    assert titles(dark.stays(320)) == ["felet är över: mast svarar inte"]


def test_a_lamp_that_stays_wrong_is_reported_with_its_cure_and_its_end(dark: Tower) -> None:
    """After five minutes of either; the end states for how long."""
    dark.state |= MAST
    silent = new_event("TWL-G104", gateway="mast", age_s=65.0)
    dark.more["last_faults"] = {"mast": silent}
    assert dark.stays(300) == []
    (begun,) = dark.stays(3600)
    title, body = begun.words["sv"]
    assert title == "Alvesta vattentorn: mast svarar inte"
    assert "Det märktes sön 8 nov 12:00." in body
    assert silent.action("sv") in body
    assert "`watertower explain TWL-G104`" in body
    dark.state = {**DARK_NOW, "counts": {"confirmed": 1}}
    assert dark.stays(300) == []
    (ended,) = dark.stays(60)
    assert ended.words["sv"] == (
        "Alvesta vattentorn: felet är över: mast svarar inte",
        "Det märktes sön 8 nov 12:00 och var över sön 8 nov 13:05, efter 1 h 05 min.",
    )
    assert (begun.key, begun.manner, ended.key, ended.manner) == ("gateway mast", "failure", "gateway mast", "success")


def test_a_fault_that_comes_and_goes_gives_no_notice(dark: Tower) -> None:
    """Wrong for four minutes, right for four minutes."""
    for _ in range(5):
        dark.state |= MAST
        assert dark.stays(240) == []
        dark.state = {**DARK_NOW, "counts": {"confirmed": 1}}
        assert dark.stays(240) == []


def test_a_fault_outlives_a_restart_without_a_second_notice(dark: Tower) -> None:
    """And its end is noticed with the whole time."""
    dark.state |= MAST
    assert len(dark.stays(600)) == 1
    dark.restart()
    assert dark.stays(600) == []
    dark.state = {**DARK_NOW, "counts": {"confirmed": 1}}
    (ended,) = dark.stays(600)
    assert "efter 0 h 20 min" in ended.words["sv"][1]


def test_setting_the_clock_does_not_make_a_fault_longer(dark: Tower) -> None:
    """It lasted 10 minutes, though the clock was set a day forward meanwhile."""
    dark.state |= MAST
    dark.stays(600)
    dark.now, dark.stepped_s = dark.now + timedelta(days=1), 86_400.0
    dark.state = {**DARK_NOW, "counts": {"confirmed": 1}}
    (ended,) = dark.stays(600)
    assert "efter 0 h 10 min" in ended.words["sv"][1]


def test_a_service_built_again_moves_nothing_once_more(dark: Tower) -> None:
    """The clock was set before; what is on disk was moved then."""
    dark.state |= MAST
    dark.stays(600)
    dark.stepped_s = 3600.0
    dark.stays(LOOK_S)
    since = dark.memory.faults["gateway mast"].since
    dark.restart()
    dark.stays(600)
    assert dark.memory.faults["gateway mast"].since == since


def test_a_lamp_that_is_right_by_chance_is_not_called_wrong(dark: Tower) -> None:
    """It has not taken the order, which is what is wrong."""
    gateway = {**MAST["unconfirmed"][0], "status": "differs", "code": "TWL-G117"}  # type: ignore[index]
    dark.state |= {"counts": {"differs": 1}, "amiss": 1, "unconfirmed": [gateway]}
    assert titles(dark.stays(600)) == ["mast har inte tagit emot den senaste ordern"]


def test_a_gateway_that_is_walked_by_a_test_is_no_fault(dark: Tower) -> None:
    """Somebody is there and looks; nor is one that has left tower.yaml ever right again."""
    walk = Degradation(code="TWL-G130", since=NOON, fields={"gateway": "mast", "lamps": 4})
    dark.state |= {**MAST, "degradations": [walk]}
    assert dark.stays(3600) == []
    dark.state["degradations"] = []
    dark.state["unconfirmed"] = [{**MAST["unconfirmed"][0], "name": "gone"}]  # type: ignore[index]
    dark.stays(600)
    dark.state = {**DARK_NOW, "counts": {"confirmed": 1}}
    assert dark.stays(3600) == []


def test_what_a_test_of_all_lamps_shows_is_no_fault(dark: Tower) -> None:
    """However many lamps there are; a gateway that is silent meanwhile is one."""
    fields = {"campaign": "week", "begins": "2026-11-20 00:00", "lamps": 40}
    dark.state |= {**MAST, "degradations": [Degradation(code="TWL-G150", since=NOON, fields=fields)]}
    dark.state["unconfirmed"] = [{**each, "status": "differs"} for each in MAST["unconfirmed"]]  # type: ignore[attr-defined]
    assert dark.stays(3600) == []
    dark.state["unconfirmed"] = [{**each, "status": "silent"} for each in MAST["unconfirmed"]]  # type: ignore[attr-defined]
    assert [each.kind for each in dark.stays(3600)] == ["faults"]


def test_what_is_wrong_with_the_service_is_reported_too(dark: Tower) -> None:
    """What asks for somebody; not what is harmless, what a person has just seen, or that notices fail."""
    wrong = [
        ("TWL-J003", {"file": "history.db", "reason": {"code": "ENOSPC", "fields": {}}}),
        ("TWL-G136", {"gateway": "mast", "lamps": "bowl-north", "tested": "2026-11-01"}),
        ("TWL-G155", {"gateway": "mast", "lamps": "bowl-north", "tested": "2026-11-01"}),
        ("TWL-N101", {"receiver": "x", "since": "–", "count": 1, "reason": "–"}),
    ]
    dark.state["degradations"] = [Degradation(code=code, since=NOON, fields=fields) for code, fields in wrong]
    (notice,) = dark.stays(3600)
    assert "TWL-J003" in notice.words["en"][1]


def test_of_more_gateways_than_are_named_none_is_called_right(dark: Tower) -> None:
    """A gateway without messages here may be among the others."""
    dark.state |= MAST
    dark.stays(600)
    dark.state |= {"amiss": 150, "unconfirmed": [{**MAST["unconfirmed"][0], "name": "other"}]}  # type: ignore[index]
    assert titles(dark.stays(900)) == ["other svarar inte"]


def test_a_campaign_that_is_over_asks_for_its_proof_once(tower: Tower) -> None:
    """Of all its days, after its last night; not in the days between."""
    tower.stays(60)
    tower.jump(0.5)
    tower.state |= DARK_NOW
    tower.stays(1800)
    assert tower.over == []
    tower.jump(6.5)
    tower.stays(3600)
    (period,) = tower.over
    assert (period.start, period.end) == (at(19, 23), at(26, 23))
    tower.restart()
    tower.stays(3600)
    assert len(tower.over) == 1


def test_a_light_that_is_forgotten_asks_for_no_proof(tower: Tower) -> None:
    """The service was off for longer than anything is remembered."""
    tower.stays(60)
    tower.state |= DARK_NOW
    tower.jump(500)
    assert tower.stays(1800) == []
    assert tower.over == []


def test_the_proof_says_how_much_was_confirmed(tower: Tower) -> None:
    """And that it is not known, where that is so."""
    start, end = at(19, 23), at(26, 23)
    period = ProofPeriod(start, end, "En vecka fri från våld")
    night = NightProof(EVENING.date(), EVENING, EVENING + timedelta(hours=8), Glow(28_800, 28_440), {}, ())
    proof = Proof(start, end, end, period.campaign, (night,))
    title, body = proof_notice(tower.facts(), period, proof).words["sv"]
    assert title == "Alvesta vattentorn: En vecka fri från våld är över"
    assert "7 h 54 min av 8 h 00 min bekräftade (98,7 %)" in body
    assert '`watertower report "En vecka fri från våld 2026"`' in body
    assert "historiken kan inte läsas" in proof_notice(tower.facts(), period, None).words["sv"][1]


UNCONFIRMED = """campaigns:
  - {name: Vecka, dates: 20–26 November, color: orange, confirmed_for: [2025]}
"""
FRIDAYS = """campaigns:
  - {name: Fredagar, nights: Fridays in November, color: orange, confirmed_for: [2025]}
"""


def at(day: int, hour: int = 11) -> datetime:
    """A day of November 2026, UTC."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_unconfirmed_dates_are_reported_fourteen_and_two_days_before(setup_of: Setups) -> None:
    """Once each, from nine in the morning on, also after a restart."""
    tower = Tower(setup_of(UNCONFIRMED), now=at(5, 6), state=DARK_NOW)
    seen: list[tuple[str, str]] = []
    while tower.now < at(20, 6):
        seen += [(f"{tower.now:%d %H}", title) for title in titles(tower.stays(LOOK_S))]
        tower.jump(1 / 48)
        tower.restart()
    assert seen == [("06 08", "Vecka börjar om 14 dagar"), ("18 08", "Vecka börjar om 2 dagar")]


def test_a_reminder_says_what_to_do(setup_of: Setups) -> None:
    """The days, the year, and where to write it."""
    tower = Tower(setup_of(UNCONFIRMED), now=at(19), state=DARK_NOW)
    (notice,) = tower.stays(60)
    title, body = notice.words["sv"]
    assert title.endswith("Vecka börjar i morgon")
    assert "Datumen är inte bekräftade för 2026: fre 20 – tors 26 nov 2026." in body
    assert "`confirmed_for`" in body


def test_confirmed_dates_and_lamps_that_lit_need_no_reminder(setup_of: Setups) -> None:
    """Nor do campaigns that name no years."""
    for schedule in (UNCONFIRMED.replace("2025", "2026"), UNCONFIRMED.replace(", confirmed_for: [2025]", "")):
        tower = Tower(setup_of(schedule), now=at(8), state=DARK_NOW)
        tower.more["lamps"] = LampFindings({"mast/bowl-north": LampResult(at=at(1), lit=True)})
        assert tower.stays(60) == []


def test_lamps_that_failed_are_reported_before_a_campaign_that_uses_them(setup_of: Setups) -> None:
    """Not before one of another part."""
    schedule = "campaigns:\n  - {name: Vecka, dates: 20–26 November, color: {shaft: orange}}\n"
    for lamp, count in (("mast/shaft-north", 1), ("mast/bowl-north", 0)):
        tower = Tower(setup_of(schedule), now=at(8), state=DARK_NOW)
        tower.more["lamps"] = LampFindings({lamp: LampResult(at=at(1), lit=False)})
        notices = tower.stays(60)
        assert len(notices) == count
        assert all("mast/shaft-north (2026-11-01)" in each.words["sv"][1] for each in notices)


def test_each_friday_of_a_month_is_one_light(setup_of: Setups) -> None:
    """One first light, one reminder of the doubt before it, one proof."""
    rule = {**WEEK, "name": "Fredagar"}
    tower = Tower(setup_of(FRIDAYS), now=at(4), state=DARK_NOW)
    kinds: list[str] = []
    for day in range(4, 38):
        tower.now = at(4) + timedelta(days=day - 4)
        kinds += [each.kind for each in tower.stays(1200)]
        tower.now += timedelta(hours=9)
        tower.mono += 9 * 3600
        is_on = tower.now.isoweekday() == 5 and tower.now.month == 11
        tower.state = {"rule": rule, "counts": {"confirmed": 4}} if is_on else DARK_NOW
        kinds += [each.kind for each in tower.stays(60)]
        tower.state = DARK_NOW
        tower.mono += 14 * 3600
    assert kinds == ["reminders", "lights"]
    assert [period.campaign for period in tower.over] == ["Fredagar"]


def test_names_cannot_break_a_line(shipped: Setup) -> None:
    """A title is one line of what can be printed: what comes after a line break would be a header of a mail."""
    evil = "a\r\nBcc: x@example.org\x1b[31m\u2028"
    tower = Tower(shipped, now=NOON, state={**DARK_NOW, **MAST, "counts": {"silent": 1}})
    tower.state["unconfirmed"] = [{**MAST["unconfirmed"][0], "name": evil}]  # type: ignore[index]
    tower.state["degradations"] = [Degradation(code="TWL-J003", since=NOON, fields={"file": evil, "reason": evil})]
    notices = tower.stays(600)
    assert len(notices) == 2
    for notice in notices:
        for title, body in notice.words.values():
            assert title.isprintable()
            assert all(line.isprintable() for line in body.split("\n"))


def test_an_event_may_be_a_notice_by_itself(tower: Tower) -> None:
    """As its entry in the catalogue states; most events are no notice."""
    event = new_event("TWL-G131", gateway="mast", right=3, steps=4, wrong=1)
    assert of_event(event, tower.facts()) is None
    found = of_event(replace(event, kind=replace(event.kind, notice="lamp_tests")), tower.facts())
    assert found is not None
    assert found.kind == "lamp_tests"
    assert found.words["sv"][0] == "Alvesta vattentorn: mast: lamptestet är slut: 3 av 4 lyste, 1 gjorde det inte"
    assert found.words["sv"][1].startswith("Se över de lampor som inte lyste")


def test_a_title_that_is_cut_is_complete_in_the_text(tower: Tower) -> None:
    """Without what the event put an end to, which is for the log."""
    fields = {"campaign": "En vecka", "begins": "2026-11-20 00:00", "failed": "mast/" + "n" * 150, "next": "–"}
    event = replace(new_event("TWL-G159", **fields), ended=EndedTrouble("TWL-G150", 80.0))
    found = of_event(event, tower.facts())
    assert found is not None
    for title, body in found.words.values():
        assert title.endswith("…")
        whole = body.split("\n")[0]
        assert title.removeprefix("Alvesta vattentorn: ").removesuffix("…") in whole
        assert "n" * 150 in whole
        assert "TWL-G150" not in whole


def test_a_long_name_is_cut(setup_of: Setups) -> None:
    """A title has at most 200 letters."""
    name = "Å" * 80
    tower = Tower(setup_of(UNCONFIRMED.replace("Vecka", name)), now=at(8), state=DARK_NOW)
    (notice,) = tower.stays(60)
    assert name in notice.words["sv"][0]
    assert len(notice.words["sv"][0]) <= 200


def test_every_notice_is_made_in_every_language(dark: Tower) -> None:
    """Not in one for all."""
    dark.state |= MAST
    (notice,) = dark.stays(600)
    assert notice.words["en"][0] == "Alvesta vattentorn: mast does not answer"
    assert notice.words["sv"][0] == "Alvesta vattentorn: mast svarar inte"
