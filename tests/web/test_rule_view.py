"""Redigera: a caretaker changes a rule without seeing YAML, and the file says what was meant."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.load import load
from controller.state.roles import Role
from controller.web.running_service import RunningService
from tests.web.conftest import SHIPPED, Browser, SetClock
from tests.web.desk import WEEK, Person, Site, person


@pytest.fixture
def site(service: RunningService, clock: SetClock, tmp_path: Path) -> Site:
    """The shipped files in a folder of their own."""
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder)
    return Site(service, clock, folder)


@pytest.fixture
def kim(site: Site, browser: Browser) -> Person:
    """A caretaker."""
    return person(site, browser, "kim")


def lines_changed(site: Site) -> list[str]:
    """Lines of the file that the shipped one does not have."""
    shipped = (SHIPPED / "schedule.yaml").read_text().splitlines()
    return [line.split("  #")[0].rstrip() for line in site.text.splitlines() if line not in shipped]


async def test_other_days_are_asked_about_and_nothing_is_chosen_beforehand(site: Site, kim: Person) -> None:
    """Every year or this one only; without an answer it is not shown as a change."""
    await kim.change(WEEK, days="21–27 november")
    assert kim.status == 422
    assert "Bara 2026, andra år som förut" in kim.words
    assert "Varje år" in kim.words
    assert 'value="only" checked' not in kim.html
    assert 'value="every" checked' not in kim.html
    assert 'value="21–27 november"' in kim.html
    assert "<title>Fel: En vecka fri från våld" in kim.html


async def test_the_week_is_moved_in_one_year_only(site: Site, kim: Person) -> None:
    """The comment of the line stays, and all other years are as before."""
    await kim.change(WEEK, days="21–27 november", year_choice="only")
    assert kim.path.startswith("/schedule/draft/")
    assert "bara 2026" in kim.words
    await kim.save()
    assert lines_changed(site) == [
        "    dates: [20–26 November, 27 november 2026]",
        "    except: 20 November 2026",
    ]
    assert "# inget årtal = varje år" in site.text
    await kim.go(WEEK)
    assert 'name="years.2026" value="21–27 november"' in kim.html
    assert "lör 21 – fre 27 nov 2026, 7 dagar." in kim.words


async def test_days_of_every_year_replace_those_of_the_file(site: Site, kim: Person) -> None:
    """The other answer."""
    await kim.change(WEEK, days="21–27 november", year_choice="every")
    await kim.save()
    assert lines_changed(site) == ["    dates: 21–27 november"]


async def test_a_year_typed_into_a_yearly_rule_is_asked_about(site: Site, kim: Person) -> None:
    """It may end the campaign, or be meant for one year."""
    await kim.change(WEEK, days="21–27 november 2026")
    assert (kim.status, "Sluta efter 2026" in kim.words) == (422, True)
    await kim.press("/schedule/draft", year_choice="end")
    await kim.save()
    assert lines_changed(site) == ["    dates: 21–27 november 2026"]


async def test_hours_are_a_choice_with_the_times_of_a_night(site: Site, kim: Person) -> None:
    """Dark at 23, lit again from 5."""
    await kim.go(WEEK)
    assert "Solnedgång–23:00 och 05:00–soluppgång: 15:36–23:00 och 05:00–08:01" in kim.words
    await kim.press("/schedule/draft", hours_choice="both")
    await kim.save()
    assert lines_changed(site) == ["    hours: [sunset to 23:00, 05:00 to sunrise]"]
    await kim.go(WEEK)
    assert 'value="both" checked' in kim.html


async def test_hours_of_ones_own_are_rows_of_which_a_button_adds_more(site: Site, kim: Person) -> None:
    """Without JavaScript it is a round trip in which nothing is lost."""
    await kim.go(WEEK)
    await kim.press("/schedule/draft", "Lägg till tid", hours="solnedgång + 30 min till 22", brightness="60 %")
    assert kim.status == 200
    assert kim.html.count('name="hours"') == 2
    await kim.press("/schedule/draft", hours=["solnedgång + 30 min till 22:00", "05:00 till soluppgång"])
    await kim.save()
    assert lines_changed(site) == [
        "    hours: [solnedgång + 30 min till 22:00, 05:00 till soluppgång]",
        "    brightness: 60 %",
    ]


async def test_a_new_campaign_is_nights_all_night_orange_and_lands_last(site: Site, kim: Person) -> None:
    """And asks for the years of its days."""
    await kim.change("/schedule/new?kind=campaign", name="Orange the World", days="25 november till 10 december")
    assert kim.status == 422
    await kim.press("/schedule/draft", year_choice="every", brightness="60 %")
    assert "Ny kampanj: Orange the World" in kim.words
    await kim.save()
    added = load(site.folder).schedule.campaigns[-1]
    assert (added.name, added.brightness, added.dates) == ("Orange the World", 0.6, None)
    assert lines_changed(site) == [
        "  - name: Orange the World",
        "    nights: 25 november till 10 december",
        "    brightness: 60 %",
    ]


async def test_a_new_rule_that_never_shows_can_be_moved_to_the_top(site: Site, kim: Person) -> None:
    """Before it is saved."""
    await kim.change(
        "/schedule/new", name="Blått", days="21–22 november", year_choice="every", color="own", own="blå", kind="dates"
    )
    assert "Flytta Blått överst" in kim.words
    await kim.press("/schedule/move", "Flytta Blått överst")
    assert "Flytta Blått överst" not in kim.words
    await kim.save()
    assert [rule.name for rule in load(site.folder).schedule.campaigns] == ["Blått", "En vecka fri från våld"]


async def test_christmas_eve_is_dark_all_night(site: Site, kim: Person) -> None:
    """A blackout has days and hours, and no colour."""
    await kim.go("/schedule/new?kind=blackout")
    assert 'name="color"' not in kim.html
    await kim.press("/schedule/draft", name="Julafton", days="julafton", year_choice="every")
    await kim.save()
    (blackout,) = load(site.folder).schedule.blackouts
    assert (blackout.name, str(blackout.nights[0]) if blackout.nights else "") == ("Julafton", "julafton")


async def test_everyday_light_needs_no_days(site: Site, kim: Person) -> None:
    """It is what is shown when nothing else is."""
    await kim.change("/schedule/new?kind=everyday", name="Vardag", color="warm white", hours_choice="evening")
    assert kim.status == 200, kim.words
    await kim.save()
    (light,) = load(site.folder).schedule.every_night
    assert [str(window) for window in light.hours] == ["solnedgång till 23:00"]


async def test_parts_have_colours_of_their_own_and_a_dark_one_is_shown(site: Site, kim: Person) -> None:
    """The print green of a municipality is a fifth of the light; one press uses all of it."""
    await kim.go(WEEK)
    asked = {"by_zone": "1", "color__bowl": "vit", "color__shaft": "own", "own__shaft": "#2E7D32"}
    await kim.press("/schedule/draft", "Läs av", **asked)
    assert "#2E7D32 är mörk i tryck, svag som ljus: 21 %" in kim.words
    await kim.press("/schedule/draft", "Använd fullt ljus")
    assert "svag som ljus" not in kim.words
    await kim.press("/schedule/draft")
    await kim.save()
    assert lines_changed(site) == ['    color: {bowl: vit, shaft: "#66FF6E"}']


async def test_several_colours_come_one_after_another(site: Site, kim: Person) -> None:
    """With their pace; without it, that is what is missing."""
    await kim.change(WEEK, color="several", colors=["röd", "blå"])
    assert kim.status == 422
    assert "change_every-error" in kim.html
    await kim.press("/schedule/draft", change_every="60 s")
    await kim.save()
    assert lines_changed(site) == ["    color: [röd, blå]", "    change_every: 60 s"]


async def test_colours_one_after_another_have_two_rows_and_as_many_as_there_are(site: Site, kim: Person) -> None:
    """One colour alone is no sequence."""
    await kim.go(WEEK)
    assert kim.html.count('<input name="colors"') == 2
    for colors in (["röd", "blå"], ["röd", "blå", "gul"]):
        await kim.change(WEEK, color="several", colors=colors)
        assert kim.html.count('<input name="colors"') == len(colors)


async def test_the_text_for_the_public_is_part_of_the_form(site: Site, kim: Person) -> None:
    """In both languages, with a link."""
    await kim.change(WEEK, about__sv="Mot våld.", about__en="Against violence.", link="https://www.alvesta.se/orange")
    await kim.save()
    assert lines_changed(site) == [
        "    about: {sv: Mot våld., en: Against violence.}",
        "    link: https://www.alvesta.se/orange",
    ]


@pytest.mark.parametrize(
    ("field", "typed", "text", "button", "value"),
    [
        ("days", "31 november", "Det finns ingen 31 november", "Byt till 30 november", "30 november"),
        ("days", "21/11", "visar inte vilket som är månaden", "Byt till 21 november", "21 november"),
        ("days", "20 Novembr", "är ingen månad", "Byt till 20 November", "20 November"),
        ("days", "advent", "säger inte vilka dagar", "Byt till första advent", "första advent till julafton"),
        ("fade_out", "2", "saknar enhet", "Byt till 2 min", "2 min"),
    ],
)
async def test_a_mistake_is_shown_at_its_field_with_its_cure(
    site: Site, kim: Person, field: str, typed: str, text: str, button: str, value: str
) -> None:
    """In the words of the product; one press writes the cure, and everything else stays as it was typed."""
    before = site.text
    await kim.change(WEEK, **{"name": "Veckan", field: typed})
    assert kim.status == 422
    assert "<title>Fel: " in kim.html
    assert f'href="#{field}"' in kim.html
    assert text in kim.words
    assert f'id="{field}" name="{field}" value="{typed}"' in kim.html
    await kim.press("/schedule/draft", button)
    assert f'name="{field}" value="{value}"' in kim.html
    assert 'name="name" value="Veckan"' in kim.html
    assert site.text == before


async def test_a_mistake_is_shown_at_its_field_though_the_name_has_spaces_around_it(site: Site, kim: Person) -> None:
    """It is the same rule: with its cure, and not as one elsewhere in the file."""
    await kim.change(WEEK, name=" Veckan ", days="31 november")
    assert (kim.status, 'href="#days"' in kim.html, 'href="#form"' in kim.html) == (422, True, False)
    await kim.press("/schedule/draft", "Byt till 30 november")
    assert 'name="days" value="30 november"' in kim.html


async def test_what_is_empty_is_asked_for_in_the_words_of_the_form(site: Site, kim: Person) -> None:
    """Never in those of the file."""
    await kim.change("/schedule/new", name="", days="")
    assert kim.status == 422
    assert "Skriv ett namn." in kim.words
    await kim.press("/schedule/draft", name="Ny")
    assert "Skriv vilka dagar det gäller" in kim.words
    assert "`" not in kim.words


async def test_a_name_that_is_taken_is_shown_at_the_name(site: Site, kim: Person) -> None:
    """A draft of a new rule does not change the other."""
    await kim.change("/schedule/new", name="En vecka fri från våld", days="1 maj", year_choice="every")
    assert (kim.status, 'href="#name"' in kim.html) == (422, True)


async def test_reading_back_keeps_nothing(site: Site, kim: Person) -> None:
    """It is for looking."""
    await kim.go(WEEK)
    await kim.press("/schedule/draft", "Läs av", days="21–27 november", year_choice="every")
    assert "lör 21 – fre 27 nov 2026, 7 dagar. Varje år." in kim.words
    await kim.go("/schedule")
    assert "osparat utkast" not in kim.words


async def test_both_ways_to_count_days_are_shown_with_their_times(site: Site, kim: Person) -> None:
    """Calendar days begin at midnight."""
    await kim.go(WEEK)
    assert "Första ljus fre 20 nov 00:00, sista ljus tors 26 nov 24:00." in kim.words
    assert "Första ljus fre 20 nov 15:41, sista ljus fre 27 nov 08:06." in kim.words


async def test_a_form_that_is_not_finished_goes_on_where_it_was_left(site: Site, kim: Person) -> None:
    """After a mistake, and after what an open page sends by itself while somebody types."""
    await kim.change(WEEK, brightness="110")
    await kim.go("/schedule")
    assert "Du har ett osparat utkast från tis 24 nov 21:14" in kim.words
    assert f'href="{WEEK}"' in kim.html
    await kim.go(WEEK)
    assert 'name="brightness" value="110"' in kim.html
    await kim.press("/schedule/draft", then="keep", brightness="6")
    assert kim.status == 204
    await kim.go(WEEK)
    assert 'name="brightness" value="6"' in kim.html


async def test_a_rule_is_removed_by_way_of_what_changes(site: Site, kim: Person) -> None:
    """There is no other question."""
    await kim.go(WEEK)
    await kim.press("/schedule/remove")
    assert kim.path.startswith("/schedule/draft/")
    await kim.save()
    assert load(site.folder).schedule.campaigns == ()


async def test_shapes_that_no_field_shows_stay_as_they_are(site: Site, kim: Person) -> None:
    """Colours by part of which one is a list, and days that only the file can express."""
    site.write(site.text.replace("color: orange", "color: {bowl: [röd, blå], shaft: vit}\n    change_every: 60 s"))
    await kim.change(WEEK, brightness="60 %")
    assert kim.path.startswith("/schedule/draft/"), kim.words
    await kim.save()
    assert "color: {bowl: [röd, blå], shaft: vit}" in site.text
    assert "brightness: 60 %" in site.text


async def test_a_file_of_a_shape_that_cannot_be_patched_is_edited_as_text(site: Site, kim: Person) -> None:
    """It is shown, with the way there; what was typed stays, and nothing is written."""
    site.write("{version: 1, campaigns: []}\n")
    await kim.change("/schedule/new", name="Ny", days="1 maj", year_choice="every")
    assert (kim.status, "kan bara ändras som text" in kim.words) == (422, True)
    assert 'href="/schedule/file"' in kim.html
    assert 'name="name" value="Ny"' in kim.html


async def test_a_single_colour_needs_no_pace(site: Site, kim: Person) -> None:
    """The one of the colours before goes with them."""
    site.write(site.text.replace("color: orange", "color: [röd, blå]\n    change_every: 60 s"))
    await kim.change(WEEK, color="blå")
    await kim.save()
    assert "change_every" not in site.text


async def test_names_with_signs_of_markup_are_text(site: Site, kim: Person) -> None:
    """On what changes, in the list, in the form."""
    name = '<img src=x onerror="alert(1)">'
    await kim.change("/schedule/new", name=name, days="1 maj", year_choice="every")
    assert name in kim.words
    assert "<img src=x" not in kim.html
    await kim.save()
    assert "<img src=x" not in kim.html
    await kim.go("/schedule/campaign/img-src-x-onerror-alert-1")
    assert (kim.status, "<img src=x" in kim.html) == (200, False)


@pytest.mark.parametrize("path", ["/schedule/campaign/no-such", "/schedule/new?kind=nonsense", "/schedule/blackout/x"])
async def test_a_rule_that_is_not_there_is_not_found(site: Site, kim: Person, path: str) -> None:
    """As any page that is not there."""
    await kim.go(path)
    assert kim.status == 404


async def test_the_preview_is_a_picture_of_what_is_chosen_and_of_the_lamps(site: Site, kim: Person) -> None:
    """Both by GET, so that browsers keep it."""
    chosen = (await kim.client.get("/fragment/preview.svg", params={"look": "#2E7D32"})).text
    lamps = (await kim.client.get("/fragment/preview.svg", params={"look": "#2E7D32", "lamps": "1"})).text
    assert "<svg" in chosen
    assert 'data-shown="#2E7D32"' in chosen
    assert "<svg" in lamps
    assert chosen != lamps
    assert (await kim.client.get("/fragment/preview.svg", params={"look": "no colour"})).status_code == 422


async def test_viewers_see_no_form(site: Site, browser: Browser) -> None:
    """They read the schedule."""
    reader = person(site, browser, "lars", Role.VIEWER)
    await reader.go("/schedule")
    assert "Ny kampanj" not in reader.words
    await reader.go(WEEK)
    assert reader.status == 403


async def test_the_page_speaks_english(site: Site, kim: Person) -> None:
    """Every text of the form."""
    await kim.go(f"{WEEK}?lang=en")
    assert "Which days?" in kim.words
    assert "Sunset–23:00 and 05:00–sunrise" in kim.words
    assert "Show what changes" in kim.words


async def test_after_the_week_the_next_one_is_read_back(site: Site, browser: Browser, clock: SetClock) -> None:
    """A year ahead."""
    clock.wall = datetime(2026, 12, 1, 12, tzinfo=UTC)
    site.take()
    kim = person(site, browser, "kim")
    await kim.go(WEEK)
    assert "lör 20 – fre 26 nov 2027, 7 dagar. Varje år." in kim.words


@pytest.mark.parametrize(
    "written",
    [
        ["dates: 20–26 November", "hours: sunset to sunrise", "color: orange"],
        ["nights: [vecka 47, 31 december]  # två", "hours: [sunset to 23:00, 05:00 to sunrise]", "color: ORANGE"],
        [
            "dates: [20–26 November, 27 november 2026]",
            "except: 20 November 2026",
            "color: {bowl: vit, shaft: '#2e7d32'}",
        ],
        ["nights: 20 nov - 26 nov", "hours: 18-22", "otherwise: släckt", "color: [röd, blå]", "change_every: 1 min"],
        ["dates: 1–6 juni", "confirmed_for: [2026, 2027]", "color: 2700 K", "about: För alla."],
    ],
)
async def test_a_form_that_is_sent_as_it_is_changes_no_byte(site: Site, kim: Person, written: list[str]) -> None:
    """Whatever the words in which a rule is written."""
    lines = "".join(f"    {line}\n" for line in written)
    site.write(f"version: 1\ncampaigns:\n  # ovanför\n  - name: Veckan  # namnet\n{lines}")
    assert site.take() == ()
    await kim.change("/schedule/campaign/veckan")
    assert kim.path.startswith("/schedule/draft/"), kim.words
    assert "Ingen rad ändras" in kim.words


async def test_parts_begin_with_the_colour_of_the_whole(site: Site, kim: Person) -> None:
    """So that somebody who wants one part otherwise chooses one colour; the bowl of the shipped campaign is orange."""
    await kim.change(WEEK, by_zone="1", color__shaft="#FFFFFF")
    await kim.save()
    assert lines_changed(site) == ['    color: {bowl: orange, shaft: "#FFFFFF"}']
    await kim.go("/schedule/new")
    await kim.press("/schedule/draft", "Läs av", color="own", own="#123456")
    assert 'name="own.bowl" value="#123456"' in kim.html


async def test_times_behind_days_are_put_among_the_hours_by_one_press(site: Site, kim: Person) -> None:
    """In the form, where there is no line to write."""
    await kim.change(WEEK, days="20–26 november 18-22")
    assert kim.status == 422
    await kim.press("/schedule/draft", "Byt till 20–26 november, och tiderna 18-22")
    assert 'name="days" value="20–26 november"' in kim.html
    assert 'name="hours" value="18-22"' in kim.html
    assert 'value="own" checked' in kim.html


@pytest.mark.parametrize(
    ("typed", "text", "never"),
    [
        ({"days": "blåbärstider"},
         'klockslag hör till "Tider", dagar som inte ska räknas till "Utom dessa dagar"', "hours:"),
        ({"hours_choice": "own", "hours": "11 till 13"}, 'dagarna under "Kalenderdagar, 00–24"', "dates:"),
        ({"hours_choice": "own", "hours": "25 december"}, "Skriv dem under ”Dagar”", "nights:"),
        ({"color": "several", "colors": ["red", "blue"], "change_every": ""}, "Skriv hur länge varje", "change_every"),
        ({"color": "own", "own": "orange 60 %"}, "60 % under ”Ljusstyrka”", "brightness:"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_shown_in_the_labels_of_the_form(
    site: Site, kim: Person, typed: dict[str, str | list[str]], text: str, never: str
) -> None:
    """Whoever uses the form has never seen the words of the file."""
    await kim.change(WEEK, **typed)
    assert kim.status == 422
    assert text in kim.words
    assert never not in kim.words


@pytest.mark.parametrize(
    ("days", "read"),
    [
        ("tisdagar", "Sedan tis 1 dec 2026, tis 8 dec 2026, tis 15 dec 2026 och så vidare."),
        ("första advent, andra advent", "Sedan sön 6 dec 2026."),
        (
            "första advent, andra advent, tredje advent, fjärde advent",
            "Sedan sön 6 dec 2026, sön 13 dec 2026, sön 20 dec 2026.",
        ),
        (
            "första advent, andra advent, tredje advent, fjärde advent, juldagen",
            "Sedan sön 6 dec 2026, sön 13 dec 2026, sön 20 dec 2026 och så vidare.",
        ),
        ("20–26 november", "7 nätter."),
        ("första advent till tjugondag Knut", "46 nätter."),
    ],
)
async def test_days_of_several_pieces_are_read_back_with_the_next_ones(kim: Person, days: str, read: str) -> None:
    """One Tuesday alone would look like a mistake; the same days of another year are not reported."""
    await kim.go("/schedule/new")
    await kim.press("/schedule/draft", "Läs av", name="Ny", days=days, year_choice="every")
    assert read in kim.words
    assert ("Sedan" in kim.words) == ("Sedan" in read)


async def test_hours_that_the_sun_does_not_give_are_shown_as_none(site: Site, kim: Person) -> None:
    """At midsummer beyond the polar circle; the form would else stay silent."""
    tower = site.folder / "tower.yaml"
    tower.write_text(tower.read_text().replace("latitude: 56.899", "latitude: 69.65"))
    site.take()
    await kim.go("/schedule/new")
    await kim.press("/schedule/draft", "Läs av", days="midsommarafton", year_choice="every")
    assert "Hela natten Inga tider den natten: solen går ned för sent eller inte alls." in kim.words
    assert "Tiderna infaller aldrig de dagarna." in kim.words


async def test_a_morning_after_is_shown_as_such(kim: Person) -> None:
    """Who writes 13 December from 06:00 means the morning of Lucia, not that of the 14th."""
    await kim.go("/schedule/new")
    typed = {
        "name": "Lucia",
        "days": "13 december",
        "year_choice": "every",
        "hours_choice": "own",
        "hours": "06:00–09:00",
    }
    await kim.press("/schedule/draft", "Läs av", **typed)
    assert "Första ljus mån 14 dec 06:00." in kim.words
    assert "Det är morgonen efter. Menas morgonen sön 13 dec?" in kim.words
    await kim.press("/schedule/draft", "Läs av", kind="dates")
    assert "Första ljus sön 13 dec 06:00." in kim.words
    assert "morgonen efter" not in kim.words
    await kim.press("/schedule/draft", "Läs av", kind="nights", hours="00:00–02:00")
    assert "morgonen efter" not in kim.words


async def test_what_is_over_cannot_be_helped_by_a_place_at_the_top(kim: Person) -> None:
    """It is shown once."""
    await kim.change("/schedule/new", name="Gammal", days="20 november 2025")
    assert '"Gammal" är förbi och kommer aldrig igen' in kim.words
    assert "Flytta Gammal överst" not in kim.words


async def test_many_days_are_shown_year_by_year(kim: Person) -> None:
    """Each weekend of a year would be a list of its own."""
    await kim.change("/schedule/new", name="Helg", days="fredagar till söndagar", year_choice="every")
    assert (
        "dagar blir tända, tors 26 nov – tors 31 dec 2026." in kim.words or "dagar blir tända, fre 27 nov" in kim.words
    )
    assert kim.words.count("blir tända") < 4


async def test_days_in_what_is_good_to_know_are_written_as_people_say_them(kim: Person) -> None:
    """`2027-05-01` is for programs."""
    await kim.change("/schedule/new", name="Maj", days="1 maj 2027", hours_choice="own", hours="20–23")
    assert "medan solen är uppe natten lör 1 maj 2027" in kim.words


@pytest.mark.parametrize(
    ("kind", "typed", "asked"),
    [
        ("limit", {"brightness": ""}, "Skriv en ljusstyrka"),
        ("campaign", {"color": "own", "own": ""}, "Välj en färg"),
        ("campaign", {"color": "several", "colors": ["röd", "blå"]}, "Skriv hur länge varje färg visas"),
    ],
)
async def test_what_is_not_filled_in_yet_is_asked_for_when_the_form_is_sent(
    kim: Person, kind: str, typed: dict[str, str | list[str]], asked: str
) -> None:
    """Not as soon as a form opens, or a choice is made that has a field of its own."""
    await kim.go(f"/schedule/new?kind={kind}")
    assert 'class="fault"' not in kim.html
    await kim.press("/schedule/draft", "Läs av", name="Ny", days="1 mars", year_choice="every", **typed)
    assert asked not in kim.words
    await kim.press("/schedule/draft")
    assert (kim.status, asked in kim.words) == (422, True)
