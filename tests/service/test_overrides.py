"""What is asked for by hand: answered by its id, refused with a reason, and a stop that nothing holds up."""

import json
import unicodedata
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.config.load import load
from controller.events import CATALOGUE, Event, Level
from controller.events.models import Advice, Reason, plain_value
from controller.lighting.look import DARK
from controller.service.override_request import OverridePolicy, Request, override_of, parse_request
from controller.service.overrides import BY_REQUEST, MOST_OVERRIDES, OverrideManager
from controller.simulation.controller_host import SimulatedDisk
from controller.state import NotStored

SETUP = load(Path(__file__).parents[2] / "config")
EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def disk() -> SimulatedDisk:
    """An empty one."""
    return SimulatedDisk()


def hand_on(disk: SimulatedDisk) -> OverrideManager:
    """As a start of the process makes it."""
    return OverrideManager(disk, OverridePolicy(SETUP.program(), SETUP.tower.palette, 24 * HOUR))


def asked(**keys: Any) -> bytes:
    """A request that would be granted, with changes."""
    document = {"version": 1, "id": "a", "look": "red", "until": "1 h", "owner": "Eva", "reason": "prov", **keys}
    return json.dumps(document).encode()


def winner(hand: OverrideManager, at: datetime) -> str:
    """What shows."""
    return SETUP.program(hand.overrides, hand.stop).look_at(at).why.winner


def answered_to(event: Event) -> tuple[str, object, object]:
    """As a program reads an answer."""
    return event.code, event.fields["id"], event.fields["owner"]


async def test_what_another_controller_granted_is_taken_unless_it_is_over(disk: SimulatedDisk) -> None:
    """An override that is over belongs to the controller that granted it, which has emitted its end."""
    one, other = hand_on(disk), hand_on(disk)
    await one.take(asked(), EVENING)
    await one.take(asked(id="b", until="3 h", look={"bowl": "red"}), EVENING)
    disk.file.generation += 1  # as a database tells of what another one wrote
    assert await other.expire(EVENING + 2 * HOUR) == ()
    assert [each.id for each in other.in_force] == ["b"]


@pytest.mark.parametrize(
    "payload",
    [
        asked(until=3600),
        asked(look=[1, 2]),
        asked(action="explode"),
        asked(reason="two\nlines"),
        asked(version=2),
    ],
)
async def test_what_cannot_be_read_is_answered_by_the_id_that_it_has(disk: SimulatedDisk, payload: bytes) -> None:
    """Whoever asks finds the answer, though the request as a whole is none."""
    assert answered_to(await hand_on(disk).take(payload, EVENING)) == ("TWL-O110", "a", "Eva")


@pytest.mark.parametrize("action", ["override", "skip", "resume", "stop", "lift"])
async def test_a_request_without_an_id_is_refused(disk: SimulatedDisk, action: str) -> None:
    """Without one its copy over a second broker would count twice, and nobody could tell its answer from others."""
    hand = hand_on(disk)
    document = {"version": 1, "action": action, "look": "red", "campaign": "x", "until": "1 h", "owner": "Eva"}
    answer = await hand.take(json.dumps(document).encode(), EVENING)
    assert answered_to(answer) == ("TWL-O110", "?", "Eva")
    assert answer.fields["reason"] == Reason("missing", {"place": "id"})
    assert (hand.overrides, hand.stop) == ((), None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"look": ["red"]}, Reason("not_a_look", {"place": "look"})),
        ({"look": {"bowl": None}}, Reason("not_a_look", {"place": "look"})),
        ({"brightness": 50}, Reason("not_a_brightness", {"place": "brightness"})),
        ({"brightness": True}, Reason("not_a_brightness", {"place": "brightness"})),
    ],
)
async def test_an_answer_to_a_value_of_no_known_form_lists_the_forms(
    disk: SimulatedDisk, changes: dict[str, Any], reason: Reason
) -> None:
    """Not that it is none of the first."""
    assert (await hand_on(disk).take(asked(**changes), EVENING)).fields["reason"] == reason


