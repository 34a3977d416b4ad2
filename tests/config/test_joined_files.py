"""Of several sites each has its own files above those that all share; a mistake is reported for its own file."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.config.checks import commanded_by_two
from controller.config.findings import Finding
from controller.config.load import Setup, load, load_with
from controller.config.setup_notes import notes
from controller.config.site_folder import SiteFolder, has_sites, sites_in
from controller.errors import FilesRejected
from tests.config.several_sites import OWN_SCHEDULE, OWN_TOWER, SHARED_TOWER, write_site, write_sites

NOW = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sites, of which the north one has a schedule of its own."""
    write_sites(tmp_path / "config", "north", "south")
    write_site(tmp_path / "config", "north", schedule=OWN_SCHEDULE)
    return tmp_path / "config"


def _rejected(root: Path, name: str) -> tuple[Finding, ...]:
    with pytest.raises(FilesRejected) as rejected:
        load(SiteFolder(root, name))
    return rejected.value.findings


def _winner(setup: Setup, day: int) -> str | None:
    return setup.program().look_at(datetime(2026, 11, day, 18, tzinfo=ZoneInfo("Europe/Stockholm"))).campaign


def _in(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sites_own_rules_come_before_those_that_all_share(root: Path) -> None:
    """On the day of both the site's own campaign wins; on the others the shared one holds, as it does elsewhere."""
    north, south = (load(SiteFolder(root, name)) for name in ("north", "south"))
    assert [_winner(north, day) for day in (20, 21)] == ["Stadens dag", "En vecka fri från våld"]
    assert [_winner(south, day) for day in (20, 21)] == ["En vecka fri från våld"] * 2
    assert [rule.name for rule in north.schedule.blackouts] == ["Earth Hour"]


def test_a_rule_knows_its_file_and_line(root: Path) -> None:
    """The line is that of the file, and a shared file is named."""
    own, shared = load(SiteFolder(root, "north")).schedule.campaigns
    assert (own.shared_file, own.line, shared.shared_file, shared.line) == ("", 4, "schedule.yaml", 3)
    assert own.words("sv").endswith("(rad 4)")
    assert shared.words("sv").endswith("(rad 3 i schedule.yaml för alla platser)")


def test_topics_lie_below_the_name_of_the_site(root: Path) -> None:
    """And the rest of tower.yaml is that of the site, then what all share."""
    tower = load(SiteFolder(root, "south")).tower
    assert tower.mqtt.topic_prefix == "watertower/south"
    assert (tower.site.name, tower.zones) == ("Tornet south", ("bowl", "shaft"))


def test_a_keyword_of_the_site_replaces_that_of_all(root: Path) -> None:
    """As a whole: nothing of the shared palette is left beside the site's own."""
    (root / "sites/north/schedule.yaml").unlink()
    write_site(root, "north", OWN_TOWER + 'palette: {orange: "#FF0000"}\n')
    (campaign,) = load(SiteFolder(root, "north")).schedule.campaigns
    assert campaign.looks["bowl"].colors[0].hex == "#FF0000"


def test_a_shared_rule_of_the_same_name_is_replaced_and_check_reports_it(root: Path) -> None:
    """A rule has one name: what a site says of it itself holds instead, whatever its letters' case."""
    write_site(root, "north", schedule=OWN_SCHEDULE.replace("Stadens dag", "EN VECKA fri från våld"))
    setup = load(SiteFolder(root, "north"))
    assert [rule.looks["bowl"].colors[0].hex for rule in setup.schedule.campaigns] == ["#0000FF"]
    (note,) = [each for each in notes(setup, NOW) if each.code == "TWL-S330"]
    assert note.file == str(root / "sites/north/schedule.yaml")
    assert note.place is not None
    assert note.place.line == 4
    assert (note.event.fields["file"], note.event.fields["line"]) == (str(root / "schedule.yaml"), 3)


@pytest.mark.parametrize(
    ("folder", "name", "old", "new", "code", "line"),
    [
        ("", "schedule.yaml", "color: orange", "color: ornge", "TWL-S132", 5),
        ("", "tower.yaml", "zones: [bowl, shaft]", "zones: [bowl, shaft, roof]", "TWL-S085", 3),
        ("", "tower.yaml", 'palette: {orange: "#FF6A00"}', 'palette: {orange: "#FF6A0"}', None, 4),
        ("sites/north", "schedule.yaml", "20 November", "20 Novembr", None, 5),
        ("sites/north", "tower.yaml", "universe: 1", "universe: 1.5", "TWL-S057", 8),
        ("", "schedule.yaml", "name: Earth Hour", "name: En vecka fri från våld", "TWL-S064", 7),
    ],
)
def test_a_mistake_is_shown_with_its_file_and_line(
    root: Path, folder: str, name: str, old: str, new: str, code: str | None, line: int
) -> None:
    """With the line as it is written there, and what may be written instead."""
    _in(root / folder, name, old, new)
    (found,) = _rejected(root, "north")
    assert found.place is not None
    assert (found.file, found.place.line, code or found.code) == (str(root / folder / name), line, found.code)
    assert found.source == (root / folder / name).read_text(encoding="utf-8").splitlines()[line - 1]
    lines = {key: value for key, value in found.event.fields.items() if key.endswith("_line")}
    assert lines in ({}, {"first_line": 3, "second_line": 7})


def test_a_cure_edits_the_file_it_is_for(root: Path) -> None:
    """At the columns and lines of that file, not of both together."""
    _in(root, "schedule.yaml", "color: orange", "color: ornge")
    (found,) = _rejected(root, "north")
    assert found.suggestion is not None
    (edit,) = found.suggestion.edits
    assert (edit.span.line, edit.span.column, edit.span.end_column) == (5, 12, 17)


def test_a_note_on_a_shared_rule_is_shown_for_the_shared_file(root: Path) -> None:
    """Also if rules of both files are on the same line of their files."""
    _in(root, "schedule.yaml", "    color: orange", "    color: orange\n    brightness: 0 %")
    found = [each for each in notes(load(SiteFolder(root, "north")), NOW) if each.code == "TWL-S251"]
    assert [(each.file, each.place and each.place.line) for each in found] == [(str(root / "schedule.yaml"), 6)]


@pytest.mark.parametrize(
    "line",
    [
        'web: {listen: "127.0.0.1:8081"}',
        'database: {url: "postgresql://db/watertower"}',
        "mqtt: {broker: embedded}",
        "mqtt: {broker: embedded, users_file: users}",
        "mqtt: {users_file: users}",
        'mqtt: {listen: "127.0.0.1:1"}',
        'mqtt: {broker: "mqtt://host", listen: "127.0.0.1:1"}',
    ],
)
def test_what_the_service_has_once_is_allowed_in_the_shared_file_only(root: Path, line: str) -> None:
    """With the file that it belongs to."""
    write_site(root, "south", OWN_TOWER + line + "\n")
    found = next(each for each in _rejected(root, "south") if each.code == "TWL-S331")
    assert found.place is not None
    assert (found.file, found.place.line) == (str(root / "sites/south/tower.yaml"), 12)
    assert found.event.fields["file"] == str(root / "tower.yaml")


def test_a_site_may_have_a_broker_of_its_own(root: Path) -> None:
    """One that runs elsewhere; its topics lie below the site's name all the same."""
    write_site(root, "south", OWN_TOWER + 'mqtt: {broker: "mqtt://host:1883", topic_prefix: county}\n')
    mqtt = load(SiteFolder(root, "south")).tower.mqtt
    assert (mqtt.broker, mqtt.topic_prefix) == (("mqtt://host:1883",), "county/south")


@pytest.mark.parametrize(
    ("broker", "topic", "is_told"),
    [("", "wled/x", True), ("", "wled/y", False), ('mqtt: {broker: "mqtt://other"}\n', "wled/x", False)],
)
def test_a_lamp_that_two_sites_command_over_one_broker_is_shown_for_both(
    root: Path, broker: str, topic: str, is_told: bool
) -> None:
    """At the name of each; the same topic at another broker is another lamp."""
    lamp = "  - {name: lamp, kind: wled, topic: TOPIC, zone: bowl}\n"
    write_site(root, "north", OWN_TOWER + lamp.replace("TOPIC", "wled/x"))
    write_site(root, "south", OWN_TOWER + lamp.replace("TOPIC", topic) + broker)
    found = commanded_by_two({name: load(SiteFolder(root, name)) for name in ("north", "south")})
    places = {
        site: [(each.code, each.place and each.place.line) for each in reported] for site, reported in found.items()
    }
    expected = [("TWL-S334", 12)]
    assert places == ({"north": expected, "south": expected} if is_told else {})


def test_files_that_the_shared_tower_names_are_beside_it(root: Path) -> None:
    """As those of a site's own tower are beside that."""
    (root / "tower.yaml").write_text(
        SHARED_TOWER.replace("broker: embedded", 'broker: "mqtt://h", username: u, password_file: secret'),
        encoding="utf-8",
    )
    own = 'mqtt: {broker: "mqtt://h", username: u, password_file: secret}\n'
    write_site(root, "south", OWN_TOWER + own)
    assert load(SiteFolder(root, "north")).tower.mqtt.password_file == root.absolute() / "secret"
    assert load(SiteFolder(root, "south")).tower.mqtt.password_file == root / "sites/south/secret"


def test_nothing_need_be_shared(root: Path) -> None:
    """A site with all that it needs is well without the files of the folder itself."""
    for name in ("tower.yaml", "schedule.yaml"):
        (root / name).unlink()
    own = OWN_TOWER + 'zones: [bowl, shaft]\nmqtt: {broker: "mqtt://h"}\n'
    write_site(root, "north", own, OWN_SCHEDULE)
    assert [rule.name for rule in load(SiteFolder(root, "north")).schedule.campaigns] == ["Stadens dag"]
    assert {each.code for each in _rejected(root, "south")} >= {"TWL-S014"}


def test_a_site_without_a_tower_is_reported(root: Path) -> None:
    """Of the file that is missing."""
    (root / "sites/south/tower.yaml").unlink()
    found = next(each for each in _rejected(root, "south") if each.code == "TWL-S335")
    assert found.file == str(root / "sites/south/tower.yaml")
    (root / "schedule.yaml").unlink()
    assert [each.event.fields["name"] for each in _rejected(root, "south") if each.code == "TWL-S335"] == [
        "schedule.yaml",
        "tower.yaml",
    ]


def test_another_text_of_the_sites_schedule_keeps_the_shared_rules(root: Path) -> None:
    """As an edit on the page is tried before it is saved."""
    setup = load_with(SiteFolder(root, "south"), OWN_SCHEDULE.encode())
    assert [rule.name for rule in setup.schedule.campaigns] == ["Stadens dag", "En vecka fri från våld"]
    south = load(SiteFolder(root, "south"))
    assert [rule.name for rule in south.schedule_of(OWN_SCHEDULE.encode()).campaigns] == [
        "Stadens dag",
        "En vecka fri från våld",
    ]


def test_profiles_of_a_site_come_before_those_that_all_share(root: Path) -> None:
    """A lamp of the county's own is described once."""
    profile = "name: Flood\nchannels: [red, green, blue]\n"
    (root / "profiles").mkdir()
    (root / "profiles/flood.yaml").write_text(profile, encoding="utf-8")
    write_site(root, "north", OWN_TOWER.replace("profile: rgbw, address: 1", "profile: flood, address: 1"))
    assert list(load(SiteFolder(root, "north")).profiles) == ["flood"]


def test_names_of_sites_can_be_part_of_a_topic(root: Path) -> None:
    """Any other folder is reported with a name that can; what begins with a dot is no site."""
    unfit = {"North": "north", "Norra Tornet": "norra-tornet", "väster": "vaster", "x" * 65: "x" * 64, "€": "north"}
    for name in (*unfit, "tower_2-b", ".git"):
        (root / "sites" / name).mkdir()
    (root / "sites/notes.txt").write_text("", encoding="utf-8")
    names, found = sites_in(root)
    assert names == ("north", "south", "tower_2-b")
    assert {each.code for each in found} == {"TWL-S332"}
    assert {each.event.fields["value"]: each.event.fields["suggestion"] for each in found} == unfit
    assert has_sites(root)
    assert not has_sites(root / "sites/north")


def test_the_address_of_the_page_is_that_of_the_site(root: Path) -> None:
    """Notices and Home Assistant use it; it is not a keyword of the file."""
    (root / "tower.yaml").write_text(
        SHARED_TOWER.replace("127.0.0.1:8080", "192.0.2.1:8080").replace("embedded", '"mqtt://h"'), encoding="utf-8"
    )
    web = load(SiteFolder(root, "north")).tower.web
    assert web is not None
    assert web.url == "http://192.0.2.1:8080/sites/north/"
    _in(root, "tower.yaml", '8080"}', '8080", below: x}')
    assert [each.code for each in _rejected(root, "north")] == ["TWL-S011"]
