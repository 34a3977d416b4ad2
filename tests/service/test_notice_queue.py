"""What waits for whom: quiet hours, several in one, a limit, and nothing lost in silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.config.tower_keys import NoticeKind, Receiver
from controller.schedule.hours import Place, Window
from controller.service.notice_words import Notice
from controller.service.notices import MOST_FAULTS, MOST_WAITING, delivered, due, message, not_delivered, queued
from controller.state.notice_file import NoticeMemory

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PLACE = Place(56.9, 14.6, STOCKHOLM)
NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
NIGHT = (Window.parse("22:00 to 07:00"),)
DRIFT = Receiver.model_validate({"name": "drift", "url_file": "x", "language": "sv"})
HOUR = timedelta(hours=1)


def notice(key: str, kind: NoticeKind = "faults", at: datetime = NOW) -> Notice:
    """One whose title is its key."""
    return Notice(kind, key, at, "failure", {"sv": (key, f"om {key}"), "en": (f"{key}!", f"about {key}")})


def waiting(*notices: Notice, receivers: tuple[Receiver, ...] = (DRIFT,), now: datetime = NOW) -> NoticeMemory:
    """What waits after these."""
    return queued(NoticeMemory(), notices, receivers, "en", now)[0]


def keys(memory: NoticeMemory, receiver: Receiver = DRIFT, now: datetime = NOW) -> list[str]:
    """What is due."""
    return [each.key for each in due(memory, receiver, now, PLACE)]


def local(day: int, hour: int, minute: int = 0, month: int = 11, fold: int = 0) -> datetime:
    """By the clock of the tower, as UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM, fold=fold).astimezone(UTC)


def test_everybody_gets_what_they_want_in_their_language() -> None:
    """That of the service where they name none."""
    board = Receiver.model_validate({"name": "board", "url_file": "y", "tell": ["lights"]})
    memory = waiting(notice("a"), notice("b", "lights"), receivers=(DRIFT, board))
    titles = {(each.receiver, each.key): each.title for each in memory.waiting}
    assert titles == {("drift", "a"): "a", ("drift", "b"): "b", ("board", "b"): "b!"}


def test_in_quiet_hours_notices_wait_but_for_those_that_may_pass() -> None:
    """From ten to seven."""
    quiet = DRIFT.model_copy(update={"quiet": NIGHT})
    memory = waiting(notice("a"), notice("b", "lights"))
    for hour, is_told in ((21, True), (22, False), (23, False), (0, False), (6, False), (7, True), (12, True)):
        assert bool(keys(memory, quiet, local(24, hour))) is is_told, hour
    assert keys(memory, quiet.model_copy(update={"quiet_except": ("faults",)}), local(24, 23)) == ["a"]


def test_quiet_hours_end_by_the_clock_of_the_place_when_it_is_changed() -> None:
    """29 March has 23 hours, 25 October has 25."""
    quiet = DRIFT.model_copy(update={"quiet": NIGHT})
    memory = waiting(notice("a"))
    for month, day in ((3, 29), (10, 25)):
        assert keys(memory, quiet, local(day, 6, 59, month)) == []
        assert keys(memory, quiet, local(day, 7, 0, month)) == ["a"]
    early = quiet.model_copy(update={"quiet": (Window.parse("22:00 to 02:30"),)})
    first, second = local(25, 2, 29, 10), local(25, 2, 29, 10, fold=1)
    assert second - first == HOUR
    assert [keys(memory, early, at) for at in (first, second, second + timedelta(minutes=1))] == [[], [], ["a"]]


def test_what_ended_before_it_could_be_sent_is_reported_only_as_ended() -> None:
    """The later notice of one key takes the place of the one that waits."""
    memory = waiting(notice("gateway mast"), replace(notice("gateway mast"), words={"sv": ("över", "ett dygn")}))
    assert [each.title for each in memory.waiting] == ["över"]