@pytest.mark.parametrize("look", ["dark", "Svart", "av", "off", "#000000"])
async def test_dark_may_be_asked_for_in_any_word(look: str, disk: SimulatedDisk) -> None:
    """As in the schedule, and by its code: nothing is wished to be lit."""
    hand = hand_on(disk)
    await hand.take(asked(look=look), EVENING)
    assert [each.at(0.0) for each in hand.overrides[0].looks.values()] == [DARK, DARK]


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"\xff", "?"),
        (b"[1]", "?"),
        (b'{"id": {"a": 1}}', "?"),
        (b'{"id": 7}', "7"),
        (b'{"id": "\\ud800\\u202e"}', "\\ud800\\u202e"),
        (b'{"id": "' + b"x" * 20_000 + b'"}', "?"),
        (b"[" * 10_000, "?"),
        (json.dumps({"id": "x" * 100}).encode(), "x" * 63 + "…"),
        (json.dumps({"id": "a\nb"}).encode(), "a\\nb"),
    ],
)
async def test_any_bytes_are_answered(disk: SimulatedDisk, payload: bytes, name: str) -> None:
    """By as much of an id as can be printed."""
    event = await hand_on(disk).take(payload, EVENING)
    assert event.code == "TWL-O110"
    assert event.fields["id"] == name
    assert json.dumps({key: plain_value(value) for key, value in event.fields.items()}).isprintable()


@pytest.mark.parametrize(
    ("keys", "about", "link"),
    [
        ({}, {}, ""),
        ({"about": "Vi sörjer"}, {"en": "Vi sörjer", "sv": "Vi sörjer"}, ""),
        (
            {"about": {"sv": "Vi sörjer"}, "link": " https://www.alvesta.se/ "},
            {"sv": "Vi sörjer"},
            "https://www.alvesta.se/",
        ),
    ],
)
def test_an_override_may_have_a_text_for_the_public(keys: dict[str, Any], about: dict[str, str], link: str) -> None:
    """In the words of whoever asks."""
    request = parse_request(asked(**keys))
    assert isinstance(request, Request)
    stored = override_of(request, OverridePolicy(SETUP.program(), SETUP.tower.palette, 24 * HOUR), EVENING)
    assert (stored.about, stored.link) == (about, link)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"link": "javascript:alert(1)"}, "TWL-S281"),
        ({"link": "www.alvesta.se"}, "TWL-S282"),
        ({"about": {"de": "Trauer"}}, "TWL-O110"),
        ({"about": "x" * 500}, "TWL-O110"),
        ({"about": "two\nlines"}, "TWL-O110"),
    ],
)
async def test_a_public_text_that_cannot_be_shown_is_refused(
    keys: dict[str, Any], code: str, disk: SimulatedDisk
) -> None:
    """With the reason, and nothing is set."""
    hand = hand_on(disk)
    answer = await hand.take(asked(**keys), EVENING)
    reasons = (answer.fields.get("reason"), answer.fields.get("advice"))
    assert code == answer.code or any(isinstance(each, Advice) and each.event.code == code for each in reasons)
    assert hand.overrides == ()


async def test_brightness_is_a_share_or_a_percentage(disk: SimulatedDisk) -> None:
    """As in every other document on the wire, or as in the files."""
    hand = hand_on(disk)
    for name, brightness in (("a", 0.5), ("b", "50 %"), ("c", 1)):
        assert (await hand.take(asked(id=name, brightness=brightness), EVENING)).code == "TWL-O101"
    assert [override.looks["bowl"].brightness for override in hand.overrides] == [0.5, 0.5, 1.0]


async def test_a_stop_is_in_force_before_anybody_answers(disk: SimulatedDisk) -> None:
    """Not after a disk, nor after what was asked before: a lift that still waits is older, as its answer shows."""
    hand = hand_on(disk)
    assert not hand.stop_at_once(asked(), EVENING)
    stop = asked(id="s", action="stop")
    assert hand.stop_at_once(stop, EVENING)
    assert winner(hand, EVENING) == "stop"
    older = await hand.take(asked(id="l", action="lift"), EVENING)
    assert (older.code, "TWL-O129" in str(older.fields["reason"])) == ("TWL-O110", True)
    assert winner(hand, EVENING) == "stop"
    assert (await hand.take(stop, EVENING)).code == "TWL-O105"
    assert (await hand.take(asked(id="m", action="lift"), EVENING)).code == "TWL-O106"
    assert winner(hand, EVENING) != "stop"


