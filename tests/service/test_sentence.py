"""The sentence that states what the tower shows: every case, every word for a look, in both languages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clock import Trust
from controller.config.load import Setup, parse
from controller.config.tower import Tower
from controller.lighting.color import css_names
from controller.lighting.names import SWEDISH, WHITES
from controller.locale import Language, texts
from controller.service.clauses import color_word, name_like
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health
from controller.service.sentence import Facts, Sentence, facts_of, sentence
from tests.service.conftest import ROOT

EVENING = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
"""Tue 24 November 2026 21:14 in Alvesta."""
LANGUAGES: tuple[Language, ...] = ("sv", "en")
WEEK = {"kind": "campaign", "name": "En vecka fri från våld", "line": 4, "day": (5, 7), "night": (5, 7)}
NOTHING = {"kind": None, "name": None, "line": None}
KIM = {
    "kind": "override", "name": None, "line": None, "owner": "Kim", "reason": "sorg",
    "until": EVENING + timedelta(hours=10, minutes=48),
}  # fmt: skip
STOP = {
    "kind": "stop", "name": None, "line": None, "owner": "Sara", "reason": "arbete", "since": EVENING,
}  # fmt: skip
DARK: dict[str, Any] = {"on": False, "brightness": 0.0}


def lit(name: str | None = "orange", color: str = "#FF6A00", brightness: float = 1.0, **more: Any) -> dict[str, Any]:
    """A look."""
    return {"on": True, "color": color, "color_name": name, "brightness": brightness, **more}


def health(
    bowl: Mapping[str, Any] | None = None,
    shaft: Mapping[str, Any] | None = None,
    *,
    rule: Mapping[str, Any] = WEEK,
    counts: Mapping[Status, int] | None = None,
    **more: Any,
) -> Health:
    """The summary of a tower with four gateways; both parts are orange by default."""
    bowl = bowl or lit()
    counts = {"confirmed": 4} if counts is None else counts
    looks = {"bowl": {"rule": rule, **bowl}, "shaft": {"rule": rule, **(shaft or bowl)}}
    names = [(status, number) for status, count in counts.items() if status != "confirmed" for number in range(count)]
    following = {
        "at": EVENING + timedelta(hours=10, minutes=48),
        "looks": {zone: {**DARK, "rule": NOTHING} for zone in looks},
    }
    whole = {
        "version": 2, "at": EVENING, "site": "Alvesta vattentorn", "clock": Trust.TRUSTED,
        "now": {"at": EVENING - timedelta(hours=5), "looks": looks, "fades_until": more.pop("fades_until", None)},
        "next": following, "counts": counts,
        "amiss": more.pop("amiss", counts.get("differs", 0) + counts.get("silent", 0)),
        "unconfirmed": [
            {"name": f"{status}-{number}", "kind": "wled", "status": status, "zones": {"shaft": status}}
            for status, number in names[:100]
        ],
    }  # fmt: skip
    return Health.model_validate({**whole, **more})


def document(
    status: Status, reported: Mapping[str, Any], heard: datetime | None = EVENING, **keys: Any
) -> GatewayHealth:
    """The document of the first gateway of a status, which lights the shaft."""
    zone = {"status": status, "desired": keys.pop("desired", lit()), "reported": reported}
    keys = {"name": f"{status}-0", "kind": "wled", "zones": {"shaft": zone}, **keys}
    return GatewayHealth.model_validate(
        {"version": 1, "at": EVENING, "status": status, "online": True, "heard": heard, **keys}
    )


def sentence_of(
    tower: Tower, language: Language, summary: Health | None, *gateways: GatewayHealth, lives: bool = True
) -> Sentence:
    """The sentence for these facts."""
    return sentence(facts_of(tower, summary, gateways, lives=lives), language)


@pytest.fixture(scope="module")
def tower(shipped: Setup) -> Tower:
    """The shipped tower, with a colour of its own."""
    text = (ROOT / "config" / "tower.yaml").read_text(encoding="utf-8")
    text = text.replace('  orange: "#FF6A00"', '  orange: "#FF6A00"\n  kommungrön: "#A0FF50"')
    return parse(text.encode(), b"version: 1\n", ROOT / "config").tower


BLUE = lit("blue", "#0000FF")
CASES: dict[str, tuple[Health | None, str, str]] = {
    "2 before the first turn": (
        None,
        "Styrningen startar. Vi vet ännu inte vad tornet visar.",
        "The controller is starting. We do not know yet what the tower shows.",
    ),
    "3a stop": (
        health(DARK, rule=STOP),
        "Säkerhetsstopp: vattentornet är släckt – bekräftat av 4 av 4 styrenheter",
        "Safety stop: the water tower is dark – confirmed by 4 of 4 gateways",
    ),
    "3b stop, one lit": (
        health(DARK, rule=STOP, counts={"confirmed": 3, "differs": 1}),
        "Säkerhetsstopp: allt ska vara släckt, men 1 av 4 styrenheter lyser fortfarande",
        "Safety stop: all should be dark, but 1 of 4 gateways is still lit",
    ),
    "3b stop, one silent": (
        health(DARK, rule=STOP, counts={"confirmed": 3, "silent": 1}),
        "Säkerhetsstopp: allt ska vara släckt, men 1 av 4 styrenheter svarar inte",
        "Safety stop: all should be dark, but 1 of 4 gateways does not answer",
    ),
    "3b stop, two lit and two silent": (
        health(DARK, rule=STOP, counts={"differs": 2, "silent": 2}),
        "Säkerhetsstopp: allt ska vara släckt, men 2 av 4 styrenheter lyser fortfarande och 2 svarar inte",
        "Safety stop: all should be dark, but 2 of 4 gateways are still lit and 2 do not answer",
    ),
    "3b stop, waiting": (
        health(DARK, rule=STOP, counts={"confirmed": 2, "pending": 2}),
        "Säkerhetsstopp: allt ska vara släckt – väntar på svar från 2 av 4 styrenheter",
        "Safety stop: all should be dark – waiting for 2 of 4 gateways",
    ),
    "3 stop holds while the clock is suspect": (
        health(DARK, rule=STOP, clock=Trust.SUSPECT),
        "Säkerhetsstopp: vattentornet är släckt – bekräftat av 4 av 4 styrenheter",
        "Safety stop: the water tower is dark – confirmed by 4 of 4 gateways",
    ),
    "4 clock suspect, nothing known": (
        health(clock=Trust.SUSPECT, counts={"unknown": 4}),
        "Klockan är osäker och inget ändras. Vi vet inte vad tornet visar.",
        "The clock is in doubt and nothing changes. We do not know what the tower shows.",
    ),
    "5 no gateway": (health(counts={}), "Inga styrenheter finns.", "There are no gateways."),
    "5 none ever heard": (
        health(counts={"unknown": 4}, never_heard=4, amiss=4),
        "Ingen styrenhet har hörts än. Vi vet inte vad tornet visar.",
        "No gateway has sent anything yet. We do not know what the tower shows.",
    ),
    "5 none ever heard, of which one is silent": (
        health(counts={"silent": 1, "unknown": 3}, never_heard=4, amiss=4),
        "Vattentornet ska lysa orange, men ingen styrenhet svarar",
        "The water tower should be orange, but no gateway answers",
    ),
    "5 all but one never heard": (
        health(counts={"unknown": 4}, never_heard=3, amiss=4),
        "Vattentornet ska lysa orange – 4 av 4 styrenheter har inte svarat än",
        "The water tower should be orange – no answer yet from 4 of 4 gateways",
    ),
    "6 none answers": (
        health(counts={"silent": 4}),
        "Vattentornet ska lysa orange, men ingen styrenhet svarar",
        "The water tower should be orange, but no gateway answers",
    ),
    "6 none answers, wanted dark": (
        health(DARK, rule=NOTHING, counts={"silent": 3, "unknown": 1}, amiss=4),
        "Vattentornet ska vara släckt, men ingen styrenhet svarar",
        "The water tower should be dark, but no gateway answers",
    ),
    "7 fading": (
        health(fades_until=EVENING + timedelta(seconds=20), counts={"confirmed": 2, "pending": 2}),
        "Vattentornet tonar till orange, klart om 20 s",
        "The water tower is fading to orange, done in 20 s",
    ),
    "7 a lamp that differs is told while the light fades": (
        health(fades_until=EVENING + timedelta(seconds=20), counts={"confirmed": 3, "differs": 1}),
        "Vattentornet ska lysa orange, men 1 av 4 styrenheter visar något annat",
        "The water tower should be orange, but 1 of 4 gateways shows something else",
    ),
    "8a differs": (
        health(counts={"confirmed": 3, "differs": 1}),
        "Vattentornet ska lysa orange, men 1 av 4 styrenheter visar något annat",
        "The water tower should be orange, but 1 of 4 gateways shows something else",
    ),
    "8a two differ": (
        health(counts={"confirmed": 2, "differs": 2}),
        "Vattentornet ska lysa orange, men 2 av 4 styrenheter visar något annat",
        "The water tower should be orange, but 2 of 4 gateways show something else",
    ),
    "8b wanted dark": (
        health(DARK, rule=NOTHING, counts={"confirmed": 3, "differs": 1}),
        "Vattentornet ska vara släckt, men 1 av 4 styrenheter lyser",
        "The water tower should be dark, but 1 of 4 gateways is lit",
    ),
    "8c differs and silent": (
        health(counts={"confirmed": 2, "differs": 1, "silent": 1}),
        "Vattentornet ska lysa orange, men 1 av 4 styrenheter visar något annat och 1 svarar inte",
        "The water tower should be orange, but 1 of 4 gateways shows something else and 1 does not answer",
    ),
    "9 silent": (
        health(counts={"confirmed": 3, "silent": 1}),
        "Vattentornet ska lysa orange – 3 av 4 styrenheter bekräftar, 1 svarar inte",
        "The water tower should be orange – 3 of 4 gateways confirm, 1 does not answer",
    ),
    "9 is worse than 10": (
        health(counts={"confirmed": 2, "silent": 1, "pending": 1}),
        "Vattentornet ska lysa orange – 2 av 4 styrenheter bekräftar, 1 svarar inte",
        "The water tower should be orange – 2 of 4 gateways confirm, 1 does not answer",
    ),
    "10 pending": (
        health(counts={"confirmed": 2, "pending": 2}),
        "Vattentornet ska lysa orange – väntar på svar från 2 av 4 styrenheter",
        "The water tower should be orange – waiting for 2 of 4 gateways",
    ),
    "11 cannot tell": (
        health(counts={"confirmed": 3, "unknown": 1}),
        "Vattentornet ska lysa orange – 1 av 4 styrenheter kan inte bekräfta",
        "The water tower should be orange – 1 of 4 gateways cannot confirm",
    ),
    "11 could tell and has not": (
        health(counts={"confirmed": 3, "unknown": 1}, amiss=1),
        "Vattentornet ska lysa orange – 1 av 4 styrenheter har inte svarat än",
        "The water tower should be orange – no answer yet from 1 of 4 gateways",
    ),
    "12 by hand": (
        health(BLUE, rule=KIM),
        "Vattentornet lyser blått för hand – bekräftat av 4 av 4 styrenheter",
        "The water tower is blue by hand – confirmed by 4 of 4 gateways",
    ),
    "12 dark by hand": (
        health(DARK, rule=KIM),
        "Vattentornet är släckt för hand – bekräftat av 4 av 4 styrenheter",
        "The water tower is dark by hand – confirmed by 4 of 4 gateways",
    ),
    "12 one part by hand": (
        health({**BLUE, "rule": KIM}, lit()),
        "Skålen lyser blått och skaftet orange delvis för hand – bekräftat av 4 av 4 styrenheter",
        "The bowl is blue and the shaft orange partly by hand – confirmed by 4 of 4 gateways",
    ),
    "13 lit": (
        health(),
        "Vattentornet lyser orange – bekräftat av 4 av 4 styrenheter",
        "The water tower is orange – confirmed by 4 of 4 gateways",
    ),
    "13 one gateway": (
        health(counts={"confirmed": 1}),
        "Vattentornet lyser orange – bekräftat av styrenheten",
        "The water tower is orange – confirmed by the gateway",
    ),
    "14 dark": (
        health(DARK, rule=NOTHING),
        "Vattentornet är släckt – bekräftat av 4 av 4 styrenheter",
        "The water tower is dark – confirmed by 4 of 4 gateways",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_case_has_its_sentence_in_both_languages(tower: Tower, name: str) -> None:
    """The worst first; the number of gateways is true."""
    summary, swedish, english = CASES[name]
    assert sentence_of(tower, "sv", summary).main == swedish
    assert sentence_of(tower, "en", summary).main == english


def test_lamps_that_the_service_tests_are_not_wrong(tower: Tower) -> None:
    """Differing lamps are expected; a stop is still stated."""
    fields = {"campaign": "Lucia", "begins": "2026-12-13 00:00", "lamps": 4}
    test = {"code": "TWL-G150", "since": EVENING, "fields": fields}
    summary = health(DARK, rule=NOTHING, counts={"confirmed": 3, "differs": 1}, degradations=[test])
    assert sentence_of(tower, "sv", summary).main == "Lamporna provas inför Lucia"
    assert sentence_of(tower, "en", summary).main == "The lamps are being tested before Lucia"
    assert sentence_of(tower, "sv", health(DARK, rule=STOP, degradations=[test])).case == "stopped"


def test_lamps_that_somebody_tests_are_not_wrong(tower: Tower) -> None:
    """Unless another gateway is."""
    walk = {"code": "TWL-G130", "since": EVENING, "fields": {"gateway": "differs-0", "lamps": 4}}
    summary = health(counts={"confirmed": 3, "differs": 1}, degradations=[walk])
    assert sentence_of(tower, "sv", summary).main == "Någon provar lamporna hos differs-0"
    assert sentence_of(tower, "en", summary).main == "Somebody tests the lamps of differs-0"
    both = health(counts={"confirmed": 2, "differs": 2}, degradations=[walk])
    silent = health(counts={"confirmed": 2, "silent": 1, "differs": 1}, degradations=[walk])
    assert {sentence_of(tower, "en", each).case for each in (both, silent)} == {"differs"}


@pytest.mark.parametrize(("ago_s", "case"), [(0.0, "fading"), (9.9, "fading"), (10.0, "pending"), (-0.1, "pending")])
def test_in_the_ten_seconds_after_a_cue_the_light_changes(tower: Tower, ago_s: float, case: str) -> None:
    """Later it is the lamps that have not answered."""
    summary = health(counts={"confirmed": 3, "pending": 1})
    now = summary.now.model_copy(update={"at": EVENING - timedelta(seconds=ago_s)})
    assert sentence_of(tower, "sv", summary.model_copy(update={"now": now})).case == case


def test_contact_that_is_lost_is_said_with_what_was_shown(tower: Tower) -> None:
    """Case 1, which whoever loses contact can say from the last that came."""
    swedish = "Ingen kontakt med styrningen sedan 21:14. Då lyste vattentornet orange."
    english = "No contact with the controller since 21:14. The water tower was orange then."
    assert sentence_of(tower, "sv", health(), lives=False).main == sentence_of(tower, "sv", health()).lost == swedish
    assert sentence_of(tower, "en", health(), lives=False).main == sentence_of(tower, "en", health()).lost == english
    parts = sentence_of(tower, "sv", health(lit("white", "#FFFFFF"), DARK), lives=False)
    assert parts.main.endswith("Då lyste skålen vitt, skaftet var släckt.")


def test_what_was_not_confirmed_is_not_said_to_have_been_lit(tower: Tower) -> None:
    """When contact was lost a lamp was wrong: only what should have been shown is known."""
    wrong = health(WHITE, DARK, counts={"confirmed": 3, "differs": 1})
    assert sentence_of(tower, "sv", wrong).lost.endswith("Då skulle skålen lysa vitt, skaftet skulle vara släckt.")
    wrong = health(counts={"silent": 4})
    assert sentence_of(tower, "en", wrong).lost.endswith("The water tower should have been orange then.")


def test_while_the_clock_is_in_doubt_what_the_lamps_reported_counts(tower: Tower) -> None:
    """What should be shown by a wrong clock is not stated."""
    zone = {"status": "unknown", "desired": lit(), "reported": BLUE}
    mast = document("unknown", BLUE, zones={"bowl": zone, "shaft": zone})
    summary = health(clock=Trust.SUSPECT, counts={"unknown": 1})
    assert (
        sentence_of(tower, "sv", summary, mast).main
        == "Vattentornet lyser blått, men klockan är osäker och inget ändras"
    )
    assert (
        sentence_of(tower, "en", summary, mast).main
        == "The water tower is blue, but the clock is in doubt and nothing changes"
    )


@pytest.mark.parametrize("more", [{"is_old": True}, {"reported": {"on": None}}, {"reported": lit()}])
def test_what_is_not_known_of_every_part_is_not_said_while_the_clock_is_in_doubt(
    tower: Tower, more: dict[str, object]
) -> None:
    """A report that is old, none at all, or gateways of one part that disagree."""
    zone = {"status": "unknown", "desired": lit(), "reported": BLUE}
    mast = document("unknown", BLUE, zones={"bowl": zone, "shaft": zone})
    other = document("unknown", BLUE, zones={"bowl": {**zone, **more}})
    summary = health(clock=Trust.SUSPECT, counts={"unknown": 2})
    unknown = "The clock is in doubt and nothing changes. We do not know what the tower shows."
    assert sentence_of(tower, "en", summary, mast, other).main == unknown
    same = document("unknown", BLUE, zones={"bowl": zone})
    assert sentence_of(tower, "en", summary, mast, same).main != unknown


@pytest.mark.parametrize(
    ("looks", "swedish", "english"),
    [
        ((lit(), lit()), "Vattentornet lyser orange", "The water tower is orange"),
        ((lit("brandgul"), lit()), "Vattentornet lyser orange", "The water tower is orange"),
        ((lit("röd", "#FF0000"),) * 2, "Vattentornet lyser rött", "The water tower is red"),
        ((lit("WHITE", "#FFFFFF"),) * 2, "Vattentornet lyser vitt", "The water tower is white"),
        ((lit("grey", "#808080", 1.0),) * 2, "Vattentornet lyser svagt grått", "The water tower is faintly grey"),
        ((lit("2700 K", "#FFA757"),) * 2, "Vattentornet lyser varmvitt", "The water tower is warm white"),
        ((lit(brightness=0.39),) * 2, "Vattentornet lyser svagt orange", "The water tower is faintly orange"),
        ((lit(brightness=0.4),) * 2, "Vattentornet lyser orange", "The water tower is orange"),
        ((lit(brightness=0.6), lit()), "Vattentornet lyser orange", "The water tower is orange"),
        ((lit("kommungrön", "#A0FF50"),) * 2, "Vattentornet lyser i kommungrön", "The water tower is kommungrön"),
        ((lit(None, "#A0FF52"),) * 2, "Vattentornet lyser i kommungrön", "The water tower is kommungrön"),
        ((lit(None, "#FF6B02"),) * 2, "Vattentornet lyser orange", "The water tower is orange"),
        ((lit(None, "#5000A0"),) * 2, "Vattentornet lyser svagt", "The water tower is faintly"),
        (
            (lit(None, "#8000FF"),) * 2,
            "Vattentornet lyser i en egen färg",
            "The water tower is lit in a colour of its own",
        ),
        (
            (lit(None, "#8000FF"), lit(None, "#0050FF")),
            "Skålen lyser i en egen färg och skaftet",
            "The bowl is lit in a c",
        ),
        (
            (lit("white", "#FFFFFF"), lit("lime", "#00FF00")),
            "Skålen lyser vitt och skaftet grönt",
            "The bowl is white and the shaft green",
        ),
        (
            (lit("white", "#FFFFFF"), DARK),
            "Skålen lyser vitt, skaftet är släckt",
            "The bowl is white, the shaft is dark",
        ),
        (
            (DARK, lit("white", "#FFFFFF")),
            "Skaftet lyser vitt, skålen är släckt",
            "The shaft is white, the bowl is dark",
        ),
        ((lit(colors=6),) * 2, "Vattentornet växlar mellan 6 färger", "The water tower alternates between 6 colours"),
        (
            (lit(colors=6), DARK),
            "Skålen växlar mellan 6 färger, skaftet är släckt",
            "The bowl alternates between 6 colours, the shaft is dark",
        ),
        ((lit(None, brightness=0.0),) * 2, "Vattentornet är släckt", "The water tower is dark"),
    ],
)
def test_a_look_has_its_words(tower: Tower, looks: tuple[Any, Any], swedish: str, english: str) -> None:
    """As an adverb in Swedish, by name where there is one, never as a hex value."""
    for language, words in (("sv", swedish), ("en", english)):
        assert sentence_of(tower, language, health(*looks)).main.startswith(words)


@pytest.mark.parametrize(
    ("looks", "swedish", "english"),
    [
        ((BLUE, BLUE), "tonar till blått", "is fading to blue"),
        ((lit(brightness=0.1),) * 2, "tonar till svagt orange", "is fading to faintly orange"),
        ((lit("kommungrön", "#A0FF50"),) * 2, "tonar till kommungrön", "is fading to kommungrön"),
        ((lit(None, "#8000FF"),) * 2, "tonar till en egen färg", "is fading to a colour of its own"),
        ((DARK, DARK), "tonar ut", "is fading out"),
        ((BLUE, lit()), "tonar till 2 färger", "is fading to 2 colours"),
        ((BLUE, DARK), "tonar till delvis blått", "is fading to partly blue"),
        ((lit(colors=6),) * 2, "börjar växla mellan 6 färger", "begins to alternate between 6 colours"),
    ],
)
def test_a_fade_says_where_it_goes(tower: Tower, looks: tuple[Any, Any], swedish: str, english: str) -> None:
    """And for how long; so does a change without a fade while lamps have not answered yet."""
    fading = health(*looks, fades_until=EVENING + timedelta(seconds=19.2))
    assert sentence_of(tower, "sv", fading).main == f"Vattentornet {swedish}, klart om 20 s"
    assert sentence_of(tower, "en", fading).main == f"The water tower {english}, done in 20 s"
    now = {**fading.now.model_dump(), "at": EVENING - timedelta(seconds=9), "fades_until": None}
    fresh = Health.model_validate({**health(*looks, counts={"pending": 1}).model_dump(), "now": now})
    assert sentence_of(tower, "sv", fresh).main == f"Vattentornet {swedish}"


def zones(tower: Tower, *looks: dict[str, Any]) -> Health:
    """A tower with as many parts, all confirmed."""
    named = {f"part{number}": {"rule": WEEK, **look} for number, look in enumerate(looks)}
    now = {"at": EVENING - timedelta(hours=5), "looks": named}
    return Health.model_validate({**health().model_dump(), "now": now})


RED, GREEN, WHITE = lit("red", "#FF0000"), lit("lime", "#00FF00"), lit("white", "#FFFFFF")


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((RED, GREEN, WHITE), "Part0 lyser rött, part1 grönt och part2 vitt"),
        ((RED, RED, GREEN), "Part0 och part1 lyser rött och part2 grönt"),
        ((RED, GREEN, WHITE, BLUE), "Vattentornet lyser i 4 färger"),
        ((RED, GREEN, WHITE, DARK), "Vattentornet lyser i 3 färger"),
        ((RED, GREEN, BLUE, lit(colors=3)), "Vattentornet lyser i flera färger"),
        ((*(RED,) * 39, DARK), "Resten lyser rött, part39 är släckt"),
        (((RED, GREEN) * 20), "Vattentornet lyser i 2 färger"),
        (((RED, DARK) * 20), "Vattentornet lyser delvis rött"),
    ],
)
def test_many_looks_and_many_parts_are_summed_up(tower: Tower, looks: tuple[dict[str, Any], ...], said: str) -> None:
    """At most three looks, and five names."""
    assert sentence_of(tower, "sv", zones(tower, *looks)).main == f"{said} – bekräftat av 4 av 4 styrenheter"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_colour_that_a_file_can_name_has_a_word(language: Language) -> None:
    """All names of CSS, the Swedish ones and the whites; only black is no light."""
    nameless = {name for name in (*css_names(), *SWEDISH, *WHITES) if color_word(name, language) is None}
    assert nameless == {"black", "svart"}


def test_a_temperature_is_called_by_the_white_that_is_nearest() -> None:
    """In mired, as eyes distinguish whites."""
    words = [color_word(name, "sv") for name in ("1900 K", "2700 K", "4000K", "12 000 K")]
    assert words == ["som levande ljus", "varmvitt", "neutralvitt", "kallvitt"]


def test_a_dark_colour_is_called_by_its_light() -> None:
    """#2E7D32 gives a fifth of the light: a faint green, not a dark one."""
    assert name_like("#00F000", ()) == "lime"
    assert name_like("#8000FF", ()) is None
    assert name_like("#2E7D32", ()) == "springgreen"


