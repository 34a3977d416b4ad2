"""One connection to one broker, from the CONNECT to the end. It is never used again after that, so that nothing stale
can be sent: whatever paho still has queued is dropped with its connection."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt import incoming
from controller.mqtt.client_settings import MAX_PAYLOAD_BYTES, PARTS, Address, ClientSettings
from controller.mqtt.packet_socket import (
    PINGREQ,
    PUBACK,
    PUBLISH,
    RETAIN,
    NotMqttError,
    puback_packet,
    publish_packet,
    read_publish,
)
from controller.mqtt.paho_loop import BROKER_SILENT, LEFT, BrokenOffError, PahoClient, PahoLoop
from controller.mqtt.queues import Inbox, Outbox
from controller.retry import TokenBucket
from controller.threads import in_step_s
from controller.topics import matches

DIAL_S = 5.0
"""Seconds for TCP, per address of the host, and for the TLS handshake."""
FLUSH_S = 0.8
SILENCE = 1.7
"""Keepalives without a byte after which a connection is dead, whatever TCP reports. The PINGREQ is sent after one
keepalive, so that a slow broker still has 0.7 to answer."""
BATCH_BYTES = 1 << 16
"""Bytes handed to the socket in one write: what waits in the socket is no longer replaced by a newer value."""
MIDS = range(0x4000, 0x10000)
"""Packet identifiers of messages; paho counts those of its subscriptions from 1."""
ACKNOWLEDGE_S = 60.0
"""Seconds. A broker that never acknowledges would hold back the newest value of a topic for ever."""
UNACKNOWLEDGED = Reason("broker_unacknowledged")
COALESCED_EVERY_S = 60.0

CONNACK = {
    132: (1, Reason("not_mqtt_311")),
    133: (2, Reason("client_id_refused")),
    136: (3, Reason("broker_unavailable")),
    134: (4, Reason("bad_login")),
    135: (5, Reason("not_authorized")),
}
"""paho's reason codes (MQTT 5) back to the return codes of MQTT 3.1.1 section 3.2.2.3, and what they mean."""