async def test_a_second_stop_leaves_the_first_in_force(disk: SimulatedDisk) -> None:
    """With its owner and since when, also after a restart."""
    hand = hand_on(disk)
    await hand.take(asked(id="s", action="stop", owner="Eva"), EVENING)
    second = asked(id="t", action="stop", owner="Kim")
    hand.stop_at_once(second, EVENING + HOUR)
    assert (await hand.take(second, EVENING + HOUR)).code == "TWL-O105"
    for each in (hand, hand_on(disk)):
        assert each.stored_stop is not None
        assert (each.stored_stop.owner, each.stored_stop.start) == ("Eva", EVENING)


async def test_a_full_disk_holds_up_neither_a_stop_nor_its_end(disk: SimulatedDisk) -> None:
    """Dark at once and lit again, and the answer states what a restart would do."""
    hand = hand_on(disk)
    disk.file.full = True
    assert (await hand.take(asked(id="s", action="stop"), EVENING)).code == "TWL-O107"
    assert winner(hand, EVENING) == "stop"
    assert (await hand.take(asked(id="l", action="lift"), EVENING)).code == "TWL-O108"
    assert winner(hand, EVENING) == SETUP.schedule.campaigns[0].name
    assert (await hand.take(asked(), EVENING)).code == "TWL-O110", "an override that would be lost is refused"


@pytest.mark.parametrize("year", [1970, 2026, 2300])
async def test_a_stop_is_in_force_whatever_the_clock_shows(disk: SimulatedDisk, year: int) -> None:
    """Given by a clock that is wrong, it stays in force when the clock is corrected, and after a restart."""
    await hand_on(disk).take(asked(id="s", action="stop"), EVENING.replace(year=year))
    assert winner(hand_on(disk), EVENING - 24 * HOUR) == "stop"


async def test_nothing_is_set_by_a_clock_in_doubt(disk: SimulatedDisk) -> None:
    """An override would end at a time that is none; a stop has no end."""
    hand = hand_on(disk)
    refused = await hand.take(asked(), EVENING.replace(year=1970), suspect=True)
    assert "TWL-O126: the clock is in doubt" in refused.text("en")
    assert "TWL-O126: klockan är osäker" in refused.text("sv")
    assert (await hand.take(asked(id="s", action="stop"), EVENING, suspect=True)).code == "TWL-O105"


async def test_an_id_that_comes_again_after_a_restart_is_answered_with_what_is_in_force(disk: SimulatedDisk) -> None:
    """The look of the first request while it is in force; once it has ended, that the id is used up."""
    await hand_on(disk).take(asked(), EVENING)
    again = await hand_on(disk).take(asked(look="blue", owner="Bo"), EVENING)
    assert (again.code, again.fields["look"], again.fields["owner"]) == ("TWL-O101", "red", "Eva")
    await hand_on(disk).take(asked(id="r", action="resume"), EVENING)
    over = await hand_on(disk).take(asked(look="blue"), EVENING)
    assert (over.code, "TWL-O127" in str(over.fields["reason"])) == ("TWL-O110", True)


async def test_what_is_hidden_to_its_end_does_not_pile_up(disk: SimulatedDisk) -> None:
    """A program that sets the same again each minute; what will show once more is kept."""
    hand = hand_on(disk)
    await hand.take(asked(id="long", until="3 h"), EVENING)
    await hand.take(asked(id="bowl", look={"bowl": "green"}, until="2 h"), EVENING)
    for minute in range(2 * MOST_OVERRIDES):
        now = EVENING + timedelta(minutes=minute / 10)
        assert (await hand.take(asked(id=f"{minute}", look={"bowl": "red"}, until="1 h"), now)).code == "TWL-O101"
    await hand.expire(now + timedelta(minutes=5))
    assert [held.id for held in disk.overrides] == ["long", "bowl", f"{2 * MOST_OVERRIDES - 1}"]
    assert [each.id for each in hand.overrides] == ["long", "bowl", f"{2 * MOST_OVERRIDES - 1}"]


