"""`watertower plan`: tables, JSON and one moment."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.clock import ClockReading, SystemClock
from controller.config.load import load
from controller.service.override_request import OverridePolicy
from controller.service.overrides import OverrideManager
from controller.service.period import read_period
from controller.state import History, LightChange, Minute, StateStore

SHIPPED = Path(__file__).parents[2] / "config"

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE = timedelta(minutes=1)
WEEK_2026 = (
    ("2026-11-20T00:00", "2026-11-20T07:53"),
    ("2026-11-20T15:41", "2026-11-21T07:55"),
    ("2026-11-21T15:39", "2026-11-22T07:57"),
    ("2026-11-22T15:38", "2026-11-23T07:59"),
    ("2026-11-23T15:36", "2026-11-24T08:01"),
    ("2026-11-24T15:35", "2026-11-25T08:03"),
    ("2026-11-25T15:34", "2026-11-26T08:05"),
    ("2026-11-26T15:33", "2026-11-27T00:00"),
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def spells(plan: dict[str, Any], zone: str) -> list[tuple[datetime, datetime]]:
    """When a zone is lit by the cues; a fade to dark counts until it is done."""
    found, since = [], None
    for cue in plan["cues"]:
        at = datetime.fromisoformat(cue["at"])
        if cue["looks"][zone]["on"] and since is None:
            since = at
        elif not cue["looks"][zone]["on"] and since is not None:
            found.append((since, at + timedelta(seconds=cue["fade_s"])))
            since = None
    return found


def test_the_shipped_campaign_of_2026_is_lit_to_the_minute(call: Any) -> None:
    """Both zones, orange at full, in exactly the eight spells of the mission."""
    plan = json.loads(call("plan", "--json", "2026-11-19T00:00..2026-11-29T00:00").stdout)
    for zone in ("bowl", "shaft"):
        found = spells(plan, zone)
        assert len(found) == len(WEEK_2026)
        for (start, end), (wanted_start, wanted_end) in zip(found, WEEK_2026, strict=True):
            assert abs(start - local(wanted_start)) <= MINUTE
            assert abs(end - local(wanted_end)) <= MINUTE
    lit = [cue for cue in plan["cues"] if cue["looks"]["bowl"]["on"]]
    assert {cue["looks"]["bowl"]["color"] for cue in lit} == {"#FF6A00"}
    assert {cue["looks"]["bowl"]["brightness"] for cue in lit} == {1.0}
    assert {cue["looks"]["bowl"]["color_name"] for cue in lit} == {"orange"}
    line = (
        (SHIPPED / "schedule.yaml").read_text(encoding="utf-8").splitlines().index("  - name: En vecka fri från våld")
    )
    rule = {"kind": "campaign", "name": "En vecka fri från våld", "line": line + 1}
    assert all(cue["looks"][zone]["rule"] == rule for cue in lit for zone in ("bowl", "shaft"))
    assert not {"campaign", "why"} & {key for cue in plan["cues"] for key in cue}


def test_the_first_cue_says_what_holds_at_the_start(call: Any) -> None:
    """Asked in the middle of a night, the plan begins with the light that is on."""
    plan = json.loads(call("plan", "--json", "2026-11-20T20:00..2026-11-20T21:00").stdout)
    (first,) = plan["cues"]
    assert first["at"] == plan["from"] == "2026-11-20T19:00:00Z"
    assert first["local"] == "2026-11-20T20:00:00+01:00"
    assert first["looks"]["bowl"]["on"] is True


def test_a_period_of_days_is_from_midnight_to_midnight(call: Any) -> None:
    """Days with a year are those days, also when they are long gone."""
    plan = json.loads(call("plan", "--json", "20–26", "november", "2023").stdout)
    assert (plan["from"], plan["until"]) == ("2023-11-19T23:00:00Z", "2023-11-26T23:00:00Z")
    assert len(spells(plan, "bowl")) == 8
    assert plan["cues"][0]["looks"]["bowl"]["on"] is True


def test_a_day_may_lie_beside_its_year(call: Any) -> None:
    """The day before New Year's Day of 2027 is in 2026."""
    plan = json.loads(call("plan", "--json", "New Year's Day 2027 - 1 day").stdout)
    assert (plan["from"], plan["until"]) == ("2026-12-30T23:00:00Z", "2026-12-31T23:00:00Z")


def test_a_night_shows_when_it_is_dark_and_lit(call: Any) -> None:
    """The nights of the document carry the sun's stretch and the campaign's."""
    plan = json.loads(call("plan", "--json", "2026-11-20T12:00..2026-11-21T12:00").stdout)
    (night,) = plan["nights"]
    assert night["night"] == "2026-11-20"
    assert night["dark"] == [{"from": night["lit"][0]["from"], "until": night["lit"][0]["until"]}]


