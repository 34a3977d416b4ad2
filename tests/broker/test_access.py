"""Who may read and write what: the same users and topics with the file shipped for mosquitto, and in our own broker."""

import itertools
import json
import re
from pathlib import Path

import pytest

from controller.app.broker_settings import users
from controller.config.load import load
from controller.errors import Misconfigured
from controller.gateways import GATEWAYS
from controller.topics import Filters
from tests.broker.conftest import Will
from tests.parts import MOSQUITTO

ROOT = Path(__file__).parents[2]
VENDOR_KINDS = json.loads((ROOT / "tests" / "vectors" / "vendors.json").read_text(encoding="utf-8"))
PARTS = ("desired", "walk", "reported", "availability")
OURS = {f"watertower/gateway/{name}/{part}" for name in ("mast", "gate") for part in PARTS}
OURS |= {
    f"watertower/{rest}" for rest in ("controller/status", "controller/event", "controller/health", "override/set")
}
OURS |= {f"watertower/home-assistant/{rest}" for rest in ("state", "zone/bowl", "set/zone/bowl")}
DISCOVERY = "homeassistant/device/watertower/config"
METER = "tele/bowl-plug/SENSOR"
VENDORS = {
    METER,
    "tele/bowl-plug/LWT",
    DISCOVERY,
    "homeassistant/status",
    "homeassistant/light/other/config",
    "zigbee2mqtt/lamp",
    "zigbee2mqtt/lamp/set",
    "wled/entrance/api",
    "wled/entrance/status",
    "wled/stairs/api",
    "wled/stairs/v",
    "elsewhere/anything",
}
TOPICS = OURS | VENDORS
STATUS = "watertower/controller/status"
RULES = re.sub(r"^# (?=(?:user|topic) )", "", (MOSQUITTO / "watertower.acl").read_text(encoding="utf-8"), flags=re.M)
"""As shipped, with all its examples in force."""
SET = "watertower/override/set"
NOTHING: set[str] = set()


def own(name: str, *parts: str) -> set[str]:
    """Topics of one gateway of ours."""
    return {f"watertower/gateway/{name}/{part}" for part in parts}


def below(*starts: str) -> set[str]:
    """The topics that begin so."""
    return {topic for topic in TOPICS if topic.startswith(starts)}


SITE = below("watertower/", "wled/", "zigbee2mqtt/") | {DISCOVERY}
ALL_WALKS = own("mast", "walk") | own("gate", "walk")
MAY = {
    "controller": (SITE | {"homeassistant/status", METER}, SITE),
    "mast": (own("mast", "desired", "walk", "availability"), own("mast", "reported", "availability")),
    "gate": (own("gate", "desired", "walk", "availability"), own("gate", "reported", "availability")),
    "entrance": (below("wled/entrance/"), below("wled/entrance/")),
    "bowl-plug": (below("tele/bowl-plug/"), below("tele/bowl-plug/")),
    "wled": (below("wled/"), below("wled/")),
    "zigbee2mqtt": (below("zigbee2mqtt/"), below("zigbee2mqtt/")),
    "homeassistant": (
        below("homeassistant/", "watertower/home-assistant/"),
        below("homeassistant/", "watertower/home-assistant/set/"),
    ),
    "eva": (below("watertower/controller/"), {SET}),
    "technician": (
        below("watertower/controller/") | ALL_WALKS | own("mast", "reported") | own("gate", "reported"),
        {SET} | ALL_WALKS,
    ),
    "stranger": (NOTHING, NOTHING),
    "ear": (TOPICS, TOPICS),
}
"""User -> what may be read, beside the status of the controller, and what may be written.

`mast` and `gate` are gateways of ours, `entrance` is a vendor's with topics of its own. `bowl-plug`, `wled`,
`zigbee2mqtt`, `homeassistant`, `eva` and `technician` are the examples that are shipped. `stranger` has a login and no
more, `ear` is the test's own."""


def password(user: str) -> str:
    """One for each, of the length that is asked for."""
    return f"{user} has a word of its own"


