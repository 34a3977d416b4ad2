"""An ear on the wire that shares no code with the service."""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.nights.waiting import GENEROUS_S, until
from tests.parts import free_port

ORANGE = {"on": True, "color": "#FF6A00", "brightness": 1.0}


@dataclass(frozen=True)
class Heard:
    """One message, and when it came (seconds on the monotonic clock)."""

    topic: str
    payload: bytes
    retain: bool
    at_s: float

    @property
    def document(self) -> Any:
        """As JSON."""
        return json.loads(self.payload)

    @property
    def at(self) -> datetime:
        """The instant in the document."""
        return datetime.fromisoformat(self.document["at"])


class Ear:
    """Hears everything on one broker, and comes back by itself when the broker does."""

    def __init__(self, port: int, login: tuple[str, str] | None = None) -> None:
        self.heard: list[Heard] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"ear-{os.getpid()}-{id(self)}")
        if login is not None:
            self._client.username_pw_set(*login)
        self._client.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type]  # it waits as long, also when it is closed
        self._client.on_connect = lambda *_: self._client.subscribe("#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _, __, told: self.heard.append(
            Heard(told.topic, told.payload, told.retain, time.monotonic())
        )
        self._client.connect_async("127.0.0.1", port, keepalive=5)
        self._client.loop_start()
        assert self._ready.wait(GENEROUS_S), "the ear does not reach the broker"

    def close(self) -> None:
        """Takes leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Publishes, and waits until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(GENEROUS_S)

    def on(self, topic: str, since: int = 0) -> list[Heard]:
        """What was said on a topic."""
        return [one for one in self.heard[since:] if one.topic == topic and one.payload]

    def last(self, topic: str, since: int = 0) -> Heard | None:
        """What was said last on a topic."""
        return next(iter(self.on(topic, since)[-1:]), None)

    def events(self, code: str, since: int = 0) -> list[dict[str, Any]]:
        """The events of the controller with this code."""
        told = (one.document for one in self.on("watertower/controller/event", since))
        return [event for event in told if event["code"] == code]

    def word(self, topic: str) -> bytes | None:
        """The last payload on a topic."""
        last = self.last(topic)
        return last.payload if last is not None else None

    def shows(self, zones: dict[str, Any], since: int = 0, gateway: str = "mast") -> Heard | None:
        """The last report that has just this content."""
        last = self.last(f"watertower/gateway/{gateway}/reported", since)
        return last if last is not None and shown(last.document) == zones else None

    def confirmed(self, since: int = 0) -> bool:
        """Whether the last health document of a living controller says that every zone is confirmed."""
        told = [one for one in self.on("watertower/controller/health", since) if not one.retain]
        if not told:
            return False
        return set(told[-1].document["counts"]) == {"confirmed"}


Listen = Callable[..., Ear]
"""Opens an ear on a mosquitto, or on the port of an embedded broker."""


def shown(report: dict[str, Any]) -> dict[str, Any]:
    """The zones of a report; the colour of what is dark does not count."""
    return {zone: told if told["on"] else {"on": False} for zone, told in report["zones"].items()}


def everywhere(look: dict[str, Any]) -> dict[str, Any]:
    """The same in both zones of the shipped tower."""
    return {"bowl": look, "shaft": look}


@dataclass(frozen=True)
class Words:
    """What the tests share without importing each other."""

    until: Callable[..., Any] = until
    everywhere: Callable[[dict[str, Any]], dict[str, Any]] = everywhere
    shown: Callable[[dict[str, Any]], dict[str, Any]] = shown
    free_port: Callable[[], int] = free_port

    @property
    def orange(self) -> dict[str, Any]:
        """What a zone says in the campaign."""
        return dict(ORANGE)

    @property
    def all_orange(self) -> dict[str, Any]:
        """What a report says in the campaign."""
        return everywhere(ORANGE)

    @property
    def all_dark(self) -> dict[str, Any]:
        """What it says beside it."""
        return everywhere({"on": False})

    def instant(self, text: str) -> datetime:
        """UTC."""
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
