"""Checks of the facts gathered over the brokers. Each check is pure: facts in, findings out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from controller.app.broker_settings import not_reached
from controller.app.doctor.broker_facts import BrokerFacts, SiteFacts
from controller.app.doctor.examined import NONE, Examined
from controller.clock import Trust
from controller.events import Event, new_event
from controller.events.models import Phrase, Reason, Text
from controller.gateways import own_gateways
from controller.service.broker_watches import WARN
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth

NOT_REACHED, NO_CONTROLLER, NOT_DELIVERED = (
    Reason(code) for code in ("no_broker_reached", "no_controller", "controller_withheld")
)
MOST_NAMED = 5
LIKELY: Mapping[Status, str] = {"silent": "TWL-G104", "differs": "TWL-G108", "unknown": "TWL-G116"}
"""The event that the controller will emit for a gateway of this status, if it has not yet."""


def names_known(facts: SiteFacts) -> Examined:
    """Whether the names of the brokers can be looked up."""
    findings = (
        new_event("TWL-H110", host=broker.address.host, reason=broker.unknown_name)
        for broker in facts.brokers
        if broker.unknown_name is not None
    )
    return Examined("names", ", ".join(broker.address.host for broker in facts.brokers), tuple(findings))


def login(facts: SiteFacts) -> Examined:
    """Whether each broker is there, is the right one, and accepts our login."""
    user = facts.brokers[0].address.username
    fields = {"brokers": ", ".join(str(broker.address) for broker in facts.brokers), **({"user": user} if user else {})}
    text = Text("commands", "doctor.login" if user else "doctor.no_login")
    out = [broker for broker in facts.brokers if not broker.is_connected]
    findings = tuple(_not_in(broker) for broker in out if broker.unknown_name is None)  # else `names` reports it
    return Examined("login", Phrase(text, fields), findings, NOT_REACHED if out and not findings else None)


def _not_in(broker: BrokerFacts) -> Event:
    silent = new_event("TWL-M007", broker=str(broker.address), reason=Reason("no_answer_in_time"))
    return not_reached([broker.address], broker.failure or silent)


def encryption(facts: SiteFacts) -> Examined:
    """When the certificates of the brokers expire."""
    shown = [(broker, broker.certificate_until) for broker in facts.brokers if broker.address.tls is not None]
    if not shown:
        return Examined("encryption", NONE)
    held = [(broker, until) for broker, until in shown if until is not None]
    findings = (
        new_event("TWL-M014", broker=str(broker.address), days=(until - facts.now).days)
        for broker, until in held
        if until - facts.now <= WARN
    )
    value = ", ".join(f"{broker.address}: {until:%Y-%m-%d}" for broker, until in held)
    return Examined("encryption", value or "–", tuple(findings), NOT_REACHED if len(held) < len(shown) else None)


def controller_lives(facts: SiteFacts) -> Examined:
    """Whether the controller gives a sign of life."""
    if not facts.is_reached:
        return Examined("controller", unchecked=NOT_REACHED)
    findings = () if facts.lives else (_no_sign_of_life(facts),)
    at = f"{facts.health.at:%Y-%m-%d %H:%M:%S} UTC" if facts.health is not None else "–"
    if facts.health is None or (lead := facts.health.lead) is None:
        return Examined("controller", at, findings)
    zone = facts.tower.site.place.time_zone  # one clock in one line
    at = f"{facts.health.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    led = Phrase(Text("commands", "doctor.led"), {"at": at, "lead": lead.phrase(zone)})
    return Examined("controller", led, findings)


def _no_sign_of_life(facts: SiteFacts) -> Event:
    address = str(facts.brokers[0].address)
    if facts.beats:
        return new_event("TWL-Q125", address=address, topic=f"{facts.tower.mqtt.topic_prefix}/controller/#")
    if facts.runs_on is not None:
        return new_event("TWL-Q123", address=address, state=str(facts.runs_on))
    return new_event("TWL-Q102", address=address)


def _why_no_health(facts: SiteFacts) -> Reason:
    if not facts.is_reached:
        return NOT_REACHED
    return NOT_DELIVERED if facts.beats else NO_CONTROLLER


def service(facts: SiteFacts) -> Examined:
    """The service's own degradations."""
    if not facts.lives or facts.health is None:
        return Examined("service", unchecked=_why_no_health(facts))
    degradations = facts.health.degradations
    unknown = [each.code for each in degradations if each.event is None]
    findings = tuple(each.event for each in degradations if each.event is not None)
    return Examined("service", None if degradations else NONE, findings, unchecked=_reason("unknown_codes", unknown))


