"""Notes on what most likely was not meant: each with files in which it is true, and with files as they are usually
written, in which there is nothing to note."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.load import Setup, parse
from controller.config.setup_notes import notes

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TRAPS = {
    "TWL-S218",
    "TWL-S219",
    "TWL-S220",
    "TWL-S242",
    "TWL-S243",
    "TWL-S244",
    "TWL-S245",
    "TWL-S246",
    "TWL-S271",
    "TWL-S272",
}
PUBLISHED = """
  - {name: En vecka fri från våld, dates: 20–26 November, color: orange, confirmed_for: [2026]}
  - {name: Advent och jul, nights: första advent till 13 januari, except: julafton, color: 2700 K,
     hours: [solnedgång till 23:00, 05:00 till soluppgång]}
  - {name: Sveriges nationaldag, nights: 6 juni, color: {bowl: gul, shaft: blå}}
  - {name: Earth Hour, nights: sista lördagen i mars, hours: 20:30 till 21:30, color: dark}
  - {name: Världsvattendagen, nights: 22 mars, hours: sunset + 30 min till midnatt, color: "#0077B6"}
  - {name: World AIDS Day, dates: 1 December, color: red}
  - {name: Invigning av parken, dates: 12 september 2027, hours: 20:00 till 22:00, color: limegrön, brightness: 50 %}
  - {name: Pink October, dates: October, color: hotpink}
  - {name: Nyår, nights: 31 december, hours: 17:00 till 01:00, color: [guld, vit], change_every: 30 s}
