"""Two files become one value; whatever is wrong with either is reported, and nothing that is only a consequence."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.findings import MOST, MOST_SOUGHT, Finding
from controller.config.load import Setup, load, load_tower, parse
from controller.errors import FilesRejected
from controller.gateways.dmx import Dmx
from controller.gateways.dmx_channels import DmxChannels
from controller.lighting.color import Color
from controller.lighting.look import DARK, Look
from controller.schedule.plan import Program

Found = Callable[..., tuple[Finding, ...]]
SHIPPED = Path(__file__).parents[2] / "config"
TOWER = (SHIPPED / "tower.yaml").read_text(encoding="utf-8")
SCHEDULE = (SHIPPED / "schedule.yaml").read_text(encoding="utf-8")
BRIDGE = """  - name: bridge
    kind: dmx-channels
    map_topic: dmx/set
    fixtures:
      - {name: flood, zone: bowl, profile: flood, address: 3}
"""


def _codes(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found]


def test_the_shipped_files_are_the_mission(shipped: Setup) -> None:
    """Alvesta, orange in every zone, 20–26 November of every year, from sunset to sunrise."""
    site, (campaign,) = shipped.tower.site, shipped.schedule.campaigns
    assert (site.latitude, site.longitude, site.time_zone, site.language) == (56.899, 14.556, "Europe/Stockholm", "sv")
    assert campaign.looks == dict.fromkeys(("bowl", "shaft"), Look((Color("#FF6A00"),), 1.0))
    assert (campaign.fade_in, campaign.fade_out) == (timedelta(seconds=30), timedelta(minutes=2))
    assert campaign.words().startswith("dates 20–26 November, sunset to sunrise (line ")
    assert shipped.tower.mqtt.is_embedded
    (gateway,) = shipped.tower.gateways
    assert isinstance(gateway, Dmx)
    assert (gateway.runs, gateway.output.kind) == ("here", "simulated")
    assert [fixture.address for fixture in gateway.fixtures] == [1, 5, 9, 13]


def test_the_shipped_files_make_a_program(shipped: Setup) -> None:
    """Orange in the middle of the campaign's week, dark after it, in this year and any other."""
    program = shipped.program()
    assert isinstance(program, Program)
    for year in (2026, 2031):
        assert program.look_at(datetime(year, 11, 23, 22, tzinfo=UTC)).campaign == "En vecka fri från våld"
        assert program.look_at(datetime(year, 11, 27, 2, tzinfo=UTC)).campaign is None


def test_a_rule_knows_its_line(shipped: Setup) -> None:
    """The line of its first keyword."""
    lines = SCHEDULE.splitlines()
    assert lines[shipped.schedule.campaigns[0].line - 1].strip().startswith("- name:")


def test_mistakes_of_both_files_come_together(findings: Found) -> None:
    """One run shows them all."""
    found = findings(schedule="version: 2\n", tower=TOWER.replace("Europe/Stockholm", "Stockholm"))
    assert [(finding.file, finding.code) for finding in found] == [
        ("config/schedule.yaml", "TWL-S051"),
        ("config/tower.yaml", "TWL-S083"),
    ]


@pytest.mark.parametrize("tower", ["", "zones: [[[", "orange", "\0", "version: 1\nzones:\npalette:\n"])
def test_a_broken_tower_causes_no_false_mistakes_in_the_schedule(tower: str, findings: Found) -> None:
    """Zones and palette are unknown then, and no finding mentions them."""
    schedule = SCHEDULE.replace("color: orange", "color: {bowl: flag yellow, ring: orange}")
    own = [finding for finding in findings(tower=tower, schedule=schedule) if "schedule" in finding.file]
    assert not [finding for finding in own if finding.code == "TWL-S136"]
    if "palette" not in tower:
        assert own == []


def test_a_broken_tower_does_not_hide_the_mistakes_of_the_schedule(findings: Found) -> None:
    """What can be judged without the tower is."""
    found = findings(tower="", schedule=SCHEDULE.replace("100 %", "0.8").replace("30 s", "30"))
    assert _codes(found) == ["TWL-S138", "TWL-S149", "TWL-S001"]


def test_a_broken_palette_colour_is_shown_once(findings: Found) -> None:
    """The campaigns that use it are not blamed."""
    found = findings(
        tower=TOWER.replace('orange: "#FF6A00"', "flag yellow: yelow"),
        schedule=SCHEDULE.replace("orange", "flag yellow"),
    )
    assert _codes(found) == ["TWL-S132"]
    assert "tower" in found[0].file