@pytest.mark.parametrize(
    ("rule", "swedish", "english"),
    [
        (WEEK, "En vecka fri från våld, dag 5 av 7, natt 5 av 7", "En vecka fri från våld, day 5 of 7, night 5 of 7"),
        ({**WEEK, "day": None}, "En vecka fri från våld, natt 5 av 7", "En vecka fri från våld, night 5 of 7"),
        ({**WEEK, "day": (1, 1), "night": (1, 1)}, "En vecka fri från våld", "En vecka fri från våld"),
        (NOTHING, "Inget gäller nu", "Nothing applies now"),
        (
            {**NOTHING, "idle": {"name": "Jul", "ended": "23:00", "begins": "05:00"}},
            "Inget gäller nu. Tiden för Jul tog slut 23:00 och börjar igen 05:00",
            "Nothing applies now. The hours of Jul ended 23:00 and begin again 05:00",
        ),
        ({**NOTHING, "kind": "blackout", "name": "Fåglar"}, "Släckning: Fåglar", "Blackout: Fåglar"),
        ({**NOTHING, "kind": "otherwise", "name": "Jul"}, "Släckt i övrigt enligt Jul", "Otherwise dark, by Jul"),
        (
            KIM,
            "Tillfällig ändring av Kim till ons 25 nov 08:02 (sorg)",
            "Temporary change by Kim until Wed 25 Nov 08:02 (sorg)",
        ),
        (
            {**KIM, "until": None, "reason": None, "owner": None},
            "Tillfällig ändring av någon",
            "Temporary change by somebody",
        ),
        (
            STOP,
            "Säkerhetsstopp av Sara sedan tis 24 nov 21:14 (arbete)",
            "Safety stop by Sara since Tue 24 Nov 21:14 (arbete)",
        ),
        (
            {**WEEK, "day": None, "night": None, "limit": {"name": "Fåglar", "brightness": 0.3}},
            "En vecka fri från våld, högst 30 % enligt Fåglar",
            "En vecka fri från våld, at most 30 % by Fåglar",
        ),
        (
            {**NOTHING, "skip": {"name": "Jul", "owner": "Kim", "reason": "storm"}},
            "Inget gäller nu. Jul hoppas över av Kim (storm)",
            "Nothing applies now. Jul is skipped by Kim (storm)",
        ),
    ],
)
def test_the_second_line_says_on_whose_behalf(tower: Tower, rule: dict[str, Any], swedish: str, english: str) -> None:
    """With the day and night of a campaign; a row of one is not counted."""
    assert sentence_of(tower, "sv", health(rule=rule)).why == swedish
    assert sentence_of(tower, "en", health(rule=rule)).why == english