"""


def found(campaigns: str, shipped: Setup, limits: str = "") -> list[tuple[str, str, str]]:
    """Code, and text with its action in both languages."""
    tower = "\n".join(shipped.tower_text.source.lines)
    schedule = f"version: 1\ncampaigns:{campaigns}\n{limits}".encode()
    every = [one.event for one in notes(parse(tower.encode(), schedule, Path("config")), NOW) if one.code in TRAPS]
    return [(one.code, *(f"{one.text(each)} {one.action(each)}" for each in ("en", "sv"))) for one in every]


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("dates: 31 December, hours: 17:00 to 01:00", "TWL-S218", "00:00–01:00, 17:00–24:00"),
        ("dates: 24 december, hours: solnedgång till 02:00", "TWL-S218", "00:00–02:00, 15:"),
        ("dates: 1–3 May, hours: 21:30 to 04:00", "TWL-S218", "on 2027-05-03 it is lit 00:00–04:00, 21:30–24:00"),
        ("nights: 1–30 June, hours: midnight to 06:00", "TWL-S219", "30 of 30 nights"),
        ("nights: every day, hours: 17:00 to 22:00", "TWL-S219", "sunset"),
        ("nights: 21 June, hours: sunset to 22:10", "TWL-S220", "22:10"),
        ("nights: 20 November, hours: 20:00 to 20:10", "TWL-S220", "20:00:00–20:10:00"),
        ("name: Orange vecka, dates: 20–26 November 2026", "TWL-S242", "2026"),
        ("name: orange, dates: 20–26 November 2026, confirmed_for: 2026", "TWL-S242", "2026"),
        ("dates: 5 April 2026", "TWL-S243", "Easter Sunday"),
        ("name: Påskljus, dates: 28 mars 2027", "TWL-S243", "`Easter Sunday`"),
        ("name: Påskljus, dates: [5 April 2026, 28 March 2027]", "TWL-S243", "Easter Sunday in 2027"),
        ("name: Påskljus, dates: [5 April 2026, 1 juni 2027]", "TWL-S243", "Easter Sunday in 2026"),
        ("name: Påskljus, dates: 2–8 mars 2027", None, ""),
        ("name: Påskljus, dates: 28 mars–2 april 2027", None, ""),
        ("name: Alvesta Pride, dates: 23–29 augusti 2027", None, ""),
        ("nights: 19 June 2026", "TWL-S243", "Midsummer Eve"),
        ("dates: 20–26 November, color: {bowl: red}", "TWL-S244", "shaft: dark"),
        ("dates: 20–26 November, color: '#2E7D32'", "TWL-S245", "#66FF6E"),
        ("dates: 20–26 November, color: {bowl: red, shaft: navy}", "TWL-S245", "#0000FF"),
        ("dates: 20–26 November, color: '#00A700'", "TWL-S245", "39 % of"),
        ("dates: 20–26 November, color: '#00AA00'", None, ""),
        ("dates: 20–26 November, color: '#00FFFF', brightness: 2 %", "TWL-S246", "at 2 %"),
        ("dates: 20–26 November, color: '#FFD0A0', brightness: 60 %", None, ""),
        ("dates: 20–26 November, hours: sunset to sunrise", None, ""),
        ("dates: 31 December, hours: 23:00 to 00:15", "TWL-S218", "00:00–00:15, 23:00–24:00"),
        ("dates: 20–26 November 2027, except: 23 November 2026", "TWL-S271", "'23 November 2026' removes no day"),
        ("dates: 20–26 November, except: [23 November, julafton]", "TWL-S271", "'julafton' removes no day"),
        ("dates: 20–26 November, except: 23 November 2028", None, ""),
        ("dates: 20–26 November, except: Fridays", None, ""),
        ("dates: Fridays in November, except: 27 November", None, ""),
        ("dates: '20–26 November, Fridays'", "TWL-S272", "`Fridays 20–26 November`"),
        ("dates: '20–26 November and Fridays'", None, ""),
        ("dates: [20–26 November, Fridays]", None, ""),
        ("dates: 6 June", None, ""),
        ("nights: 31 December, hours: 17:00 to 01:00", None, ""),
        ("dates: every day, hours: 22:00 to 04:00", None, ""),
        ("dates: 20–26 November, hours: [17:00 to 24:00, midnight to 06:00]", None, ""),
        ("nights: every day, hours: sunset to 23:00", None, ""),
        ("nights: 20 November, hours: 15:30 to 23:00", None, ""),
        ("nights: 20 November, hours: 20:00 to 20:20", None, ""),
        ("nights: 24 June, hours: 13:00 to 13:10, color: dark", None, ""),
        ("name: Invigning av badet, dates: 12 September 2027", None, ""),
        ("name: Vecka 47, dates: [vecka 47, 1 december 2027]", None, ""),
        ("name: Jubileumsdagen, dates: 12 September 2027", None, ""),
        ("dates: 6 June 2026", None, ""),
        ("dates: 20–26 November, color: {bowl: red, shaft: dark}", None, ""),
        ("dates: 20–26 November, color: '#4CAF50'", None, ""),
        ("dates: 20–26 November, color: orange, brightness: 10 %", None, ""),
    ],
)
def test_a_trap_is_noted_with_what_will_be_seen_and_no_other(
    line: str, code: str | None, part: str, shipped: Setup
) -> None:
    """In both languages; and nothing where it was surely meant."""
    named = line if "name" in line else f"name: a, {line}"
    noted = found(f"\n  - {{{named if 'color' in line else f'{named}, color: red'}}}", shipped)
    assert [one for one, _, _ in noted] == ([code] if code is not None else [])
    assert all(part in english for _, english, _ in noted)
    assert all(swedish != english for _, english, swedish in noted)


def test_calendars_as_they_are_published_need_no_note(shipped: Setup) -> None:
    """A note that is usually wrong is worse than none."""
    assert found(PUBLISHED, shipped) == []


def test_a_feast_is_named_in_the_language_of_the_reader(shipped: Setup) -> None:
    """As its own word of the day grammar."""
    noted = found("\n  - {name: a, dates: 5 April 2026, color: red}", shipped)
    assert ["`påskdagen`" in swedish for _, _, swedish in noted] == [True]


def test_a_limit_that_is_over_is_noted_and_no_limit_counts_as_a_campaign(shipped: Setup) -> None:
    """Limits alone light nothing."""
    tower = "\n".join(shipped.tower_text.source.lines).encode()
    limits = "version: 1\nlimits:\n  - {name: birds, nights: May 2020, brightness: 30 %}\n"
    codes = [one.code for one in notes(parse(tower, limits.encode(), Path("config")), NOW)]
    assert sorted(codes) == ["TWL-S203", "TWL-S252"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("campaigns: [{name: a, color: red, ", "TWL-S218"),
        ("blackouts: [{name: a, ", "TWL-S248"),
        ("limits: [{name: a, brightness: 20 %, ", "TWL-S248"),
    ],
)
@pytest.mark.parametrize(
    ("days", "hours", "applies"),
    [
        ("dates: 1 May", "22:00 to 04:00", "00:00–04:00, 22:00–24:00"),
        ("dates: 1–3 May", "22:00 to 04:00", "2027-05-03"),
        ("dates: 1 May", "noon to 04:00", "00:00–04:00, 12:00–24:00"),
        ("dates: 1 May", "noon to midnight", None),
        ("dates: 1 May", "noon to sunrise", None),
        ("dates: 1 May", "all day", None),
        ("dates: every day", "noon to 04:00", None),
        ("nights: 1 May", "noon to 04:00", None),
    ],
)
def test_hours_that_dates_cut_at_midnight_are_noted_for_each_kind_of_rule(
    rule: str, code: str, days: str, hours: str, applies: str | None, shipped: Setup
) -> None:
    """With when it applies on the last of its days; also from noon on, where a night begins."""
    tower = "\n".join(shipped.tower_text.source.lines).encode()
    schedule = f"version: 1\n{rule}{days}, hours: {hours}}}]\n".encode()
    noted = notes(parse(tower, schedule, Path("config")), NOW)
    told = [one.event.text("en") for one in noted if one.code == code]
    assert [applies is not None and applies in text for text in told] == ([True] if applies is not None else [])


@pytest.mark.parametrize(
    ("others", "lit"),
    [
        ("blackouts: [{name: b, dates: 1 May, hours: noon to 21:00}]", "00:00–01:00, 21:00–24:00"),
        (
            "limits: [{name: l, hours: [noon to 21:00, 22:00 to 23:00], brightness: 0 %}]",
            "00:00–01:00, 21:00–22:00, 23:",
        ),
        ("limits: [{name: l, hours: 22:00 to 23:00, brightness: 20 %}]", "00:00–01:00, 18:00–24:00"),
    ],
)
def test_a_note_describes_what_is_seen_where_others_take_light_away(others: str, lit: str, shipped: Setup) -> None:
    """Nor is it lit by day where a blackout or a limit keeps it dark then."""
    noted = found("\n  - {name: a, dates: 1 May, hours: 18:00 to 01:00, color: red}", shipped, others)
    assert [lit in english for code, english, _ in noted if code == "TWL-S218"] == [True]
    assert ("TWL-S219" in {code for code, _, _ in noted}) is ("20 %" in others)


def test_what_is_hidden_all_day_is_noted_by_its_own_hours(shipped: Setup) -> None:
    """A higher campaign shows instead."""
    higher = "\n  - {name: b, nights: every day, color: red, hours: all day}"
    rules = f"{higher}\n  - {{name: a, dates: 1 May, hours: 22:00 to 01:00, color: blue}}"
    assert ["22:00–24:00" in english for code, english, _ in found(rules, shipped) if code == "TWL-S218"] == [True]
