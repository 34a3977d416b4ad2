"""The doctor beside a service that runs: what it finds leads to the cure, and it says nothing to anybody."""

import json
from collections.abc import Callable
from typing import Any

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site
from tests.nights.waiting import until

DESIRED = "watertower/gateway/mast/desired"


def examined(site: Site, code: int) -> dict[str, Any]:
    """Each check of `doctor --json`, which is to end with this code."""
    told = site.ask("doctor", "--json", code=code)
    return {each["check"]: each for each in json.loads(told[told.index("{") :])["checks"]}


def codes(found: dict[str, Any], check: str) -> list[str]:
    """What one check found."""
    return [event["code"] for event in found[check]["findings"]]


def test_a_site_in_order_has_nothing_to_see_to(site: Site, ear: Listen) -> None:
    """Exit code 0; what is listened to is answered, and nothing is published."""
    site.controller()
    until(lambda: site.call("status").exit_code == 0, "all is confirmed")
    listens = ear(site.port)
    found = examined(site, 0)
    assert not [each for each in found.values() if each["verdict"] == "problem"]
    assert {found[check]["verdict"] for check in ("login", "controller", "read_rights", "write_rights")} == {"fine"}
    assert found["gateways"]["value"] == "1 / 1"
    own = {"watertower/controller", "watertower/gateway"}
    live = {one.topic for one in listens.heard if not one.retain}
    assert {topic for topic in live if topic.rsplit("/", 1)[0].removesuffix("/mast") not in own} == set()
    assert not any(topic.endswith(("/walk", "/set")) for topic in live)


def test_a_login_that_is_refused_is_found(site: Site, mosquitto: Mosquitto) -> None:
    """What depends on it is said to be unchecked, and why; exit code 69."""
    site.outside(mosquitto.port, "controller")
    (site.config / "mqtt-password").write_text("wrong")
    (site.config / "mqtt-password").chmod(0o600)
    found = examined(site, 69)
    assert codes(found, "login") == ["TWL-M003"]
    assert found["gateways"]["unchecked"] == {"code": "no_broker_reached"}
    assert "username" in site.ask("doctor", code=69)


def test_a_forgotten_right_to_write_is_found(
    site: Site, mosquittos: Callable[..., Mosquitto], words: Words, ear: Listen
) -> None:
    """Though a broker drops what is forbidden without a word: the order that should lie there does not."""
    rules = "topic readwrite watertower/controller/#\ntopic read watertower/#\n"
    mosquitto = mosquittos(("topic readwrite watertower/#\n", rules))
    site.outside(mosquitto.port, "controller")
    (site.config / "mqtt-password").chmod(0o600)
    site.controller()
    words.until(lambda: ear(mosquitto).on("watertower/controller/health"), "the controller does not start")
    found = examined(site, 1)
    assert codes(found, "write_rights") == ["TWL-H111"]
    assert found["write_rights"]["findings"][0]["fields"]["topic"] == DESIRED
    assert found["secrets"]["verdict"] == "fine"


def test_a_forgotten_right_to_read_is_found(
    site: Site, mosquittos: Callable[..., Mosquitto], words: Words, ear: Listen
) -> None:
    """Though the broker granted the subscription: the reports lie there, and do not come."""
    names = ("controller/#", "override/set", "gateway/mast/desired", "gateway/mast/walk", "gateway/mast/availability")
    rules = "".join(f"topic readwrite watertower/{name}\n" for name in names)
    mosquitto = mosquittos(("topic readwrite watertower/#\n", rules))
    site.outside(mosquitto.port, "controller")
    (site.config / "mqtt-password").chmod(0o600)
    site.controller()
    site.start("gateway", "mast", "--log-format", "json", "--config", str(site.box("mast")), state="mast")
    listens = ear(mosquitto)
    words.until(lambda: listens.on("watertower/gateway/mast/reported"), "the gateway does not start")
    words.until(lambda: listens.on("watertower/controller/health"), "the controller does not start")
    (finding,) = examined(site, 1)["read_rights"]["findings"]
    assert (finding["code"], finding["fields"]["topic"]) == ("TWL-H114", "watertower/gateway/mast/reported")


def test_a_controller_that_does_not_run_is_found(site: Site, mosquitto: Mosquitto) -> None:
    """The broker answers, and nobody else; what it had kept is no sign of life."""
    site.outside(mosquitto.port, "controller")
    service = site.controller()
    until(lambda: site.call("status").exit_code != 69, "it runs")
    service.end()
    found = examined(site, 69)
    assert codes(found, "controller") == ["TWL-Q102"]
    assert found["write_rights"]["unchecked"] == {"code": "no_controller"}