def entries(rules: str) -> str:
    """The users of an access list as our own broker takes them, each with its `topic` lines."""
    lines = [line for line in rules.splitlines() if line.startswith(("user ", "topic "))]
    listed = [re.sub(r"^user (.*)", lambda found: f"{found[1]}:{password(found[1])}", line) for line in lines]
    given = re.findall(r"^user (.*)", rules, re.M)
    return "\n".join([f"{user}:{password(user)}" for user in MAY if user not in given] + listed)


def tower_with_users(folder):
    """The shipped site with two vendors' gateways and a users file."""
    for name in ("tower.yaml", "schedule.yaml"):
        (folder / name).write_text((ROOT / "config" / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = (folder / "tower.yaml").read_text(encoding="utf-8")
    lines = "".join(
        f"  - {{name: {name}, kind: wled, topic: wled/{name}, zone: shaft}}\n" for name in ("entrance", "stairs")
    )
    text = text.replace("  broker: embedded", "  users_file: mqtt-users\n  broker: embedded") + lines
    (folder / "tower.yaml").write_text(text, encoding="utf-8")
    (folder / "mqtt-users").write_text(entries(f"{RULES}\nuser ear\ntopic readwrite #\n"))
    return load(folder).tower


@pytest.fixture(params=["ours", pytest.param("mosquitto", marks=pytest.mark.real)])
async def guarded(request, tmp_path, start, mosquitto):
    """A broker with access rules: our own, or mosquitto over TLS."""
    if request.param == "ours":
        return await start(users=users(tower_with_users(tmp_path)))
    mosquitto.users = {user: password(user) for user in MAY}
    return mosquitto.guarded(f"{RULES}\nuser ear\ntopic readwrite #\nuser entrance\ntopic readwrite wled/entrance/#\n")


@pytest.fixture
def enter(guarded, connect):
    """Logs in, each time under another client id."""
    numbers = itertools.count()

    async def entered(user, **more):
        return await connect(guarded, f"{user}-{next(numbers)}", user=user, password=password(user), **more)

    return entered


def allowed(guarded, user, access):
    """What a user may do with which topics; our own broker lets the controller do everything."""
    if user == "controller" and guarded.name == "ours":
        return TOPICS
    return MAY[user][access] | ({STATUS} if access == 0 else NOTHING)


@pytest.mark.parametrize("user", MAY)
async def test_a_user_reads_what_is_his_alone(guarded, enter, user):
    """Live, and what was retained before."""
    client, ear = await enter(user), await enter("ear")
    await client.subscribe(("#", 1))
    for topic in sorted(TOPICS):
        await ear.publish(topic, retain=True)
    assert {message.topic for message in await client.settled()} == allowed(guarded, user, 0)
    await client.leave()
    client = await enter(user)
    await client.subscribe(("#", 1))
    assert {message.topic for message in await client.settled()} == allowed(guarded, user, 0)


@pytest.mark.parametrize("user", MAY)
async def test_a_user_writes_what_is_his_alone(guarded, enter, user):
    """All on one connection: what is forbidden is acknowledged and dropped."""
    ear, client = await enter("ear"), await enter(user)
    await ear.subscribe(("#", 1))
    for topic in sorted(TOPICS):
        await client.publish(topic)
    assert {message.topic for message in await ear.settled()} == allowed(guarded, user, 1)


@pytest.mark.parametrize(
    "who", [{"user": None, "password": None}, {"user": "nobody"}, {"user": "mast"}, {"user": "mast", "password": None}]
)
async def test_nobody_gets_in_without_the_right_password(guarded, dial, who):
    """Nor without a name; the code of the CONNACK, 4 or 5, gives the reason."""
    client = await dial(guarded)
    _, code = await client.connect("x", **({"password": password("gate")} | who))
    assert code in {4, 5}


def test_every_user_of_the_shipped_rules_is_held_to_them() -> None:
    """A new example needs a row above."""
    assert set(re.findall(r"^user (.*)", RULES, re.M)) <= set(MAY)


async def test_a_last_will_is_no_way_round_the_rules(enter):
    """It is dropped, and one that is allowed is not."""
    ear = await enter("ear")
    await ear.subscribe(("#", 1))
    for topic in (SET, "watertower/gateway/mast/availability"):
        (await enter("mast", will=Will(topic, b"x"))).cut()
    assert [message.topic for message in await ear.messages(1)] == ["watertower/gateway/mast/availability"]
    await ear.ping()
    assert await ear.settled() == []


async def test_what_is_forbidden_is_reported_once_with_user_and_topic(start, connect, tmp_path):
    """Of a topic asked for by name the subscription is refused."""
    subject = await start(users=users(tower_with_users(tmp_path)))
    mast = await connect(subject, "box", user="mast", password=password("mast"))
    for _ in range(3):
        await mast.publish("watertower/override/set")
    topics = ("watertower/gateway/mast/desired", "watertower/gateway/gate/desired", "watertower/#")
    assert await mast.subscribe(*((topic, 1) for topic in topics)) == [1, 0x80, 1]
    told = [
        (event.code, event.fields["user"], event.fields["topic"]) for event in subject.events if "user" in event.fields
    ]
    assert told == [
        ("TWL-B048", "mast", "watertower/override/set"),
        ("TWL-B049", "mast", "watertower/gateway/gate/desired"),
    ]


@pytest.mark.parametrize("gateway", VENDOR_KINDS, ids=lambda keys: keys["name"])
def test_the_user_of_a_vendors_gateway_has_all_its_topics(gateway):
    """Whatever its kind: what the controller listens to may be written, what it sends may be read; nothing of ours."""
    made = GATEWAYS[gateway["kind"]].model_validate(gateway)
    topics = made.device_topics("watertower")
    allowed = Filters()
    for topic in topics:
        allowed.add(topic, None, 0)
    commands = made.query("watertower")
    heard = [topic for topic in made.topics("watertower") if "bridge" not in topic.split("/")]
    assert commands or heard
    assert all(allowed.match(topic) for topic in (*heard, *(message.topic for message in commands)))
    strange = ("watertower/override/set", "watertower/gateway/mast/desired", "wled/other/api", "zigbee2mqtt/other/set")
    assert not any(allowed.match(topic) for topic in strange)


@pytest.mark.parametrize(
    "text", ["", "name", ":word", "name:", "topic read a\n", "name:word\ntopic read a#b", "name:word\ntopic look a"]
)
def test_a_users_file_that_makes_no_sense_is_refused(tmp_path, text):
    """Whole: nobody is let in by a part of it."""
    tower = tower_with_users(tmp_path)
    (tmp_path / "mqtt-users").write_text(text)
    with pytest.raises(Misconfigured) as caught:
        users(tower)
    assert caught.value.code == "TWL-Q106"


@pytest.mark.parametrize("name", ["+", "a#", "a/b", "mast/+", "a+"])
def test_a_users_name_is_no_wildcard(tmp_path, name):
    """It would be everybody's gateway."""
    tower = tower_with_users(tmp_path)
    (tmp_path / "mqtt-users").write_text(f"{name}:word")
    assert users(tower)[name].read == ("watertower/controller/status",)
    assert users(tower)[name].write == ()


@pytest.mark.real
async def test_retained_messages_survive_a_power_cut(mosquitto, connect):
    """With the file as shipped; by default up to half an hour of them is lost."""
    site = type("Site", (), {"port": mosquitto()})
    client = await connect(site, "c")
    for number in range(20):
        await client.publish(f"r/{number}", retain=True)
    await client.ping()
    mosquitto.kill()
    site = type("Site", (), {"port": mosquitto()})
    client = await connect(site, "c")
    await client.subscribe(("r/#", 0))
    assert len(await client.settled()) == 20


@pytest.mark.real
def test_the_file_opens_no_port_by_itself(mosquitto):
    """Some settings open one if they come before a listener, on every address: two could then not run side by side."""
    assert mosquitto() != mosquitto()
