"""Two real brokers side by side: whatever befalls one of them, the tower obeys and is confirmed through the other, and
nothing that is old counts when it comes back."""

import json
import signal
import time
from collections.abc import Callable

import pytest

from tests.nights.ear import Ear, Listen, Words
from tests.nights.far_box import FarBox
from tests.nights.programs import Mosquitto, Program, Site
from tests.parts import needs

DESIRED, REPORTED = "watertower/gateway/mast/desired", "watertower/gateway/mast/reported"
HEALTH = "watertower/controller/health"
SET = "watertower/override/set"
COLORS = {"red": "#FF0000", "blue": "#0000FF", "green": "#008000"}
ORDERED_WITHIN_S = 5.0
"""An order reaches a lamp through the broker that is left, on a machine that does much besides."""

pytestmark = needs("mosquitto")


class Pair:
    """A site on two brokers, its controller and its gateway as processes of their own, and an ear on each broker. With
    a far box the gateway runs in it, and reaches each broker over a cable of its own."""

    def __init__(
        self, site: Site, brokers: tuple[Mosquitto, Mosquitto], ear: Listen, far_box: FarBox | None = None
    ) -> None:
        self.site, self.brokers = site, brokers
        self._within = far_box.within if far_box is not None else ()
        one, other = (f"mqtt://127.0.0.1:{broker.port}" for broker in brokers)
        site.outside(brokers[0].port, "controller")
        site.edit("tower.yaml", f"broker: {one}", f"broker: [{one}, {other}]")
        (site.config / "mqtt-password").chmod(0o600)
        (site.config / "schedule.yaml").write_text(
            "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n",
            encoding="utf-8",
        )
        self.box = site.box("mast")
        if far_box is not None:
            tower = self.box / "tower.yaml"
            text = tower.read_text(encoding="utf-8")
            for broker, address in zip(brokers, far_box.addresses, strict=True):
                text = text.replace(f"127.0.0.1:{broker.port}", f"{address}:{broker.port}")
            tower.write_text(text, encoding="utf-8")
        self.ears = [ear(broker) for broker in brokers]
        self.gateway = self.start_gateway()
        self.controller = site.controller()

    def start_gateway(self) -> Program:
        """The gateway on its own box."""
        words = ("gateway", "mast", "--log-format", "json", "--config", str(self.box))
        return self.site.start(*words, state="mast", within=self._within)

    def override(self, color: str, through: int) -> None:
        """Asks for a look by hand, through one of the brokers."""
        request = {"version": 1, "id": f"{color}-{time.monotonic()}", "look": color, "until": "1 h"}
        self.ears[through].say(SET, json.dumps({**request, "owner": "test", "reason": "test"}).encode())

    def shows(self, words: Words, color: str, through: int, within_s: float = 60.0) -> float:
        """Waits until the gateway reports the colour, and the controller confirms it: seconds."""
        began, ear = time.monotonic(), self.ears[through]
        wanted = {"on": True, "color": color, "brightness": 1.0}
        words.until(lambda: ear.shows(words.everywhere(wanted)) and confirms(ear), f"not {color}", within_s)
        return time.monotonic() - began

    def brokers_lost(self, through: int) -> list[str]:
        """The brokers that the last health document on this one calls lost."""
        last = self.ears[through].last(HEALTH)
        told = last.document["degradations"] if last else []
        return [each["fields"]["broker"] for each in told if each["code"].startswith("TWL-M")]


def confirms(ear: Ear) -> bool:
    """Whether the newest health document on this broker says that all is confirmed."""
    last = ear.last(HEALTH)
    return last is not None and set(last.document["counts"]) == {"confirmed"}


def order(ear: Ear) -> tuple[int, int] | None:
    """Which order of the controller this broker has."""
    last = ear.last(DESIRED)
    return (last.document["epoch"], last.document["revision"]) if last is not None else None


@pytest.fixture
def pair(site: Site, mosquittos: Callable[..., Mosquitto], ear: Listen, words: Words) -> Pair:
    """All is well and orange."""
    return well(Pair(site, (mosquittos(), mosquittos()), ear), words)


