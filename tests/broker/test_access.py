"""Who may read and write what: the same users and topics with the file shipped for mosquitto, and in our own broker."""

import itertools
import json
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
VENDORS = {"wled/entrance/api", "wled/entrance/status", "wled/stairs/api", "wled/stairs/v", "elsewhere/anything"}
TOPICS = OURS | VENDORS
STATUS = "watertower/controller/status"
LINES = (
    "topic write watertower/override/set",
    "topic read watertower/controller/#",
    "topic readwrite watertower/gateway/+/walk",
    "topic read watertower/gateway/+/reported",
)
"""Those shipped for a person or program that sets looks by hand."""
PASSWORDS = {
    "controller": "calm",
    "mast": "high",
    "gate": "wide",
    "entrance": "low",
    "tower": "orange",
    "other": "blue",
}
READ = {
    "controller": TOPICS,
    "mast": {"watertower/gateway/mast/desired", "watertower/gateway/mast/walk", STATUS},
    "gate": {"watertower/gateway/gate/desired", "watertower/gateway/gate/walk", STATUS},
    "entrance": {"wled/entrance/api", "wled/entrance/status", STATUS},
    "tower": {
        topic for topic in OURS if topic.startswith("watertower/controller/") or topic.endswith(("/reported", "/walk"))
    },
    "other": {STATUS},
}
WRITTEN = {
    "controller": TOPICS,
    "mast": {"watertower/gateway/mast/reported", "watertower/gateway/mast/availability"},
    "gate": {"watertower/gateway/gate/reported", "watertower/gateway/gate/availability"},
    "entrance": {"wled/entrance/api", "wled/entrance/status"},
    "tower": {topic for topic in OURS if topic.endswith(("/walk", "override/set"))},
    "other": set(),
}
"""`mast` and `gate` are gateways of ours, `entrance` is a vendor's, `tower` is a person with the lines for it."""


def tower_with_users(folder):
    """The shipped site with a second vendor's gateway and a users file."""
    for name in ("tower.yaml", "schedule.yaml"):
        (folder / name).write_text((ROOT / "config" / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = (folder / "tower.yaml").read_text(encoding="utf-8")
    lines = "".join(
        f"  - {{name: {name}, kind: wled, topic: wled/{name}, zone: shaft}}\n" for name in ("entrance", "stairs")
    )
    text = text.replace("  broker: embedded", "  users_file: mqtt-users\n  broker: embedded") + lines
    (folder / "tower.yaml").write_text(text, encoding="utf-8")
    entries = [f"{name}:{word}" for name, word in PASSWORDS.items() if name != "tower"]
    (folder / "mqtt-users").write_text("\n".join((*entries, "# a person", "tower:orange", *LINES)))
    return load(folder).tower


@pytest.fixture(params=["ours", "mosquitto"])
async def guarded(request, tmp_path, start, mosquitto):
    """A broker with access rules."""
    if request.param == "ours":
        return await start(users=users(tower_with_users(tmp_path)))
    mosquitto.users |= PASSWORDS
    own = "\nuser controller\ntopic readwrite #\nuser entrance\ntopic readwrite wled/entrance/#\n"
    rules = (MOSQUITTO / "watertower.acl").read_text(encoding="utf-8") + own + "\n".join(("user tower", *LINES)) + "\n"
    return type("Site", (), {"port": mosquitto(rules=rules), "told": lambda _, __: []})()


@pytest.fixture
def enter(guarded, connect):
    """Logs in, each time under another client id."""
    numbers = itertools.count()

    async def entered(user, **more):
        return await connect(guarded, f"{user}-{next(numbers)}", user=user, password=PASSWORDS[user], **more)

    return entered


@pytest.mark.parametrize("user", PASSWORDS)
async def test_a_user_reads_what_is_his_alone(enter, user):
    """Live, and what was retained before."""
    client, controller = await enter(user), await enter("controller")
    await client.subscribe(("#", 1))
    for topic in sorted(TOPICS):
        await controller.publish(topic, retain=True)
    assert {message.topic for message in await client.settled()} == READ[user]
    await client.leave()
    client = await enter(user)
    await client.subscribe(("#", 1))
    assert {message.topic for message in await client.settled()} == READ[user]


@pytest.mark.parametrize("user", PASSWORDS)
async def test_a_user_writes_what_is_his_alone(enter, user):
    """All on one connection: what is forbidden is acknowledged and dropped."""
    controller, client = await enter("controller"), await enter(user)
    await controller.subscribe(("#", 1))
    for topic in sorted(TOPICS):
        await client.publish(topic)
    assert {message.topic for message in await controller.settled()} == WRITTEN[user]


async def test_a_last_will_is_no_way_round_the_rules(enter):
    """It is dropped, and one that is allowed is not."""
    controller = await enter("controller")
    await controller.subscribe(("#", 1))
    for topic in ("watertower/override/set", "watertower/gateway/mast/availability"):
        (await enter("mast", will=Will(topic, b"x"))).cut()
    assert [message.topic for message in await controller.messages(1)] == ["watertower/gateway/mast/availability"]
    await controller.ping()
    assert await controller.settled() == []


async def test_what_is_forbidden_is_told_once_with_user_and_topic(start, connect, tmp_path):
    """Of a topic asked for by name the subscription is refused."""
    subject = await start(users=users(tower_with_users(tmp_path)))
    mast = await connect(subject, "box", user="mast", password="high")
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


def test_the_file_opens_no_port_by_itself(mosquitto):
    """Some settings do when they stand before a listener, on every address: two could then not run side by side."""
    assert mosquitto() != mosquitto()
