"""What `check` accepts can be sent: the largest document of a schedule that is right fits into one message."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.checks import MOST_IN_RULES, MOST_RULES, MOST_WINDOWS
from controller.config.findings import Finding
from controller.config.load import parse
from controller.errors import FilesRejected
from controller.gateways.base import DesiredState, Order
from controller.gateways.dmx import Dmx
from controller.gateways.wire import MAX_PAYLOAD, DesiredDocument, parse_desired

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = """version: 1
site: {name: T, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm}
mqtt: {broker: embedded}
zones:
"""
Found = Callable[..., tuple[Finding, ...]]


def tower(zones: int) -> bytes:
    """One gateway with so many zones, a dimmer each."""
    names = [f"z{number}" for number in range(zones)]
    lamps = "".join(
        f"      - {{name: l{i}, zone: {name}, profile: dimmer, address: {i + 1}}}\n" for i, name in enumerate(names)
    )
    gateway = f"gateways:\n  - name: mast\n    kind: dmx\n    output: simulated\n    fixtures:\n{lamps}"
    return (HEAD + "".join(f"  - {name}\n" for name in names) + gateway).encode()


def schedule(colors: int) -> bytes:
    """One campaign with a sequence of so many colours, every night."""
    listed = "".join(f'      - "#{color * 97 + 1:06X}"\n' for color in range(colors))
    pace = "    change_every: 5 s\n" if colors > 1 else ""
    return f"version: 1\ncampaigns:\n  - name: a\n    nights: every night\n    color:\n{listed}{pace}".encode()


def codes(zones: int, colors: int) -> list[str]:
    """The findings for such a tower with such a schedule; where nothing is, the document holds 48 hours."""
    try:
        setup = parse(tower(zones), schedule(colors), Path("config"))
    except FilesRejected as rejected:
        return [finding.code for finding in rejected.findings]
    gateway = setup.tower.gateways[0]
    assert isinstance(gateway, Dmx)
    ahead = NOW + timedelta(hours=72)
    want = DesiredState(now=NOW, zones={}, order=Order(1, 1), cues=setup.program().cues(NOW, ahead), valid_until=ahead)
    payload = gateway.encode(want, "watertower")[0].payload
    document = parse_desired(payload)
    assert isinstance(document, DesiredDocument), document
    assert len(payload) <= MAX_PAYLOAD
    assert document.valid_until - NOW >= timedelta(hours=48)
    return []


@pytest.mark.parametrize(
    ("zones", "colors", "expected"),
    [
        (2, 512, []),
        (30, 60, []),
        (120, 2, []),
        (30, 512, ["TWL-S154"]),
        (110, 512, ["TWL-S154"]),
        (400, 2, ["TWL-S154"]),
    ],
)
def test_what_is_accepted_fits_into_the_document_of_a_gateway(zones: int, colors: int, expected: list[str]) -> None:
    """With two days of plan ahead; what does not is refused at its colours."""
    assert codes(zones, colors) == expected


def test_there_is_no_gap_between_what_is_accepted_and_what_can_be_sent() -> None:
    """At the border too."""
    accepted = [colors for colors in range(20, 140, 4) if not codes(30, colors)]
    assert accepted
    assert max(accepted) < 136


def test_a_schedule_that_would_take_minutes_is_refused_at_once(findings: Found) -> None:
    """By the number of its entries and of their hours, at the first one too many."""
    rows = [f"  - {{name: c{i}, dates: every day, color: orange}}\n" for i in range(MOST_RULES + 1)]
    head = "version: 1\ncampaigns:\n"
    assert not findings(schedule=(head + "".join(rows[:-1])).encode())
    (found,) = findings(schedule=(head + "".join(rows)).encode())
    assert (found.code, found.place and found.place.line) == ("TWL-S155", MOST_RULES + 3)


def test_as_many_windows_as_a_schedule_may_have_are_taken_and_no_more(findings: Found) -> None:
    """All rules together; one without hours has one window."""
    hours = ", ".join(["sunset to 23:00"] * 50)
    rows = [f"  - {{name: c{i}, dates: 6 June, hours: [{hours}], color: red}}\n" for i in range(MOST_WINDOWS // 50)]
    head = "version: 1\ncampaigns:\n"
    assert not findings(schedule=(head + "".join(rows)).encode())
    (found,) = findings(schedule=(head + "".join(rows) + "  - {name: more, dates: 6 June, color: red}\n").encode())
    assert (found.code, found.place and found.place.line) == ("TWL-S155", len(rows) + 3)


@pytest.mark.parametrize("group", ["campaigns", "every_night", "blackouts"])
@pytest.mark.parametrize("word", ["nights", "hours"])
def test_a_rule_with_an_empty_list_of_days_or_hours_could_never_be_lit(group: str, word: str, findings: Found) -> None:
    """Reported at the list, in each group of rules."""
    days = "" if word == "nights" else "    nights: 6 June\n"
    color = "" if group == "blackouts" else "    color: red\n"
    schedule = f"version: 1\n{group}:\n  - name: a\n{days}{color}    {word}: []\n"
    assert ("TWL-S013", schedule.count("\n")) in [
        (one.code, one.place and one.place.line) for one in findings(schedule=schedule)
    ]


@pytest.mark.parametrize(("word", "wrong"), [("dates", "6 Junne"), ("color", "oragne")])
def test_of_a_schedule_with_too_many_values_nothing_else_is_sought(word: str, wrong: str, findings: Found) -> None:
    """Working out what may be meant by each wrong day or colour would take minutes."""
    row = f"  - {{name: a, {word}: [{', '.join([wrong] * 90)}]}}\n"
    (found,) = findings(schedule=f"version: 1\ncampaigns:\n{row * (MOST_IN_RULES // 90 + 1)}")
    assert found.code == "TWL-S155"
