"""Vad ändras?, Historik and Filen: what happens when two edit, when the disk is broken, and how one goes back."""

import errno
import shutil
from pathlib import Path
from typing import Never

import pytest

from controller.config.load import load
from controller.events.reasons import reason_of
from controller.service.saving import NotWritable
from controller.state.roles import Role
from controller.web.running_service import RunningService
from tests.web.conftest import SHIPPED, Browser, SetClock
from tests.web.desk import WEEK, Person, Site, person
from tests.web.turned import snapshot_of

BROKEN = "20–26 Novembr"
TWO = """
  - name: Advent och jul
    nights: första advent till tjugondag knut
    color: varmvit
"""


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


@pytest.fixture
def sara(site: Site, browser: Browser) -> Person:
    """Another."""
    return person(site, browser, "sara")


def with_two(text: str) -> str:
    """The shipped schedule with a second campaign."""
    return text.replace("every_night: []", TWO.lstrip("\n") + "\nevery_night: []")


async def test_what_darkens_the_tower_now_is_shown_first_and_on_the_button(site: Site, kim: Person) -> None:
    """It is Tuesday of the week, 21:14."""
    await kim.change(WEEK, hours_choice="own", hours="05:00 till soluppgång")
    assert "Tornet släcks när du sparar" in kim.words
    assert "Spara och släck nu" in kim.words
    await kim.save(why="prov")
    assert site.service.snapshot is not None
    assert not any(look.on for look in site.service.snapshot.health.now.looks.values())
    assert site.versions.versions()[0].why == "prov"


async def test_a_change_without_effect_now_is_shown_as_such(site: Site, kim: Person) -> None:
    """A change of days to come."""
    await kim.change(WEEK, days="20–27 november", year_choice="every")
    assert "Ljuset i natt ändras inte" in kim.words


async def test_the_form_is_as_it_was_left_after_coming_back(site: Site, kim: Person) -> None:
    """Nothing is asked twice."""
    await kim.change(WEEK, brightness="60 %", color="blå")
    assert f'href="{WEEK}"' in kim.html
    await kim.go(WEEK)
    assert 'name="brightness" value="60 %"' in kim.html
    await kim.press("/schedule/draft", brightness="50 %")
    await kim.save()
    (campaign,) = load(site.folder).schedule.campaigns
    assert campaign.brightness == 0.5


async def test_a_draft_that_is_dropped_changed_nothing(site: Site, kim: Person) -> None:
    """And whoever comes back to it is informed."""
    await kim.change(WEEK, brightness="60 %")
    path, before = kim.path, site.text
    await kim.press("/discard")
    assert "Inget är ändrat" in kim.words
    assert site.text == before
    await kim.go(path)
    assert "Utkastet finns inte längre" in kim.words


async def test_what_was_not_seen_is_not_saved(site: Site, kim: Person) -> None:
    """The draft grew in another window since it was looked at: it is shown again."""
    await kim.change(WEEK, brightness="60 %")
    path, html, before = kim.path, kim.html, site.text
    await kim.change(WEEK, color="blå")
    kim.path, kim.html = path, html
    await kim.press("/save")
    assert kim.status == 409
    assert "Utkastet har ändrats" in kim.words
    assert site.text == before
    await kim.press("/save")
    assert "Sparat" in kim.words


async def test_a_second_press_of_save_finds_it_saved(site: Site, kim: Person) -> None:
    """As a double tap; nobody else has changed anything."""
    await kim.change(WEEK, brightness="60 %")
    path, html = kim.path, kim.html
    await kim.press("/save")
    text = site.text
    kim.path, kim.html = path, html
    await kim.press("/save")
    assert "Sparat" in kim.words
    assert site.text == text


async def test_nobody_sees_the_draft_of_another(site: Site, kim: Person, sara: Person) -> None:
    """But that there is one."""
    await kim.change(WEEK, brightness="60 %")
    await sara.go(kim.path)
    assert "60 %" not in sara.words
    await sara.go("/schedule")
    assert "kim håller på att ändra" in sara.words


# Two people


async def test_others_changes_of_another_rule_are_kept(site: Site, kim: Person, sara: Person) -> None:
    """What changes is computed again, and looked at again before it is saved."""
    site.write(with_two(site.text))
    await kim.change(WEEK, brightness="60 %")
    await sara.change("/schedule/campaign/advent-och-jul", brightness="30 %")
    await sara.save()
    await kim.save()
    assert kim.status == 409
    assert "sara sparade" in kim.words
    assert "omräknad" in kim.words
    await kim.save()
    week, advent = load(site.folder).schedule.campaigns
    assert (week.brightness, advent.brightness) == (0.6, 0.3)


