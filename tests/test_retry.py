"""How often, and how soon again."""

from hypothesis import given
from hypothesis import strategies as st

from controller.retry import TokenBucket, backoff_s


def test_the_wait_doubles_up_to_the_longest() -> None:
    """After the first failure, the second and so on, however many there are."""
    assert [backoff_s(attempts, 2.0, 60.0) for attempts in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
    assert backoff_s(10_000_000, 2.0, 60.0) == 60


def test_a_bucket_gives_its_burst_at_once_and_then_one_at_a_time() -> None:
    """A burst of three, one every ten seconds."""
    bucket, granted = TokenBucket(3, 10.0), []
    for second in range(100, 131):
        while bucket.allows(second):
            bucket = bucket.spend(second)
            granted.append(second)
    assert granted == [100, 100, 100, 110, 120, 130]


def test_a_bucket_at_rest_holds_no_more_than_its_burst() -> None:
    """A year without a use saves nothing up."""
    bucket = TokenBucket(2, 10.0).spend(0).spend(0)
    for _ in range(2):
        assert bucket.allows(3e7)
        bucket = bucket.spend(3e7)
    assert not bucket.allows(3e7)


def test_a_use_given_back_was_none() -> None:
    """As of a password that was right."""
    bucket = TokenBucket(1, 10.0).spend(0)
    assert not bucket.allows(5)
    assert bucket.give_back().allows(5)


def test_spending_more_than_there_is_puts_the_next_use_off() -> None:
    """Where the use cannot be refused."""
    assert TokenBucket(1, 10.0).spend(0).spend(0).ready_s == 20


@given(st.integers(1, 100), st.floats(0.1, 1e4), st.floats(0, 1e7), st.integers(1, 300))
def test_whoever_wakes_when_it_is_ready_is_allowed(burst: int, every_s: float, now_s: float, uses: int) -> None:
    """However the seconds round, or a loop would sleep no more and do nothing."""
    bucket = TokenBucket(burst, every_s)
    for _ in range(uses):
        bucket = bucket.spend(now_s)
    assert bucket.allows(bucket.ready_s)