def test_one_moment_is_explained_with_winner_and_loser(call: Any, config: Any) -> None:
    """Of two campaigns on one night the higher wins, and both are named."""
    text = (config / "schedule.yaml").read_text()
    lower = "  - name: Orange the World\n    nights: 25 November to 10 December\n    color: red\n"
    head, rest = text.split("every_night:", 1)
    (config / "schedule.yaml").write_text(head + lower + "every_night:" + rest)
    document = json.loads(call("plan", "--json", "--at", "2026-11-25T18:00").stdout)
    assert (
        document["winner"]
        == document["rule"]["name"]
        == document["looks"]["bowl"]["rule"]["name"]
        == "En vecka fri från våld"
    )
    assert [(loser["kind"], loser["name"]) for loser in document["losers"]] == [("campaign", "Orange the World")]
    assert document["losers"][0]["because"] == "higher"
    after = json.loads(call("plan", "--json", "--at", "2026-11-27T18:00").stdout)
    assert after["winner"] == "Orange the World"
    assert after["losers"] == []


def test_a_night_in_the_middle_of_the_dark_is_explained_by_itself(call: Any, config: Any) -> None:
    """It has been dark for weeks: what decides is asked of the night that is meant, for each part of the tower too."""
    text = (config / "schedule.yaml").read_text()
    dark = "blackouts:\n  - {name: Julafton, dates: julafton}\n#"
    (config / "schedule.yaml").write_text(text.replace("blackouts: []", dark))
    eve = json.loads(call("plan", "--json", "--at", "2026-12-24T20:00").stdout)
    rules = [eve["rule"], *(look["rule"] for look in eve["looks"].values())]
    assert {(rule["kind"], rule["name"]) for rule in rules} == {("blackout", "Julafton")}
    night = json.loads(call("plan", "--json", "--at", "2026-12-20T20:00").stdout)
    assert [look["rule"] for look in night["looks"].values()] == 2 * [{"kind": None, "name": None, "line": None}]


def nights(told: str) -> list[str]:
    """The table without its head and what is below it."""
    return [line for line in told.splitlines()[1:] if not line.startswith(("!", "  "))]


def test_the_table_is_in_the_language_that_was_asked_for(call: Any) -> None:
    """Swedish heads, weekdays and zones; nights that are alike but for the sun are one row."""
    output = call("plan", "20–26 november 2026", "--lang", "sv").stdout
    assert output.splitlines()[0].split()[:2] == ["Natten", "Mörkt"]
    orange, rule = "Skålen orange 100 %, Skaftet orange 100 %", "En vecka fri från våld"
    assert [re.split(" {2,}", line) for line in nights(output)] == [
        ["tors 19 nov 2026", "15:42–07:52", f"00:00–07:52 {orange}", rule],
        ["fre 20 nov 2026 – ons 25 nov 2026 (6 nätter)", "…", f"15:41–07:55 … 15:33–08:04 {orange}", rule],
        ["tors 26 nov 2026", "15:32–08:06", f"15:32–00:00 {orange}", rule],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "first", "second"),
    [
        ("2026-11-29T20:00", "Sun 29 Nov 2026 (tonight)", "Mon 30 Nov 2026 – Thu 18 Nov 2027 (354 nights)"),
        ("2026-11-30T03:00", "Sun 29 Nov 2026 (tonight)", "Mon 30 Nov 2026 – Thu 18 Nov 2027 (354 nights)"),
        ("2026-11-30T09:00", "Mon 30 Nov 2026 (tonight)", "Tue  1 Dec 2026 – Thu 18 Nov 2027 (353 nights)"),
        ("2026-11-22T20:00", "Sun 22 Nov 2026 (tonight)", "Mon 23 Nov 2026 – Wed 25 Nov 2026 (3 nights)"),
    ],
)
def test_without_a_period_tonight_comes_first(
    call: Any, monkeypatch: pytest.MonkeyPatch, now: str, first: str, second: str
) -> None:
    """By itself, and the last row is the end of the campaign that is on or comes next; a night that is over is left
    out."""
    at = local(now)
    monkeypatch.setattr(SystemClock, "read", lambda _clock: ClockReading(at.astimezone(UTC), 0.0))
    rows = nights(call("plan").stdout)
    assert [re.split(" {2,}", row.replace("  1 Dec", " #1 Dec"))[0].replace(" #1", "  1") for row in rows[:2]] == [
        first,
        second,
    ]
    assert rows[-1].startswith(f"{'Thu' if at.day == 22 else 'Fri'} 26 Nov 202")


