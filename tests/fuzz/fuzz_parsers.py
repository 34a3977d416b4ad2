"""Coverage-guided fuzzing of every parser that reads what comes from outside, by hand and for as long as one likes:

    pip install atheris && python tests/fuzz/fuzz_parsers.py -max_total_time=600

Each target takes any bytes and must answer with a value or one of the errors it promises; anything else is a finding.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from controller.broker.packets import Framer, ProtocolError, decode
    from controller.config.load import parse
    from controller.durations import parse_duration
    from controller.errors import FilesRejected, Mistake
    from controller.events import new_event
    from controller.fixtures.ofl import import_fixture, modes
    from controller.gateways import GATEWAYS
    from controller.gateways.wire import parse_desired, parse_reported, parse_walk
    from controller.schedule.days import Days
    from controller.schedule.hours import Window
    from controller.service.health import parse_health
    from controller.service.override_request import parse_request

ROOT = Path(__file__).parents[2]
TOWER = (ROOT / "config" / "tower.yaml").read_bytes()
SCHEDULE = (ROOT / "config" / "schedule.yaml").read_bytes()
VENDORS = json.loads((ROOT / "tests" / "vectors" / "vendors.json").read_text())
MODELS = [GATEWAYS[entry["kind"]].model_validate(entry) for entry in VENDORS]
TOPICS = [(gateway, topic) for gateway in MODELS for topic in gateway.topics("watertower")]
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def text_of(data: bytes) -> str:
    """The bytes as text, whatever they are."""
    return data.decode("utf-8", "replace")


def typed(parser: Callable[[str], object], data: bytes) -> None:
    """What a person types: a value, or a Mistake of the catalogue, with its place inside the text."""
    text = text_of(data)
    try:
        parser(text)
    except Mistake as mistake:
        new_event(mistake.code, **mistake.fields).text("sv")
        assert 0 <= mistake.start <= len(text), mistake


def broker(data: bytes) -> None:
    """Packets from anyone who can reach the port."""
    framer = Framer(65_536)
    try:
        framer.feed(data)
        while (packet := framer.take()) is not None:
            decode(*packet)
    except ProtocolError:
        return


def dialect(data: bytes) -> None:
    """Any payload on a gateway's topic."""
    if len(data) < 2:
        return
    gateway, topic = TOPICS[data[0] % len(TOPICS)]
    gateway.decode(topic, data[1:], "watertower")


def files(data: bytes) -> None:
    """Either of the two files."""
    try:
        if data[:1] < b"\x80":
            parse(TOWER, data[1:], ROOT / "config")
        else:
            parse(data[1:], SCHEDULE, ROOT / "config")
    except FilesRejected as rejected:
        assert rejected.findings


def fixture(data: bytes) -> None:
    """A fixture file from a library."""
    text = text_of(data)
    try:
        for mode in modes(text)[:3]:
            import_fixture(text, mode)
    except Mistake as mistake:
        new_event(mistake.code, **mistake.fields)


TARGETS: tuple[Callable[[bytes], object], ...] = (
    parse_desired,
    parse_reported,
    parse_request,
    parse_walk,
    parse_health,
    broker,
    dialect,
    files,
    fixture,
    lambda data: typed(Days.parse, data),
    lambda data: typed(Window.parse, data),
    lambda data: typed(parse_duration, data),
)


def one(data: bytes) -> None:
    """The first byte chooses the target."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
