"""Orders: above everything that a controller may have issued before, and never where a gateway refuses them."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gateways.base import Order
from controller.gateways.wire import MAX_EPOCH, DesiredDocument, Replaced, refusal
from controller.service.desired import MAX_FOLLOWED, Orders

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
counts = st.one_of(st.integers(0, 2**53), st.integers(MAX_FOLLOWED - 2, MAX_FOLLOWED + 2), st.integers(0, 9))
orders = st.builds(Order, counts, counts)


def document(order: Order, replaces: Order | None = None) -> DesiredDocument:
    """A document of this order."""
    named = Replaced(epoch=replaces.epoch, revision=replaces.revision) if replaces is not None else None
    return DesiredDocument(
        version=1,
        epoch=order.epoch,
        revision=order.revision,
        replaces=named,
        command_id=f"{order.epoch}.{order.revision}",
        issued_at=NOW,
        valid_until=NOW,
        zones={},
    )


def test_a_start_is_above_what_was_kept() -> None:
    """Another epoch, and the first revision of it."""
    assert Orders(Order(4, 99)).issue() == Order(5, 1)
    assert Orders().issue() == Order(1, 1)


@pytest.mark.parametrize("kept", [MAX_EPOCH, MAX_EPOCH + 7, 2**53, 10**30])
def test_a_kept_order_that_no_gateway_would_follow_is_not_believed(kept: int) -> None:
    """A damaged file, or one with a value that an older version accepted: it begins again."""
    assert Orders(Order(kept, 5)).issue() == Order(1, 1)


@given(st.lists(st.one_of(orders, st.none()), max_size=40))
def test_whatever_is_seen_no_gateway_refuses_what_is_issued(seen: list[Order | None]) -> None:
    """Neither one that accepted what was issued before, nor one that knows nothing, nor one that holds what was seen
    and is sent what is replaced; None issues."""
    mine, issued = Orders(), [document(Orders().issue())]
    for each in (*seen, None):
        if each is None:
            issued.append(document(mine.issue()))
            continue
        before = mine.current
        mine.rise_above(each)
        assert not mine.current < before
        if each.epoch <= MAX_EPOCH:  # a gateway accepts no more
            follows = document(mine.issue(), each if mine.current < each else None)
            assert refusal(follows, document(each)) is None
            issued.append(follows)
    assert all(refusal(document, None) is None for document in issued)
    assert all(refusal(after, before) is None for before, after in pairwise(issued) if before.order != after.order)


def test_many_small_leaps_lead_no_farther_than_one() -> None:
    """Each just as far as it is followed: half of all starts are left."""
    mine = Orders()
    for epoch in range(0, 3 * MAX_EPOCH, MAX_EPOCH // 100):
        mine.rise_above(Order(epoch, 1))
    assert mine.current.epoch <= MAX_FOLLOWED + 1


@given(orders, orders)
def test_a_lower_order_counts_only_if_it_names_the_one_it_replaces(held: Order, named: Order) -> None:
    """A lower order counts only where it names the one that is held; another name changes nothing."""
    any_held: Any = document(held)
    lower = document(Order(1, 1), named)
    assert (refusal(lower, any_held) is None) == (named == held or not Order(1, 1) < held != Order(1, 1))
