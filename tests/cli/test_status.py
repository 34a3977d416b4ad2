"""`watertower status`: what the health document says, in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.cli.news import News
from controller.cli.options import Options
from controller.cli.status import _table
from controller.clock import Reading, Trust
from controller.config.load import load_tower
from controller.events.kind import Language
from controller.events.line import json_text
from controller.mqtt import Lost, Received
from controller.service.health import CueHealth, GatewayHealth, Health, ZoneHealth

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_came_over_mqtt_does_not_steer_the_terminal(config: Path, language: Language) -> None:
    """A name that clears the screen, or that makes a line of its own, is told as what it is."""
    bad = "x\x1b[2J\nAll is well"
    zone = ZoneHealth(standing="differs", wanted=bad, shown=bad)
    gateway = GatewayHealth(name=bad, kind="dmx", online=True, heard_s=1.0, zones={"bowl": zone})
    now = CueHealth(at=NOW, looks=bad, campaign=bad, why=bad)
    health = Health(at=NOW, site=bad, clock=Trust.TRUSTED, now=now, next=now, gateways=(gateway,))
    lines = _table(health, load_tower(config), Options(lang=language), None).split("\n")
    assert not [line for line in lines if "\x1b" in line or line.startswith("All is well")]


class Ear:
    """What somebody has heard who asked a while ago; seconds count from then."""

    def __init__(self) -> None:
        self.news = News("tower")
        self.seconds = 0.0

    @property
    def silent(self) -> bool:
        """As `status` judges it now."""
        return self.news.silent_s(self._reading) is not None

    @property
    def _reading(self) -> Reading:
        return Reading(NOW + timedelta(seconds=self.seconds), self.seconds, Trust.TRUSTED)

    def status(self, word: str, broker: str = "a") -> None:
        """The retained word."""
        self.news.take(Received(broker, "tower/controller/status", word.encode(), retain=True, qos=1), self._reading)

    def health(self, written_s: float, *, retain: bool = True, broker: str = "a") -> None:
        """A document of so many seconds after NOW."""
        at = NOW + timedelta(seconds=written_s)
        now = CueHealth(at=NOW, looks="bowl dark", campaign=None, why="–")
        told = Health(at=at, site="Tower", clock=Trust.TRUSTED, now=now, next=None, gateways=())
        payload = told.model_dump_json().encode()
        self.news.take(Received(broker, "tower/controller/health", payload, retain=retain, qos=1), self._reading)


def test_a_young_document_counts_while_a_broker_says_online() -> None:
    """By itself it does not, since it is retained; nor does `online`, which a broker may have kept over its own end."""
    ear = Ear()
    ear.health(-5)
    assert ear.silent
    ear.status("online")
    assert not ear.silent
    ear.status("offline")
    assert ear.silent
    ear.status("online")
    ear.seconds = 60
    assert ear.silent


def test_a_document_that_comes_while_one_listens_counts_whatever_the_clocks_say() -> None:
    """The technician's computer is an hour ahead of the tower's."""
    ear = Ear()
    ear.status("online")
    ear.health(-3600)
    assert ear.silent
    ear.health(-3590, retain=False)
    assert not ear.silent


def test_of_two_brokers_the_newest_document_counts_and_one_that_says_online_is_enough() -> None:
    """One was away while the controller went on with the other."""
    ear = Ear()
    ear.status("offline", "a")
    ear.health(-600, broker="a")
    ear.status("online", "b")
    ear.health(-2, broker="b")
    ear.health(-600, broker="a")
    assert not ear.silent
    assert ear.news.health is not None
    assert ear.news.health.at == NOW - timedelta(seconds=2)
    ear.news.take(Lost("b", "no answer"), Reading(NOW, 0.0, Trust.TRUSTED))
    assert ear.silent


def test_json_holds_no_character_that_steers_the_terminal() -> None:
    """U+009B begins an escape sequence as ESC [ does, U+202E turns the line round; a program reads the same text."""
    bad = "x\x9b31m\u202e\x7f\x1b[2J\u2028å😀\U000e0001"
    health = Health(
        at=NOW,
        site=bad,
        clock=Trust.TRUSTED,
        now=CueHealth(at=NOW, looks=bad, campaign=bad, why=bad),
        next=None,
        gateways=(),
    )
    said = json_text(health.model_dump(mode="json"), 2)
    assert all(char.isprintable() for char in said.replace("\n", ""))
    assert "å😀" in said
    assert Health.model_validate_json(said) == health
