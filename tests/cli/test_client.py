"""What a command says that reaches no broker: what bars the way, in words that help."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.cli.client import items, with_tower
from controller.cli.options import Options
from controller.config.tower import Tower
from controller.errors import FilesRejected, Unreachable
from controller.events.models import Reason
from controller.mqtt import Address, Connected, Item
from controller.mqtt.incoming import BrokerUnreachable as NotReached
from controller.mqtt.incoming import LoginRefused

BROKERS = (Address("a"), Address("b"))


async def fails(*received: Item, brokers: tuple[Address, ...] = BROKERS) -> Unreachable:
    """With what listening to these items ends."""

    async def incoming() -> AsyncIterator[Item]:
        for item in received:
            yield item

    with pytest.raises(Unreachable) as error:
        async for _ in items(incoming(), brokers):
            pass
    return error.value


async def test_brokers_of_their_own_are_reported_with_the_obstacle() -> None:
    """All of them have to have failed, and none since it was reached. To start the service would not help."""
    refused = NotReached("a", "Connection refused")
    error = await fails(refused, Connected("a", False, 1), NotReached("b", "no answer"), refused)
    assert error.code == "TWL-M007"
    assert error.fields == {"broker": "b a", "reason": "no answer"}


async def test_the_embedded_broker_is_reached_where_the_service_runs() -> None:
    """Nobody is sent to a mosquitto that is not there."""
    error = await fails(NotReached("a", "Connection refused"), brokers=(Address("a", is_embedded=True),))
    assert error.code == "TWL-Q101"
    assert error.fields == {"address": "a", "reason": "Connection refused"}


async def test_a_login_that_is_refused_is_reported_as_such() -> None:
    """To start the service would not help."""
    error = await fails(NotReached("a", "Connection refused"), LoginRefused("b", Reason("not_authorized"), 5))
    assert error.code == "TWL-M003"
    assert error.fields["broker"] == "b"


def test_an_unreachable_controller_is_reported_beside_wrong_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A login that is refused is not hidden by a typo in the schedule: either may be the cause."""
    shutil.copy(Path(__file__).parents[2] / "config" / "tower.yaml", tmp_path)
    (tmp_path / "schedule.yaml").write_text("version: 1\ncampaigns: nonsense\n")

    def talk(_: Tower) -> None:
        raise Unreachable("TWL-M003", broker="mqtt://a:1883", reason="Not authorized", connack=5)

    with pytest.raises(FilesRejected):
        with_tower(Options(config=tmp_path, state=tmp_path, lang="en"), talk)
    assert capsys.readouterr().err.startswith("TWL-M003: mqtt://a:1883 refuses the login")