def test_a_loser_is_shown_with_the_reason(call: Any, config: Path) -> None:
    """The lower campaign, the blackout and what applies every night; a night that is dark for a blackout is one too."""
    (config / "schedule.yaml").write_text(
        """version: 1
campaigns:
  - {name: High, nights: 1–4 December, hours: 17:00 to 20:00, color: orange}
  - {name: Low, nights: 1–4 December, hours: 18:00 to 22:00, color: blue}
every_night: [{name: Always, hours: 17:00 to 23:00, color: green}]
blackouts: [{name: Shut, nights: 3 December}, {name: Test, nights: 4 December, hours: 21:00 to 22:30}]
"""
    )
    rows = nights(call("plan", "2090-12-02T12:00..2090-12-05T12:00").stdout)
    output = call("plan", "2090-12-02T12:00..2090-12-05T12:00").stdout.splitlines()[1:]
    whys = [re.split(" {2,}", line.strip())[-2:] for line in output if "–" in line]
    light = {name: f"Bowl {name} 100 %, Shaft {name} 100 %" for name in ("orange", "blue", "green")}
    every = "Always (a campaign takes precedence)"
    high = [f"17:00–20:00 {light['orange']}", f"High; loses: Low (lower in the file), {every}"]
    assert whys == [
        high,
        [f"20:00–22:00 {light['blue']}", f"Low; loses: {every}"],
        [f"22:00–23:00 {light['green']}", "Always"],
        ["dark", "Shut; loses: High, Low, Always (a blackout takes precedence)"],
        high,
        [f"20:00–21:00 {light['blue']}", f"Low; loses: {every}"],
        ["21:00–22:30 dark", "Test; loses: Low, Always (a blackout takes precedence)"],
        [f"22:30–23:00 {light['green']}", "Always"],
    ]
    assert len(rows) == 3


def test_nights_with_other_looks_or_reasons_are_not_one_row(call: Any, config: Path) -> None:
    """Equal clock times are shown once, also through a change of the clock; of sunset the first and last."""
    (config / "schedule.yaml").write_text(
        """version: 1
campaigns:
  - {name: Spring, nights: 25–30 March 2090, hours: 20:00 to 21:00, color: brandgul}
  - {name: Sun, nights: 31 March to 2 April 2090, hours: sunset to 23:00, color: "#0077B6", brightness: 50 %}
"""
    )
    rows = [re.split(" {2,}", row) for row in nights(call("plan", "2090-03-24T12:00..2090-04-03T12:00").stdout)]
    assert [(row[0], row[2]) for row in rows] == [
        ("Fri 24 Mar 2090", "dark"),
        ("Sat 25 Mar 2090 – Thu 30 Mar 2090 (6 nights)", "20:00–21:00 Bowl brandgul 100 %, Shaft brandgul 100 %"),
        ("Fri 31 Mar 2090 – Sun", "…"),  # `Sun  2 Apr` has two spaces
    ]
    assert "19:39–23:00 … 19:44–23:00 Bowl #0077B6 50 %, Shaft #0077B6 50 %" in rows[-1]


@pytest.mark.parametrize(
    ("period", "code"),
    [
        ("2026-11-20..2026-11-10", "TWL-Q105"),
        ("2026-11-20..2026-11-20", "TWL-Q105"),
        ("2026-11-20..", "TWL-Q105"),
        ("..", "TWL-Q105"),
        ("a..b", "TWL-Q120"),
        ("2026-11-20..9999-12-31T23:59+00:00", "TWL-Q120"),
        ("soon", "TWL-Q105"),
        ("31 November", "TWL-S103"),
        ("week 53 2027", "TWL-S116"),
        ("20–26 novmber", "TWL-S102"),
    ],
)
def test_what_is_no_period_is_refused_with_what_to_write(call: Any, period: str, code: str) -> None:
    """Usage: exit code 2, the code of what is wrong in the days, and no traceback."""
    result = call("plan", period)
    assert result.exit_code == 2
    assert code in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("i natt", "2026-11-29T12:00", "2026-11-30T12:00"),
        ("tonight", "2026-11-29T12:00", "2026-11-30T12:00"),
        ("idag", "2026-11-30T00:00", "2026-12-01T00:00"),
        ("I morgon", "2026-12-01T00:00", "2026-12-02T00:00"),
        ("igår", "2026-11-29T00:00", "2026-11-30T00:00"),
        ("nästa vecka", "2026-12-07T00:00", "2026-12-14T00:00"),
        ("last week", "2026-11-23T00:00", "2026-11-30T00:00"),
        ("igår 23:30..i natt kl 2", "2026-11-29T23:30", "2026-11-30T02:00"),
    ],
)
def test_a_period_is_taken_as_seen_from_now(period: str, start: str, end: str) -> None:
    """Half past midnight of a Monday: `tonight` is the night that is on, as in the rows of the table."""
    now = local("2026-11-30T00:30")
    assert read_period(period, load(SHIPPED), now) == (local(start), local(end))