def test_parts_under_different_rules_each_have_theirs(tower: Tower) -> None:
    """As under an override of the bowl alone."""
    summary = health({**BLUE, "rule": KIM}, lit())
    assert sentence_of(tower, "sv", summary).why == (
        "Skålen: Tillfällig ändring av Kim till ons 25 nov 08:02 (sorg); "
        "skaftet: En vecka fri från våld, dag 5 av 7, natt 5 av 7"
    )


@pytest.mark.parametrize(("count", "more"), [(3, ""), (4, "och 1 till"), (6, "och 3 till")])
def test_of_more_than_three_rules_the_rest_is_counted(tower: Tower, count: int, more: str) -> None:
    """Nobody reads a longer line."""
    rules = [{"kind": "campaign", "name": f"Rule {number}", "line": number + 4} for number in range(count)]
    why = sentence_of(tower, "sv", zones(tower, *({**RED, "rule": rule} for rule in rules))).why
    first = [f"{'P' if number == 0 else 'p'}art{number}: Rule {number}" for number in range(3)]
    assert why == "; ".join((*first, *([more] if more else [])))


def test_the_only_gateway_that_is_concerned_is_named(tower: Tower) -> None:
    """With what it shows, or since when it is silent; of two none is."""
    differs = health(counts={"confirmed": 3, "differs": 1})
    silent = health(counts={"confirmed": 3, "silent": 1})
    heard = EVENING - timedelta(minutes=23)
    assert sentence_of(tower, "sv", differs, document("differs", BLUE)).about == "differs-0 visar blått."
    assert sentence_of(tower, "en", differs, document("differs", DARK)).about == "differs-0 is dark."
    assert sentence_of(tower, "sv", silent, document("silent", lit(), heard)).about == "silent-0 hördes senast 20:51."
    assert sentence_of(tower, "sv", silent, document("silent", lit(), heard - timedelta(days=1))).about == (
        "silent-0 hördes senast mån 23 nov 20:51."
    )
    assert sentence_of(tower, "sv", silent, document("silent", lit(), None)).about == "silent-0 har aldrig hörts."
    assert (
        sentence_of(tower, "sv", health(counts={"pending": 1, "confirmed": 1})).about
        == "pending-0 har inte bekräftat än."
    )
    assert (
        sentence_of(tower, "sv", health(counts={"unknown": 1, "confirmed": 1})).about
        == "unknown-0 kan inte tillfrågas."
    )
    assert sentence_of(tower, "sv", health(counts={"confirmed": 2, "differs": 2})).about == ""


