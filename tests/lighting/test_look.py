"""Looks as functions of time, and brightness as people write it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.lighting.color import Color
from controller.lighting.look import DARK, NO_LIGHT, Look, ZoneState, parse_brightness

RED, BLUE = Color("#FF0000"), Color("#0000FF")


def test_a_steady_look_is_the_same_at_any_time() -> None:
    """One color has no next step."""
    look = Look((RED,), 0.8)
    assert look.at(0) == look.at(1e6) == ZoneState(True, RED, 0.8)
    assert look.next_step(5) is None


def test_a_sequence_goes_round() -> None:
    """Each color for its time, from the first again after the last."""
    look = Look((RED, BLUE), 1.0, change_every_s=5)
    assert [look.at(seconds).color for seconds in (0, 4.999, 5, 9.999, 10)] == [RED, RED, BLUE, BLUE, RED]
    assert [look.next_step(seconds) for seconds in (0, 4.999, 5)] == [5, 5, 10]


@given(st.integers(5_000_000, 400 * 86400 * 10**6), st.integers(0, 10**6))
def test_a_step_is_taken_at_the_microsecond_of_next_step(microseconds: int, steps: int) -> None:
    """However long each is: whoever wakes at that instant finds the next color, and not the last moment of the one
    before."""
    look = Look((RED, BLUE), 1.0, change_every_s=microseconds / 10**6)
    seconds = timedelta(microseconds=microseconds * min(steps, 10**15 // microseconds)).total_seconds()
    following = look.next_step(seconds)
    assert following is not None
    assert look.at(timedelta(seconds=following).total_seconds()) != look.at(seconds)


@pytest.mark.parametrize(
    ("colors", "count"),
    [
        ((), None),
        (("#FF0000",), None),
        (("#FF0000", "#0000FF"), 2),
        (("#FF0000", "#0000FF", "#FF0000", "#FFFFFF"), 3),
        (("#FF0000", "#FF0000"), None),
    ],
)
def test_a_color_that_comes_again_is_counted_once(colors: tuple[str, ...], count: int | None) -> None:
    """Of a sequence that always shows the same one, or no light, nothing alternates."""
    look = Look(tuple(Color(each) for each in colors), 1.0, 60)
    assert look.alternating == count
    assert replace(look, brightness=0.0).alternating is None


def test_no_light_is_dark() -> None:
    """No color, no brightness, or black: a tower that is asked for it is never called lit."""
    assert NO_LIGHT.at(3) == Look((RED,), 0.0).at(3) == Look((Color("#000000"),)).at(3) == DARK
    assert [Look((RED, Color("#000000")), change_every_s=5).at(seconds).on for seconds in (0, 5)] == [True, False]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.1, 4.999, float("nan")])
def test_nothing_ever_flashes(seconds: float) -> None:
    """Several colors need at least five seconds each; a steady one needs nothing."""
    with pytest.raises(Mistake) as caught:
        Look((RED, BLUE), 1.0, change_every_s=seconds)
    assert caught.value.code == "TWL-S130"
    assert Look((RED,), 1.0, change_every_s=seconds).at(1).color == RED


def test_a_sequence_at_no_brightness_is_dark_and_never_changes() -> None:
    """Nothing has to be woken for it."""
    look = Look((RED, BLUE), 0.0, change_every_s=5)
    assert look.at(7) == DARK
    assert look.next_step(7) is None


@pytest.mark.parametrize(
    ("text", "brightness"),
    [
        ("80 %", 0.8),
        ("80%", 0.8),
        ("0 %", 0.0),
        ("100 %", 1.0),
        ("12,5 %", 0.125),
        ("7 procent", 0.07),
        ("80\u00a0%", 0.8),
    ],
)
def test_brightness_is_written_in_per_cent(text: str, brightness: float) -> None:
    """A comma is a decimal point in Swedish; a no-break space is a space."""
    assert parse_brightness(text) == pytest.approx(brightness)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("half", 0.5),
        ("halv styrka", 0.5),
        ("Hälften", 0.5),
        ("half brightness", 0.5),
        ("full", 1.0),
        ("full styrka", 1.0),
        ("max", 1.0),
        ("a quarter", 0.25),
        ("en fjärdedel", 0.25),
        ("tre fjärdedelar av ljuset", 0.75),
        ("50 % ljusstyrka", 0.5),
    ],
)
def test_a_brightness_may_be_said_in_words(text: str, share: float) -> None:
    """What is one share of full brightness."""
    assert parse_brightness(text) == share


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("150 %", "TWL-S137", None),
        ("-5 %", "TWL-S137", None),
        ("9" * 5000, "TWL-S137", None),
        ("0.8", "TWL-S138", "80 % / 0.8 %"),
        ("0,8", "TWL-S138", "80 % / 0.8 %"),
        ("80", "TWL-S138", "80 %"),
        ("1", "TWL-S138", "100 % / 1 %"),
        ("255", "TWL-S137", None),
    ],
)
def test_a_brightness_that_cannot_be_meant(text: str, code: str, suggestion: str | None) -> None:
    """Out of range, or without its unit: then the unit is suggested."""
    with pytest.raises(Mistake) as caught:
        parse_brightness(text)
    assert caught.value.code == code
    suggested = caught.value.fields.get("suggestion")
    assert (suggested and str(suggested)) == suggestion


@given(st.text(max_size=20))
def test_any_text_is_a_brightness_or_a_mistake(text: str) -> None:
    """Nothing that can be typed raises anything else."""
    try:
        assert 0 <= parse_brightness(text) <= 1
    except Mistake as mistake:
        assert mistake.code in {"TWL-S137", "TWL-S138"}