def test_one_fresh_notice_is_sent_as_it_is_and_a_late_one_with_its_time() -> None:
    """So that nobody takes what was for what is."""
    memory = waiting(notice("a"))
    fresh = message(memory.waiting, memory, "Tornet", "sv", NOW.astimezone(STOCKHOLM))
    assert (fresh.title, fresh.body, fresh.manner) == ("a", "om a", "failure")
    late = message(memory.waiting, memory, "Tornet", "sv", (NOW + HOUR).astimezone(STOCKHOLM))
    assert late.title == "fre 20 nov 15:00 – a"


def test_several_notices_come_in_one_message() -> None:
    """Whole where they are few, else their titles, else how many more."""
    memory = waiting(notice("a"), notice("b"))
    few = message(memory.waiting, memory, "Tornet", "sv", NOW.astimezone(STOCKHOLM))
    assert few.title == "Tornet: 2 meddelanden"
    assert few.body == "fre 20 nov 15:00 – a\nom a\n\nfre 20 nov 15:00 – b\nom b"
    memory = waiting(*(notice(f"n{number}") for number in range(40)))
    many = message(memory.waiting, memory, "Tornet", "sv", NOW.astimezone(STOCKHOLM))
    assert many.body.splitlines()[0] == "fre 20 nov 15:00 – n0"
    assert many.body.splitlines()[-1] == "… och 10 till"


def test_ten_messages_about_faults_a_day_are_enough() -> None:
    """The tenth message states it; further ones wait until a day has passed, but notices of light are sent."""
    memory, now, bodies = NoticeMemory(), NOW, []
    for number in range(MOST_FAULTS):
        memory, _ = queued(memory, [notice(f"n{number}", at=now)], (DRIFT,), "sv", now)
        notices = due(memory, DRIFT, now, PLACE)
        bodies.append(message(notices, memory, "Tornet", "sv", now.astimezone(STOCKHOLM)).body)
        memory, now = delivered(memory, notices, now), now + HOUR
    assert ["ett dygn" in body for body in bodies] == [False] * 9 + [True]
    memory, _ = queued(memory, [notice("more", at=now), notice("light", "lights", now)], (DRIFT,), "sv", now)
    assert keys(memory, now=now) == ["light"]
    assert keys(memory, now=NOW + 23 * HOUR) == ["light"]
    assert keys(memory, now=NOW + 24 * HOUR) == ["more", "light"]


def test_what_was_not_delivered_stays_and_since_when() -> None:
    """Until it is."""
    memory = not_delivered(not_delivered(waiting(notice("a")), "drift", NOW), "drift", NOW + HOUR)
    assert (keys(memory), memory.failing) == (["a"], {"drift": NOW})
    memory = delivered(memory, memory.waiting, NOW)
    assert (keys(memory), memory.failing) == ([], {})


def test_what_came_while_a_message_was_sent_is_not_taken_for_delivered() -> None:
    """Also where it takes the place of what was sent."""
    memory = waiting(notice("a"))
    sent = due(memory, DRIFT, NOW, PLACE)
    memory, _ = queued(memory, [notice("a", at=NOW + HOUR), notice("b")], (DRIFT,), "sv", NOW + HOUR)
    assert keys(delivered(memory, sent, NOW + HOUR)) == ["a", "b"]


def test_what_can_never_be_sent_is_counted() -> None:
    """Too old, too many, or for nobody."""
    memory = waiting(notice("old"))
    assert queued(memory, (), (DRIFT,), "sv", NOW + timedelta(days=8))[1] == {("drift", "too_old"): 1}
    assert queued(memory, (), (DRIFT,), "sv", None) == (memory, {})
    assert queued(memory, (), (), "sv", NOW)[1] == {("drift", "receiver_gone"): 1}
    kept, dropped = queued(memory, [notice(f"n{number}") for number in range(MOST_WAITING)], (DRIFT,), "sv", NOW)
    assert dropped == {("drift", "too_many"): 1}
    assert [each.key for each in kept.waiting] == [f"n{number}" for number in range(MOST_WAITING)]
