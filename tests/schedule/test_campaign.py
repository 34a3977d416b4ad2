"""A rule by itself: what may be written in it, its days, its frames and its windows."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.config.findings import Finding
from controller.config.load import parse
from controller.errors import FilesRejected, Mistake
from controller.schedule.campaign import Blackout, EveryNight, Lit, Override
from controller.schedule.hours import Place, instant, night_of

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ALVESTA = Place(56.899, 14.556, STOCKHOLM)


def refused(model: type[Lit | Blackout], **fields: Any) -> list[str]:
    """The codes of what is wrong with a rule, or what pydantic calls it."""
    try:
        model.model_validate(fields)
    except ValidationError as error:
        inner = [one.get("ctx", {}).get("error") for one in error.errors()]
        kinds = [one["type"] for one in error.errors()]
        return [a.code if isinstance(a, Mistake) else kind for a, kind in zip(inner, kinds, strict=True)]
    return []


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"name": "a", "dates": "6 June"}, []),
        ({"name": "a", "nights": ["6 June", "week 47"], "except": "24 December", "hours": ["all day"]}, []),
        ({"name": "a"}, ["TWL-S141"]),
        ({"name": "a", "dates": "6 June", "nights": "7 June"}, ["TWL-S140"]),
        ({"name": "a", "dates": [], "nights": []}, ["TWL-S140"]),
        ({"name": "", "dates": "6 June"}, ["string_too_short"]),
        ({"name": "   ", "dates": "6 June"}, ["string_too_short"]),
        ({"name": "x" * 81, "dates": "6 June"}, ["string_too_long"]),
        ({"name": "a\nb", "dates": "6 June"}, ["string_pattern_mismatch"]),
        ({"name": "a", "dates": "6 Juni 20266"}, ["TWL-S109"]),
        ({"name": "a", "dates": "6 June", "except": ["Novembr"]}, ["TWL-S102"]),
        ({"name": "a", "dates": "6 June", "hours": "sunst"}, ["TWL-S151"]),
        ({"name": "a", "dates": "6 June", "fade_in": "30"}, ["TWL-S149"]),
        ({"name": "a", "dates": "6 June", "otherwise": "off"}, ["literal_error"]),
        ({"name": "a", "dates": "6 June", "colour": "red"}, ["extra_forbidden"]),
    ],
)
def test_what_may_be_written(fields: dict[str, Any], codes: list[str]) -> None:
    """Days in one of two ways, hours if any, a name on one line; each fault by its code."""
    assert refused(Lit, **fields) == codes


@pytest.mark.parametrize("key", ["dates", "nights"])
@pytest.mark.parametrize(
    ("left_out", "days"),
    [
        (["21 November", "25–26 november"], [20, 22, 23, 24]),
        (["25–26 november", "21 November"], [20, 22, 23, 24]),
        (["every Sunday", "24 November 2026"], [20, 21, 23, 25, 26]),
        (["24 November 2027", "första lördagen i november"], [20, 21, 22, 23, 24, 25, 26]),
        (["vecka 47", "week 48"], []),
    ],
)
def test_each_exception_removes_its_days(key: str, left_out: list[str], days: list[int]) -> None:
    """Of calendar days and of nights alike, in any phrase of the day grammar; one that names other days none."""
    rule = Lit.model_validate({"name": "a", key: "20–26 November", "except": left_out})
    assert [day for day in range(1, 31) if rule.has(date(2026, 11, day))] == days


@pytest.mark.parametrize(
    ("written", "years"),
    [
        ("2026", (2026,)),
        (["2026", " 2027 "], (2026, 2027)),
        ([2026], (2026,)),
        ([], ()),
        ("26", "TWL-S147"),
        ("2026.0", "TWL-S109"),
        ("02026", "TWL-S109"),
        ("1969", "TWL-S109"),
        ("2101", "TWL-S109"),
        ("2026-2027", "TWL-S109"),
        ("２０２６", "TWL-S109"),
        ("next year", "TWL-S109"),
        ({"a": "1"}, "TWL-S119"),
        (None, "TWL-S119"),
    ],
)
def test_years_are_read_strictly(written: object, years: object) -> None:
    """Four digits from 1970 to 2100, one or a list, as the text of the file."""
    fields = {"name": "a", "dates": "6 June", "confirmed_for": written}
    if isinstance(years, str):
        assert refused(Lit, **fields) == [years]
    else:
        assert Lit.model_validate(fields).confirmed_for == years


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> Callable[[str], tuple[Finding, ...]]:
    """The findings for a campaign with one more line."""
    config = request.config.rootpath / "config"

    def findings_of(line: str) -> tuple[Finding, ...]:
        text = f"version: 1\ncampaigns:\n  - name: a\n    dates: 6 June\n    color: red\n    {line}\n"
        try:
            parse((config / "tower.yaml").read_bytes(), text.encode(), config)
        except FilesRejected as rejected:
            return rejected.findings
        return ()

    return findings_of


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("hours: 16:00 till 25:00", (6, 23, 28)),
        ("hours: [sunset to 23:00, sunrise to sunset]", (6, 30, 47)),
        ("except: [24 December, 31 November]", (6, 27, 29)),
        ("confirmed_for: [2026, soon]", (6, 27, 31)),
        ("hours: []", (6, 12, 13)),
    ],
)
def test_a_mistake_is_placed_where_it_was_made(
    found: Callable[[str], tuple[Finding, ...]], line: str, place: tuple[int, int, int]
) -> None:
    """Line and columns of the wrong part alone."""
    assert [finding.place for finding in found(line)] == [place]


def test_a_rule_in_its_own_words() -> None:
    """As it was written, with its line where it has one."""
    rule = Lit.model_validate(
        {
            "name": "a",
            "dates": ["20–26 November", "vecka 3"],
            "except": "24 november",
            "hours": "sunset to 23:00",
            "line": 5,
        }
    )
    assert rule.words() == "dates 20–26 November, vecka 3 except 24 november, sunset to 23:00 (line 5)"
    assert EveryNight(name="b").words() == "every night, sunset to sunrise"
    assert "line" not in rule.model_dump()


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ({"dates": "21 November 2026"}, ("2026-11-20T24:00", "2026-11-21T12:00")),
        ({"dates": "20 November 2026"}, ("2026-11-20T12:00", "2026-11-20T24:00")),
        ({"dates": "20–21 November 2026"}, ("2026-11-20T12:00", "2026-11-21T12:00")),
        ({"dates": "20–21 November 2026", "except": "20 November"}, ("2026-11-20T24:00", "2026-11-21T12:00")),
        ({"nights": "20 November 2026"}, ("2026-11-20T12:00", "2026-11-21T12:00")),
        ({"nights": "21 November 2026"}, None),
        ({"nights": "20 November 2026", "except": "every Friday"}, None),
        ({"dates": "22 November 2026"}, None),
    ],
)
def test_the_part_of_a_night_that_belongs_to_a_rule(kind: dict[str, str], frame: tuple[str, str] | None) -> None:
    """A half of it, all of it or nothing: dates end at midnight, nights at noon."""
    rule = Lit.model_validate({"name": "a", **kind})
    wanted = () if frame is None else ((_local(frame[0]), _local(frame[1])),)
    assert rule.frames(night_of(date(2026, 11, 20), STOCKHOLM)) == wanted


def _local(text: str) -> Any:
    day, time = text.split("T")
    hours, minutes = time.split(":")
    return instant(date.fromisoformat(day), int(hours) * 60 + int(minutes), STOCKHOLM)


def test_a_day_that_a_zone_leaves_out() -> None:
    """Apia had no 30 December 2011: its rule is never lit, and the morning after the 29th belongs to the 31st."""
    apia = Place(-13.8, -171.8, ZoneInfo("Pacific/Apia"))
    night, empty = (night_of(date(2011, 12, day), apia.time_zone) for day in (29, 30))
    gone, after = (Lit.model_validate({"name": "a", "dates": f"{day} December"}) for day in (30, 31))
    assert gone.frames(night) == ()
    ((begin, end),) = after.frames(night)
    assert (end - begin, end) == (timedelta(hours=12), night.end)
    assert after.windows(empty, apia) == ()


@given(
    st.lists(
        st.sampled_from(
            ("sunset to 23:00", "22:00 to 02:00", "01:00 to sunrise", "all day", "23:00 to 24:00", "00:00 to 01:00")
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(("dates", "nights")),
    st.dates(date(2026, 11, 18), date(2026, 11, 28)),
)
def test_windows_of_a_rule_never_overlap_nor_touch(hours: list[str], kind: str, day: date) -> None:
    """In order, apart, inside of the frame, and together as long as their union."""
    rule = Lit.model_validate({"name": "a", kind: "20–26 November", "hours": hours})
    night = night_of(day, STOCKHOLM)
    windows = rule.windows(night, ALVESTA)
    assert all(one[1] < other[0] for one, other in pairwise(windows))
    minutes = [night.start + timedelta(minutes=7 * i) for i in range(206)]
    frames = rule.frames(night)
    for at in minutes:
        is_open = any(begin <= at < end for window in rule.hours for begin, end in window.resolve(night, ALVESTA))
        is_day = any(begin <= at < end for begin, end in frames)
        assert any(begin <= at < end for begin, end in windows) == (is_open and is_day)


@pytest.mark.parametrize(
    ("days", "day", "place"),
    [
        ({"nights": "20–26 November"}, date(2026, 11, 20), (1, 7)),
        ({"nights": "20–26 November"}, date(2027, 11, 24), (5, 7)),
        ({"nights": "20–26 November"}, date(2026, 11, 27), None),
        ({"dates": "27 December to 6 January"}, date(2027, 1, 1), (6, 11)),
        ({"dates": "20–26 November", "except": "22 November"}, date(2026, 11, 24), (4, 6)),
        ({"dates": "20–26 November", "except": "22 November"}, date(2026, 11, 22), None),
        ({"dates": ["20–26 November", "27 November 2026"], "except": "20 November 2026"}, date(2026, 11, 27), (7, 7)),
        ({"dates": "every Friday"}, date(2026, 11, 20), (1, 1)),
        ({"dates": "every day"}, date(2026, 11, 20), None),
    ],
)
def test_a_day_knows_its_place_in_its_row(days: dict[str, Any], day: date, place: tuple[int, int] | None) -> None:
    """Days that are left out do not break the row and are not counted; without an end nothing is counted."""
    assert Lit.model_validate({"name": "K", **days}).place_of(day) == place


@pytest.mark.parametrize(
    ("zones", "hours", "skips", "hidden"),
    [
        (("bowl", "shaft"), 2, "", True),
        (("bowl", "shaft"), 1, "", False),
        (("bowl",), 3, "", True),
        (("shaft",), 3, "", False),
        ((), 3, "a", False),
    ],
)
def test_an_override_hides_an_older_one_of_its_zones_that_ends_no_later(
    zones: tuple[str, ...], hours: int, skips: str, hidden: bool
) -> None:
    """One of another zone, or that lasts longer, shows again; and a skip has nothing to do with light."""
    at, look = datetime(2026, 11, 20, 18, tzinfo=UTC), object()
    older = Override("o", {"bowl": look}, at, at + timedelta(hours=2), "Eva", "prov")
    newer = Override("n", dict.fromkeys(zones, look), at, at + timedelta(hours=hours), "Eva", "prov", skips)
    assert newer.hides(older) is hidden


@pytest.mark.parametrize(("one", "other", "hidden"), [("a", "a", True), ("a", "b", False)])
def test_a_skip_takes_the_place_of_the_one_of_the_same_campaign(one: str, other: str, hidden: bool) -> None:
    """Though it ends sooner: else that would not be its end."""
    at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    older = Override("o", {}, at, at + timedelta(hours=2), "Eva", "prov", one)
    assert Override("n", {}, at, at + timedelta(hours=1), "Eva", "prov", other).hides(older) is hidden