def test_a_lamp_that_is_right_by_chance_is_not_said_to_be_lit(tower: Tower) -> None:
    """It has not obeyed, and shows nothing else."""
    summary = health(DARK, rule=NOTHING, counts={"confirmed": 3, "differs": 1})
    mast = document("differs", DARK, desired=DARK)
    assert sentence_of(tower, "sv", summary, mast).main == (
        "Vattentornet ska vara släckt, men 1 av 4 styrenheter har inte tagit emot den senaste ordern"
    )
    assert sentence_of(tower, "en", summary, mast).about == "differs-0 has not received the latest order."


def changing(look: Mapping[str, Any], at: datetime, summary: Health) -> Health:
    """The same with another next change."""
    looks = {zone: {"rule": WEEK, **look} for zone in summary.now.looks}
    return Health.model_validate({**summary.model_dump(), "next": {"at": at, "looks": looks}})


DAY = health(DARK, rule=NOTHING)


@pytest.mark.parametrize(
    ("summary", "swedish", "english"),
    [
        (health(), "Släcks i morgon, ons 25 nov, 08:02", "Goes dark tomorrow, Wed 25 Nov, 08:02"),
        (changing(DARK, EVENING.replace(hour=23, minute=0), health()), "Släcks i dag 24:00", "Goes dark today 24:00"),
        (changing(lit(), EVENING.replace(hour=22), DAY), "Tänds orange i dag 23:14", "Turns orange today 23:14"),
        (
            changing(lit(), datetime(2027, 11, 19, 23, tzinfo=UTC), DAY),
            "Tänds orange lör 20 nov 2027 00:00",
            "Turns orange Sat 20 Nov 2027 00:00",
        ),
        (
            changing(BLUE, EVENING.replace(day=26), health()),
            "Byter tors 26 nov 21:14: vattentornet lyser blått",
            "Changes Thu 26 Nov 21:14: the water tower is blue",
        ),
        (health(next=None), "Inget ändras det närmaste året", "Nothing changes within a year"),
        (health(DARK, rule=STOP), "Släckt tills någon häver stoppet", "Dark until somebody lifts the stop"),
    ],
)
def test_the_third_line_says_what_comes_next(tower: Tower, summary: Health, swedish: str, english: str) -> None:
    """By the clock of the place; the end of a day is 24:00."""
    assert sentence_of(tower, "sv", summary).following == swedish
    assert sentence_of(tower, "en", summary).following == english


