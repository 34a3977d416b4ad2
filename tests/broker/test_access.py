"""The files shipped for mosquitto: who is let in, and who may read and write what."""

from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "deploy" / "mosquitto" / "watertower.acl"
PARTS = ("desired", "walk", "reported", "availability")
TOPICS = {f"watertower/gateway/{name}/{part}" for name in ("mast", "gate") for part in PARTS}
TOPICS |= {f"watertower/{rest}" for rest in ("controller/status", "controller/event", "override/set")}


@pytest.fixture
def guarded(mosquitto):
    """Mosquitto with the access rules; its port."""
    return mosquitto(f"acl_file {RULES}\n")


@pytest.fixture
def enter(guarded, connect):
    """Logs in with the user's name as client id."""
    site = type("Site", (), {"port": guarded})

    async def entered(user, password):
        return await connect(site, user, user=user, password=password)

    return entered


async def test_a_gateway_reads_its_own_wishes_only(enter):
    """The walk test's among them, and whether the controller is there."""
    mast, controller = await enter("mast", "high"), await enter("controller", "calm")
    await mast.subscribe(("#", 1))
    for topic in sorted(TOPICS):
        await controller.publish(topic)
    came = {message.topic for message in await mast.settled()}
    assert came == {f"watertower/{rest}" for rest in ("gateway/mast/desired", "gateway/mast/walk", "controller/status")}


async def test_a_gateway_writes_its_own_reports_only(enter):
    """What else it publishes goes nowhere."""
    controller = await enter("controller", "calm")
    await controller.subscribe(("#", 1))
    await try_all(enter, "mast", "high")
    came = {message.topic for message in await controller.settled()}
    assert came == {"watertower/gateway/mast/reported", "watertower/gateway/mast/availability"}


async def test_a_user_without_a_part_sees_and_changes_nothing(enter):
    """A right password alone gives no right."""
    other, controller = await enter("other", "blue"), await enter("controller", "calm")
    await other.subscribe(("#", 1))
    for topic in sorted(TOPICS - {"watertower/controller/status"}):
        await controller.publish(topic)
    assert await other.settled() == []
    await controller.subscribe(("#", 1))
    await try_all(enter, "other", "blue")
    assert await controller.settled() == []


async def try_all(enter, user, password):
    """Publishes on every topic, all on one connection: what is forbidden must not end it."""
    client = await enter(user, password)
    for topic in sorted(TOPICS):
        await client.publish(topic)
    await client.leave()


async def test_retained_messages_survive_a_power_cut(mosquitto, connect):
    """With the file as shipped; by default up to half an hour of them is lost."""
    site = type("Site", (), {"port": mosquitto("")})
    client = await connect(site, "c")
    for number in range(20):
        await client.publish(f"r/{number}", retain=True)
    await client.ping()
    mosquitto.kill()
    site = type("Site", (), {"port": mosquitto("")})
    client = await connect(site, "c")
    await client.subscribe(("r/#", 0))
    assert len(await client.settled()) == 20


def test_the_file_opens_no_port_by_itself(mosquitto):
    """Some settings do when they stand before a listener, on every address: two could then not run side by side."""
    assert mosquitto("") != mosquitto("")