def test_the_first_and_the_last_day_that_may_be_written_have_a_plan(call: Any) -> None:
    """By the clock of the site, which is ahead of UTC."""
    first = json.loads(call("plan", "--json", "1970-01-01..1970-01-02").stdout)
    assert first["from"] == "1969-12-31T23:00:00Z"
    assert call("plan", "--at", "2100-12-31T23:59").exit_code == 0


def test_a_moment_or_a_period_but_not_both(call: Any) -> None:
    """Neither is left unheard."""
    assert call("plan", "--at", "2026-11-20T16:00", "20 November").exit_code == 2


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "", "9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_bad_moment_never_ends_in_a_traceback(call: Any, moment: str) -> None:
    """Nonsense and the ends of the calendar alike."""
    result = call("plan", "--at", moment)
    assert result.exit_code in {0, 2}
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_one_moment_is_explained_in_swedish(call: Any, config: Any) -> None:
    """Winner, losers and the dark, in the words of the file and no English between them."""
    text = (config / "schedule.yaml").read_text()
    more = (
        "  - {name: Vita veckor, nights: 25 november till 10 december, except: 2 december, color: white,"
        " hours: solnedgång till 23:00, otherwise: dark}\n"
    )
    head, rest = text.split("every_night:", 1)
    (config / "schedule.yaml").write_text(head + more + "every_night:" + rest)
    line = 1 + head.count("\n")
    rule = f"nätter 25 november till 10 december utom 2 december, solnedgång till 23:00 (rad {line})"
    both = call("plan", "--at", "2090-11-25T18:00", "--lang", "sv").stdout.splitlines()
    assert both[2] == "För att: En vecka fri från våld – datum 20–26 November, sunset to sunrise (rad 10)"
    assert both[3] == f"Får vika: Vita veckor – {rule} (står lägre i filen)"
    rest_dark = call("plan", "--at", "2090-11-28T23:30", "--lang", "sv").stdout.splitlines()
    assert rest_dark[1:3] == ["Visar: Skålen släckt, Skaftet släckt", f"För att: Vita veckor – släckt i övrigt: {rule}"]
    nothing = call("plan", "--at", "2090-07-01T12:00", "--lang", "sv").stdout.splitlines()
    assert nothing[2] == "För att: inget gäller: släckt"


def test_a_moment_in_a_fade_shows_when_it_is_done(call: Any) -> None:
    """On the way in and out; not before and not behind."""
    for moment, done in (("2026-11-20T00:00:10", "2026-11-20T00:00:30"), ("2026-11-26T23:59", "2026-11-27T00:00:00")):
        assert f"Fading until: {done}+01:00" in call("plan", "--at", moment).stdout.splitlines()
    for moment in ("2026-11-20T00:00:30", "2026-11-26T23:57:59", "2026-11-27T00:00"):
        assert "Fading" not in call("plan", "--at", moment).stdout


def test_a_cue_between_two_seconds_is_shown_exactly(call: Any, config: Any) -> None:
    """A fade out of half a second begins half a second before midnight."""
    text = (config / "schedule.yaml").read_text().replace("fade_out: 2 min", "fade_out: 500 ms")
    (config / "schedule.yaml").write_text(text)
    plan = json.loads(call("plan", "--json", "26 November 2026").stdout)
    assert plan["cues"][-1]["at"] == "2026-11-26T22:59:59.500000Z"
    assert plan["cues"][-1]["fade_s"] == 0.5


@pytest.mark.parametrize(
    ("start", "on", "fade_s"),
    [
        ("20T00:00:00", True, 30.0),
        ("20T00:00:10", True, 20.0),
        ("20T00:00:30", True, 0.0),
        ("26T23:59:00", False, 60.0),
    ],
)
def test_a_plan_that_begins_in_a_fade_has_the_rest_of_it(call: Any, start: str, on: bool, fade_s: float) -> None:
    """Its first cue is that in force, at the begin of the period."""
    first = json.loads(call("plan", "--json", f"2026-11-{start}..2026-11-28T12:00").stdout)["cues"][0]
    assert first["local"] == f"2026-11-{start}+01:00"
    assert (first["looks"]["bowl"]["on"], first["fade_s"]) == (on, fade_s)


