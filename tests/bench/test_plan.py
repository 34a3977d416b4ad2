"""What a look at the plan, a year of cues and all notes cost for 30 campaigns, beside the sun of as many nights.

Run with `-s` to see the figures. Only completeness is asserted; the figures depend on the machine.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.schedule.campaign import Lit
from controller.schedule.hours import Place, night_at, night_of
from controller.schedule.plan import Program
from controller.schedule.plan_notes import notes
from controller.schedule.sun import SUNSET_DEG, below
from controller.schedule.tokens import MONTH_NAMES

ALVESTA = Place(56.899, 14.556, ZoneInfo("Europe/Stockholm"))
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
CAMPAIGNS = tuple(
    Lit.model_validate(
        {
            "name": f"campaign {number}",
            "nights": f"{1 + number % 20}–{6 + number % 20} {MONTH_NAMES[number % 12]['en']}"
            if number % 3
            else "every Friday",
            "hours": ["sunset to 23:00", "05:00 to sunrise"] if number % 2 else "sunset to sunrise",
            "fade_in": "30 s",
            "fade_out": "2 min",
        }
    )
    for number in range(30)
)


def once(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def sun_of_a_year() -> None:
    """Worked out anew."""
    below.cache_clear()
    first = night_at(NOW, ALVESTA.time_zone).day
    for number in range(365):
        night = night_of(first + timedelta(days=number), ALVESTA.time_zone)
        below(ALVESTA.latitude, ALVESTA.longitude, night.start, night.end, SUNSET_DEG)


def program(count: int) -> Program:
    """So many campaigns, of which nothing is known yet."""
    below.cache_clear()
    return Program(ALVESTA, ("bowl", "shaft"), CAMPAIGNS[:count])


def test_thirty_campaigns() -> None:
    """A first look, a thousand looks in a loop over a night, a year of cues, and notes."""
    floor = min(once(sun_of_a_year) for _ in range(3))
    asked = program(30)
    costs = {"first look": once(lambda: asked.look_at(NOW))}
    seconds = [timedelta(seconds=60 * i) for i in range(1000)]
    costs["a thousand looks"] = once(lambda: [asked.look_at(NOW + second) for second in seconds])
    costs["a year of cues"] = once(lambda: program(30).cues(NOW, NOW + YEAR))
    costs["the same again"] = once(lambda: asked.cues(NOW, NOW + YEAR))
    costs["notes"] = once(lambda: notes(program(30), NOW))
    costs["first look with nothing to show"] = once(lambda: program(0).look_at(NOW))
    assert len(asked.cues(NOW, NOW + YEAR)) > 300
    print(f"\nsun of a year: {floor:.0f} ms")
    for what, cost in costs.items():
        print(f"  {what}: {cost:.1f} ms, {cost / floor:.2f} x the sun of a year")
