"""How much one broker takes on; each figure keeps one client from spending what belongs to all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds of one broker."""

    packet_bytes: int = 2 << 20
    """The largest packet; its sender is disconnected before the body is read."""
    clients: int = 200
    """Clients that are connected at the same time; one more gets CONNACK 3."""
    strangers: int = 200
    """Connections that have not logged in yet; for one more the oldest is closed: who means well logs in at once.

    All come together after a power cut.
    """
    connect_within_s: float = 5.0
    """How long a connection may take to log in."""
    sessions: int = 500
    """Lasting sessions of clients that are away; the one longest away is forgotten."""
    filters: int = 250
    """Subscriptions of one client; one more gets SUBACK 0x80."""
    window: int = 100
    """QoS 1 and 2 messages on their way to one client without its acknowledgement."""
    queue_bytes: int = 16 << 20
    """What may wait for one client. Beyond it a connected one is dropped, an absent one loses the oldest."""
    retained: int = 20_000
    """Retained messages; a further topic is delivered and not kept."""
    retained_bytes: int = 64 << 20
    """The same in bytes of topics and payloads."""
    save_every_s: float = 0.2
    """The shortest time between two writes of the store; on an SD card rather more."""