def test_a_proper_name_keeps_its_capital(tower: Tower) -> None:
    """A common name does not inside a sentence, and if there is no name the site is used for it."""
    stopped = health(DARK, rule=STOP)
    for name, inside in (("Kaknästornet", "Kaknästornet"), ("Tornet", "tornet")):
        landmark = tower.landmark.model_copy(update={"name": {"sv": name}})
        main = sentence_of(tower.model_copy(update={"landmark": landmark}), "sv", stopped).main
        assert main.startswith(f"Säkerhetsstopp: {inside} är släckt")
    nameless = tower.model_copy(update={"landmark": tower.landmark.model_copy(update={"name": {}})})
    assert sentence_of(nameless, "sv", health()).main.startswith("Alvesta vattentorn lyser orange")


def test_the_question_for_the_public_follows_the_look(tower: Tower) -> None:
    """It does not mention gateways."""
    assert sentence_of(tower, "sv", health()).question == "Varför lyser vattentornet orange?"
    assert sentence_of(tower, "en", health()).question == "Why is the water tower orange?"
    assert sentence_of(tower, "sv", DAY).question == "Varför är vattentornet släckt?"
    assert sentence_of(
        tower, "sv", health(WHITE, DARK)
    ).question == "Varför lyser skålen vitt, är skaftet släckt?".replace(", är skaftet släckt", ", skaftet är släckt")