async def test_others_changes_of_another_field_are_kept(site: Site, kim: Person, sara: Person) -> None:
    """Of the same rule, from forms that were opened before."""
    await kim.go(WEEK)
    await sara.change(WEEK, color="blå")
    await sara.save()
    await kim.press("/schedule/draft", brightness="60 %")
    assert "omräknad" in kim.words
    await kim.save()
    (week,) = load(site.folder).schedule.campaigns
    assert ([color.hex for color in week.color["bowl"]], week.brightness) == (["#0000FF"], 0.6)


@pytest.mark.parametrize(("chosen", "hexes"), [("blå", ["#0000FF"]), ("röd", ["#FF0000"]), ("orange", ["#FF6A00"])])
async def test_the_same_field_is_chosen_by_hand(
    site: Site, kim: Person, sara: Person, chosen: str, hexes: list[str]
) -> None:
    """As it was, as she has it, as he has it; nothing beforehand, and not asked again once it is chosen."""
    await kim.go(WEEK)
    await sara.change(WEEK, color="own", own="blå")
    await sara.save()
    await kim.press("/schedule/draft", color="own", own="röd", brightness="60 %")
    assert "Två har ändrat samma sak" in kim.words
    assert "checked" not in kim.html
    await kim.press("/choose")
    assert kim.status == 422
    await kim.press("/choose", **{"choice/campaigns/En vecka fri från våld/color": chosen})
    assert "Spara" in kim.words
    await kim.go(WEEK)
    await kim.press("/schedule/draft")
    await kim.save()
    (week,) = load(site.folder).schedule.campaigns
    assert ([color.hex for color in week.color["bowl"]], week.brightness) == (hexes, 0.6)


async def test_a_second_edit_does_not_overwrite_what_nobody_chose(site: Site, kim: Person, sara: Person) -> None:
    """A draft with a disputed field is still disputed after another edit."""
    site.write(with_two(site.text))
    await kim.change(WEEK, color="own", own="röd")
    await sara.change(WEEK, color="own", own="blå")
    await sara.save()
    await kim.change("/schedule/campaign/advent-och-jul", brightness="30 %")
    assert "Två har ändrat samma sak" in kim.words


async def test_a_rule_that_another_has_removed_is_shown(site: Site, kim: Person, sara: Person) -> None:
    """Nothing is written."""
    await kim.change(WEEK, brightness="60 %")
    path = kim.path
    await sara.go(WEEK)
    await sara.press("/schedule/remove")
    await sara.save()
    before = site.text
    await kim.go(path)
    assert "finns inte längre" in kim.words
    assert site.text == before


# The file on the disk


async def test_while_the_file_is_broken_no_form_is_open(site: Site, kim: Person) -> None:
    """The list shows it and leads to the mistake; the cure is one press, and then everything goes on."""
    site.write(site.text.replace("20–26 November", BROKEN))
    await kim.go("/schedule")
    assert "Filen på disken har ett fel" in kim.words
    await kim.go(WEEK)
    assert 'name="days"' not in kim.html
    await kim.go("/schedule/file")
    assert "schedule.yaml – 1 fel" in kim.words
    await kim.press("/schedule/file", "Byt till 20–26 November")
    await kim.press("/schedule/file")
    await kim.save()
    assert "dates: 20–26 November " in site.text


async def test_a_form_that_was_open_when_the_file_broke_is_kept(site: Site, kim: Person) -> None:
    """It cannot be sent, and nothing of it is lost."""
    await kim.go(WEEK)
    good = site.text
    site.write(good.replace("20–26 November", BROKEN))
    await kim.press("/schedule/draft", brightness="60 %")
    assert "Filen på disken har fel" in kim.words
    site.write(good)
    await kim.go(WEEK)
    assert 'name="brightness" value="60 %"' in kim.html


async def test_a_text_with_mistakes_is_never_saved(site: Site, kim: Person) -> None:
    """It is shown again with all that was typed."""
    before = site.text
    await kim.go("/schedule/file")
    await kim.press("/schedule/file", text=before.replace("20–26 November", BROKEN))
    assert (kim.status, BROKEN in kim.words) == (422, True)
    assert site.text == before


async def test_the_file_is_edited_as_text(site: Site, kim: Person) -> None:
    """By way of what changes."""
    await kim.go("/schedule/file")
    await kim.press("/schedule/file", text=site.text.replace("color: orange", "color: blue"))
    assert "färg" in kim.words
    await kim.save()
    assert "color: blue" in site.text


