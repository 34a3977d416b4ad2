"""Orders: above everything that was seen, but for poison, and never back."""

from hypothesis import given
from hypothesis import strategies as st

from controller.gateways.documents import MAX_EPOCH_LEAP
from controller.gateways.gateway import Order
from controller.service.orders import Orders

orders = st.builds(Order, st.integers(0, 2**53), st.integers(0, 2**53))


def test_a_start_is_above_what_was_kept() -> None:
    """Another epoch, and the first revision of it."""
    assert Orders(Order(4, 99)).issue() == Order(5, 1)
    assert Orders().issue() == Order(1, 1)


@given(st.lists(st.one_of(orders, st.none()), max_size=20))
def test_what_is_issued_only_grows_and_is_above_all_that_was_seen(seen: list[Order | None]) -> None:
    """None issues; poison is seen, said so, and not followed."""
    mine, highest = Orders(), Order()
    for each in seen:
        before = mine.current
        if each is None:
            assert before < mine.issue()
            assert highest < mine.current
        elif mine.is_poison(each):
            assert each.epoch > before.epoch + MAX_EPOCH_LEAP
            assert not mine.rise_above(each)
            assert mine.current == before
        else:
            mine.rise_above(each)
            assert not mine.current < before
            highest = max(highest, each, key=lambda order: (order.epoch, order.revision))
    assert highest < mine.issue()
