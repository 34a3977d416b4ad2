"""`watertower override`, `resume` and `stop`: requests to the running controller over MQTT, each with its answer.

A request has an id and is repeated until it is answered; the controller counts the same id once.
"""

import asyncio
import contextlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import click

from controller.app import broker_settings
from controller.cli.client import client_id, items, no_controller, with_tower
from controller.cli.options import Options, SiteOption, caller, common, error_text, exit_code, for_service, known_sites
from controller.config import render
from controller.config.site_folder import has_sites
from controller.config.tower import Tower
from controller.errors import FilesRejected, Refused, Unreachable, WatertowerError
from controller.events import new_event
from controller.events.formatters import FRAME
from controller.events.models import Advice, printable
from controller.gateways.base import Message
from controller.locale import Language
from controller.mqtt import Item, Mqtt, Received
from controller.service.health_watch import ONLINE
from controller.service.overrides import STOPPED

ANSWER_WITHIN_S = 8.0
HANDS_CHANGE_S = 12.0
"""Additional seconds with several controllers, as the next one may have to take the lead first."""
DARK_WITHIN_S = 8.0
"""After a stop the controller reports within five seconds whether the gateways confirm that it is dark."""
SEND_AGAIN_S = 2.0
REFUSED = "TWL-O110"
SKIP = frozenset({"skip", "hoppa över"})
STILL_STOPPED = "TWL-O109"
LIT, DARK = "TWL-O113", "TWL-O114"
LONGEST = 2_000
"""Most characters of an answer that are printed: data from MQTT must not fill the terminal."""


@click.command("override")
@click.argument("look", nargs=-1, required=True)
@click.option("--until", required=True)
@click.option("--reason", required=True)
@click.option("--brightness", default="100 %", show_default=True)
@click.option("--campaign")
@common
def override(
    options: Options, look: tuple[str, ...], until: str, reason: str, brightness: str, campaign: str | None
) -> None:
    """Show a look until its end, or skip a campaign until then."""
    is_skip = " ".join(look).casefold() in SKIP
    if is_skip is not (campaign is not None):
        raise WatertowerError("TWL-Q121")
    if campaign is not None:
        send_request(options, action="skip", campaign=campaign, until=until, reason=reason)
        return
    send_request(options, action="override", look=_by_zone(look), until=until, reason=reason, brightness=brightness)


@click.command("resume")
@click.option("--reason", default="–", show_default=False)
@click.option("--lift", is_flag=True)
@common
def resume(options: Options, reason: str, lift: bool) -> None:
    """End the overrides, or lift the safety stop."""
    send_request(options, action="lift" if lift else "resume", reason=reason)


@click.command("stop")
@click.option("--reason", required=True)
@click.option("--all-sites", is_flag=True, cls=SiteOption)
@common
@for_service
def stop(options: Options, reason: str, *, all_sites: bool) -> None:
    """Make everything dark until the safety stop is lifted."""
    if options.site is not None and all_sites:
        raise WatertowerError("TWL-Q115", words="--site, --all-sites")
    if options.site is not None or not has_sites(options.config_dir):
        send_request(options, action="stop", reason=reason)
        return
    names, _ = known_sites(options)
    if not all_sites:
        raise WatertowerError("TWL-Q136", known=", ".join(names), first=names[0])
    with ThreadPoolExecutor(len(names), "stop") as all_at_once:
        codes = all_at_once.map(lambda name: _stopped(replace(options, site=name), reason), names)
    raise SystemExit(max(codes))


def _stopped(options: Options, reason: str) -> int:
    """The exit code for one of the sites, whose answer is printed with its name."""
    try:
        send_request(options, action="stop", reason=reason)
    except WatertowerError as error:
        findings = error.findings if isinstance(error, FilesRejected) else ()
        text = render.as_text(findings, options.language) if findings else error_text(error, options)
        click.echo(f"{options.site}: {text}", err=True)
        return exit_code(error)
    return 0


def _by_zone(look: tuple[str, ...]) -> str | dict[str, str]:
    if not all("=" in part for part in look):
        return " ".join(look)
    pairs = (part.partition("=") for part in look)
    return {zone: color for zone, _, color in pairs}


