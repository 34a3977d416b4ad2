"""Asks the running controller for something by hand, over MQTT, and waits for its answer."""

import asyncio
import contextlib
import getpass
import json
import uuid

import click

from controller.app import broker_settings
from controller.cli.client import client_id, heard, with_tower
from controller.cli.options import Options
from controller.config.tower import MqttSettings as Settings
from controller.errors import Refused, Unreachable
from controller.events import new_event
from controller.events.formatters import CAUSE, FRAME
from controller.events.models import Advice, printable
from controller.gateways.base import Message
from controller.locale import Language
from controller.mqtt import Mqtt, Received
from controller.service.overrides import STOPPED

WAIT_S = 8.0
DARK_S = 8.0
"""After a stop, the service says within five seconds whether it is dark."""
AGAIN_S = 2.0
REFUSED = "TWL-O110"
STILL_STOPPED = "TWL-O109"
LIT, DARK = "TWL-O113", "TWL-O114"
"""Resumed, and the tower stays dark all the same: done, and not what was wanted."""
LONGEST = 2_000
"""Letters of an answer that are shown; what came over MQTT can neither fill the terminal nor steer it."""


def ask(options: Options, **request: object) -> None:
    """Sends the request until it is answered; the same id counts once. Prints the answer, or raises: Refused where it
    is refused, or where a safety stop holds against it, Unreachable where nobody answers. After a safety stop it prints
    too whether the tower is dark, and raises Refused where that is not confirmed."""
    with_tower(options, lambda tower: asyncio.run(_ask(tower.mqtt, options, request)))


async def _ask(settings: Settings, options: Options, request: dict[str, object]) -> None:
    brokers = broker_settings.addresses(settings, options.state_dir)
    name = uuid.uuid4().hex
    asked = json.dumps({"version": 1, "id": name, "owner": _owner(), **request}, ensure_ascii=False)
    payload = asked.encode(errors="replace")  # a terminal of another character set types what is no text here
    message = Message(f"{settings.topic_prefix}/override/set", payload, qos=1)
    answers = f"{settings.topic_prefix}/controller/event"
    client = client_id(settings.topic_prefix, "hand")
    is_answered = False
    with contextlib.suppress(TimeoutError):
        async with (
            asyncio.timeout(WAIT_S) as patience,
            Mqtt(brokers, client, subscriptions=((answers, 1),), streams=(answers,)) as mqtt,
        ):
            sending = asyncio.create_task(_send(mqtt, message), name="send")
            try:
                async for item in heard(mqtt, brokers):
                    event = _event(item.payload) if isinstance(item, Received) else {}
                    if is_answered and event.get("code") in {LIT, DARK}:
                        _show(event, options.language)
                        return
                    if not is_answered and event.get("id") == name:
                        _show(event, options.language)
                        if event.get("code") not in STOPPED:
                            return
                        sending.cancel()
                        is_answered = True
                        patience.reschedule(asyncio.get_running_loop().time() + DARK_S)
            finally:
                sending.cancel()
    if not is_answered:
        raise Unreachable("TWL-Q102", address=str(brokers[0]))


async def _send(mqtt: Mqtt, message: Message) -> None:
    while True:
        mqtt.publish(message)
        await asyncio.sleep(AGAIN_S if mqtt.connected else 0.05)


def _event(payload: bytes) -> dict[str, object]:
    """An event of the service; nothing for any other message."""
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _show(answer: dict[str, object], language: Language) -> None:
    """What was granted, in the words of whoever asked; those of the service where it knows events that we do not."""
    if answer.get("code") == REFUSED:
        reason = _reason(answer)
        raise Refused(REFUSED, id=answer["id"], owner=answer.get("owner"), reason=reason)
    if answer.get("code") == STILL_STOPPED:
        raise Refused(STILL_STOPPED, **{key: answer.get(key) for key in ("id", "owner", "reason", "by")})
    if answer.get("code") == LIT:
        raise Refused(LIT, **{key: answer.get(key) for key in ("owner", "gateways")})
    code, text = answer.get("code"), answer.get("text")
    with contextlib.suppress(KeyError):
        text = new_event(str(code), **{key: answer[key] for key in answer.keys() - FRAME}).text(language)
    click.echo(printable(f"{code}: {text}", LONGEST))


def _reason(answer: dict[str, object]) -> object:
    """Why, with words in each language where we know that event; else as the service told it."""
    match answer.get(f"reason{CAUSE}"):
        case {"code": str(code), "fields": dict(fields)}:
            with contextlib.suppress(KeyError, TypeError):
                return Advice(new_event(code, **fields))
    return answer.get("reason")


def _owner() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"
