"""The controller as seen on the brokers: its health documents, and whether it lives.

The controller sends `online` every HEARTBEAT_S, so a sign of life is a message that arrives live. Its date proves
nothing: the reader's clock may be behind by as much as the controller has been dead. Retained messages are the past,
even an `offline`, which anybody may have written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from controller.clock import ClockReading
from controller.gateways.base import Rejected
from controller.mqtt import Disconnected, Failure, Item, Received
from controller.service.gateway_state import Status
from controller.service.health import (
    GatewayHealth,
    Health,
    LookValue,
    Unconfirmed,
    ZoneHealth,
    parse_gateway_health,
    parse_health,
)
from controller.topics import matches

HEARTBEAT_S = 2.0
STALE_S = 30.0
ONLINE = b"online"
PATIENCE_S = 12.0
"""Seconds to wait for a sign of life of a controller whose retained status is `online`: it may be busy."""
OFFLINE_S = 2 * HEARTBEAT_S + 1.0
"""Seconds to wait where every broker's status is `offline`."""
CLOCKS_DIFFER_S = 30.0
"""Age in seconds that a live document never reaches."""


@dataclass(slots=True)
class _Broker:
    """What came from one broker: the newest documents, the latest status, and the last sign of life (boot time)."""

    health: Health | None = None
    gateways: dict[str, GatewayHealth] = field(default_factory=dict)
    online: bool | None = None
    live_s: float = float("-inf")


@dataclass(slots=True)
class HealthWatch:
    """Everything received under a topic prefix. Of several brokers the one with the latest sign of life counts:
    documents on another one may be from before it was cut off."""

    prefix: str
    began_s: float
    _brokers: dict[str, _Broker] = field(default_factory=dict)

    @property
    def topics(self) -> tuple[str, str]:
        """Topics of the summary, and of the status `online` or `offline`."""
        return f"{self.prefix}/controller/health", f"{self.prefix}/controller/status"

    @property
    def gateway_topics(self) -> str:
        """Topic filter of the documents of gateways."""
        return f"{self.prefix}/controller/gateway/+"

    @property
    def health(self) -> Health | None:
        """The summary of the living controller, else the newest one left of it."""
        latest = self._latest
        return latest.health if latest is not None else None

    @property
    def gateways(self) -> tuple[GatewayHealth, ...]:
        """The gateways that the summary names, as it and their documents have them."""
        latest = self._latest
        return gateways_of(latest.health, latest.gateways) if latest is not None and latest.health is not None else ()

    def has_documents_of(self, names: Iterable[str]) -> bool:
        """Whether the document of each of these gateways has come."""
        latest = self._latest
        return latest is not None and latest.gateways.keys() >= set(names)

    @property
    def _latest(self) -> _Broker | None:
        with_summary = [one for one in self._brokers.values() if one.health is not None]
        return max(with_summary, key=lambda one: (one.live_s, one.health.at if one.health else None), default=None)

    def take(self, item: Item, now: ClockReading) -> None:
        """Take an item of a connection; what came from a broker that is lost is dropped."""
        if isinstance(item, Failure | Disconnected):
            self._brokers.pop(item.broker, None)
        elif isinstance(item, Received):
            self._receive(self._brokers.setdefault(item.broker, _Broker()), item, now)

    def _receive(self, broker: _Broker, item: Received, now: ClockReading) -> None:
        if matches(self.gateway_topics, item.topic):
            document = parse_gateway_health(item.payload)
            if isinstance(document, GatewayHealth):
                broker.gateways[document.name] = document
            return
        summary = parse_health(item.payload) if item.topic == self.topics[0] else None
        if isinstance(summary, Health):
            broker.health = summary
        elif summary is None:
            is_online = item.payload == ONLINE
            if is_online and broker.online is False:
                broker.health = None  # the controller may have restarted: the old summary proves nothing about it
            broker.online = is_online
        if not item.retain and not isinstance(summary, Rejected):
            broker.live_s = now.mono if summary is not None or broker.online else float("-inf")

    def lives(self, now: ClockReading) -> bool:
        """Whether a sign of life came within STALE_S from a broker with a summary."""
        return any(now.mono - one.live_s <= STALE_S for one in self._brokers.values() if one.health is not None)

    def beats(self, now: ClockReading) -> bool:
        """Whether the controller is `online`, with or without a summary: a reader may be allowed to read the status
        only."""
        return any(one.online and now.mono - one.live_s <= STALE_S for one in self._brokers.values())

    def is_over(self, now: ClockReading, brokers: int) -> bool:
        """Whether waiting is over: the controller lives, or has not sent anything for as long as a living one might
        need."""
        words = [one.online for one in self._brokers.values()]
        is_offline = len(words) == brokers and not any(word is not False for word in words)
        waited_s = now.mono - self.began_s
        return self.lives(now) or waited_s >= (OFFLINE_S if is_offline else PATIENCE_S)

    def clock_ahead_s(self, now: ClockReading) -> float | None:
        """Seconds by which the clock of this computer is ahead of a living controller's; None where they agree."""
        if self.health is None or not self.lives(now):
            return None
        ahead = now.wall - self.health.at
        is_so = ahead < -timedelta(seconds=HEARTBEAT_S) or ahead > timedelta(seconds=CLOCKS_DIFFER_S)
        return round(ahead.total_seconds()) if is_so else None


def gateways_of(health: Health, documents: Mapping[str, GatewayHealth]) -> tuple[GatewayHealth, ...]:
    """The gateways that a summary names, each as in its document. Where the two were written at different moments the
    summary decides about status and desired look: a gateway's document is not written for a short *pending*."""
    unconfirmed = {each.name: each for each in health.unconfirmed}
    names = dict.fromkeys((*health.heard_s, *unconfirmed))
    found = (_gateway_of(health, name, unconfirmed.get(name), documents.get(name)) for name in names)
    return tuple(gateway for gateway in found if gateway is not None)


def _gateway_of(
    health: Health, name: str, known: Unconfirmed | None, document: GatewayHealth | None
) -> GatewayHealth | None:
    """The gateway; None where only its name is known."""
    if document is None:
        if known is None:
            return None
        heard_s = health.heard_s.get(name)
        seen_at = health.at - timedelta(seconds=heard_s) if heard_s is not None else None
        unseen = LookValue(on=None)
        zones = {
            zone: ZoneHealth(status=status, desired=health.now.looks.get(zone, unseen), reported=unseen, is_old=True)
            for zone, status in known.zones.items()
        }
        return GatewayHealth(
            version=1,
            at=health.at,
            name=name,
            kind=known.kind,
            status=known.status,
            online=None,
            heard=seen_at,
            code=known.code,
            zones=zones,
        )
    statuses: Mapping[str, Status] = known.zones if known is not None else dict.fromkeys(document.zones, "confirmed")
    if all(zone.status == statuses.get(each) for each, zone in document.zones.items()):
        return document
    zones = {each: _zone_of(health, each, zone, statuses.get(each, "unknown")) for each, zone in document.zones.items()}
    status = known.status if known is not None else "confirmed"
    code = known.code if known is not None else None
    return document.model_copy(update={"status": status, "code": code, "zones": zones})


def _zone_of(health: Health, name: str, zone: ZoneHealth, status: Status) -> ZoneHealth:
    if zone.status == status:
        return zone
    is_old = status in {"silent", "unknown"}
    desired = health.now.looks.get(name, zone.desired)
    return zone.model_copy(update={"status": status, "desired": desired, "is_old": is_old})