def send_request(options: Options, **request: object) -> None:
    """Sends the request and prints the answer; after a stop, prints too whether it is dark.

    Raises Refused if the request is refused, if a safety stop keeps the tower dark after a resume, and if it is not
    confirmed dark after a stop; Unreachable if nobody answers.
    """
    with_tower(options, lambda tower: asyncio.run(_exchange(tower, options, request)))


async def _exchange(tower: Tower, options: Options, request: dict[str, object]) -> None:
    settings, within_s = tower.mqtt, ANSWER_WITHIN_S if tower.database is None else ANSWER_WITHIN_S + HANDS_CHANGE_S
    brokers = broker_settings.addresses(settings, options.service_state)
    request_id = uuid.uuid4().hex
    document = json.dumps({"version": 1, "id": request_id, "owner": caller(), **request}, ensure_ascii=False)
    payload = document.encode(errors="replace")  # bytes outside the terminal's encoding are surrogates here
    message = Message(f"{settings.topic_prefix}/override/set", payload, qos=1)
    answers, beat = (f"{settings.topic_prefix}/controller/{leaf}" for leaf in ("event", "status"))
    client = client_id(settings.topic_prefix, "request")
    is_answered = lives = False
    with contextlib.suppress(TimeoutError):
        async with (
            asyncio.timeout(within_s) as patience,
            Mqtt(brokers, client, subscriptions=((answers, 1), (beat, 0)), streams=(answers,)) as mqtt,
        ):
            sending = asyncio.create_task(_send(mqtt, message), name="send")
            try:
                async for item in items(mqtt, brokers):
                    event = _event(item.payload) if isinstance(item, Received) else {}
                    lives = lives or _is_beat(item, beat)
                    if is_answered and event.get("code") in {LIT, DARK}:
                        show(event, options.language, options.site)
                        return
                    if not is_answered and event.get("id") == request_id:
                        show(event, options.language, options.site)
                        if event.get("code") not in STOPPED:
                            return
                        sending.cancel()
                        is_answered = True
                        patience.reschedule(asyncio.get_running_loop().time() + DARK_WITHIN_S)
            finally:
                sending.cancel()
    if not is_answered:
        if lives:
            raise Unreachable("TWL-Q124", topic=message.topic, address=str(brokers[0]))
        if tower.database is not None and mqtt.connected:
            raise Unreachable("TWL-Q164", seconds=within_s, topic=message.topic)
        raise no_controller(mqtt, brokers, options.state_dir)


async def _send(mqtt: Mqtt, message: Message) -> None:
    while True:
        mqtt.publish(message)
        await asyncio.sleep(SEND_AGAIN_S if mqtt.connected else 0.05)


def _is_beat(item: Item, topic: str) -> bool:
    """Whether it is a live sign of life of the controller, not a retained one."""
    return isinstance(item, Received) and item.topic == topic and item.payload == ONLINE and not item.retain


def _event(payload: bytes) -> dict[str, object]:
    """The controller's event in a payload; empty for any other message."""
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def show(answer: dict[str, object], language: Language, site: str | None = None) -> None:
    """Prints an answer in the user's language, or the controller's own text if its event is unknown here. Raises
    Refused for an answer that is no success."""
    code = answer.get("code")
    if code == REFUSED:
        raise Refused(REFUSED, id=answer["id"], owner=answer.get("owner"), reason=_reason(answer))
    if code == STILL_STOPPED:
        raise Refused(STILL_STOPPED, **{key: answer.get(key) for key in ("id", "owner", "reason", "by")})
    if code == LIT:
        raise Refused(LIT, **{key: answer.get(key) for key in ("owner", "gateways")})
    text = answer.get("text")
    with contextlib.suppress(KeyError):
        text = new_event(str(code), **{key: answer[key] for key in answer.keys() - FRAME}).text(language)
    of_site = f"{site}: " if site is not None else ""
    click.echo(printable(f"{of_site}{code}: {text}", LONGEST))


def _reason(answer: dict[str, object]) -> object:
    """Why it is refused, in any language if that event is known here, else its code."""
    match answer.get("reason"):
        case {"code": str(code), "fields": dict(fields)}:
            with contextlib.suppress(KeyError, TypeError):
                return Advice(new_event(code, **fields))
            return code
        case {"code": code}:
            return code
    return answer.get("reason")