def well(pair: Pair, words: Words) -> Pair:
    """All is orange and confirmed, through both."""
    for broker in (0, 1):
        pair.shows(words, "#FF6A00", broker)
    words.until(lambda: not pair.brokers_lost(0), "it begins without a broker")
    return pair


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_the_tower_obeys_through_the_broker_that_is_left(pair: Pair, words: Words, which: int, how: str) -> None:
    """Orders are obeyed and confirmed at once, `status` names the broker that is gone until it is back."""
    gone, left = pair.brokers[which], 1 - which
    gone.kill() if how == "killed" else gone.send(signal.SIGSTOP)
    pair.override("red", left)
    assert pair.shows(words, COLORS["red"], left) < ORDERED_WITHIN_S
    address = f"mqtt://127.0.0.1:{gone.port}"
    words.until(lambda: pair.brokers_lost(left) == [address], "nobody says that a broker is gone")
    words.until(lambda: confirms(pair.ears[left]), "one broker is enough to confirm")
    gone.start() if how == "killed" else gone.send(signal.SIGCONT)
    words.until(lambda: not pair.brokers_lost(left), "it does not come back")
    pair.override("blue", which)
    pair.shows(words, COLORS["blue"], which)


@needs("ip", "root")
@pytest.mark.parametrize("which", [0, 1])
def test_one_way_to_the_gateway_is_cut(
    site: Site,
    mosquittos: Callable[..., Mosquitto],
    ear: Listen,
    words: Words,
    far_box: Callable[..., FarBox],
    which: int,
) -> None:
    """Both brokers live and the controller reaches both, the gateway only one: it obeys and is confirmed."""
    box, brokers = far_box(cables=2), (mosquittos(), mosquittos())
    for broker, address in zip(brokers, box.addresses, strict=True):
        broker.kill()
        broker.listens_on(address)
        broker.start()
    pair = well(Pair(site, brokers, ear, box), words)
    box.pull(which)
    for color, through in (("red", which), ("blue", 1 - which)):
        pair.override(color, through)
        assert pair.shows(words, COLORS[color], 1 - which) < ORDERED_WITHIN_S
    since = len(pair.ears[which].heard)
    box.put_back(which)
    words.until(lambda: pair.ears[which].last(REPORTED, since), "the way that was cut is not used again")
    pair.shows(words, COLORS["blue"], which)


def test_old_orders_that_a_broker_kept_are_never_obeyed(pair: Pair, words: Words) -> None:
    """It goes with its retained messages on the disk, three orders pass it by, and it comes back with the old ones
    while the gateway restarts: the gateway may receive the old order first, and shows the new one only."""
    old, left = pair.brokers[1], pair.ears[0]
    pair.override("red", 0)
    pair.shows(words, COLORS["red"], 1)
    old.end()
    for color in ("green", "blue"):
        pair.override(color, 0)
        pair.shows(words, COLORS[color], 0)
    since = len(left.heard)
    pair.gateway.end(signal.SIGKILL)
    pair.start_gateway()
    old.start()
    words.until(lambda: left.last(REPORTED, since), "the gateway does not come back")
    pair.shows(words, COLORS["blue"], 1)
    told = [
        one for ear in pair.ears for one in ear.on(REPORTED) if not one.retain and one.at_s > left.heard[since - 1].at_s
    ]
    assert {shown["color"] for one in told for shown in one.document["zones"].values()} == {COLORS["blue"]}
    words.until(lambda: len({order(ear) for ear in pair.ears}) == 1, "the broker that came back keeps the old order")


def test_orders_that_come_late_and_out_of_order_change_nothing(pair: Pair, words: Words) -> None:
    """One broker is frozen again and again, shorter than anybody notices, while the colour changes: it delivers old
    orders and old reports after new ones."""
    late = pair.brokers[1]
    since = len(pair.ears[0].heard)
    for color in ("red", "green", "blue", "red", "blue"):
        late.send(signal.SIGSTOP)
        pair.override(color, 0)
        pair.shows(words, COLORS[color], 0)
        late.send(signal.SIGCONT)
    pair.shows(words, COLORS["blue"], 1)
    reports = [one for one in pair.ears[0].on(REPORTED, since) if not one.retain]
    orders = [(one.document["epoch"], one.document["revision"]) for one in reports]
    assert orders == sorted(orders), "an older order was obeyed after a newer one"