def test_ten_thousand_gateways_are_counted_and_not_named(tower: Tower) -> None:
    """Neither in the sentence nor beside it."""
    summary = health(counts={"confirmed": 9_990, "differs": 7, "silent": 3})
    said = sentence_of(tower, "sv", summary)
    assert said.main == "Vattentornet ska lysa orange, men 7 av 10000 styrenheter visar något annat och 3 svarar inte"
    assert said.about == ""


hexes = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")
looks = st.one_of(
    st.just(DARK),
    st.builds(
        lit,
        name=st.sampled_from([None, "orange", "kommungrön", "2700 K", "rebeccapurple"]),
        color=hexes,
        brightness=st.floats(0, 1),
        colors=st.sampled_from([None, None, 2, 6]),
    ),
)
rules = st.sampled_from([WEEK, NOTHING, KIM, STOP, {**NOTHING, "kind": "otherwise", "name": "Jul"}])
counts = st.dictionaries(st.sampled_from(["confirmed", "differs", "silent", "pending", "unknown"]), st.integers(0, 9))
summaries = st.builds(
    health,
    looks,
    looks,
    rule=rules,
    counts=counts,
    clock=st.sampled_from(list(Trust)),
    fades_until=st.sampled_from([None, EVENING + timedelta(seconds=7)]),
    never_heard=st.integers(0, 9),
)


