"""How a command reaches the running service over MQTT."""

import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from controller.app.broker_settings import not_reached
from controller.cli.options import Options, tell, tell_other_than_installed
from controller.cli.used_by_service import running_tower
from controller.config.load import load
from controller.config.tower import Tower
from controller.errors import FilesRejected, Unreachable
from controller.events import Event, new_event
from controller.events.models import Reason
from controller.mqtt import Address, Connected, Failure, Item, Mqtt
from controller.state.in_use import SERVICE, is_in_use

T = TypeVar("T")


def with_tower(options: Options, talk: Callable[[Tower], T]) -> T:
    """What `talk` returns. The service uses its last good files while those saved since are wrong, so a command does so
    too; if the service cannot be reached then, that is printed before FilesRejected is raised."""
    tell_other_than_installed(options)
    try:
        return talk(load(options.folder).tower)
    except FilesRejected as rejected:
        try:
            tower = running_tower(options)
        except FilesRejected:
            raise rejected from None
        try:
            return talk(tower)
        except Unreachable as unreachable:
            tell(unreachable, options)
            raise rejected from None


def unheard(mqtt: Mqtt, brokers: Sequence[Address], state: Path, withheld: str = "") -> Unreachable:
    """Why no controller answers. Where a broker lets us in, one that runs here is withheld, or hangs; of one that gives
    signs of life `withheld` are the topics that our login may not read."""
    if not mqtt.connected:
        return never_answered(brokers)
    if withheld:
        return Unreachable("TWL-Q125", address=str(brokers[0]), topic=withheld)
    with suppress(OSError):
        if is_in_use(state, SERVICE):
            return Unreachable("TWL-Q123", address=str(brokers[0]), state=str(state))
    return Unreachable("TWL-Q102", address=str(brokers[0]))


def client_id(prefix: str, purpose: str) -> str:
    """A client id that no other client has."""
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
            raise _unreachable(failed, brokers)
        yield item


def never_answered(brokers: Sequence[Address]) -> Unreachable:
    """Somebody listens at the address of a broker and says nothing."""
    silent = new_event("TWL-M007", broker=str(brokers[0]), reason=Reason("no_answer_in_time"))
    return _unreachable({str(brokers[0]): silent}, brokers)


def _unreachable(failed: Mapping[str, Event], brokers: Sequence[Address]) -> Unreachable:
    """Why no broker lets us in: what one of those that run says (a login, a certificate) goes before those that cannot
    be reached."""
    event = next((event for event in failed.values() if event.code != "TWL-M007"), None)
    if event is None:
        reason = next(iter(failed.values())).fields["reason"]
        event = new_event("TWL-M007", broker=" ".join(failed), reason=reason)
    told = not_reached(brokers, event)
    return Unreachable(told.code, **told.fields)
