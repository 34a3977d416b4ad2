"""What a command says that reaches no broker: what bars the way, in words that help."""

from collections.abc import AsyncIterator

import pytest

from controller.cli.client import heard
from controller.errors import Unreachable
from controller.mqtt import Address, Connected, Item, LoginRefused
from controller.mqtt import BrokerUnreachable as NotReached

BROKERS = (Address("a"), Address("b"))


async def fails(*items: Item) -> Unreachable:
    """With what listening to these items ends."""

    async def told() -> AsyncIterator[Item]:
        for item in items:
            yield item

    with pytest.raises(Unreachable) as error:
        async for _ in heard(told(), BROKERS):
            pass
    return error.value


async def test_a_broker_that_is_not_there_may_be_started() -> None:
    """All of them have to have failed, and none since it was reached."""
    refused = NotReached("a", "Connection refused")
    error = await fails(refused, Connected("a", False, 1), NotReached("b", "no answer"), refused)
    assert error.code == "TWL-Q101"
    assert error.fields == {"address": "b a", "reason": "no answer"}


async def test_a_login_that_is_refused_is_told_as_such() -> None:
    """To start the service would not help."""
    error = await fails(NotReached("a", "Connection refused"), LoginRefused("b", "Not authorized", 5))
    assert error.code == "TWL-M003"
    assert error.fields["broker"] == "b"
