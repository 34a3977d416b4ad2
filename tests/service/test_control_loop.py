"""What the control loop promises of whatever comes in: it is the same in the program and in the simulated world."""

import json

import pytest

from controller.clock import ClockReading
from controller.mqtt import Received
from controller.service.control_loop import PAGE
from controller.simulation.controller_host import finished
from tests.service.simulated import World

REQUESTS = "watertower/override/set"
STATUS = "watertower/controller/status"
HEALTH = "watertower/controller/health"
DESIRED = "watertower/gateway/mast/desired"


def request(name: str, **keys: str) -> bytes:
    """A manual request."""
    asked = {"version": 1, "id": name, "owner": "Eva", "reason": "test", "look": "red", "until": "1 h", **keys}
    return json.dumps(asked).encode()


def test_a_live_request_is_obeyed_and_answered(night: World) -> None:
    """Within a moment, with an event that has its id."""
    since = night.mono
    night.publish(REQUESTS, request("live"))
    night.run(0.2)
    assert night.controller.codes(since)[0] == "TWL-O101"
    assert [override.id for override in night.controller.engine.program.overrides] == ["live"]
    night.run(5)
    assert night.mast.shown(night.desired_looks)["bowl"].color.hex == "#FF0000"
    assert night.controller.status() == {"confirmed"}


def test_whose_request_it_was_is_vouched_for_by_the_page_alone(night: World) -> None:
    """Over MQTT the sender's name is unverified, and the event states that; a payload cannot claim otherwise."""
    since = night.mono
    loop = night.controller.loop
    assert loop is not None
    loop.take(Received(PAGE, REQUESTS, request("page"), retain=False, qos=1), night.controller.read())
    night.publish(REQUESTS, request("mqtt", broker=PAGE))
    night.run(1)
    for _ in range(2):
        finished(loop.answer_next(night.controller.read()))
    texts = {e.fields["id"]: e.text("sv") for at, e in night.controller.events if at >= since and e.code == "TWL-O101"}
    assert texts["mqtt"].startswith("via MQTT, under uppgivet namn: Eva sätter red")
    assert texts["page"].startswith("Eva sätter red")


def test_the_echo_of_its_own_sign_of_life_causes_no_turn(night: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes every two seconds, for years; somebody else's word is answered at once."""
    loop = night.controller.loop
    assert loop is not None
    turns: list[ClockReading] = []
    turn = loop.turn
    monkeypatch.setattr(loop, "turn", lambda reading: turns.append(reading) or turn(reading))
    for word, expected in ((b"online", 0), (b"offline", 1)):
        night.run(1.5)
        turns.clear()
        loop.take(Received("broker", STATUS, word, retain=False, qos=1), night.controller.read())
        night.run(0.001)
        assert len(turns) == expected


def test_a_retained_request_is_neither_obeyed_nor_answered(night: World) -> None:
    """Received at a connection and at a start: it would be made again at each."""
    night.retained[REQUESTS] = request("kept")
    since = night.mono
    night.controller.disconnect()
    night.controller.connect()
    night.run(20)
    night.controller.stop()
    night.controller.start(night.controller.engine.order)
    night.run(20)
    assert night.controller.engine.program.overrides == ()
    assert not [code for code in night.controller.codes(since) if code.startswith("TWL-O")]
    assert night.right


def test_an_override_outlives_the_process_and_ends_on_time(night: World) -> None:
    """Killed while it is in force: it is in force again from the first turn on, until its own end."""
    night.publish(REQUESTS, request("long", until="30 min"))
    night.run(60)
    night.controller.stop()
    night.controller.start(night.controller.engine.order)
    assert [override.id for override in night.controller.engine.program.overrides] == ["long"]
    night.run(1700)
    assert night.mast.shown(night.desired_looks)["bowl"].color.hex == "#FF0000"
    since = night.mono
    night.run(50)
    assert "TWL-O103" in night.controller.codes(since)
    night.run(40)
    assert night.right


def test_a_safety_stop_acts_before_it_is_answered(night: World) -> None:
    """Dark within the fade, on a disk that takes nothing."""
    night.disk.file.full = True
    since = night.mono
    night.publish(REQUESTS, request("stop", action="stop"))
    night.run(4)
    assert not any(state.on for state in night.mast.shown().values())
    assert "TWL-O107" in night.controller.codes(since)


def test_a_saved_schedule_is_in_force_at_once_under_what_is_set_by_hand(night: World) -> None:
    """The override stays as it is; the rest follows the new file. A bad file changes nothing."""
    night.publish(REQUESTS, json.dumps({**json.loads(request("bowl")), "look": {"bowl": "red"}}).encode())
    night.run(5)
    night.controller.reload(b"version: 1\ncampaigns: [\n")
    night.controller.reload(b"version: 1\ncampaigns: [{name: x, dates: every day, hours: all day, color: blue}]\n")
    night.run(5)
    shown = night.mast.shown(night.desired_looks)
    assert (shown["bowl"].color.hex, shown["shaft"].color.hex) == ("#FF0000", "#0000FF")
    assert night.controller.status() == {"confirmed"}


def test_nothing_is_sent_to_a_gateway_before_what_is_retained_has_been_heard(night: World) -> None:
    """A start with a lost state: the first document is above the one that the broker retains."""
    before = night.desired.order
    night.controller.stop()
    night.controller.start()
    count = len(night.sent)
    night.run(0.5)
    assert night.sent[count:] == []
    night.run(2)
    assert before < night.desired.order
    assert night.controller.status() == {"confirmed"}


def test_it_says_that_it_is_there_when_it_connects_and_the_broker_says_that_it_is_gone(night: World) -> None:
    """The health document is retained besides it, and written again when the gateways differ."""
    assert night.retained[STATUS] == b"online"
    health = night.retained[HEALTH]
    night.mast.stop()
    night.run(60)
    assert night.retained[HEALTH] != health
    night.controller.stop()
    assert night.retained[STATUS] == b"offline"
    night.controller.start()
    night.run(1)
    assert night.retained[STATUS] == b"online"


def test_an_offline_in_its_name_is_written_over(night: World) -> None:
    """Retained by somebody else, it would be believed for ever."""
    night.run(20)
    night.publish(STATUS, b"offline", retain=True)
    night.run(2)
    assert night.retained[STATUS] == b"online"