def read_rights(facts: SiteFacts) -> Examined:
    """Whether a broker refuses subscriptions, or does not deliver what it granted: mosquitto grants every subscription,
    so only received messages are a proof."""
    if not facts.is_reached:
        return Examined("read_rights", unchecked=NOT_REACHED)
    refused = tuple(event for broker in facts.brokers for event in broker.refused)
    unproved = _reason("grants_all", (gateway.name for gateway in facts.gateways if gateway.heard is None))
    findings = (*refused, *(_not_delivered(facts) if facts.lives else ()))
    return Examined("read_rights", findings=findings, unchecked=unproved if facts.lives else _why_no_health(facts))


def _not_delivered(facts: SiteFacts) -> Iterator[Event]:
    """Topics of our gateways that a broker does not deliver: each has two retained documents, so if one arrives, the
    other must be there too."""
    for gateway in own_gateways(facts.tower.gateways):
        kept = {gateway.topic(leaf, facts.tower.mqtt.topic_prefix) for leaf in ("reported", "availability")}
        for broker in facts.brokers:
            absent = kept - broker.received
            if len(absent) == 1:
                yield new_event("TWL-H114", broker=str(broker.address), gateway=gateway.name, topic=absent.pop())


def write_rights(facts: SiteFacts) -> Examined:
    """Whether the retained documents of the controller are at each broker. It writes to vendors' gateways only now and
    then: there a confirmation is the proof."""
    if not facts.lives or facts.health is None:
        return Examined("write_rights", unchecked=_why_no_health(facts))
    if facts.health.clock is Trust.SUSPECT:
        return Examined("write_rights", unchecked=Reason("clock_suspect"))
    own = {gateway.name for gateway in own_gateways(facts.tower.gateways)}
    unwatched = (each.name for each in facts.gateways if each.name not in own and each.status != "confirmed")
    return Examined("write_rights", findings=tuple(_unwritten(facts)), unchecked=_reason("not_watched", unwatched))


def _unwritten(facts: SiteFacts) -> Iterator[Event]:
    for gateway in own_gateways(facts.tower.gateways):
        topic = gateway.topic("desired", facts.tower.mqtt.topic_prefix)
        for broker in facts.brokers:
            if broker.is_connected and topic not in broker.received:
                yield new_event("TWL-H111", broker=str(broker.address), gateway=gateway.name, topic=topic)


def gateways(facts: SiteFacts) -> Examined:
    """The gateways that never sent anything, and those that are not as they should be."""
    if not facts.lives or facts.health is None:
        return Examined("gateways", unchecked=_why_no_health(facts))
    if facts.health.clock is Trust.SUSPECT:  # statuses are not reliable then
        return Examined("gateways", unchecked=Reason("clock_suspect"))
    findings = tuple(_amiss(each) for each in facts.gateways if not each.is_well)
    unasked = _reason(
        "not_askable", (each.name for each in facts.gateways if each.is_well and each.status == "unknown")
    )
    return Examined("gateways", f"{facts.health.confirmed} / {facts.health.total}", findings, unasked)


def _amiss(gateway: GatewayHealth) -> Event:
    if gateway.heard is None and gateway.status == "unknown":  # one that has left the broker has status silent
        return new_event("TWL-H112", gateway=gateway.name)
    status = Phrase(Text("commands", f"status.zone.{gateway.status}"))
    return new_event("TWL-H113", gateway=gateway.name, status=status, why=gateway.cause or LIKELY[gateway.status])


def unexamined(reason: Reason, findings: tuple[Event, ...] = ()) -> list[Examined]:
    """All checks as not made, because no broker could be listened to; `findings` say why."""
    others = ("names", "encryption", "controller", "service", "read_rights", "write_rights", "gateways")
    return [
        Examined("login", findings=findings, unchecked=None if findings else reason),
        *(Examined(check, unchecked=reason) for check in others),
    ]


def _reason(code: str, names: Iterable[str]) -> Reason | None:
    """A reason that lists the first of these names; None if there are none."""
    found = list(names)
    more = ", …" if len(found) > MOST_NAMED else ""
    return Reason(code, {"names": ", ".join(found[:MOST_NAMED]) + more}) if found else None


BROKER_CHECKS: tuple[Callable[[SiteFacts], Examined], ...] = (
    names_known, login, encryption, controller_lives, service, read_rights, write_rights, gateways,
)  # fmt: skip
"""In the order of display."""