class NotLetInError(Exception):
    """The broker refuses us in its CONNACK."""

    def __init__(self, code: int, reason: Reason) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Connection:
    """See the module docstring. `known`: the broker has been given our retained messages before."""

    def __init__(self, address: Address, settings: ClientSettings, inbox: Inbox, *, attempts: int, known: bool) -> None:
        self._address = address
        self._broker = str(address)
        self._settings = settings
        self._inbox = inbox
        self._attempts = attempts
        self._status_to_verify = settings.status_topic if known else None
        self._status_topic = status = settings.status_topic
        self._is_status_subscribed = status is not None and any(
            matches(wanted, status) for wanted, _ in settings.subscriptions
        )
        self._is_accepted = False
        self._loop = asyncio.get_running_loop()
        self._client = self._new_client()
        self._paho = PahoLoop(self._client, inbox, self._take, self._turn)
        self._answer: asyncio.Future[NotLetInError | None] = self._loop.create_future()
        self._outbox = Outbox()
        self._ping_at_s = 0.0
        self._mids = itertools.cycle(MIDS)
        self._acknowledgements: list[bytes] = []
        self._subscriptions = Subscriptions(settings.subscriptions)
        self._overtaken, self._overtaken_topic, self._overtaken_items = 0, "", TokenBucket(1, COALESCED_EVERY_S)

    @property
    def connected(self) -> bool:
        """From the CONNACK to the end."""
        return self._is_accepted and not self._paho.over.done()

    @property
    def certificate_until(self) -> datetime | None:
        """When the broker's certificate expires; None without TLS."""
        return self._paho.certificate_until

    async def open(self) -> None:
        """Connects; raises NotLetInError, OwnFilesError, OSError or any other error on the way."""
        await self._paho.open(self._address, self._settings.keepalive_s)
        ends: set[asyncio.Future[Any]] = {self._answer, self._paho.over}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not self._answer.done():
            raise BrokenOffError(self._paho.over.result())
        if refusal := self._answer.result():
            raise refusal

    async def stay(self) -> None:
        """Returns when the connection has ended; the reason goes to the inbox."""
        while not self._paho.over.done():
            pause_s = in_step_s(self._settings.keepalive_s / (4 if self._is_well else 20))
            await asyncio.wait({self._paho.over}, timeout=pause_s)
            self._tick()
        self._inbox.put(incoming.Disconnected(self._broker, self._paho.over.result()))

    @property
    def _is_well(self) -> bool:
        """Whether nothing is outstanding: the timer can then run less often, which saves power on a small computer."""
        silent_s = self._loop.time() - self._paho.received_s
        return self.connected and self._outbox.idle and silent_s < 0.75 * self._settings.keepalive_s

    async def leave(self) -> None:
        """Sends what was published, then DISCONNECT, and closes: within FLUSH_S, even if the broker does not answer."""
        try:
            if self.connected:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_S):
                        while self.connected and not (self._outbox.idle and not self._client.want_write()):
                            await asyncio.wait({self._paho.over}, timeout=FLUSH_S / 100)
                self._client.disconnect()
        finally:
            self._paho.end(LEFT)

    def publish(self, messages: Iterable[Message]) -> None:
        """Sends the messages as soon as the outbox allows; drops them while not connected."""
        if self.connected:
            for message in messages:
                self._outbox.put(message)
            if self._outbox.ready and not self._paho.is_writing:
                self._turn()

    def _new_client(self) -> PahoClient:
        client = PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = DIAL_S
        client.username = self._address.username
        if will := self._settings.will:
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        return client

    def _turn(self) -> None:
        """Writes what may be sent now; then the rest of the program has its turn."""
        try:
            if self._acknowledgements:
                acknowledgements, self._acknowledgements = self._acknowledgements, []
                self._paho.write(b"".join(acknowledgements))
            if self._paho.flush() and self.connected and (packets := self._packets()):
                self._paho.write(packets)
        except Exception as error:
            self._paho.fail(error)
        self._paho.watch(more=self._outbox.ready)

    def _packets(self) -> bytes:
        """Packets of the messages that the outbox releases, up to BATCH_BYTES."""
        packets, size, now_s = list[bytes](), 0, self._loop.time()
        while size < BATCH_BYTES and (message := self._outbox.take()):
            mid = 0
            if message.qos:
                mid = next(self._mids)
                while self._outbox.awaits(mid):
                    mid = next(self._mids)
                self._outbox.sent(message, mid, now_s)
            packets.append(publish_packet(message, mid))
            size += len(packets[-1])
        return b"".join(packets)

    def _tick(self) -> None:
        try:
            self._look_after()
        except Exception as error:
            self._paho.fail(error)

    def _look_after(self) -> None:
        """Handles keepalive, timeouts, refused filters, and the count of messages replaced by newer ones."""
        if not self.connected:
            return
        now = self._loop.time()
        if now - min(self._paho.sent_s, self._paho.received_s) >= self._settings.keepalive_s and now >= self._ping_at_s:
            self._ping_at_s = now + self._settings.keepalive_s
            self._paho.write(PINGREQ)
        if now - self._paho.received_s > SILENCE * self._settings.keepalive_s and not self._paho.is_paused:
            self._paho.end(BROKER_SILENT)
        elif self._outbox.unacknowledged_s(now) > ACKNOWLEDGE_S:
            self._paho.end(UNACKNOWLEDGED)
        self._subscribe(now)
        if self._overtaken and self._overtaken_items.allows(now):
            self._inbox.put(incoming.Coalesced(self._broker, self._overtaken_topic, self._overtaken))
            self._overtaken, self._overtaken_items = 0, self._overtaken_items.spend(now)
        self._turn()

    def _subscribe(self, now: float) -> None:
        for batch in self._subscriptions.due(now):
            _, mid = self._client.subscribe(list(batch))
            if mid is not None:
                self._subscriptions.requested(mid, batch)

    def _on_connect(self, _client: Any, _data: Any, flags: Any, reason: ReasonCode, _more: Any) -> None:
        if reason.is_failure:
            other = reason.value, Reason("other", {"text": str(reason)})
            self._answer.set_result(NotLetInError(*CONNACK.get(reason.value, other)))
            return
        self._answer.set_result(None)
        self._is_accepted = True
        if self._status_to_verify:
            self._client.subscribe(self._status_to_verify)
        self._subscribe(self._loop.time())
        for message in self._settings.birth:
            self._outbox.put(message)
        self._inbox.put(
            incoming.Connected(self._broker, bool(flags.session_present), self._attempts, self._paho.certificate_until)
        )

    def _on_subscribe(self, _client: Any, _data: Any, mid: int, reasons: list[ReasonCode], _more: Any) -> None:
        answered = self._subscriptions.answered(mid, [reason.is_failure for reason in reasons])
        for topic_filter, is_refused in answered:
            kind = incoming.SubscriptionRefused if is_refused else incoming.SubscriptionGranted
            self._inbox.put(kind(self._broker, topic_filter))

    def _take(self, head: int, body: bytes, size: int) -> bool:
        """Handles the packets of messages, which are nearly all that arrive; the others are left to paho."""
        kind = head & 0xF0
        if not self._is_accepted or kind not in {PUBLISH, PUBACK}:
            return False
        if kind == PUBLISH:
            topic, mid, payload = read_publish(head, body)
            self._receive(topic, payload, bool(head & RETAIN), len(mid) // 2, cut=size - len(body))
            if mid:
                self._acknowledgements.append(puback_packet(mid))
        elif len(body) == 2:
            self._outbox.acknowledged(int.from_bytes(body, "big"), self._paho.received_s)
        else:
            raise NotMqttError
        return True

    def _receive(self, name: bytes, payload: bytes, retain: bool, qos: int, *, cut: int) -> None:
        broker = self._broker
        try:
            topic = name.decode()
        except UnicodeDecodeError:  # no broker may pass it on (MQTT 3.1.1 section 1.5.3), and no filter asks for it
            return
        if topic == self._status_topic and not self._take_own_status(retain):
            return
        if len(payload) > MAX_PAYLOAD_BYTES:
            oversized = incoming.Oversized(broker, topic, len(payload) + cut)
            self._inbox.put(oversized, (incoming.Oversized, self, topic))
            return
        received = incoming.Received(broker, topic, payload, retain, qos)
        slot = None if topic in self._settings.streams else (self, topic)
        older = self._inbox.put(received, slot, PARTS if topic in self._settings.partial else 1)
        # a retained message is from before the connection, and an equal payload adds nothing to the newer one
        if isinstance(older, incoming.Received) and not older.retain and older.payload != received.payload:
            if not self._overtaken:
                self._loop.call_later(self._settings.keepalive_s / 20, self._tick)
            self._overtaken += 1
            self._overtaken_topic = topic

    def _take_own_status(self, retain: bool) -> bool:
        """Whether the caller subscribed to our own status, and not only we, to verify it.

        A status that the broker had kept arrives before the echo of the birth message that we have just published; if
        the echo arrives first, the broker had kept nothing.
        """
        if self._status_to_verify:
            self._status_to_verify = None
            if not retain:
                self._inbox.put(incoming.Forgot(self._broker))
        return self._is_status_subscribed


Filters = tuple[tuple[str, int], ...]

RETRY_S = 30.0
BATCH = 100
"""Filters in one SUBSCRIBE: it stays far below a `max_packet_size` of 64 kB."""


class Subscriptions:
    """Which topic filters the broker of one connection has granted, and which to request (again).

    A refusal is reported once per connection, and the filter requested again every RETRY_S: access rules are corrected
    while we run, and some brokers refuse for a while what they grant later."""

    def __init__(self, filters: Filters) -> None:
        self._missing: dict[str, int] = dict(filters)
        self._refused: set[str] = set()
        self._pending: dict[int, Filters] = {}
        self._due = 0.0

    def due(self, now: float) -> Iterator[Filters]:
        """Filters to request at `now` (seconds, monotonic), in batches; each is requested once per RETRY_S."""
        if not self._missing or now < self._due:
            return
        self._due = now + RETRY_S
        missing = tuple(self._missing.items())
        for start in range(0, len(missing), BATCH):
            yield missing[start : start + BATCH]

    def requested(self, mid: int, batch: Filters) -> None:
        """The batch went out under this packet identifier."""
        self._pending[mid] = batch

    def answered(self, mid: int, refused: list[bool]) -> Iterator[tuple[str, bool]]:
        """Takes the answers of a SUBACK, in the order of the request; yields the filters refused for the first time,
        and those granted that had been refused, each with whether it is refused."""
        for (topic_filter, _), is_refused in zip(self._pending.pop(mid, ()), refused, strict=False):
            if not is_refused:
                self._missing.pop(topic_filter, None)
            if is_refused != (topic_filter in self._refused):
                self._refused ^= {topic_filter}
                yield topic_filter, is_refused
