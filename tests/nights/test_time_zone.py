"""The time zone of the host, on which nothing depends: the site has its own."""

from collections.abc import Callable

from tests.nights.ear import Words
from tests.nights.programs import Site

ODD = ("<+03>-3", ":/etc/localtime", "No/Such_Zone")
"""What tzset(3) takes as a rule and as a path, and what somebody may write: no time zone database knows these names."""


def test_the_service_runs_whatever_the_zone_of_the_host_is_called(sites: Callable[[], Site], words: Words) -> None:
    """Its lamps are confirmed, and it shows the time of the site."""
    services = {zone: sites().start("run", "--log-format", "json", TZ=zone) for zone in ODD}
    for zone, service in services.items():
        words.until(lambda one=service: one.events("TWL-G101") or not one.runs, f"no confirmation: {service.log}")
        assert service.runs, f"{zone}: {service.log}"
        assert service.events("TWL-C001")[0]["now"].rsplit(" ", 1)[-1] in {"CET", "CEST"}
    for service in services.values():
        assert service.end() == 0
        assert not service.events("TWL-C050")
