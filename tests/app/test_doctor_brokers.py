"""What the doctor makes of what it heard over the brokers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.app.doctor import broker_checks as checks
from controller.app.doctor.broker_facts import BrokerFacts, SiteFacts, listen
from controller.clock import SystemClock, Trust
from controller.config.load import load
from controller.events import new_event
from controller.events.models import Reason
from controller.mqtt import Address, Tls
from controller.service.health import CueHealth, Degradation, GatewayHealth, Health, LookValue, ZoneHealth
from tests.parts import free_port

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TOWER = load(Path(__file__).parents[2] / "config").tower
ADDRESS = Address("broker.example", 8883, tls=Tls(), username="controller")
DARK = LookValue(on=False)
ORDER = "watertower/gateway/mast/desired"


def gateway(name: str = "mast", status: Any = "confirmed", **changes: Any) -> GatewayHealth:
    """The document of one gateway."""
    zones = {"bowl": ZoneHealth(status=status, desired=DARK, reported=DARK)}
    known: dict[str, Any] = {"version": 1, "at": NOW, "name": name, "kind": "dmx", "status": status, "online": True}
    return GatewayHealth.model_validate(known | {"heard": NOW, "zones": zones} | changes)


def broker(**changes: Any) -> BrokerFacts:
    """One that lets us in, and has the order for the one gateway."""
    known: dict[str, Any] = {"is_connected": True, "certificate_until": NOW + timedelta(days=90)}
    return BrokerFacts(**{"address": ADDRESS, "received": {ORDER}, **known, **changes})


HEALTH = Health(
    version=2,
    at=NOW,
    site="Alvesta",
    clock=Trust.TRUSTED,
    now=CueHealth(at=NOW, looks={"bowl": DARK}),
    next=None,
    counts={"confirmed": 1},
    amiss=0,
)
SOUND = SiteFacts(TOWER, NOW, (broker(),), True, HEALTH, (gateway(),))
"""A site on which all is in order."""
UNKNOWN = Reason("EAI_NONAME")
REFUSED = new_event("TWL-M003", broker=str(ADDRESS), reason=Reason("not_authorized"), connack=5)
ANOTHER = BrokerFacts(replace(ADDRESS, host="spare.example"))
UNNAMED = replace(ANOTHER, unknown_name=UNKNOWN)
SUBSCRIPTION = new_event("TWL-M004", broker=str(ADDRESS), filter="wled/#")
SILENT = replace(SOUND, lives=False)


def degraded(code: str, **fields: object) -> SiteFacts:
    """A controller that reports a degradation of its own."""
    told = Degradation(code=code, since=NOW, fields=fields)
    return replace(SOUND, health=HEALTH.model_copy(update={"degradations": (told,)}))


def test_a_site_in_order_has_no_findings() -> None:
    """Every check was made."""
    assert {check(SOUND).verdict for check in checks.BROKER_CHECKS} == {"fine"}


NEVER = gateway("gate", "unknown", heard=None)
FOUND = {
    "an unknown name": (replace(SOUND, brokers=(broker(unknown_name=UNKNOWN),)), "names", ["TWL-H110"], None),
    "a refused login": (
        replace(SOUND, brokers=(broker(), replace(ANOTHER, failure=REFUSED))),
        "login",
        ["TWL-M003"],
        None,
    ),
    "no answer": (replace(SOUND, brokers=(broker(), ANOTHER)), "login", ["TWL-M007"], None),
    "no embedded broker": (
        replace(SOUND, brokers=(replace(ANOTHER, address=Address("127.0.0.1", is_embedded=True)),)),
        "login",
        ["TWL-Q101"],
        None,
    ),
    "a name that is told once": (replace(SILENT, brokers=(UNNAMED,)), "login", [], "no_broker_reached"),
    "what we may not read proves nothing": (
        replace(SILENT, beats=True, brokers=(broker(received={"watertower/gateway/mast/availability"}),)),
        "read_rights",
        [],
        "controller_withheld",
    ),
    "a controller that we may not read of": (replace(SILENT, beats=True), "controller", ["TWL-Q125"], None),
    "a certificate that ends": (
        replace(SOUND, brokers=(broker(certificate_until=NOW + timedelta(days=3)),)),
        "encryption",
        ["TWL-M014"],
        None,
    ),
    "a certificate not seen": (replace(SOUND, brokers=(broker(), ANOTHER)), "encryption", [], "no_broker_reached"),
    "a silent controller": (SILENT, "controller", ["TWL-Q102"], None),
    "a controller not reached": (replace(SILENT, brokers=(ANOTHER,)), "controller", [], "no_broker_reached"),
    "nobody to ask": (SILENT, "service", [], "no_controller"),
    "a full disk": (degraded("TWL-J003", file="history.db", reason={"code": "ENOSPC"}), "service", ["TWL-J003"], None),
    "a newer controller": (degraded("TWL-Z999"), "service", [], "unknown_codes"),
    "a refused filter": (replace(SOUND, brokers=(broker(refused=[SUBSCRIPTION]),)), "read_rights", ["TWL-M004"], None),
    "a filter that proves nothing": (replace(SOUND, gateways=(gateway(), NEVER)), "read_rights", [], "grants_all"),
    "reports that are withheld": (
        replace(SOUND, brokers=(broker(received={ORDER, "watertower/gateway/mast/availability"}),)),
        "read_rights",
        ["TWL-H114"],
        None,
    ),
    "availability that is withheld": (
        replace(SOUND, brokers=(broker(received={ORDER, "watertower/gateway/mast/reported"}),)),
        "read_rights",
        ["TWL-H114"],
        None,
    ),
    "an order that is not there": (
        replace(SOUND, brokers=(broker(received=set()),)),
        "write_rights",
        ["TWL-H111"],
        None,
    ),
    "a controller in doubt": (
        replace(SOUND, health=HEALTH.model_copy(update={"clock": Trust.SUSPECT}), brokers=(broker(received=set()),)),
        "write_rights",
        [],
        "clock_suspect",
    ),
    "gateways by a clock in doubt": (
        replace(
            SOUND, health=HEALTH.model_copy(update={"clock": Trust.SUSPECT}), gateways=(gateway(status="unknown"),)
        ),
        "gateways",
        [],
        "clock_suspect",
    ),
    "a vendor's gateway": (
        replace(SOUND, gateways=(gateway(), gateway("entrance", "differs"))),
        "write_rights",
        [],
        "not_watched",
    ),
    "a gateway never heard": (replace(SOUND, gateways=(NEVER,)), "gateways", ["TWL-H112"], None),
    "a gateway that had left the broker before the controller came": (
        replace(SOUND, gateways=(NEVER.model_copy(update={"status": "silent", "code": "TWL-G104"}),)),
        "gateways",
        ["TWL-H113"],
        None,
    ),
    "a silent gateway": (
        replace(SOUND, gateways=(gateway(status="silent", code="TWL-G104"),)),
        "gateways",
        ["TWL-H113"],
        None,
    ),
    "one that cannot be asked": (
        replace(SOUND, gateways=(gateway(status="unknown", askable=False),)),
        "gateways",
        [],
        "not_askable",
    ),
}


@pytest.mark.parametrize(("facts", "check", "found", "unchecked"), FOUND.values(), ids=FOUND)
def test_a_check_says_what_is_wrong_and_what_it_does_not_know(
    facts: SiteFacts, check: str, found: list[str], unchecked: str | None
) -> None:
    """Each finding, and each reason, is a sentence."""
    (examined,) = (one for one in (each(facts) for each in checks.BROKER_CHECKS) if one.check == check)
    assert [event.code for event in examined.findings] == found
    assert (examined.unchecked.code if examined.unchecked else None) == unchecked
    assert all(event.text("sv") and event.action("sv") for event in examined.findings)
    assert examined.unchecked is None or "{" not in examined.unchecked.text("sv")


def test_what_was_not_examined_is_said_of_each_check() -> None:
    """None is left out where nothing could be listened to."""
    unexamined = checks.unexamined(UNKNOWN)
    assert {one.check for one in unexamined} == {check(SOUND).check for check in checks.BROKER_CHECKS}
    assert {one.verdict for one in unexamined} == {"unchecked"}
    assert checks.unexamined(UNKNOWN, (REFUSED,))[0].verdict == "problem"


def test_what_is_harmless_is_only_to_be_known() -> None:
    """A clock that nobody has contradicted: no problem, so exit code 0."""
    assert checks.service(degraded("TWL-T001", trust="plausible", before="–")).verdict == "note"


async def test_a_broker_that_is_not_there_is_reported_soon() -> None:
    """The reason is that of the connection; a name that no server knows is reported separately."""
    addresses = (Address("127.0.0.1", free_port()), Address("nobody.invalid", free_port()))
    tower = TOWER.model_copy(update={"mqtt": TOWER.mqtt.model_copy(update={"broker": ("mqtt://a", "mqtt://b")})})
    facts = await listen(tower, addresses, "doctor-1", SystemClock())
    assert not facts.is_reached
    assert [broker.unknown_name is None for broker in facts.brokers] == [True, False]
    assert all(broker.failure is not None and broker.failure.code == "TWL-M007" for broker in facts.brokers)


def test_of_a_gateway_that_says_what_is_wrong_that_is_explained() -> None:
    """Not that it said something."""
    for code in ("TWL-G114", "TWL-G108"):
        without_widget = gateway(status="differs", code=code, problems=("TWL-X111",))
        (found,) = checks.gateways(replace(SOUND, gateways=(without_widget,))).findings
        assert "TWL-X111" in found.action("en")
