"""The two files while the service runs: a good change is taken, a bad one reported, however it was saved."""

import time
from pathlib import Path
from typing import Any

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

TAKEN_S = 3.0
REPORTED = "watertower/gateway/mast/reported"
ALWAYS = "version: 1\ncampaigns:\n  - {{name: Alltid, dates: every day, hours: all day, color: '{color}'}}\n"


def lit(color: str) -> dict[str, Any]:
    look = {"on": True, "color": color, "brightness": 1.0}
    return {"bowl": look, "shaft": look}


def in_two_parts(path: Path, text: str) -> None:
    """A slow copy: the first half alone would be another schedule."""
    half = text.index("hours")
    path.write_text(text[:half], encoding="utf-8")
    time.sleep(0.4)
    path.write_text(text, encoding="utf-8")


def renamed(path: Path, text: str) -> None:
    """As editors save."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def linked(path: Path, text: str) -> None:
    """As deployments do."""
    target = path.with_name("schedule-2.yaml")
    target.write_text(text, encoding="utf-8")
    link = path.with_suffix(".link")
    link.symlink_to(target)
    link.replace(path)


def deleted_first(path: Path, text: str) -> None:
    """Gone for a moment, and there again."""
    path.unlink()
    time.sleep(0.3)
    path.write_text(text, encoding="utf-8")


def test_a_good_schedule_is_taken_however_it_is_saved(site: Site, ear: Listen, words: Words) -> None:
    """In two parts, by rename, by a swapped link, deleted and created again: in force within 3 s."""
    path = site.config / "schedule.yaml"
    path.write_text(ALWAYS.format(color="#FF6A00"), encoding="utf-8")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    ways = zip(
        (in_two_parts, renamed, linked, deleted_first), ("#0000FF", "#00FF00", "#FF0000", "#FFFFFF"), strict=True
    )
    for save, color in ways:
        since = len(listens.heard)
        save(path, ALWAYS.format(color=color))
        saved = time.monotonic()
        report = words.until(lambda c=color, s=since: listens.shows(lit(c), s), f"{save.__name__} is not taken")
        assert report.at_s - saved < 3 * TAKEN_S
        assert listens.events("TWL-O130", since), save.__name__
    assert len(program.events("TWL-O131")) <= 1, "only a file that is gone for a moment may be reported"
    assert program.end() == 0


def test_a_bad_schedule_is_reported_and_the_last_good_one_stays(site: Site, ear: Listen, words: Words) -> None:
    """While running, at the next start from the copy, and until it is mended."""
    path = site.config / "schedule.yaml"
    path.write_text(ALWAYS.format(color="#0000FF"), encoding="utf-8")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    path.write_text(ALWAYS.format(color="#0000FF").replace("every day", "evry day"), encoding="utf-8")
    told = words.until(lambda: listens.events("TWL-O131"), "the mistake is not reported")[0]
    assert "schedule.yaml:3:" in told["where"]
    time.sleep(1)
    assert listens.shows(lit("#0000FF"))
    assert program.end() == 0
    listens.close()

    again = site.controller()
    words.until(lambda: again.events("TWL-G101"), f"no light from the copy: {again.log}")
    assert again.events("TWL-O131"), "the start does not report that the copy is in force"
    listens = ear(site.port)
    assert words.until(lambda: listens.shows(lit("#0000FF")), "not as before")
    path.write_text(ALWAYS.format(color="#00FF00"), encoding="utf-8")
    words.until(lambda: listens.shows(lit("#00FF00")), "the mended file is not taken")
    assert again.end() == 0


def test_the_technicians_file_is_taken_too(site: Site, ear: Listen, words: Words) -> None:
    """Another palette, a lamp less: all is rebuilt and the light goes on; a bad file changes nothing."""
    path = site.config / "schedule.yaml"
    path.write_text(ALWAYS.format(color="orange"), encoding="utf-8")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    site.edit("tower.yaml", 'orange: "#FF6A00"', 'orange: "#FF0000"')
    words.until(lambda: len(program.events("TWL-B010")) == 2, "not rebuilt")
    listens = ear(site.port)
    words.until(lambda: listens.shows(lit("#FF0000")), "not the new palette")
    site.edit("tower.yaml", "latitude: 56.899", "latitude: 560.899")
    words.until(lambda: program.events("TWL-O131"), "the mistake is not reported")
    assert listens.shows(lit("#FF0000"))
    site.edit("tower.yaml", "latitude: 560.899", "latitude: 57.0")
    words.until(lambda: len(program.events("TWL-B010")) == 3, "the mended one is not taken")
    words.until(lambda: program.events("TWL-G101")[2:], "no confirmation after the second change")
    site.edit("tower.yaml", "  topic_prefix", "  users_file: gone\n  topic_prefix")
    words.until(lambda: len(program.events("TWL-O131")) == 2, "a secret that is not there is not reported")
    time.sleep(1)
    assert len(program.events("TWL-B010")) == 3, "what runs is not ended for what cannot be built"
    assert "gone" not in (site.state / "last-good" / "tower.yaml").read_text()
    assert program.end() == 0
    assert "Traceback" not in program.log


def with_users(site: Site, words: Words) -> tuple[Path, Any]:
    """The file of the broker's users, and the service that runs with it."""
    users = site.config / "mqtt-users"
    users.write_text("controller:one\n")
    site.edit("tower.yaml", "  topic_prefix", "  users_file: mqtt-users\n  topic_prefix")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    return users, program