def test_colours_of_the_palette_come_before_those_of_css(shipped: Setup) -> None:
    """The tower's orange is the one that was matched on the tower."""
    schedule = shipped.schedule_of(SCHEDULE.encode())
    assert schedule.campaigns[0].looks["bowl"].colors == (Color("#FF6A00"),)


@pytest.mark.parametrize(
    ("color", "looks"),
    [
        ("dark", {"bowl": Look(), "shaft": Look()}),
        ("släckt", {"bowl": Look(), "shaft": Look()}),
        ("off", {"bowl": Look(), "shaft": Look()}),
        ('"#0077b6"', dict.fromkeys(("bowl", "shaft"), Look((Color("#0077B6"),)))),
        ("{bowl: röd}", {"bowl": Look((Color("#FF0000"),))}),
        ("{bowl: dark, shaft: red}", {"bowl": Look(), "shaft": Look((Color("#FF0000"),))}),
    ],
)
def test_every_form_of_a_colour_becomes_looks(color: str, looks: dict[str, Look], shipped: Setup) -> None:
    """A zone that is not named has no look, and is dark."""
    text = f"version: 1\ncampaigns: [{{name: a, dates: 6 June, color: {color}}}]\n"
    assert shipped.schedule_of(text.encode()).campaigns[0].looks == looks


def test_a_list_of_colours_is_a_sequence(shipped: Setup) -> None:
    """In all zones, or in one of them."""
    for color in ("[red, blue]", "{bowl: [red, blue], shaft: orange}"):
        rule = f"{{name: a, dates: 6 June, color: {color}, change_every: 60 s, brightness: 50 %}}"
        text = f"version: 1\ncampaigns: [{rule}]\n"
        look = shipped.schedule_of(text.encode()).campaigns[0].looks["bowl"]
        assert look == Look((Color("#FF0000"), Color("#0000FF")), 0.5, 60.0)


def test_every_night_needs_no_days_and_a_blackout_no_colour(shipped: Setup) -> None:
    """The three lists take entries of their own kinds."""
    text = (
        "version: 1\nevery_night:\n  - {name: a, hours: sunset to 23:00, color: warm white}\n"
        "blackouts:\n  - {name: b, nights: 1 May to 10 May, hours: 22:00 to 04:00}\n"
    )
    schedule = shipped.schedule_of(text.encode())
    assert (len(schedule.every_night), len(schedule.blackouts), schedule.campaigns) == (1, 1, ())


def test_lists_whose_entries_are_commented_out_are_empty(shipped: Setup) -> None:
    """A heading without anything below it is no mistake."""
    text = "version: 1\ncampaigns:\n#  - name: a\nevery_night: # later\nblackouts:\n"
    schedule = shipped.schedule_of(text.encode())
    assert (schedule.campaigns, schedule.every_night, schedule.blackouts) == ((), (), ())


def test_the_line_of_a_rule_cannot_be_written(findings: Found) -> None:
    """It is what the program notes down, and no keyword."""
    assert _codes(findings(schedule=SCHEDULE + "    line: 3\n")) != []
    text = "version: 1\ncampaigns: [{name: a, dates: 6 June, color: red, line: 7}]\n"
    assert _codes(findings(schedule=text)) == ["TWL-S010", "TWL-S281"]  # taken for a slip of `link`


def test_one_text_can_be_judged_alone(shipped: Setup) -> None:
    """For what comes by another way than the folder."""
    with pytest.raises(FilesRejected) as rejected:
        shipped.schedule_of(b"version: 1\ncampaigns: [{name: a, dates: 6 June, color: {top: red}}]\n")
    assert _codes(rejected.value.findings) == ["TWL-S068"]


def test_a_wrong_folder_leads_to_the_one_that_holds_the_file(tmp_path: Path) -> None:
    """One too far out, one too far in, and one beside it."""
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    for wrong in (tmp_path, config / "profiles", tmp_path / "deploy"):
        wrong.mkdir(exist_ok=True)
        with pytest.raises(FilesRejected) as rejected:
            load(wrong)
        assert _codes(rejected.value.findings) == ["TWL-S194", "TWL-S194"]
        assert str(config) in rejected.value.findings[0].event.action("sv")