def test_a_plan_that_begins_in_a_sequence_begins_with_the_step_that_is_on(call: Any, config: Any) -> None:
    """And says since when the steps are counted."""
    text = (config / "schedule.yaml").read_text().replace("color: orange", "color: [red, lime]\n    change_every: 1 h")
    (config / "schedule.yaml").write_text(text)
    plan = json.loads(call("plan", "--json", "2026-11-20T01:30..2026-11-20T12:00").stdout)
    shown = plan["cues"][0]["looks"]["bowl"]
    assert shown["color"] == "#00FF00"
    assert shown["sequence"] == {
        "colors": ["#FF0000", "#00FF00"],
        "color_names": ["red", "lime"],
        "change_every_s": 3600.0,
        "started_at": "2026-11-19T23:00:00Z",
    }
    assert "sequence" not in plan["cues"][-1]["looks"]["bowl"]


def test_the_steps_of_a_zone_are_counted_from_the_begin_of_its_own_rule(call: Any, config: Any) -> None:
    """Not from that of a campaign which begins in another zone meanwhile."""
    (config / "schedule.yaml").write_text(
        "version: 1\ncampaigns:\n"
        "  - {name: a, nights: 20 November, hours: 18:15 to 20:00, color: {bowl: yellow}}\n"
        "  - {name: b, nights: 20 November, hours: 17:00 to 22:00, color: [red, blue], change_every: 10 min}\n"
    )
    begun, between, back, _ = json.loads(call("plan", "--json", "2026-11-20T17:00..2026-11-20T23:00").stdout)["cues"]
    assert between["local"] == "2026-11-20T18:15:00+01:00"
    assert between["looks"]["shaft"]["color"] == "#0000FF"  # the eighth of its steps
    shaft = [cue["looks"]["shaft"]["sequence"]["started_at"] for cue in (begun, between, back)]
    assert shaft == ["2026-11-20T16:00:00Z"] * 3
    assert back["looks"]["bowl"]["sequence"]["started_at"] == "2026-11-20T19:00:00Z"


def test_the_table_distinguishes_a_sequence_from_one_colour(call: Any, config: Any) -> None:
    """With the number of its colours, in the language of the table."""
    text = (config / "schedule.yaml").read_text()
    assert "färger" not in call("plan", "20 November 2026", "--lang", "sv").stdout
    (config / "schedule.yaml").write_text(text.replace("orange", "[red, lime, blue]\n    change_every: 1 h", 1))
    row = call("plan", "20 November 2026", "--lang", "sv").stdout.splitlines()[1]
    assert "Skålen red 100 % (3 färger), Skaftet red 100 % (3 färger)" in row


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """The state directory of a service under which Eva set blue for a while."""
    now = SystemClock().read().wall
    request = json.dumps({"id": "a", "look": "blue", "until": "2 h", "owner": "Eva", "reason": "prov"}).encode()
    setup = load(SHIPPED)
    async with StateStore(tmp_path / "state", lambda _event: None) as store:
        hand = OverrideManager(store, OverridePolicy(setup.program(), setup.tower.palette, timedelta(days=7)))
        assert (await hand.take(request, now)).code == "TWL-O101"
    return tmp_path / "state"


async def stopped(state: Path) -> None:
    """Bo gave a safety stop."""
    setup = load(SHIPPED)
    stop = json.dumps({"id": "s", "action": "stop", "owner": "Bo", "reason": "storm"}).encode()
    async with StateStore(state, lambda _event: None) as store:
        hand = OverrideManager(store, OverridePolicy(setup.program(), setup.tower.palette, timedelta(days=7)))
        assert (await hand.take(stop, SystemClock().read().wall)).code == "TWL-O105"


def soon() -> str:
    """An instant within the override."""
    return (SystemClock().read().wall + timedelta(minutes=10)).isoformat(timespec="seconds")