def test_the_users_of_the_broker_are_taken_too(site: Site, words: Words) -> None:
    """A file that says nothing leaves those who are known; a better one is taken, though no other file changed."""
    users, program = with_users(site, words)
    users.write_text("controller\n")
    words.until(lambda: program.events("TWL-O131"), "the mistake is not reported")
    site.edit("tower.yaml", "latitude: 56.899", "latitude: 56.9")
    words.until(lambda: program.events("TWL-O131")[1:], "the mistake is not reported again")
    assert len(program.events("TWL-B010")) == 1
    users.write_text("controller:two\n")
    words.until(lambda: program.events("TWL-B010")[1:], "not rebuilt")
    words.until(lambda: program.events("TWL-G101")[1:], "no confirmation with the new users")
    assert "two" not in program.log
    assert program.end() == 0


def test_a_start_with_users_that_cannot_be_read_lights_the_lamps_here(site: Site, words: Words) -> None:
    """From the last good copy, with a broker that lets no stranger in, until the users are mended."""
    users, program = with_users(site, words)
    assert program.end() == 0
    users.write_text("controller\n")
    again = site.controller()
    words.until(lambda: again.events("TWL-G101"), "no light")
    assert "mqtt-users" in again.events("TWL-O131")[0]["first"]["fields"]["path"]
    assert site.call("status", state="stranger").exit_code != 0, "a stranger was let in"
    assert site.call("status").exit_code == 1, "the users that cannot be read are told, to who may read the state"
    (site.config / "schedule.yaml").write_text(ALWAYS.format(color="#0000FF"), encoding="utf-8")
    words.until(lambda: "#0000FF" in str(again.events("TWL-G101")), "the schedule waits for the users")
    users.write_text("controller:two\n")
    words.until(lambda: again.events("TWL-B010")[1:], "the mended users are not taken")
    words.until(lambda: again.events("TWL-G101")[1:], "no confirmation with them")
    words.until(lambda: site.call("status").exit_code == 0, "who has the password is not let in")
    assert again.end() == 0


def test_the_log_follows_the_technicians_file(site: Site, words: Words) -> None:
    """Language and local time of its lines are those of the site as it is now, where nobody asked for a language."""
    program = site.start("run", lang=None, LC_ALL="C", LANGUAGE="")
    words.until(lambda: "TWL-G101" in program.log, "no confirmation")
    before = program.log
    site.edit("tower.yaml", "language: sv ", "language: en ")
    site.edit("tower.yaml", "Europe/Stockholm", "Asia/Tokyo")
    words.until(lambda: "TWL-G101" in program.log[len(before) :], "not rebuilt")
    confirmed = [
        next(line for line in log.splitlines() if "TWL-G101" in line) for log in (before, program.log[len(before) :])
    ]
    assert "bekräftar" in confirmed[0]
    assert "confirms" in confirmed[1]
    hours = [int(line[11:13]) for line in confirmed]
    assert (hours[1] - hours[0]) % 24 in {7, 8, 9}
    assert program.end() == 0