def test_a_missing_folder_is_shown_for_both_files(tmp_path: Path) -> None:
    """With the folder that was looked in."""
    with pytest.raises(FilesRejected) as rejected:
        load(tmp_path / "nowhere")
    assert _codes(rejected.value.findings) == ["TWL-S002", "TWL-S002"]
    assert "nowhere" in rejected.value.findings[0].event.action("sv")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A folder, or a pipe that would never end."""
    (tmp_path / "tower.yaml").mkdir()
    os.mkfifo(tmp_path / "schedule.yaml")
    with pytest.raises(FilesRejected) as rejected:
        load(tmp_path)
    assert _codes(rejected.value.findings) == ["TWL-S003", "TWL-S003"]


def test_a_file_that_cannot_be_opened_is_shown(tmp_path: Path) -> None:
    """A circular link is an example of all that the system refuses."""
    (tmp_path / "tower.yaml").write_text(TOWER, encoding="utf-8")
    (tmp_path / "schedule.yaml").symlink_to("schedule.yaml")
    with pytest.raises(FilesRejected) as rejected:
        load(tmp_path)
    assert _codes(rejected.value.findings) == ["TWL-S043"]


def test_files_of_windows_work_as_they_are(tmp_path: Path) -> None:
    """Notepad's line ends and byte order mark."""
    for name, text in (("tower.yaml", TOWER), ("schedule.yaml", SCHEDULE)):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(tmp_path).schedule == load(SHIPPED).schedule


def test_the_same_texts_make_the_same_setup(shipped: Setup) -> None:
    """What is kept as the last good version means what the files meant."""
    assert parse(TOWER.encode(), SCHEDULE.encode(), SHIPPED) == shipped


def test_profiles_of_the_site_can_be_used(tmp_path: Path) -> None:
    """A file of `profiles/` is known by its name without the ending."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "flood.yaml").write_text("name: Flood\nchannels: [dimmer, red, green, blue]\n", "utf-8")
    tower = TOWER.replace("rgbw, address: 13", "flood, address: 13")
    setup = parse(tower.encode(), SCHEDULE.encode(), tmp_path)
    assert list(setup.profiles) == ["flood"]


def test_a_broken_profile_is_shown_at_its_file(tmp_path: Path) -> None:
    """Beside whatever else is wrong."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "flood.yaml").write_text("name: Flood\nchannels: [dimer, red]\n", "utf-8")
    (tmp_path / "profiles" / "list.yaml").write_text("- red\n", "utf-8")
    with pytest.raises(FilesRejected) as rejected:
        parse(TOWER.encode(), SCHEDULE.encode(), tmp_path)
    assert [(Path(one.file).name, one.code) for one in rejected.value.findings] == [
        ("flood.yaml", "TWL-F121"),
        ("list.yaml", "TWL-S050"),
    ]


def test_a_tower_beside_a_broken_profile_is_not_used(tmp_path: Path) -> None:
    """As the service would not use it, also where no lamp has the profile; the schedule does not matter."""
    (tmp_path / "tower.yaml").write_text(TOWER, "utf-8")
    assert load_tower(tmp_path) == load(SHIPPED).tower
    _with_profile(tmp_path, "name: Flood\nchannels: [dimer, red]\n")
    with pytest.raises(FilesRejected) as rejected:
        load_tower(tmp_path)
    assert [(Path(one.file).name, one.code) for one in rejected.value.findings] == [("flood.yaml", "TWL-F121")]


@pytest.mark.parametrize(
    "tower", [TOWER.replace("rgbw, address: 13", "flood, address: 13"), TOWER + BRIDGE], ids=["dmx", "dmx-channels"]
)
def test_a_lamp_of_a_broken_profile_is_not_reported_too(tower: str, tmp_path: Path) -> None:
    """Its profile is known; another name for it would be no cure."""
    _with_profile(tmp_path, "name: Flood\nchannels: [dimer, red]\n")
    with pytest.raises(FilesRejected) as rejected:
        parse(tower.encode(), SCHEDULE.encode(), tmp_path)
    assert [(Path(one.file).name, one.code) for one in rejected.value.findings] == [("flood.yaml", "TWL-F121")]


def test_profiles_of_the_site_can_be_used_on_a_channel_bridge(tmp_path: Path) -> None:
    """Its channels are those of the site's own profile."""
    _with_profile(tmp_path, "name: Flood\nchannels: [dimmer, red, green, blue, {fixed: 7}]\n")
    setup = parse((TOWER + BRIDGE).encode(), SCHEDULE.encode(), tmp_path)
    bridge = setup.tower.gateways[1]
    assert isinstance(bridge, DmxChannels)
    assert bridge.levels({"bowl": DARK}) == {3: 0, 4: 0, 5: 0, 6: 0, 7: 7}
    assert setup.patch(bridge).levels({}) == bridge.patch.levels({})


