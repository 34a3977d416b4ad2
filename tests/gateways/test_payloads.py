"""What is in payloads, read without trust."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gateways import payloads
from controller.gateways.payloads import Unreadable
from controller.lighting.color import Color


@pytest.mark.parametrize(("value", "expected"), [(1, 1.0), (2.5, 2.5), ("204", 204.0), ("-1.5", -1.5), (None, None)])
def test_numbers_and_their_text_are_numbers(value: object, expected: float | None) -> None:
    """Null is what is not known."""
    assert payloads.number(value) == expected


@pytest.mark.parametrize("value", [True, "", "1e3", "0x10", "１２", "nan", float("nan"), 1e400, 10**30, [], {}, "1 2"])
def test_other_things_are_not(value: object) -> None:
    """Booleans are ones to Python, full-width digits are digits to it."""
    with pytest.raises(Unreadable):
        payloads.number(value)


@pytest.mark.parametrize(("value", "full", "expected"), [(255, 255, 1.0), (255, 254, 1.0), (50, 100, 0.5), (0, 255, 0)])
def test_brightness_is_a_share_of_its_scale(value: int, full: int, expected: float) -> None:
    """255 passes on a scale that ends at 254."""
    assert payloads.fraction(value, full) == expected


@pytest.mark.parametrize(("value", "full"), [(101, 100), (256, 255), (-1, 254)])
def test_brightness_beyond_its_scale_is_refused(value: int, full: int) -> None:
    """A value is not clipped: 300 does not mean full."""
    with pytest.raises(Unreadable):
        payloads.fraction(value, full)


@pytest.mark.parametrize("value", ["", "perhaps", 2, [], {}])
def test_a_switch_is_on_or_off(value: object) -> None:
    """Anything else is refused."""
    with pytest.raises(Unreadable):
        payloads.switch(value)


def test_white_light_washes_a_colour_out() -> None:
    """And is clipped at full."""
    assert payloads.mixed(255, 106, 0, 40) == Color("#FF9228")
    assert payloads.mixed(0, 0, 0, 200, 200) == Color("#FFFFFF")


@given(hue=st.floats(0, 360), saturation=st.floats(0, 100))
def test_hue_goes_there_and_back(hue: float, saturation: float) -> None:
    """To the rounding of a component, which is a degree of a full colour and more of a pale one."""
    color = payloads.from_hue(hue, saturation)
    again = payloads.from_hue(*payloads.to_hue(color))
    assert all(abs(one - other) <= 1 for one, other in zip(color.rgb, again.rgb, strict=True))
    assert max(color.rgb) == 255


@pytest.mark.parametrize(("value", "expected"), [(2.0, "2"), (0.3, "0.3"), (1 / 3, "0.333"), (0.0, "0")])
def test_whole_numbers_are_sent_without_a_point(value: float, expected: str) -> None:
    """Some firmware takes 2.0 for no number at all."""
    assert json.dumps(payloads.plain(value)) == expected


@pytest.mark.parametrize("payload", [b"{}}", b"\xff{}", b"[1]", b"{'a':1}", b"", b'{"a":NaN}', b"{" * 50_000])
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    """In no more than a reason."""
    with pytest.raises(Unreadable):
        payloads.document(payload)


@given(
    read=st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(-(2**53), 2**53), st.text(max_size=5)))
)
def test_json_objects_are_read(read: dict[str, Any]) -> None:
    """As they were written."""
    assert payloads.document(json.dumps(read).encode()) == read
