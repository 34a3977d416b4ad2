"""A command's short conversation with the running service over MQTT: what comes in, until nobody can be reached."""

import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

from controller.app.reload import last_good
from controller.cli.options import Options, tell
from controller.config.load import load, load_tower
from controller.config.tower import Tower
from controller.errors import FilesRejected, Unreachable
from controller.events import Event
from controller.mqtt import Address, Connected, Failure, Item

T = TypeVar("T")


def with_tower(options: Options, talk: Callable[[Tower], T]) -> T:
    """What a talk with the running service gives. It goes on by its last good files whatever was saved since, and so
    must whoever asks it. Where it does not answer, that is told, and what is wrong with the files."""
    try:
        return talk(load(options.config_dir).tower)
    except FilesRejected as rejected:
        tower = _running(options)
        if tower is None:
            raise
        try:
            return talk(tower)
        except Unreachable as unreachable:
            tell(unreachable, options)
            raise rejected from None


def _running(options: Options) -> Tower | None:
    """The tower as it runs, most likely; None where nothing tells."""
    try:
        return load_tower(options.config_dir)
    except FilesRejected:
        copy = last_good(options.config_dir, options.state_dir)
        return copy.tower if copy is not None else None


def client_id(prefix: str, purpose: str) -> str:
    """A name that no other client has."""
    return f"{prefix.replace('/', '-')}-{purpose}-{uuid.uuid4().hex[:12]}"


async def items(mqtt: AsyncIterable[Item], brokers: Sequence[Address]) -> AsyncIterator[Item]:
    """Every item; raises Unreachable once each of the brokers has failed."""
    failed: dict[str, Event] = {}
    async for item in mqtt:
        if isinstance(item, Failure):
            failed[item.broker] = item.event()
        elif isinstance(item, Connected):
            failed.pop(item.broker, None)
        if len(failed) == len(brokers):
            raise _unreachable(failed)
        yield item


def _unreachable(failed: Mapping[str, Event]) -> Unreachable:
    """What bars the way to a broker that is there (a login, a certificate), else TWL-Q101."""
    reason, *_ = (event.fields["reason"] for event in failed.values())
    barred = next((event for event in failed.values() if event.code != "TWL-M007"), None)
    if barred is not None:
        return Unreachable(barred.code, **barred.fields)
    return Unreachable("TWL-Q101", address=" ".join(failed), reason=reason)