@pytest.mark.parametrize(
    ("tower", "line"), [(TOWER + BRIDGE, 45), (TOWER.replace("rgbw, address: 5", "flood, address: 5"), 38)]
)
def test_a_pinned_colour_that_is_none_is_shown_at_the_profile_of_its_lamp(
    tower: str, line: int, tmp_path: Path
) -> None:
    """Whichever kind of gateway the lamp hangs on; a colour of the palette may be pinned."""
    _with_profile(
        tmp_path, "name: Flood\nchannels: [red, green, blue]\npinned: {ornge: {red: 255}, orange: {red: 250}}\n"
    )
    with pytest.raises(FilesRejected) as rejected:
        parse(tower.encode(), SCHEDULE.encode(), tmp_path)
    (found,) = rejected.value.findings
    assert (found.code, found.place and found.place.line) == ("TWL-F127", line)
    assert found.place
    assert found.source[found.place.column - 1 : found.place.end - 1] == "flood"
    assert "orange" in found.event.action("en")


def _with_profile(folder: Path, text: str) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles" / "flood.yaml").write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("line", "shown", "marked"),
    [
        ("broker: mqtt://user:secret@host # here", "broker: mqtt://…@host # here", "mqtt://…@"),
        ("password: very secret", "password: …", "password"),
        ("broker: [mqtt://ann:b@one, mqtt://c:dave@two]", "broker: [mqtt://…@one, mqtt://…@two]", "mqtt://…@"),
    ],
)
def test_a_secret_is_hidden_and_the_caret_is_still_under_its_place(
    line: str, shown: str, marked: str, findings: Found
) -> None:
    """The line is shorter than it was written."""
    found = [
        one for one in findings(tower=TOWER.replace("broker: embedded ", line + "\n  #")) if one.code == "TWL-S090"
    ]
    assert found
    for finding in found:
        assert finding.place
        assert finding.source.strip() == shown
        assert finding.source[finding.place.column - 1 : finding.place.end - 1] == marked


SECRETS = ("password hemligt", "password = hemligt", "password:hemligt", "password: hem: ligt", 'password: "a" hemligt')
BROKEN_SECRETS = (
    'password: "hemligt',
    'password: "hem\\ligt"',
    "password: [hemligt",
    "password: @hemligt",
    "- password: hemligt",
)


@pytest.mark.parametrize("line", [*SECRETS, *BROKEN_SECRETS])
def test_a_secret_is_hidden_in_what_is_shown_of_its_line_too(line: str, findings: Found) -> None:
    """Also where the line is reported for something else: its first mistake goes into the log of the service."""
    found = findings(tower=TOWER.replace("broker: embedded ", f"broker: embedded\n  {line}\n  #"))
    assert found
    assert not [one for one in found if "hem" in f"{one.source} {one.event.text('sv')} {one.event.action('sv')}"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("56,899", "56.899"), ("N 12.5", "12.5"), ("-007,50", "-7.50"), ("5.6e1", "56.899"), ("nan", "56.899")],
)
def test_a_number_is_shown_as_it_should_be_written(written: str, meant: str, findings: Found) -> None:
    """The user's own digits where they are clear; else an example."""
    (finding,) = findings(tower=TOWER.replace("latitude: 56.899", f"latitude: {written}"))
    assert finding.event.fields["example"] == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("h:1883", "mqtt://h:1883"), ("10.0.0.5", "mqtt://10.0.0.5"), ("Embedded", "embedded")]
)
def test_the_address_that_was_meant_is_shown(written: str, meant: str, findings: Found) -> None:
    """A host without its scheme, the embedded broker in other letters."""
    (finding,) = findings(tower=TOWER.replace("broker: embedded", f"broker: {written}"))
    assert (finding.code, finding.event.fields["suggestion"]) == ("TWL-S071", meant)


@pytest.mark.parametrize(
    "name",
    [
        "schedule.yaml.txt",
        "Schedule.yaml",
        "schedule.yml",
        "schedule - Kopia.yaml",
        "schedule.yaml.bak",
        "shedule.yaml",
    ],
)
def test_a_file_that_was_renamed_is_found(name: str, tmp_path: Path) -> None:
    """As editors and file managers do it; the schema beside it is no such file."""
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    (config / "schedule.yaml").rename(config / name)
    with pytest.raises(FilesRejected) as caught:
        load(config)
    assert [(one.code, one.event.fields) for one in caught.value.findings] == [
        ("TWL-S019", {"found": name, "name": "schedule.yaml"})
    ]
    (config / name).unlink()
    with pytest.raises(FilesRejected) as caught:
        load(config)
    assert [one.code for one in caught.value.findings] == ["TWL-S002"]


def test_a_file_with_endless_mistakes_is_shown_in_bounded_time(findings: Found) -> None:
    """Near words are sought for some hundreds, and of each file a screenful is reported."""
    keys = "".join(f"kampanjx{number}: v\n" for number in range(4 * MOST_SOUGHT))
    found = findings(schedule=f"version: 1\n{keys}")
    assert len(found) == MOST + 1
    assert found[-1].event.fields["count"] == MOST_SOUGHT - MOST