async def test_a_text_that_was_begun_before_another_saved_is_shown_as_such(
    site: Site, kim: Person, sara: Person
) -> None:
    """A whole text cannot be put together with another: what it would take back is shown."""
    await kim.go("/schedule/file")
    await sara.change(WEEK, brightness="60 %")
    await sara.save()
    await kim.press("/schedule/file")
    assert "sara sparade" in kim.words
    assert "ljusstyrka" in kim.words


def refuse(site: Site, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """Nothing can be saved."""

    def save(*_: object, **__: object) -> Never:
        raise NotWritable(site.file, reason_of(error))

    monkeypatch.setattr(site.service.keeper, "save", save)


async def test_a_folder_that_may_not_be_written_is_shown(
    site: Site, kim: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With whom to ask; the draft and the reason stay."""
    await kim.change(WEEK, brightness="60 %")
    refuse(site, monkeypatch, PermissionError(errno.EACCES, ""))
    await kim.save(why="sorg")
    assert kim.status == 500
    assert "får inte skrivas av tjänsten" in kim.words
    assert 'value="sorg"' in kim.html


async def test_a_full_disk_is_no_matter_of_rights(site: Site, kim: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked for rights that they have; the change stays until there is room."""
    await kim.change(WEEK, brightness="60 %")
    with monkeypatch.context() as patched:
        refuse(site, patched, OSError(errno.ENOSPC, ""))
        await kim.save()
    assert kim.status == 500
    assert "gick inte att skriva (disken är full). Ändringen finns kvar här." in kim.words
    assert "rätt att skriva" not in kim.words
    await kim.save()
    assert (kim.status, "60 %" in site.text) == (200, True)


async def test_a_file_that_an_editor_broke_is_sentence_of_and_the_draft_kept(site: Site, kim: Person) -> None:
    """Not that somebody has removed the rule."""
    await kim.change(WEEK, brightness="60 %")
    path = kim.path
    site.write(site.text + "campaigns:\n  - name: [oj\n")
    await kim.save()
    assert kim.path == "/schedule/file"
    assert "Ditt utkast finns kvar" in kim.words
    await kim.go(path)
    assert kim.path == "/schedule/file"


async def test_what_the_service_rejects_is_shown(site: Site, kim: Person) -> None:
    """tower.yaml broke meanwhile."""
    await kim.change(WEEK, brightness="60 %")
    before = site.text
    (site.folder / "tower.yaml").write_text("version: 1\nsite: 5\n")
    await kim.save()
    assert kim.status == 422
    assert site.text == before


# Back


async def test_undo_and_undo_of_undo_are_byte_equal(site: Site, kim: Person) -> None:
    """Each by way of what changes, each a version of its own."""
    first = site.file.read_bytes()
    await kim.change(WEEK, brightness="60 %")
    await kim.save()
    second = site.file.read_bytes()
    for wanted in (first, second):
        await kim.go("/history")
        await kim.press("/history/undo", "Ångra senaste")
        await kim.save()
        assert site.file.read_bytes() == wanted
    assert [each.number for each in site.versions.versions()] == [4, 3, 2, 1]


async def test_one_goes_back_to_any_version(site: Site, kim: Person) -> None:
    """From its own page."""
    first = site.file.read_bytes()
    for share in ("60 %", "50 %"):
        await kim.change(WEEK, brightness=share)
        await kim.save()
    await kim.go("/history/1")
    await kim.press("/restore")
    await kim.save()
    assert site.file.read_bytes() == first


async def test_the_last_change_is_undone_from_the_list(site: Site, kim: Person) -> None:
    """The list names the person who saved it."""
    first = site.file.read_bytes()
    await kim.change(WEEK, brightness="60 %")
    await kim.save()
    assert "Sparat av kim, tis 24 nov 21:14" in kim.words
    await kim.press("/history/undo")
    await kim.save()
    assert site.file.read_bytes() == first


async def test_an_undo_after_another_has_saved_is_shown_as_such(site: Site, kim: Person, sara: Person) -> None:
    """It is shown again before it is saved."""
    await kim.change(WEEK, brightness="60 %")
    await kim.save()
    await kim.go("/history")
    await kim.press("/history/undo", "Ångra senaste")
    await sara.change(WEEK, color="blå")
    await sara.save()
    await kim.save()
    assert (kim.status, "sara sparade" in kim.words) == (409, True)


# Order


async def test_a_move_is_shown_in_the_list_and_not_saved(site: Site, kim: Person) -> None:
    """Until it is looked at and saved."""
    site.write(with_two(site.text))
    before = site.text
    await kim.go("/schedule")
    await kim.press("/schedule/move", "Flytta upp Advent och jul")
    assert "Advent och jul flyttad till plats 1 av 2" in kim.words
    assert "Ordningen är ändrad, inte sparad" in kim.words
    assert kim.html.index("Advent och jul</a>") < kim.html.index("En vecka fri från våld</a>")
    assert site.text == before
    await kim.go(
        next(part for part in kim.html.split('"') if part.startswith("/schedule/draft/") and part[16:].isdigit())
    )
    await kim.save()
    assert load(site.folder).schedule.campaigns[0].name == "Advent och jul"


async def test_a_move_is_taken_back(site: Site, kim: Person) -> None:
    """With one press."""
    site.write(with_two(site.text))
    await kim.go("/schedule")
    await kim.press("/schedule/move", "Flytta ned En vecka")
    await kim.press("/discard")
    assert "Ordningen är ändrad" not in kim.words
    assert kim.html.index("En vecka fri från våld</a>") < kim.html.index("Advent och jul</a>")


@pytest.mark.parametrize(
    "asked", [{"group": "nonsense"}, {"to": "0"}, {"to": "x"}, {"to": "9" * 40}, {"to": "9" * 5000}]
)
async def test_a_move_to_nowhere_is_refused(site: Site, kim: Person, asked: dict[str, str]) -> None:
    """Such a form is none of ours."""
    data = {"group": "campaigns", "name": "En vecka fri från våld", "to": "1", "csrf": kim.csrf, **asked}
    assert (await kim.client.post("/schedule/move", data=data)).status_code == 400


# Without files, and with very many rules


async def test_a_demo_shows_the_schedule_and_offers_no_editing(service: RunningService, browser: Browser) -> None:
    """There is no file that could be changed."""
    service.is_demo = True
    service.publish(snapshot_of(service.setup, service.clock.read()), is_new=True)
    client = browser()
    for path in ("/schedule", "/history", "/schedule/file"):
        answer = await client.get(path)
        assert (answer.status_code, "Ny kampanj" in answer.text) == (200, False)
    answer = await client.get(WEEK)
    assert answer.status_code == 409
    assert "demo" in answer.text


def rules(count: int) -> str:
    """So many campaigns."""
    return "".join(
        f"  - name: Regel {n}\n    nights: {1 + n % 28} mars {2030 + n % 60}\n    color: red\n" for n in range(count)
    )


async def test_of_many_rules_the_list_is_cut_and_each_has_its_form(site: Site, kim: Person) -> None:
    """It says how many more there are."""
    site.file.write_text(site.text.replace("every_night: []", f"{rules(300)}\nevery_night: []"))
    assert site.take() == ()
    await kim.go("/schedule")
    assert (kim.status, "och 101 till" in kim.words) == (200, True)
    await kim.change("/schedule/campaign/regel-299", brightness="60 %")
    assert kim.path.startswith("/schedule/draft/")


async def test_a_text_with_more_rules_than_may_be_is_shown(site: Site, kim: Person) -> None:
    """And is not written."""
    before = site.text
    await kim.go("/schedule/file")
    await kim.press("/schedule/file", text=before.replace("every_night: []", f"{rules(10_000)}\nevery_night: []"))
    assert (kim.status, site.text) == (422, before)


async def test_the_broken_text_is_dropped_with_one_press(site: Site, kim: Person) -> None:
    """For the last one without mistakes, by way of what changes."""
    good = site.text
    site.write(good.replace("20–26 November", BROKEN))
    await kim.go("/schedule/file")
    await kim.press("/history/undo", "Kasta den trasiga texten")
    await kim.save()
    assert site.text == good


async def test_viewers_see_what_was_saved_and_change_nothing(site: Site, kim: Person, browser: Browser) -> None:
    """Neither undo nor drafts."""
    await kim.change(WEEK, brightness="60 %")
    await kim.save()
    reader = person(site, browser, "lars", Role.VIEWER)
    await reader.go("/schedule")
    assert "Sparat av kim" in reader.words
    assert "Ångra" not in reader.words
    await reader.go("/history")
    assert "Ångra senaste" not in reader.words


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("1970-01-01", 200),
        ("2100-12-31", 200),
        ("0001-01-01", 400),
        ("1969-12-31", 400),
        ("2101-01-01", 400),
        ("9999-12-31", 400),
        ("99999-01-01", 400),
        ("0000-00-00", 400),
    ],
)
async def test_nights_are_shown_from_any_day_of_the_years_of_a_schedule(kim: Person, since: str, status: int) -> None:
    """No other can be worked out."""
    assert (await kim.client.get("/schedule", params={"since": since})).status_code == status