@given(summaries, st.lists(looks, max_size=3), st.booleans(), st.sampled_from(LANGUAGES))
def test_no_sentence_has_a_hex_value_a_none_or_a_false_number(
    shipped: Setup, summary: Health, reported: list[dict[str, Any]], lives: bool, language: Language
) -> None:
    """Whatever the facts: plain text on one line, numbers that the summary has, and at most five names."""
    gateways = [document("differs", look, name=f"differs-{number}") for number, look in enumerate(reported)]
    said = sentence_of(shipped.tower, language, summary, *gateways, lives=lives)
    for text in (said.main, said.why, said.about, said.following, said.lost, said.question):
        assert not re.search(r"#[0-9A-Fa-f]{6}|None|  |\{|\}|\n| ,| \.", text), text
    of = re.search(r"(\d+) (?:av|of) (\d+) (?:styrenheter|gateways)", said.main)
    if of is not None:
        assert int(of[2]) == summary.total
        assert int(of[1]) in {*summary.counts.values(), *range(summary.counts.get("unknown", 0) + 1)}
    assert said.main[:1].isupper()
    assert len(re.findall(r"\b(?:differs|silent|pending|unknown)-\d", said.main + said.about)) <= 5


@pytest.mark.parametrize("key", ["sentence", "colors"])
def test_both_languages_have_the_same_texts(key: str) -> None:
    """So that no case is silent in one of them."""

    def keys(table: Mapping[str, Any], at: str = "") -> set[str]:
        inner = [keys(value, f"{at}{name}.") for name, value in table.items() if isinstance(value, Mapping)]
        return {f"{at}{name}" for name in table}.union(*inner)

    assert keys(texts("sv", key)) == keys(texts("en", key))


