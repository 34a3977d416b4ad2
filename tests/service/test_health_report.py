"""What the controller writes of itself: a summary and a document for each gateway, when something changed."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import ClockReading
from controller.config.load import Setup
from controller.events import new_event
from controller.gateways.base import GatewayInfo, Message, Report, ReportedLook
from controller.gateways.dmx import Dmx
from controller.lighting.color import Color
from controller.mqtt import Received
from controller.rfc3339 import rfc3339
from controller.service.controller import Controller
from controller.service.gateway_state import Status
from controller.service.health import Degradation
from controller.service.health_report import BATCH, COALESCE_S, EVERY_S, PENDING_S, SEEN, HealthReport

NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)


class Site:
    """A controller whose gateways are in the states that a test gives them, and its report."""

    def __init__(self, shipped: Setup, count: int) -> None:
        (mast,) = (gateway for gateway in shipped.tower.gateways if isinstance(gateway, Dmx))
        gateways = tuple(mast.model_copy(update={"name": f"mast-{number}"}) for number in range(count))
        self.controller = Controller(gateways, "w", shipped.program())
        self.controller.turn(self.reading(0))
        self.report = HealthReport("T", "w")
        self.set(self.controller.gateways, "confirmed")

    @staticmethod
    def reading(seconds: float) -> ClockReading:
        return ClockReading(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds)

    def set(self, names: Iterable[str], status: Status) -> None:
        """Both zones of these gateways have this status."""
        for name in names:
            state = self.controller.states[name]
            status_by_zone: dict[str, Status] = dict.fromkeys(self.controller.gateways[name].zone_names, status)
            self.controller.states[name] = state._replace(status=status_by_zone)

    def written(self, seconds: float, *changed: str) -> dict[str, Any]:
        """What is written then: by the topic below `w/controller/`, None where it is removed."""
        messages = self.report.messages(self.controller, self.reading(seconds), changed)
        assert all(message.retain and message.qos == 1 for message in messages)
        return {name(message): json.loads(message.payload) if message.payload else None for message in messages}

    def receive(self, gateway: str, payload: bytes, *, retained: bool = False, seconds: float = 0.0) -> None:
        """A document of a gateway comes from the broker."""
        item = Received("b", f"w/controller/gateway/{gateway}", payload, retained, 1)
        self.report.receive(item, self.controller, self.reading(seconds))


def name(message: Message) -> str:
    """The topic below `w/controller/`."""
    return message.topic.removeprefix("w/controller/")


@pytest.fixture
def site(shipped: Setup) -> Site:
    """Three gateways, all confirmed, and all written."""
    made = Site(shipped, 3)
    assert set(made.written(0)) == {"gateway/mast-0", "gateway/mast-1", "gateway/mast-2", "health"}
    return made


def test_a_gateway_has_a_document_of_its_own_with_values(site: Site) -> None:
    """And the summary counts."""
    site.set(["mast-1"], "differs")
    written = site.written(2, "mast-1")
    assert set(written) == {"gateway/mast-1", "health"}
    document, summary = written["gateway/mast-1"], written["health"]
    assert (document["version"], document["status"], document["name"]) == (1, "differs", "mast-1")
    desired = document["zones"]["bowl"]["desired"]
    assert {key: desired[key] for key in ("on", "color", "color_name", "brightness")} == {
        "on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0,
    }  # fmt: skip
    assert (desired["rule"]["kind"], desired["rule"]["name"]) == ("campaign", "En vecka fri från våld")
    assert summary["version"] == 2
    assert (summary["counts"], summary["amiss"]) == ({"confirmed": 2, "differs": 1}, 1)
    assert [each["name"] for each in summary["unconfirmed"]] == ["mast-1"]
    assert set(summary["heard_s"]) == {"mast-0", "mast-1", "mast-2"}


def test_the_summary_says_how_long_ago_each_was_heard(site: Site) -> None:
    """In seconds, to a tenth; nothing where it never was."""
    state = site.controller.states["mast-1"]
    site.controller.states["mast-1"] = state._replace(reported=state.reported._replace(alive_s=1000.0))
    site.set(["mast-1"], "differs")
    heard_s = site.written(2.36, "mast-1")["health"]["heard_s"]
    assert heard_s == {"mast-0": None, "mast-1": 2.4, "mast-2": None}


def test_what_a_gateway_says_of_itself_is_written_when_it_changes(site: Site) -> None:
    """And stays until it reports something else: an availability or a partial state does not count."""
    for second, info, written in ((2, GatewayInfo(program="1.2"), True), (4, None, False), (6, GatewayInfo(), True)):
        state = site.controller.states["mast-0"]
        site.controller.states["mast-0"] = state.after(Report(info=info), 1000.0 + second, fresh=False)
        documents = site.written(second, "mast-0")
        assert ("gateway/mast-0" in documents) is written
        if written:
            assert documents["gateway/mast-0"]["info"]["program"] == (info and info.program)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("by", ["desired", "plan", "local"]),
        ("online", [True, False, None]),
        ("problems", [("TWL-X101",), ("TWL-X101", "TWL-F131"), ("TWL-F131",), ()]),
    ],
)
def test_whatever_a_gateway_reports_beside_its_light_is_written_when_it_changes(
    site: Site, key: str, values: list[object]
) -> None:
    """Alone, while the light and its status stay the same; a second problem beside a first one too."""
    for second, value in enumerate(values, start=1):
        state = site.controller.states["mast-0"]
        site.controller.states["mast-0"] = state._replace(reported=state.reported._replace(**{key: value}))
        document = site.written(2 * second, "mast-0")["gateway/mast-0"]
        assert document[key] == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("status", ["confirmed", "differs", "silent"])
def test_the_light_that_a_gateway_reports_is_written_when_it_changes(site: Site, status: Status) -> None:
    """Of each zone, whatever its status."""
    site.set(["mast-0"], status)
    site.written(2, "mast-0")
    for second, (zone, color) in enumerate((("bowl", "#FF6A00"), ("shaft", "#FF6A00"), ("shaft", "#0000FF")), start=2):
        state = site.controller.states["mast-0"]
        looks = {**state.reported.zones, zone: ReportedLook(on=True, brightness=1.0, color=Color.from_hex(color))}
        site.controller.states["mast-0"] = state._replace(reported=state.reported._replace(zones=looks))
        document = site.written(2 * second, "mast-0")["gateway/mast-0"]
        assert document["zones"][zone]["reported"]["color"] == color


def test_when_a_light_was_last_confirmed_is_written_when_it_changes(site: Site) -> None:
    """Of a zone that is not confirmed; of one that is, each report confirms and none is written."""
    for second, (status, confirmed_s, written) in enumerate(
        (
            ("differs", 1000.0, True),
            ("differs", 1003.0, True),
            ("confirmed", 1003.0, True),
            ("confirmed", 1007.0, False),
        ),
        start=1,
    ):
        site.set(["mast-0"], status)
        state = site.controller.states["mast-0"]
        site.controller.states["mast-0"] = state._replace(confirmed_s={"bowl": confirmed_s})
        document = site.written(2 * second, "mast-0").get("gateway/mast-0")
        assert (document is not None) is written
        if document is not None:
            at = rfc3339(NIGHT + timedelta(seconds=confirmed_s - 1000.0)) if status == "differs" else None
            assert document["zones"]["bowl"]["confirmed_at"] == at


def test_when_an_old_light_was_last_reported_is_written_when_it_changes(site: Site) -> None:
    """Of a lamp that cannot be asked, whose report is too old: it may report the same light again."""
    site.set(["mast-0"], "unknown")
    for second, reported_s in enumerate((1000.0, 1003.0), start=1):
        state = site.controller.states["mast-0"]
        reported = state.reported._replace(last_reported_s={"bowl": reported_s})
        site.controller.states["mast-0"] = state._replace(reported=reported)
        zone = site.written(2 * second, "mast-0")["gateway/mast-0"]["zones"]["bowl"]
        assert zone["reported_at"] == rfc3339(NIGHT + timedelta(seconds=reported_s - 1000.0))


def test_gateways_that_show_the_same_in_different_zones_are_told_apart(setup_of: Callable[[str], Setup]) -> None:
    """Documents with the same content are made once."""
    lamps = {"low": "shaft", "high": "bowl"}
    setup = setup_of("campaigns:\n  - {name: a, dates: every day, color: red}\n")
    (mast,) = (gateway for gateway in setup.tower.gateways if isinstance(gateway, Dmx))
    gateways = tuple(
        mast.model_copy(update={"name": name, "fixtures": tuple(each for each in mast.fixtures if each.zone == zone)})
        for name, zone in lamps.items()
    )
    controller = Controller(gateways, "w", setup.program())
    controller.turn(Site.reading(0))
    messages = HealthReport("T", "w").messages(controller, Site.reading(0), ())
    documents = {name(message): json.loads(message.payload) for message in messages}
    assert {each: list(documents[f"gateway/{each}"]["zones"]) for each in lamps} == {"low": ["shaft"], "high": ["bowl"]}


def test_without_a_change_only_the_summary_is_written_now_and_then(site: Site) -> None:
    """So that its age shows that the controller lives."""
    assert site.written(9.9, "mast-0", "mast-1") == {}
    assert set(site.written(10.0, "mast-0")) == {"health"}


def test_a_short_pending_is_not_written(site: Site) -> None:
    """Most commands are confirmed within a second; the summary has it all the same."""
    site.set(["mast-0"], "pending")
    assert site.written(2, "mast-0")["health"]["counts"] == {"confirmed": 2, "pending": 1}
    assert site.report.due_s == 1002 + PENDING_S
    site.set(["mast-0"], "confirmed")
    assert set(site.written(2 + PENDING_S - 0.1, "mast-0")) == {"health"}
    assert site.written(2 + PENDING_S) == {}


def test_a_long_pending_is_written_and_so_is_its_end(site: Site) -> None:
    """From when it began, whatever is reported meanwhile."""
    site.set(["mast-0"], "pending")
    site.written(2, "mast-0")
    site.set(["mast-0"], "pending")
    assert "gateway/mast-0" not in site.written(4, "mast-0")
    assert site.written(2 + PENDING_S)["gateway/mast-0"]["status"] == "pending"
    site.set(["mast-0"], "confirmed")
    assert site.written(9, "mast-0")["gateway/mast-0"]["status"] == "confirmed"


def test_a_gateway_that_is_pending_from_the_start_is_written_when_it_stays_so(shipped: Setup) -> None:
    """There is no document of it before; most confirm within a second of the start."""
    site = Site(shipped, 2)
    site.set(["mast-0"], "pending")
    assert set(site.written(0)) == {"gateway/mast-1", "health"}
    assert "gateway/mast-0" not in site.written(PENDING_S - 0.1)
    assert site.written(PENDING_S)["gateway/mast-0"]["status"] == "pending"


def test_each_document_has_the_instant_at_which_it_was_written(site: Site) -> None:
    """Also where all else is the same as in the document of another gateway."""
    site.set(["mast-0", "mast-1"], "differs")
    assert site.written(2, "mast-0")["gateway/mast-0"]["at"] == "2026-11-20T18:00:02Z"
    assert site.written(4, "mast-1")["gateway/mast-1"]["at"] == "2026-11-20T18:00:04Z"


def test_each_document_has_the_instant_at_which_its_gateway_was_heard(site: Site) -> None:
    """Of gateways that are otherwise the same and are written in one turn."""
    site.set(["mast-0", "mast-1", "mast-2"], "differs")
    for name, alive_s in (("mast-0", 990.0), ("mast-1", 995.0)):
        state = site.controller.states[name]
        site.controller.states[name] = state._replace(reported=state.reported._replace(alive_s=alive_s))
    written = site.written(2, "mast-0", "mast-1", "mast-2")
    heard = [written[f"gateway/mast-{number}"]["heard"] for number in range(3)]
    assert heard == ["2026-11-20T17:59:50Z", "2026-11-20T17:59:55Z", None]


def test_changes_in_a_row_are_written_together(site: Site) -> None:
    """A gateway that flaps writes one document a second; the last of it counts."""
    written = []
    for number in range(20):
        site.set(["mast-0"], "differs" if number % 2 else "silent")
        written.append(site.written(5 + number / 10, "mast-0"))
    documents = [each["gateway/mast-0"] for each in written if "gateway/mast-0" in each]
    assert len(documents) == 2
    assert len([each for each in written if "health" in each]) == 2
    site.set(["mast-0"], "confirmed")
    assert "gateway/mast-0" not in site.written(7, "mast-0")
    assert site.written(7 + COALESCE_S)["gateway/mast-0"]["status"] == "confirmed"


def test_a_summary_follows_another_after_a_second(site: Site) -> None:
    """To the instant."""
    site.set(["mast-0"], "differs")
    assert "health" in site.written(2, "mast-0")
    site.set(["mast-0"], "silent")
    assert "health" not in site.written(2.5, "mast-0")
    assert site.report.due_s == 1003
    assert "health" in site.written(3)


@pytest.mark.parametrize("codes", [("TWL-G104", "TWL-G114"), ("TWL-G114", "TWL-G104")])
def test_of_two_faults_of_one_level_the_newer_is_named(site: Site, codes: tuple[str, str]) -> None:
    """It shows more of the present state."""
    for code in codes:
        fields = {"TWL-G104": {"age_s": 60.0}, "TWL-G114": {"problem": "x"}}[code]
        site.report.note(new_event(code, gateway="mast-0", **fields))
    assert site.report.codes == {"mast-0": codes[1]}


def test_what_is_wrong_with_a_gateway_is_named_until_it_confirms(site: Site) -> None:
    """By its gravest event; an event about something else does not change it."""
    site.report.note(new_event("TWL-G104", gateway="mast-0", age_s=30.0))
    site.report.note(new_event("TWL-G110", gateway="mast-0", topic="t", reason="not JSON"))
    site.report.note(new_event("TWL-T006", gateway="mast-0", apart=3, unit="days", side="behind"))
    site.set(["mast-0"], "silent")
    written = site.written(2, "mast-0")
    assert written["gateway/mast-0"]["code"] == written["health"]["unconfirmed"][0]["code"] == "TWL-G104"
    site.set(["mast-0"], "confirmed")
    assert site.written(4, "mast-0")["gateway/mast-0"]["code"] is None
    site.set(["mast-0"], "differs")
    assert site.written(6, "mast-0")["gateway/mast-0"]["code"] is None


def test_the_document_of_a_gateway_that_is_in_tower_yaml_no_more_is_removed(site: Site) -> None:
    """An earlier controller has left it; a removed one is not removed again."""
    site.receive("gone", b"{}", retained=True)
    assert site.written(2) == {"gateway/gone": None}
    site.receive("gone", b"")
    assert site.written(3) == {}


def test_what_somebody_else_wrote_or_deleted_is_written_over(site: Site) -> None:
    """Our own, as the broker sends it back, is not."""
    site.set(["mast-0"], "differs")
    (message, *_) = site.report.messages(site.controller, site.reading(2), ["mast-0"])
    site.receive("mast-0", message.payload, seconds=2)
    assert site.written(4) == {}
    for number, payload in enumerate((b"nonsense", b"")):
        site.receive("mast-0", payload, seconds=5 + 3 * number)
        assert set(site.written(7 + 3 * number)) - {"health"} == {"gateway/mast-0"}


def test_after_a_new_connection_all_is_written(site: Site) -> None:
    """What the broker still holds is not known."""
    site.report.connected()
    assert len(site.written(2)) == 4


def test_of_thousands_the_summary_names_a_hundred_and_those_that_need_somebody_first(shipped: Setup) -> None:
    """It stays small, and each document is written once, some in each turn."""
    site = Site(shipped, 1000)
    names = list(site.controller.gateways)
    summary = site.written(0)["health"]
    assert (summary["counts"], summary["unconfirmed"], summary["heard_s"]) == ({"confirmed": 1000}, [], {})
    turns = [site.written(seconds) for seconds in range(1, 1000 // BATCH)]
    assert sum(len(turn.keys() - {"health"}) for turn in turns) == 1000 - BATCH
    assert max(len(turn.keys() - {"health"}) for turn in turns) <= BATCH
    site.set(names[:500], "pending")
    site.set(names[500:600], "silent")
    for _ in range(1000 // SEEN):
        site.written(40, *names)
    summary = site.written(42)["health"]
    assert (summary["counts"], summary["amiss"]) == ({"confirmed": 400, "pending": 500, "silent": 100}, 100)
    assert len(summary["unconfirmed"]) == len(summary["heard_s"]) == 100
    assert {each["status"] for each in summary["unconfirmed"]} == {"silent"}
    assert len(json.dumps(summary)) < 50_000


def test_the_counts_are_those_of_the_gateways_after_any_changes(shipped: Setup) -> None:
    """They are kept up to date instead of being computed again."""
    site = Site(shipped, 7)
    site.written(0)
    statuses: tuple[Status, ...] = ("confirmed", "pending", "differs", "silent", "unknown")
    for number in range(100):
        gateway = f"mast-{number * 5 % 7}"
        site.set([gateway], statuses[number * 3 % 5])
        site.written(number * 2.0, gateway)
    summary = site.report.summary(site.controller, site.reading(500))
    fresh = HealthReport("T", "w")
    fresh.messages(site.controller, site.reading(500), site.controller.gateways)
    again = fresh.summary(site.controller, site.reading(500))
    assert (summary.counts, summary.amiss) == (again.counts, again.amiss)
    assert {each.name for each in summary.unconfirmed} == {each.name for each in again.unconfirmed}


def test_only_gateways_that_changed_are_looked_at(shipped: Setup) -> None:
    """A turn costs what changed."""
    site = Site(shipped, 100)
    site.written(0)
    site.set(site.controller.gateways, "differs")
    assert site.written(5, "mast-3")["health"]["counts"] == {"confirmed": 99, "differs": 1}


def test_a_degradation_is_in_the_summary_at_once(site: Site) -> None:
    """With its code, since when, and its values."""
    full = Degradation(code="TWL-J003", since=NIGHT, fields={"file": "history.db", "reason": "x"})
    (message,) = site.report.messages(site.controller, site.reading(3), (), (full,))
    (degradation,) = json.loads(message.payload)["degradations"]
    assert degradation == {
        "code": "TWL-J003",
        "since": "2026-11-20T18:00:00Z",
        "fields": {"file": "history.db", "reason": "x"},
    }


def test_a_campaign_shows_which_day_and_night_of_its_week_it_is(site: Site) -> None:
    """Friday 20 November is the first of seven; its night begins on it."""
    rule = site.written(EVERY_S)["health"]["now"]["looks"]["bowl"]["rule"]
    assert (rule["day"], rule["night"]) == ([1, 7], [1, 7])


def test_a_sequence_shows_how_many_colours_alternate(setup_of: Callable[[str], Setup]) -> None:
    """A steady look does not."""
    rules = "every_night: [{name: E, color: {bowl: [red, blue, red], shaft: red}, change_every: 10 s}]\n"
    looks = Site(setup_of(rules), 1).written(EVERY_S)["health"]["now"]["looks"]
    assert (looks["bowl"]["colors"], looks["shaft"].get("colors")) == (2, None)


def test_what_was_never_heard_is_counted(site: Site) -> None:
    """Until its first message."""
    assert site.written(EVERY_S)["health"]["never_heard"] == 3
    state = site.controller.states["mast-0"]
    site.controller.states["mast-0"] = state._replace(reported=state.reported._replace(alive_s=1000.0))
    assert site.written(2 * EVERY_S, "mast-0")["health"]["never_heard"] == 2