@pytest.mark.usefixtures("state")
def test_an_override_in_force_is_in_the_answer(call: Any) -> None:
    """During a blue override the plan must not say dark, or orange, without a word of it."""
    output = call("plan", "--at", soon()).stdout
    assert "Shows: Bowl blue 100 %, Shaft blue 100 %" in output
    assert "! an override by Eva is in force until 20" in output
    assert "(prov): blue" in output
    assert "Because: override by Eva: prov" in output
    assert "För att: överstyrt av Eva: prov" in call("plan", "--at", soon(), "--lang", "sv").stdout
    document = json.loads(call("plan", "--at", soon(), "--json").stdout)
    assert document["winner"] == "override"
    (by_eva,) = document["by_hand"]["overrides"]
    blue = {"on": True, "color": "#0000FF", "color_name": "blue", "brightness": 1.0}
    assert (by_eva["owner"], by_eva["looks"]) == ("Eva", {"bowl": blue, "shaft": blue})
    rule = {"kind": "override", "name": None, "line": None, "owner": "Eva", "reason": "prov", "until": by_eva["until"]}
    assert document["looks"]["bowl"] == {**blue, "rule": rule}
    table = call("plan").stdout
    assert "! an override by Eva" in table
    assert json.loads(call("plan", "--json").stdout)["by_hand"]["known"]
    assert "!" not in call("plan", "6 June 2099").stdout, "it has ended by then"


async def test_a_safety_stop_that_holds_is_in_the_answer(call: Any, state: Path) -> None:
    """With the command that lifts it, in the table too."""
    await stopped(state)
    for words in (("plan", "--at", soon()), ("plan",), ("plan", "6 June 2099")):
        output = call(*words).stdout
        assert (
            "! a safety stop by Bo is in force (storm): everything is dark until `watertower resume --lift`" in output
        )
    assert json.loads(call("plan", "--at", soon(), "--json").stdout)["winner"] == "stop"


def test_unknown_overrides_are_reported_as_unknown(call: Any, tmp_path: Path) -> None:
    """No service keeps its state here; for a service that does, only what is in force is shown."""
    assert "is not in this answer: `watertower status` shows it" in call("plan").stdout
    assert "`watertower status` visar det" in call("plan", "--at", soon(), "--lang", "sv").stdout
    assert json.loads(call("plan", "--json").stdout)["by_hand"]["known"] is False
    (tmp_path / "state" / "last-good").mkdir(parents=True)
    assert "!" not in call("plan").stdout


@pytest.fixture
def recorded(tmp_path: Path) -> datetime:
    """A history of one evening: the bowl under the campaign, dark by hand from the third minute on."""
    evening = datetime(2025, 11, 20, 18, tzinfo=UTC)
    (tmp_path / "state").mkdir()
    history = History(tmp_path / "state")
    orange, dark = {"colors": ["#FF6A00"], "brightness": 0.8}, {"colors": [], "brightness": 1.0}
    sequence = {
        "colors": ["#FF0000", "#00FF00"], "brightness": 1.0, "change_every_s": 60.0, "since": evening.isoformat(),
    }  # fmt: skip
    campaign = {"kind": "campaign", "name": "Förra årets", "line": 3}
    hand = {"kind": "override", "owner": "Ann", "reason": "test"}
    seconds = (60.0, 60.0, 12.4, 0.0)
    history.write(
        [
            LightChange(evening, "bowl", orange, campaign),
            LightChange(evening, "shaft", sequence, {"kind": None}),
            LightChange(evening + 2 * MINUTE, "bowl", dark, hand),
            *(
                Minute(evening.date(), zone, evening + number * MINUTE, planned=True, confirmed_s=confirmed_s)
                for number, confirmed_s in enumerate(seconds)
                for zone in ("bowl", "shaft")
            ),
        ]
    )
    history.close()
    return evening


@pytest.mark.parametrize(
    ("second", "bowl", "shaft"),
    [
        (30, "Bowl #FF6A00 80 % – Förra årets – confirmed", "Shaft #FF0000 100 % – nothing applied – confirmed"),
        (90, "Bowl #FF6A00 80 % – Förra årets – confirmed", "Shaft #00FF00 100 % – nothing applied – confirmed"),
        (
            120,
            "Bowl dark – override by Ann: test – confirmed for 12 s of this minute",
            "Shaft #FF0000 100 % – nothing applied – confirmed for 12 s of this minute",
        ),
        (
            239,
            "Bowl dark – override by Ann: test – not confirmed",
            "Shaft #00FF00 100 % – nothing applied – not confirmed",
        ),
    ],
)
def test_a_past_instant_shows_what_was_lit(call: Any, recorded: datetime, second: int, bowl: str, shaft: str) -> None:
    """On whose behalf, and confirmed or not; before what the files say now of that instant."""
    at = (recorded + timedelta(seconds=second)).isoformat()
    result = call("plan", "--at", at)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[1:4] == [f"Was shown: {bowl}", f"Was shown: {shaft}", "As the files say it now:"]
    assert lines[4].startswith("Shows: ")
    assert not [line for line in lines if line.startswith("!")]