def test_facts_are_a_value(tower: Tower) -> None:
    """Equal facts make equal sentences, whoever gathered them."""
    one, other = (facts_of(tower, health(), [document("differs", BLUE)]) for _ in range(2))
    assert isinstance(one, Facts)
    assert (one, sentence(one, "sv")) == (other, sentence(other, "sv"))


@pytest.mark.parametrize("counts", [{"silent": 4}, {"unknown": 4}, {"silent": 1, "unknown": 3}])
def test_without_a_broker_no_lamp_is_blamed(tower: Tower, counts: Mapping[Status, int]) -> None:
    """The controller has lost its own connection: that lamps do not answer is not known."""
    cut_off = facts_of(tower, health(counts=counts, never_heard=counts.get("unknown", 0)), (), is_cut_off=True)
    swedish = "Vattentornet ska lysa orange, men styrningen har ingen kontakt med styrenheterna"
    assert sentence(cut_off, "sv").main == swedish
    assert sentence(cut_off, "en").main == (
        "The water tower should be orange, but the controller has no contact with the gateways"
    )
    stopped = facts_of(tower, health(DARK, rule=STOP, counts=counts), (), is_cut_off=True)
    assert sentence(stopped, "sv").main.endswith(
        "allt ska vara släckt, men styrningen har ingen kontakt med styrenheterna"
    )


def test_one_that_was_never_heard_is_said_so(tower: Tower) -> None:
    """Not that it has not confirmed yet, as of one that was commanded a moment ago."""
    never = document("unknown", {"on": None}, None)
    found = sentence_of(tower, "en", health(counts={"unknown": 1}, amiss=1), never)
    assert found.about == "unknown-0 has not reported yet."


@pytest.mark.parametrize(
    ("code", "bowl", "swedish"),
    [
        ("TWL-G160", None, "Vattentornet ska lysa orange, och styrenheterna bekräftar det, men inget ljus mäts"),
        ("TWL-G162", DARK, "Vattentornet ska vara släckt, och styrenheterna bekräftar det, men ljus mäts"),
    ],
)
def test_what_is_measured_counts_for_more_than_what_is_reported(
    tower: Tower, code: str, bowl: Mapping[str, Any] | None, swedish: str
) -> None:
    """The tower is not called lit, and a sign warns."""
    fields = {"zone": "bowl", "value": 1, "unit": "W", "limit": 5}
    summary = health(bowl, degradations=[{"code": code, "since": EVENING, "fields": fields}])
    said = sentence_of(tower, "sv", summary)
    assert (said.main, said.status) == (swedish, "differs")
