"""How much one broker takes on; each figure keeps one client from spending what belongs to all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds of one broker. The controller and the gateways of the same process are let in and
    retained beyond them."""

    packet_bytes: int = 2 << 20
    """The largest packet; its sender is disconnected before the body is read."""
    unfinished_bytes: int = 16 << 20
    """Packets that have come in part, of all clients; beyond it the one begun first ends its connection."""
    clients: int = 200
    """Clients that are connected at the same time; one more gets CONNACK 3."""
    reserved: int = 20
    """Further ones whose client id says that they are commands or gateways of the tower."""
    strangers: int = 200
    """Connections that have not logged in yet; for one more the oldest is closed: who means well logs in at once.

    All come together after a power cut.
    """
    connect_within_s: float = 5.0
    """How long a connection may take to log in."""
    sessions: int = 200
    """Lasting sessions of clients that are away; the one longest away is forgotten."""
    filters: int = 250
    """Subscriptions of one client; one more gets SUBACK 0x80."""
    filter_bytes: int = 256 << 10
    """The memory that they take, FILTER_COST a level."""
    window: int = 100
    """QoS 1 and 2 messages on their way to one client without its acknowledgement."""
    held: int = 1000
    """QoS 2 messages of one client that it has not released; one more ends the connection."""
    queue_bytes: int = 16 << 20
    """What may wait for one connected client, acknowledgements included; beyond it the client is dropped."""
    queues_bytes: int = 48 << 20
    """The same for all connected clients; beyond it the one with most is dropped."""
    absent_bytes: int = 1 << 20
    """What may wait for one client that is away; beyond it the oldest messages go."""
    absent_messages: int = 1000
    """The same in messages."""
    all_absent_bytes: int = 8 << 20
    """The same for all clients that are away; beyond it half of what waits for the one with most goes."""
    retained: int = 20_000
    """Retained messages; for a further topic the one that was published longest ago goes."""
    retained_bytes: int = 16 << 20
    """The same in bytes of topics and payloads."""
    save_every_s: float = 60.0
    """The shortest time between two writes of the file, at most SELDOM_S."""
    disk_bytes_per_s: float = 50.0
    """What writing may come to on the long run: a file of 30 kB is written every ten minutes."""