def test_of_the_past_in_swedish_and_for_programs(call: Any, recorded: datetime) -> None:
    """The document has values."""
    at = (recorded + 2 * MINUTE).isoformat()
    output = call("plan", "--at", at, "--lang", "sv").stdout.splitlines()
    assert output[1] == "Visades: Skålen släckt – överstyrt av Ann: test – bekräftat 12 s av den här minuten"
    assert output[3] == "Som filerna säger nu:"
    document = json.loads(call("plan", "--at", at, "--json").stdout)
    assert document["of_the_past"]
    assert document["recorded"]["zones"]["bowl"] == {
        "on": False, "color": None, "color_name": None, "brightness": 0.0, "confirmed_s": 12.4,
        "rule": {"kind": "override", "owner": "Ann", "reason": "test"},
    }  # fmt: skip


@pytest.mark.parametrize("minutes", [-1, 4, 600])
def test_an_instant_without_history_is_reported_as_such(call: Any, recorded: datetime, minutes: int) -> None:
    """The service did not run then, though it had shown something before; what the files say now follows."""
    at = (recorded + minutes * MINUTE).isoformat()
    lines = call("plan", "--at", at).stdout.splitlines()
    assert lines[1].startswith("! the history contains nothing about this minute")
    assert lines[2] == "As the files say it now:"
    assert json.loads(call("plan", "--at", at, "--json").stdout)["recorded"] is None


def test_of_the_future_there_is_no_record(call: Any, recorded: datetime) -> None:
    """Nothing of the past is beside it."""
    assert recorded
    assert "Was shown" not in call("plan", "--at", "2090-11-20T18:00").stdout
    assert "recorded" not in json.loads(call("plan", "--at", "2090-11-20T18:00", "--json").stdout)


def test_a_history_that_cannot_be_read_is_no_traceback(call: Any, tmp_path: Path) -> None:
    """Exit code 1, and which file."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "history.db").write_bytes(b"not a database " * 1000)
    result = call("plan", "--at", "2025-11-20T18:00")
    assert (result.exit_code, "TWL-J008" in result.stderr) == (1, True)


def test_a_past_period_is_shown_by_the_present_files(call: Any) -> None:
    """The answer names this."""
    output = call("plan", "20", "November", "2020").stdout
    assert "! the past is calculated from the present files, not from what was shown" in output


def test_a_long_row_of_empty_nights_is_one_line(call: Any) -> None:
    """The week of the campaign is not lost in a year of darkness; programs get every night."""
    output = call("plan", "--lang", "sv", "2096-11-29T12:00..2097-11-21T12:00").stdout
    rows = [re.split(" {2,}", row) for row in nights(output)]
    assert rows[0] == ["tors 29 nov 2096 – mån 18 nov 2097 (355 nätter)", "…", "släckt", "–"]
    assert [row[0] for row in rows[1:]] == ["tis 19 nov 2097", "ons 20 nov 2097"]
    plan = json.loads(call("plan", "--json", "2096-11-29T12:00..2097-11-21T12:00").stdout)
    assert len(plan["nights"]) == 357


def test_a_note_on_many_nights_is_one_line(call: Any, config: Path) -> None:
    """With the times of the first night and of the last."""
    (config / "schedule.yaml").write_text(
        "version: 1\nevery_night: [{name: Evening, hours: sunset to 21:45, color: orange}]\n"
    )
    output = call("plan", "2090-06-01T12:00..2090-06-21T12:00").stdout.splitlines()
    (note,) = [line for line in output if line.startswith("  ") and "21:45" in line and "nights)" in line]
    assert note.count("21:45") >= 2


MANY = """version: 1
campaigns:
  - {name: "Ljus; och, mörker", nights: 1–2 December, hours: ["17:00 to 20:00", "05:00 to 06:00"], color: orange}