def test_a_start_with_files_that_cannot_be_built_lights_from_the_copy(site: Site, ear: Listen, words: Words) -> None:
    """A secret is missing: that is reported, and the tower is lit as before; without a copy the start ends with 78."""
    (site.config / "schedule.yaml").write_text(ALWAYS.format(color="#0000FF"), encoding="utf-8")
    site.edit("tower.yaml", "  topic_prefix", "  users_file: gone\n  topic_prefix")
    assert site.controller().wait() == 78
    site.edit("tower.yaml", "  users_file: gone\n", "")
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    assert program.end() == 0

    site.edit("tower.yaml", "  topic_prefix", "  users_file: gone\n  topic_prefix")
    again = site.controller()
    words.until(lambda: again.events("TWL-G101"), "no light from the copy")
    assert "gone" in again.events("TWL-O131")[0]["first"]["fields"]["path"]
    assert words.until(lambda: ear(site.port).shows(lit("#0000FF")), "not as before")
    site.edit("tower.yaml", "  users_file: gone\n", "")
    words.until(lambda: again.events("TWL-O130"), "the mended file is not taken")
    assert again.end() == 0
    assert "Traceback" not in again.log


def test_a_start_with_a_broken_profile(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """Service and gateway find the last good copy, the profile included, and the lamps are lit."""
    site.outside(mosquitto.port, "controller")
    profile = site.config / "profiles" / "ours.yaml"
    profile.parent.mkdir(exist_ok=True)
    profile.write_text("name: Ours\nchannels: [red, green, blue]\n", encoding="utf-8")
    (site.config / "schedule.yaml").write_text(ALWAYS.format(color="#0000FF"), encoding="utf-8")
    site.edit(
        "tower.yaml", "{name: bowl-north, zone: bowl, profile: rgbw", "{name: bowl-north, zone: bowl, profile: ours"
    )
    listens = ear(mosquitto)
    programs = site.controller(), site.gateway()
    words.until(lambda: listens.shows(lit("#0000FF")) and listens.confirmed(), "not lit at the start")
    words.until((site.state / "last-good" / "profiles" / "ours.yaml").exists, "no copy of the profile")
    for program in programs:
        program.end()
    profile.write_text("name: Ours\nchannels: [red, green, blau]\n", encoding="utf-8")
    since = len(listens.heard)
    again = site.controller(), site.gateway()
    words.until(lambda: listens.shows(lit("#0000FF"), since) and listens.confirmed(since), "not lit from the copies")
    for program in again:
        assert program.events("TWL-O131")
        assert program.end() == 0


def test_the_gateway_process_follows_its_own_file(site: Site, mosquitto: Mosquitto, ear: Listen, words: Words) -> None:
    """A bad save changes nothing and is reported; a lamp that is patched elsewhere shows what was shown before."""
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    gateway = site.gateway()
    words.until(lambda: listens.word(REPORTED), "it does not report")
    site.edit("tower.yaml", "profile: rgbw, address: 13}", "profile: rgbx, address: 13}")
    words.until(lambda: gateway.events("TWL-O131"), "the bad file is not reported")
    assert len(gateway.events("TWL-D001")) == 1
    site.edit("tower.yaml", "profile: rgbx, address: 13}", "profile: rgbw, address: 17}")
    words.until(lambda: len(gateway.events("TWL-D001")) == 2, "it does not begin again")
    words.until(lambda: "address: 17" in (site.folder / "mast/last-good/tower.yaml").read_text(), "no copy is kept")
    words.until(lambda: listens.word("watertower/gateway/mast/availability") == b"online", "not online")
    assert gateway.end() == 0
    assert "Traceback" not in gateway.log
