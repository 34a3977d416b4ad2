"""What monitoring programs ask."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.events import new_event
from controller.service.gateway_state import Status
from controller.service.health import Degradation
from controller.service.override_request import Request, override_of, override_policy, stop_of
from controller.web.event_counts import EventCounts
from controller.web.metrics import ALIVE_S, is_alive, metrics_text, readiness
from controller.web.running_service import Snapshot
from tests.parts import require
from tests.web.conftest import Browser, RunningService, SetClock
from tests.web.turned import snapshot_of

EVENING = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
READING = ClockReading(EVENING, 1000.0)


def counts() -> EventCounts:
    """A command that was confirmed at once, one that was confirmed late, one that was not answered."""
    counts = EventCounts(EVENING - timedelta(hours=1))
    fields = {"gateway": "mast", "attempts": 1, "command_id": "1", "shows": {}}
    counts.take(new_event("TWL-G101", **fields, latency_s=0.2), EVENING)
    counts.take(new_event("TWL-G107", **fields, latency_s=120.0), EVENING)
    counts.take(new_event("TWL-G102", command_id="–", gateway="mast", attempts=3, shown={}, wanted={}), EVENING)
    return counts


def values(setup: Setup, **health: object) -> dict[str, float]:
    """Sample and labels -> value."""
    return samples(snapshot_of(setup, READING, **health))


def samples(snapshot: Snapshot) -> dict[str, float]:
    """The same of a snapshot."""
    text = metrics_text(snapshot, counts()).decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = "".join(f" {key}={each}" for key, each in sorted(sample.labels.items()))
            found[sample.name.removeprefix("watertower_") + labels] = sample.value
    return found


def test_the_metrics_show_the_state(setup: Setup) -> None:
    """By the names that alerts use."""
    found = values(setup)
    assert found["zone_desired_info color=#FF6A00 zone=bowl"] == 1
    assert found["zone_matches_schedule zone=bowl"] == found["zone_matches_schedule zone=shaft"] == 1
    assert found["gateways status=confirmed"] == 1
    assert (found["gateways status=silent"], found["mqtt_connected"], found["config_valid"]) == (0, 1, 1)
    assert (found["clock_synchronized"], found["override_active"], found["safety_stop_active"]) == (1, 0, 0)
    assert found["next_change_timestamp_seconds"] > EVENING.timestamp()
    assert found["config_loaded_timestamp_seconds"] == EVENING.timestamp() - 3600
    assert found["commands_total gateway=mast result=confirmed"] == 1
    assert found["commands_total gateway=mast result=no_answer"] == 1
    assert found["ack_latency_seconds_bucket le=0.25"] == 1
    assert (found["ack_latency_seconds_count"], found["ack_latency_seconds_sum"]) == (2, 120.2)
    assert found["events_total level=error"] == 1


def test_an_event_of_many_gateways_counts_for_each() -> None:
    """Command, latency and level."""
    fields = {"gateway": "post-0", "command_id": "1.0", "attempts": 1, "shows": {}, "latency_s": 0.25}
    one = new_event("TWL-G101", **fields)
    alike = replace(one, is_grouped=True, each={f"post-{number}": f"1.{number}" for number in range(30)})
    together, apart = EventCounts(EVENING), EventCounts(EVENING)
    together.take(alike, EVENING)
    for single in alike.singly():
        apart.take(single, EVENING)
    assert metrics_text(None, together) == metrics_text(None, apart)
    assert b'{gateway="post-29",result="confirmed"} 1.0' in metrics_text(None, together)


def test_what_is_wrong_shows(setup: Setup) -> None:
    """A rejected file, a clock in doubt."""
    bad = Degradation(code="TWL-O131", since=EVENING, fields={"count": 1, "first": "x", "taken": "y", "where": "z"})
    found = values(setup, degradations=(bad,), clock=Trust.SUSPECT, next=None)
    assert (found["config_valid"], found["degradations"]) == (0, 1)
    assert (found["clock_synchronized"], found["clock_suspect"]) == (0, 1)
    assert "next_change_timestamp_seconds" not in found


def test_what_needs_no_attention_is_no_degradation(setup: Setup) -> None:
    """A lamp test that runs, beside a full disk."""
    tested = Degradation(code="TWL-G130", since=EVENING, fields={"gateway": "mast", "lamps": 4})
    full = Degradation(code="TWL-J003", since=EVENING, fields={"file": "history.db", "reason": {"code": "ENOSPC"}})
    assert values(setup, degradations=(tested,))["degradations"] == 0
    assert values(setup, degradations=(tested, full))["degradations"] == 1


def test_overrides_are_counted_and_a_stop_shows(setup: Setup) -> None:
    """Each by itself."""
    snapshot, policy = snapshot_of(setup, READING), override_policy(setup)
    requests = (Request(id=name, look="red", until="1 h", owner="Kim", reason="prov") for name in ("a", "b"))
    overrides = tuple(override_of(request, policy, EVENING) for request in requests)
    found = samples(replace(snapshot, overrides=overrides))
    assert (found["override_active"], found["safety_stop_active"]) == (2, 0)
    found = samples(replace(snapshot, stop=stop_of(Request(id="s", action="stop", owner="Kim"), EVENING)))
    assert (found["override_active"], found["safety_stop_active"]) == (0, 1)


@pytest.mark.parametrize(
    ("connected", "is_enough"),
    [({"a": True, "b": True}, 1), ({"a": True, "b": False}, 1), ({"a": False, "b": False}, 0), ({}, 0)],
)
def test_one_broker_is_enough(setup: Setup, connected: dict[str, bool], is_enough: int) -> None:
    """Of several: the others are degradations of their own."""
    snapshot = replace(snapshot_of(setup, READING), connected=connected)
    assert samples(snapshot)["mqtt_connected"] == is_enough
    assert readiness(snapshot, READING)["broker"] is bool(is_enough)


def test_a_zone_whose_gateway_does_not_confirm_does_not_match(setup: Setup) -> None:
    """The other one does."""
    snapshot = snapshot_of(setup, READING)
    state = next(iter(snapshot.states.values()))
    states = {name: state._replace(status={"bowl": "differs", "shaft": "confirmed"}) for name in snapshot.states}
    text = metrics_text(replace(snapshot, states=states), counts()).decode()
    assert 'watertower_zone_matches_schedule{zone="bowl"} 0.0' in text
    assert 'watertower_zone_matches_schedule{zone="shaft"} 1.0' in text


@pytest.mark.parametrize(
    ("age_s", "status", "is_up"),
    [(40.0, "confirmed", 1.0), (40.0, "differs", 1.0), (40.0, "silent", 0.0), (None, "unknown", 0.0)],
)
def test_a_gateway_is_up_once_it_was_heard_and_until_it_is_silent(
    setup: Setup, age_s: float | None, status: Status, is_up: float
) -> None:
    """Whatever it shows; it was seen when its last message arrived, which one that was never heard does not have."""
    snapshot = snapshot_of(setup, READING)
    alive_s = READING.mono - age_s if age_s is not None else None
    states = {
        name: state._replace(
            status=dict.fromkeys(setup.tower.zones, status), reported=state.reported._replace(alive_s=alive_s)
        )
        for name, state in snapshot.states.items()
    }
    found = samples(replace(snapshot, states=states))
    assert found["gateway_up gateway=mast"] == is_up
    seen_at = EVENING.timestamp() - age_s if age_s is not None else None
    assert found.get("gateway_last_seen_timestamp_seconds gateway=mast") == seen_at


def test_a_zone_that_no_gateway_drives_matches_nothing(setup: Setup) -> None:
    """However well the others confirm: an alert asks why."""
    (mast,) = setup.tower.gateways
    lamps = tuple(lamp for lamp in mast.fixtures if lamp.zone == "bowl")
    tower = setup.tower.model_copy(update={"gateways": (mast.model_copy(update={"fixtures": lamps}),)})
    text = metrics_text(snapshot_of(replace(setup, tower=tower), READING), counts()).decode()
    assert 'watertower_zone_matches_schedule{zone="bowl"} 1.0' in text
    assert 'watertower_zone_matches_schedule{zone="shaft"} 0.0' in text


def test_many_gateways_are_shown_as_counts(setup: Setup) -> None:
    """A site of 10,000 has as many series as one of 101."""
    gateway = setup.tower.gateways[0]

    def series(count: int) -> int:
        many = tuple(gateway.model_copy(update={"name": f"g{number}"}) for number in range(count))
        site = replace(setup, tower=setup.tower.model_copy(update={"gateways": many}))
        return len(metrics_text(snapshot_of(site, READING), counts()).splitlines())

    assert series(101) == series(300) < series(100)


@pytest.mark.real
def test_promtool_finds_nothing_to_complain_of(setup: Setup) -> None:
    """Names, types, help, units."""
    text = metrics_text(snapshot_of(setup, READING), counts())
    checked = subprocess.run([require("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_a_control_loop_that_hangs_is_not_alive(setup: Setup) -> None:
    """Before its first turn it has some time."""
    snapshot = snapshot_of(setup, READING)
    later = replace(READING, mono=READING.mono + ALIVE_S + 1)
    assert is_alive(snapshot, 0.0, READING)
    assert not is_alive(snapshot, 0.0, later)
    assert is_alive(None, READING.mono, READING)
    assert not is_alive(None, READING.mono, later)


def test_ready_is_what_can_do_its_work(setup: Setup) -> None:
    """Each part is reported."""
    snapshot = snapshot_of(setup, READING)
    assert all(readiness(snapshot, READING).values())
    lost = replace(snapshot, connected={"b:1883": False})
    assert readiness(lost, READING) == {"controller": True, "broker": False, "files": True, "clock": True}
    doubted = snapshot_of(setup, READING, clock=Trust.SUSPECT)
    assert not readiness(doubted, READING)["clock"]
    assert not any(readiness(None, READING).values())


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 200)])
async def test_machines_get_their_answers(
    browser: Browser, service: RunningService, setup: Setup, clock: SetClock, path: str, status: int
) -> None:
    """At the machine itself."""
    service.publish(snapshot_of(setup, clock.read()), is_new=True)
    assert (await browser().get(path)).status_code == status


async def test_from_elsewhere_only_whether_it_lives_is_shown(browser: Browser, service: RunningService) -> None:
    """The rest is for those who may read the page; no login page is sent to a program."""
    elsewhere = browser(peer="192.0.2.7", url="http://tower.example")
    assert (await elsewhere.get("/healthz")).status_code == 200
    assert [(await elsewhere.get(path)).status_code for path in ("/readyz", "/metrics")] == [403, 403]


async def test_before_the_first_turn_it_is_not_ready(browser: Browser, clock: SetClock) -> None:
    """And after some time not alive either."""
    page = browser()
    assert ((await page.get("/healthz")).status_code, (await page.get("/readyz")).status_code) == (200, 503)
    clock.go(timedelta(seconds=ALIVE_S + 1))
    assert (await page.get("/healthz")).status_code == 503