blackouts: [{name: Shut, nights: 2 December}]
"""
PERIOD = "2090-12-01T12:00..2090-12-04T12:00"


def test_for_spreadsheets_each_night_is_a_line(call: Any, config: Path) -> None:
    """With the first light and the last; what people should know besides is no data."""
    (config / "schedule.yaml").write_text(MANY, encoding="utf-8")
    result = call("plan", "--csv", PERIOD)
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [line["night"] for line in lines] == ["2090-12-01", "2090-12-02", "2090-12-03"]
    assert lines[0] == {
        "night": "2090-12-01",
        "from": "2090-12-01T17:00:00+01:00",
        "until": "2090-12-02T06:00:00+01:00",
        "light": "17:00–20:00 Bowl orange 100 %, Shaft orange 100 %; 05:00–06:00 Bowl orange 100 %, Shaft orange 100 %",
        "why": "Ljus; och, mörker",
    }
    assert (lines[1]["from"], lines[1]["light"]) == ("", "dark")
    assert lines[1]["why"] == "Shut; loses: Ljus; och, mörker (a blackout takes precedence)"
    assert result.stderr.startswith("! ")


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+46 472 150 00", "-x"])
def test_no_name_is_a_formula_for_a_spreadsheet(call: Any, config: Path, name: str) -> None:
    """Whoever opens the file must not run what somebody wrote as the name of a campaign."""
    (config / "schedule.yaml").write_text(MANY.replace("Ljus; och, mörker", name), encoding="utf-8")
    lines = list(csv.DictReader(io.StringIO(call("plan", "--csv", PERIOD).stdout)))
    assert lines[0]["why"] == f"'{name}"


def test_for_calendars_each_night_with_light_is_an_event(call: Any, config: Path) -> None:
    """In UTC, with lines of at most 75 octets and no separator unescaped (RFC 5545)."""
    (config / "schedule.yaml").write_text(MANY, encoding="utf-8")
    data = call("plan", "--ics", PERIOD).stdout_bytes
    lines = data.split(b"\r\n")
    assert (lines[0], *lines[-2:]) == (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"")
    assert all(len(line) <= 75 for line in lines)
    whole = data.replace(b"\r\n ", b"").decode()
    assert whole.count("BEGIN:VEVENT") == whole.count("END:VEVENT") == 1
    for line in ("UID:2090-12-01@watertower", "DTSTART:20901201T160000Z", "DTEND:20901202T050000Z"):
        assert f"{line}\r\n" in whole
    assert "SUMMARY:Ljus\\; och\\, mörker\r\n" in whole
    assert "100 %\\, Shaft orange 100 % – Ljus\\; och\\, mörker\\n05:00–06:00" in whole


@pytest.mark.parametrize("words", [("--csv", "--ics"), ("--json", "--csv"), ("--ics", "--at", "2090-12-01T12:00")])
def test_one_form_at_a_time(call: Any, words: tuple[str, ...]) -> None:
    """And one instant has no nights."""
    result = call("plan", *words)
    assert (result.exit_code, "TWL-Q115" in result.stderr) == (2, True)


def test_a_moment_is_explained_by_zone_where_rules_differ(call: Any, config: Path) -> None:
    """A zone that a campaign leaves out follows the rule below it."""
    (config / "schedule.yaml").write_text(
        """version: 1
campaigns:
  - {name: High, nights: 1 December, color: {Bowl: orange}}
  - {name: Low, nights: 1 December, color: blue}
"""
    )
    lines = call("plan", "--at", "2090-12-01T20:00").stdout.splitlines()
    assert lines[1] == "Shows: Bowl orange 100 %, Shaft blue 100 %"
    assert lines[2].startswith("Because: High – ")
    assert lines[3:5] == ["  Bowl: High", "  Shaft: Low"]


def test_an_event_of_a_calendar_ends_with_the_light(call: Any, config: Path) -> None:
    """A limit may take all of it away, and a campaign may be dark on purpose."""
    (config / "schedule.yaml").write_text(
        "version: 1\ncampaigns:\n"
        "  - {name: Dark, nights: 1 December, hours: 17:00 to 18:00, color: dark}\n"
        "  - {name: Red, nights: 1 December, hours: 17:00 to 23:00, color: red}\n"
        "  - {name: Dark too, nights: 2 December, color: dark}\n"
        "limits:\n  - {name: Birds, hours: 22:00 to 05:00, brightness: 0 %}\n",
        "utf-8",
    )
    output = call("plan", "--ics", "2090-12-01..2090-12-04").stdout
    assert output.count("BEGIN:VEVENT") == 1
    for line in ("DTSTART:20901201T170000Z", "DTEND:20901201T210000Z", "SUMMARY:Red"):
        assert f"{line}\n" in output.replace("\r\n", "\n")


def test_a_picture_of_the_nights_is_one_document(call: Any) -> None:
    """As SVG; with another form of the answer it is refused."""
    result = call("plan", "vecka 47 2026", "--svg", "--lang", "sv")
    assert result.exit_code == 0
    assert result.stdout.startswith("<svg ")
    assert "fre 20 – lör 21 nov" in result.stdout
    assert call("plan", "--svg", "--csv").exit_code == 2


def test_after_the_last_light_of_a_campaign_the_next_one_counts() -> None:
    """Also in the night in which it ended."""
    start, end = read_period("", load(SHIPPED), local("2026-11-27T04:00"))
    assert (start, end.astimezone(STOCKHOLM).date().isoformat()) == (local("2026-11-27T04:00"), "2027-11-27")
