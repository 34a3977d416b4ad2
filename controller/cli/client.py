"""How a command contacts the running service over MQTT."""

import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from controller.app.broker_settings import not_reached
from controller.cli.options import Options, print_error, warn_other_than_installed
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
    """The result of `talk`. The service uses its last good files while the saved ones are wrong, so a command does so
    too; if the service cannot be reached then, that is printed before FilesRejected is raised."""
    warn_other_than_installed(options)
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
            print_error(unreachable, options)
            raise rejected from None


def no_controller(mqtt: Mqtt, brokers: Sequence[Address], state: Path, unreadable: str = "") -> Unreachable:
    """The error if no controller answers. If a broker accepts us, a service that runs here has hung, or we may not read
    it; `unreadable` are the topics that our login may not read, if the controller does give signs of life."""
    if not mqtt.connected:
        return silent_broker(brokers)
    if unreadable:
        return Unreachable("TWL-Q125", address=str(brokers[0]), topic=unreadable)
    with suppress(OSError):
        if is_in_use(state, SERVICE):
            return Unreachable("TWL-Q123", address=str(brokers[0]), state=str(state))
    return Unreachable("TWL-Q102", address=str(brokers[0]))


def client_id(prefix: str, purpose: str) -> str:
    """A client id that no other client has."""
    return f"{prefix.replace('/', '-')}-{purpose}-{uuid.uuid4().hex[:12]}"


async def items(mqtt: AsyncIterable[Item], brokers: Sequence[Address]) -> AsyncIterator[Item]:
    """Every item; raises Unreachable once all brokers have failed."""
    failed: dict[str, Event] = {}
    async for item in mqtt:
        if isinstance(item, Failure):
            failed[item.broker] = item.event()
        elif isinstance(item, Connected):
            failed.pop(item.broker, None)
        if len(failed) == len(brokers):
            raise _unreachable(failed, brokers)
        yield item


def silent_broker(brokers: Sequence[Address]) -> Unreachable:
    """The error if a program listens at the address of a broker and does not answer."""
    silent = new_event("TWL-M007", broker=str(brokers[0]), reason=Reason("no_answer_in_time"))
    return _unreachable({str(brokers[0]): silent}, brokers)


def _unreachable(failed: Mapping[str, Event], brokers: Sequence[Address]) -> Unreachable:
    """The error if no broker accepts us: the failure of a running one (login, certificate) has priority over those that
    cannot be reached."""
    event = next((event for event in failed.values() if event.code != "TWL-M007"), None)
    if event is None:
        reason = next(iter(failed.values())).fields["reason"]
        event = new_event("TWL-M007", broker=" ".join(failed), reason=reason)
    failure = not_reached(brokers, event)
    return Unreachable(failure.code, **failure.fields)