async def test_more_overrides_than_anybody_can_mean_are_refused(disk: SimulatedDisk) -> None:
    """Each shorter than the one before, so that all of them will show; those that are known are answered as before."""
    hand = hand_on(disk)
    for number in range(MOST_OVERRIDES):
        assert (await hand.take(asked(id=f"{number}", until=f"{600 - number} min"), EVENING)).code == "TWL-O101"
    refused = await hand.take(asked(id="more", until="1 h"), EVENING)
    assert (refused.code, "TWL-O119" in str(refused.fields["reason"])) == ("TWL-O110", True)
    assert (await hand_on(disk).take(asked(id="7"), EVENING)).code == "TWL-O101"
    assert (await hand.take(asked(id="all", until="10 h"), EVENING)).code == "TWL-O101"
    await hand.expire(EVENING)
    assert len(disk.overrides) == 1


async def test_an_end_that_the_disk_took_late_is_followed(disk: SimulatedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resume was refused because the disk hung: what it ended after all is not in force until a restart."""
    hand, end = hand_on(disk), disk.end_overrides
    for name, until in (("a", "2 h"), ("b", "1 h")):
        await hand.take(asked(id=name, until=until), EVENING)

    async def hangs(ids: Collection[str], at: datetime, done: str | None = None) -> None:
        await end(tuple(ids), at, done)
        raise NotStored("TWL-J007", reason="the disk has not answered")

    monkeypatch.setattr(disk, "end_overrides", hangs)
    assert (await hand.take(asked(id="r", action="resume"), EVENING)).code == "TWL-O110"
    assert [event.fields["id"] for event in await hand.expire(EVENING)] == ["a", "b"]
    assert winner(hand, EVENING + timedelta(minutes=1)) == SETUP.schedule.campaigns[0].name


async def test_one_request_too_many_is_refused_and_may_be_asked_again(disk: SimulatedDisk) -> None:
    """Its id is not used up."""
    hand = hand_on(disk)
    assert answered_to(hand.refuse(asked(), "TWL-O128")) == ("TWL-O110", "a", "Eva")
    assert (await hand.take(asked(), EVENING)).code == "TWL-O101"


async def test_what_a_full_disk_refused_may_be_asked_again(disk: SimulatedDisk) -> None:
    """With the same id: it had no effect, and so does not count."""
    hand, disk.file.full = hand_on(disk), True
    assert (await hand.take(asked(), EVENING)).code == "TWL-O110"
    disk.file.full = False
    assert (await hand.take(asked(), EVENING)).code == "TWL-O101"


async def test_nothing_asked_under_a_stop_takes_effect_when_it_is_lifted(disk: SimulatedDisk) -> None:
    """An override is refused, with how to lift the stop; resume ends overrides, and answers that the stop is in
    force."""
    hand = hand_on(disk)
    assert (await hand.take(asked(id="before"), EVENING)).code == "TWL-O101"
    await hand.take(asked(id="s", action="stop", owner="Bo"), EVENING)
    refused = await hand.take(asked(id="under", look="blue"), EVENING)
    assert refused.code == "TWL-O110"
    assert "TWL-O111: the safety stop by Bo is in force" in str(refused.fields["reason"])
    assert "`watertower resume --lift`" in str(refused.fields["reason"])
    resumed = await hand.take(asked(id="r", action="resume"), EVENING)
    assert (resumed.code, resumed.fields["by"]) == ("TWL-O109", "Bo")
    assert winner(hand, EVENING) == "stop"
    assert (await hand.take(asked(id="l", action="lift"), EVENING)).code == "TWL-O106"
    assert winner(hand, EVENING) == SETUP.schedule.campaigns[0].name
    assert (await hand.take(asked(id="under", look="blue"), EVENING)).code == "TWL-O101", (
        "what was refused may be asked"
    )


async def test_an_override_behind_a_stop_that_waits_for_the_disk_is_refused(disk: SimulatedDisk) -> None:
    """The stop is in force before it has its answer."""
    hand = hand_on(disk)
    hand.stop_at_once(asked(id="s", action="stop"), EVENING)
    assert (await hand.take(asked(id="o"), EVENING)).code == "TWL-O110"
    assert not hand.overrides


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_stop_that_is_acknowledged_holds_whatever_its_id(disk: SimulatedDisk, restarts: bool) -> None:
    """The same button once more after the lift, or an id that something else has had: dark, and only then said so."""
    hand = hand_on(disk)
    await hand.take(asked(id="button"), EVENING)
    for number in range(3):
        assert hand.stop_at_once(asked(id="button", action="stop"), EVENING)
        assert winner(hand, EVENING) == "stop", "before its answer"
        assert (await hand.take(asked(id="button", action="stop"), EVENING)).code == "TWL-O105"
        hand = hand_on(disk) if restarts else hand
        assert winner(hand, EVENING) == "stop"
        assert (await hand.take(asked(id=f"lift-{number}", action="lift"), EVENING)).code == "TWL-O106"
        hand = hand_on(disk) if restarts else hand
        assert winner(hand, EVENING) != "stop"


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_lift_that_comes_again_lifts_no_later_stop(disk: SimulatedDisk, restarts: bool) -> None:
    """The answer calls it in force only while it is."""
    hand, lift = hand_on(disk), asked(id="l", action="lift")
    await hand.take(asked(id="s", action="stop"), EVENING)
    assert [(await hand.take(lift, EVENING)).code for _ in range(2)] == ["TWL-O106", "TWL-O106"]
    await hand.take(asked(id="t", action="stop"), EVENING)
    hand = hand_on(disk) if restarts else hand
    again = await hand.take(lift, EVENING)
    assert (again.code, "TWL-O127" in str(again.fields["reason"])) == ("TWL-O110", True)
    assert winner(hand_on(disk), EVENING) == "stop"
    assert (await hand.take(asked(id="l2", action="lift"), EVENING)).code == "TWL-O106"


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_resume_that_comes_again_ends_no_later_override(disk: SimulatedDisk, restarts: bool) -> None:
    """Also where there was nothing to end at first."""
    hand, resume = hand_on(disk), asked(id="r", action="resume")
    assert [(await hand.take(resume, EVENING)).code for _ in range(2)] == ["TWL-O102", "TWL-O102"]
    await hand.take(asked(id="later"), EVENING)
    hand = hand_on(disk) if restarts else hand
    again = await hand.take(resume, EVENING)
    assert (again.code, "TWL-O127" in str(again.fields["reason"])) == ("TWL-O110", True)
    assert [override.id for override in hand.overrides] == ["later"]
    assert [held.id for held in disk.overrides] == ["later"]


async def test_an_override_that_comes_again_is_granted_only_while_it_is_in_force(disk: SimulatedDisk) -> None:
    """Without a restart too: the answer of before would be a lie."""
    hand = hand_on(disk)
    assert [(await hand.take(asked(), EVENING)).code for _ in range(2)] == ["TWL-O101", "TWL-O101"]
    await hand.take(asked(id="r", action="resume"), EVENING)
    assert (await hand.take(asked(), EVENING)).code == "TWL-O110"


async def test_a_stop_that_a_full_disk_did_not_take_is_kept_when_it_comes_again(disk: SimulatedDisk) -> None:
    """From whoever gives it once more, before it was tried again."""
    hand, disk.file.full = hand_on(disk), True
    assert (await hand.take(asked(id="s", action="stop"), EVENING)).code == "TWL-O107"
    disk.file.full = False
    assert (await hand.take(asked(id="s", action="stop"), EVENING)).code == "TWL-O105"
    assert winner(hand_on(disk), EVENING) == "stop"


@pytest.mark.parametrize("resumed", [False, True])
async def test_a_restart_in_the_fade_after_an_override_finds_it_under_way(disk: SimulatedDisk, resumed: bool) -> None:
    """As it would be without the restart; once the fade is over the override is forgotten."""
    hand, end = hand_on(disk), EVENING + timedelta(minutes=10)
    await hand.take(asked(until="10 min"), EVENING)
    if resumed:
        end = EVENING + timedelta(minutes=1)
        await hand.take(asked(id="r", action="resume"), end)
    await hand.expire(end)
    again = hand_on(disk)
    now = end + timedelta(seconds=5)
    cues = [SETUP.program(each.overrides, each.stop).look_at(now) for each in (hand, again)]
    assert (cues[1].at, cues[1].fade_s) == (cues[0].at, cues[0].fade_s) == (end, 30.0)
    await again.expire(end + timedelta(minutes=1))
    assert again.overrides == ()


@pytest.mark.parametrize("action", ["stop", "lift"])
async def test_a_stop_or_its_end_that_the_disk_refused_is_written_when_it_can_be(
    disk: SimulatedDisk, action: str
) -> None:
    """Nobody has to ask again: a restart after that makes of it what was asked for."""
    hand = hand_on(disk)
    if action == "lift":
        await hand.take(asked(id="s", action="stop"), EVENING)
    disk.file.full = True
    assert (await hand.take(asked(id="x", action=action), EVENING)).code in {"TWL-O107", "TWL-O108"}
    assert await hand.retry_stop(EVENING) == ()
    assert (winner(hand_on(disk), EVENING) == "stop") is (action == "lift"), "not written yet"
    disk.file.full = False
    assert [event.code for event in await hand.retry_stop(EVENING)] == ["TWL-O115"]
    assert (winner(hand_on(disk), EVENING) == "stop") is (action == "stop")
    assert await hand.retry_stop(EVENING) == ()
    if action == "lift":
        await hand.take(asked(id="t", action="stop"), EVENING)
        assert (await hand_on(disk).take(asked(id="x", action="lift"), EVENING)).code == "TWL-O110", "it was done"


async def test_what_was_asked_after_a_stop_that_was_not_written_counts(disk: SimulatedDisk) -> None:
    """What is written late is what holds then, not what was refused."""
    hand, disk.file.full = hand_on(disk), True
    await hand.take(asked(id="s", action="stop"), EVENING)
    await hand.take(asked(id="l", action="lift"), EVENING)
    disk.file.full = False
    assert [event.code for event in await hand.retry_stop(EVENING)] == ["TWL-O115"]
    assert winner(hand_on(disk), EVENING) != "stop"


async def test_the_longest_override_is_granted_and_no_longer_one(disk: SimulatedDisk) -> None:
    """To the second; an end given as an instant is measured like one given as a duration."""
    hand = hand_on(disk)
    assert (await hand.take(asked(until="24 h"), EVENING)).code == "TWL-O101"
    for until in ("24 h 1 s", (EVENING + 24 * HOUR + timedelta(seconds=1)).isoformat()):
        refused = await hand.take(asked(id="b", until=until), EVENING)
        assert (refused.code, refused.fields["id"]) == ("TWL-O110", "b")
        assert "24 h" in str(refused.fields["reason"])
    assert [override.id for override in hand.overrides] == ["a"]


@pytest.mark.parametrize("action", ["override", "skip"])
@pytest.mark.parametrize(
    ("until", "code"),
    [
        ({}, "TWL-O120"),
        ({"until": ""}, "TWL-O120"),
        ({"until": " "}, "TWL-O120"),
        ({"until": "-1 h"}, "TWL-O121"),
        ({"until": EVENING.isoformat()}, "TWL-O123"),
        ({"until": (EVENING - HOUR).isoformat()}, "TWL-O123"),
    ],
)
async def test_nothing_is_set_without_an_end_that_lies_ahead(
    disk: SimulatedDisk, action: str, until: dict[str, str], code: str
) -> None:
    """No end stands for a missing one; nothing is stored."""
    campaign = {"campaign": SETUP.schedule.campaigns[0].name} if action == "skip" else {}
    request = {"version": 1, "id": "a", "action": action, "look": "red", "owner": "Eva", "reason": "prov"}
    answer = await hand_on(disk).take(json.dumps(request | campaign | until).encode(), EVENING)
    assert (answer.code, answer.fields["reason"].event.code) == ("TWL-O110", code)
    assert hand_on(disk).overrides == ()


async def test_an_override_ends_on_time(disk: SimulatedDisk) -> None:
    """It holds up to its end and not a moment longer, also before anybody has looked for what has ended."""
    hand = hand_on(disk)
    await hand.take(asked(until="1 h"), EVENING)
    end, moment = EVENING + HOUR, timedelta(milliseconds=1)
    assert await hand.expire(end - moment) == ()
    assert (winner(hand, end - moment), winner(hand, end)) == ("override", "En vecka fri från våld")
    (event,) = await hand.expire(end)
    assert answered_to(event) == ("TWL-O103", "a", "Eva")
    assert winner(hand, end) == "En vecka fri från våld"


async def test_a_lift_where_no_stop_holds_does_not_say_that_it_lifted_one(disk: SimulatedDisk) -> None:
    """The same lift that comes again after it lifted one is answered as before."""
    hand = hand_on(disk)
    assert (await hand.take(asked(id="l", action="lift"), EVENING)).code == "TWL-O136"
    await hand.take(asked(id="s", action="stop"), EVENING)
    assert (await hand.take(asked(id="m", action="lift"), EVENING)).code == "TWL-O106"
    assert (await hand.take(asked(id="m", action="lift"), EVENING)).code == "TWL-O106"


def test_what_was_done_is_information_and_what_was_not_is_graver() -> None:
    """Each human act is INFO; a refusal, a stop, and what the disk did not take are at least a warning."""
    done = {code for code in BY_REQUEST if CATALOGUE[code].level is Level.INFO}
    assert done == {"TWL-O101", "TWL-O102", "TWL-O104", "TWL-O106", "TWL-O136"}
    assert {CATALOGUE[code].level for code in BY_REQUEST - done} == {Level.WARNING, Level.ERROR}


async def test_a_zone_may_be_asked_for_by_the_name_that_people_use(disk: SimulatedDisk) -> None:
    """As in the colours of the schedule; a name that is none is refused with those that are."""
    parts = {"bowl": {"sv": "Skålen", "en": "Bowl"}}
    hand = OverrideManager(disk, OverridePolicy(SETUP.program(), SETUP.tower.palette, 24 * HOUR, parts))
    assert (await hand.take(asked(look={"skålen": "blå"}), EVENING)).code == "TWL-O101"
    assert [override.looks.keys() for override in hand.overrides] == [{"bowl"}]
    refused = await hand.take(asked(look={"foten": "blå"}, id="b"), EVENING)
    assert "bowl (Skålen), shaft" in refused.text("sv")
    for look, meant in (("Skålen blå", "Skålen=blå"), ("shaft släckt", "shaft=släckt")):
        refused = await hand.take(asked(look=look, id=meant.partition("=")[0].replace("å", "a")), EVENING)
        assert f"skriv `{meant}`" in refused.text("sv")


async def test_a_skip_leaves_out_one_campaign_until_its_end(disk: SimulatedDisk) -> None:
    """By its name in any letters; stored before it is answered, found again after a restart, ended by a resume."""
    name = SETUP.schedule.campaigns[0].name
    hand = hand_on(disk)
    answer = await hand.take(asked(action="skip", campaign=name.upper(), until="2 h"), EVENING)
    assert (answer.code, answer.fields["campaign"]) == ("TWL-O104", name)
    assert all(answer.text(language) for language in ("sv", "en"))
    for restarted in (hand, hand_on(disk)):
        program = SETUP.program(restarted.overrides, restarted.stop)
        assert program.look_at(EVENING + HOUR).looks == {}
        assert program.look_at(EVENING + 2 * HOUR).campaign == name
    assert (await hand.take(asked(id="r", action="resume"), EVENING + HOUR)).code == "TWL-O102"
    assert winner(hand, EVENING + HOUR) == name


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_resume_ends_every_override_and_skip(disk: SimulatedDisk, restarts: bool) -> None:
    """Whatever zones they are for: from then on all zones follow the schedule."""
    hand, name = hand_on(disk), SETUP.schedule.campaigns[0].name
    await hand.take(asked(id="b", look={"bowl": "red"}), EVENING)
    await hand.take(asked(id="c", look={"shaft": "blue"}, until="2 h"), EVENING)
    await hand.take(asked(id="d", action="skip", campaign=name, until="3 h"), EVENING)
    assert [each.id for each in hand.in_force] == ["b", "c", "d"]
    assert (await hand.take(asked(id="r", action="resume"), EVENING + HOUR / 2)).code == "TWL-O102"
    found = hand_on(disk) if restarts else hand
    assert found.in_force == ()
    cue = SETUP.program(found.overrides, None).look_at(EVENING + HOUR / 2)
    assert (cue.campaign, {look.colors[0].name for look in cue.looks.values()}) == (name, {"orange"})


@pytest.mark.parametrize("campaign", ["", "Julljus", "En vecka"])
async def test_a_skip_of_a_campaign_that_there_is_not_is_refused(disk: SimulatedDisk, campaign: str) -> None:
    """With the names that there are; nothing is stored."""
    hand = hand_on(disk)
    answer = await hand.take(asked(action="skip", campaign=campaign), EVENING)
    assert (answer.code, hand.overrides) == ("TWL-O110", ())
    assert "TWL-O139" in str(answer.fields["reason"])
    assert SETUP.schedule.campaigns[0].name in answer.text("sv")


async def test_a_skip_and_a_look_by_hand_hide_nothing_of_each_other(disk: SimulatedDisk) -> None:
    """The look shows, and when it ends the campaign is still skipped."""
    hand, name = hand_on(disk), SETUP.schedule.campaigns[0].name
    await hand.take(asked(id="s", action="skip", campaign=name, until="3 h"), EVENING)
    await hand.take(asked(id="o", until="4 h"), EVENING + HOUR)
    await hand.take(asked(id="t", action="skip", campaign=name, until="2 h"), EVENING + HOUR)
    assert [each.id for each in hand.overrides if each.end > EVENING + HOUR] == ["o", "t"]
    program = SETUP.program(hand.overrides, None)
    assert program.look_at(EVENING + 2 * HOUR).why.winner == "override"
    assert program.look_at(EVENING + 5 * HOUR).why.winner == name


async def test_a_later_skip_of_the_same_campaign_has_the_end_that_its_answer_names(disk: SimulatedDisk) -> None:
    """Also where that is earlier; after a restart too. A skip of another campaign stays."""
    hand, name = hand_on(disk), SETUP.schedule.campaigns[0].name
    await hand.take(asked(id="s", action="skip", campaign=name, until="4 h"), EVENING)
    await hand.take(asked(id="t", action="skip", campaign=name, until="1 h"), EVENING + HOUR)
    assert SETUP.program(hand.overrides, None).look_at(EVENING + HOUR).looks == {}
    assert winner(hand, EVENING + 2 * HOUR) == name
    assert winner(hand_on(disk), EVENING + 2 * HOUR) == name


async def test_a_campaign_without_skip_is_refused(disk: SimulatedDisk) -> None:
    """A request without its action is one for a look, and without a look for dark."""
    hand = hand_on(disk)
    answer = await hand.take(asked(action="override", campaign=SETUP.schedule.campaigns[0].name), EVENING)
    assert (answer.code, hand.overrides) == ("TWL-O110", ())
    assert "TWL-O140" in str(answer.fields["reason"])


@pytest.mark.parametrize(
    "asked_for", ["Två mellanslag", " TVÅ  Mellanslag", unicodedata.normalize("NFD", "två mellanslag")]
)
async def test_a_campaign_is_found_however_its_name_is_typed(disk: SimulatedDisk, asked_for: str) -> None:
    """Spaces, case and decomposed letters, as some keyboards send them, make no other name."""
    rule = SETUP.schedule.campaigns[0].model_copy(update={"name": "Två  mellanslag"})
    program = replace(SETUP.program(), campaigns=(rule,))
    hand = OverrideManager(disk, OverridePolicy(program, SETUP.tower.palette, 24 * HOUR))
    answer = await hand.take(asked(action="skip", campaign=asked_for), EVENING)
    assert answer.fields.get("campaign") == "Två  mellanslag"


async def test_a_fade_that_was_asked_for_outlives_the_process(disk: SimulatedDisk) -> None:
    """The cue in force has it before and after a restart."""
    hand = hand_on(disk)
    await hand.take(asked(fade_s=90), EVENING)
    for manager in (hand, hand_on(disk)):
        assert SETUP.program(manager.overrides, None).look_at(EVENING).fade_s == 90.0


@pytest.mark.parametrize("fade_s", [-1, 3601, 1e308, True, "10 s"])
async def test_no_fade_is_negative_or_longer_than_an_hour(disk: SimulatedDisk, fade_s: object) -> None:
    """It is refused, and nothing changes."""
    hand = hand_on(disk)
    assert answered_to(await hand.take(asked(fade_s=fade_s), EVENING)) == ("TWL-O110", "a", "Eva")
    assert hand.overrides == ()
