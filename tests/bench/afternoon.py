"""The script that an engineer would write in an afternoon: APScheduler for the instants, paho for the lamps, all
defaults, what each lamp reports in a dictionary. It checks nothing, keeps nothing and notifies nobody.

`python -m tests.bench.yardsticks script PORT COUNT` runs it.
"""

import threading
from datetime import UTC, datetime

import paho.mqtt.client as paho
from apscheduler.schedulers.background import BackgroundScheduler
from paho.mqtt.enums import CallbackAPIVersion


class Script:
    """COUNT lamps that listen on `script/<number>/set` and report on `script/<number>`."""

    def __init__(self, port: int, count: int, payload: bytes) -> None:
        self._topics = [f"script/{number}/set" for number in range(count)]
        self._payload = payload
        self._reported: dict[str, bytes] = {}
        self.confirmed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "script")
        self._client.on_connect = self._connected
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.start()

    def show_at(self, wall_s: float, payload: bytes) -> None:
        """Show something else at this instant, in seconds since 1970."""
        self._scheduler.add_job(self._show, "date", run_date=datetime.fromtimestamp(wall_s, UTC), args=[payload])

    def _connected(self, *_: object) -> None:
        self._client.subscribe("script/+", 1)
        self._show(self._payload)

    def _show(self, payload: bytes) -> None:
        self._payload = payload
        self._reported.clear()
        self.confirmed.clear()
        for topic in self._topics:
            self._client.publish(topic, payload, 1)

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        if message.payload == self._payload:
            self._reported[message.topic] = message.payload
            if len(self._reported) == len(self._topics):
                self.confirmed.set()
