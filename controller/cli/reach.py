"""A command's short conversation with the running service over MQTT: what comes in, until nobody can be reached."""

import uuid
from collections.abc import AsyncIterator, Sequence

from controller.errors import Unreachable
from controller.mqtt import Address, Connected, Failure, Item, Mqtt


def client_id(prefix: str, purpose: str) -> str:
    """A name that no other client has."""
    return f"{prefix.replace('/', '-')}-{purpose}-{uuid.uuid4().hex[:12]}"


async def heard(mqtt: Mqtt, brokers: Sequence[Address]) -> AsyncIterator[Item]:
    """Every item; raises Unreachable TWL-Q101 once each of the brokers has failed."""
    failed: dict[str, str] = {}
    async for item in mqtt:
        if isinstance(item, Failure):
            failed[item.broker] = item.event().text("en").rpartition(": ")[2]
        elif isinstance(item, Connected):
            failed.pop(item.broker, None)
        if len(failed) == len(brokers):
            raise Unreachable("TWL-Q101", address=" ".join(failed), reason=next(iter(failed.values())))
        yield item
