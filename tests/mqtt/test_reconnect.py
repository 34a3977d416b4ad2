"""How long to wait between attempts, and what is reported about them."""

import asyncio
import itertools
import ssl
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.events import CATALOGUE
from controller.events.models import Reason
from controller.mqtt import Address, Connected, Disconnected, Mqtt
from controller.mqtt.connection import BATCH, Connection, NotLetInError, Subscriptions
from controller.mqtt.incoming import (
    FLAWS,
    BrokerUnreachable,
    Coalesced,
    Displaced,
    Forgot,
    HungUp,
    LoginRefused,
    Oversized,
    Renewed,
    SubscriptionGranted,
    SubscriptionRefused,
    Untrusted,
)
from controller.mqtt.paho_loop import BrokenOffError, OwnFilesError
from controller.mqtt.reconnect import BARRED_S, LONGEST_S, failure, pause_s
from tests.parts import free_port

LONG = Reason("other", {"text": "UnicodeError: label too long"})
UNREADY, GONE, WHY = Reason("broker_unavailable"), Reason("ENOENT"), Reason("other", {"text": "why"})


@given(st.integers(0, 10_000_000), st.floats(0, 1), st.booleans())
def test_the_pause_grows_to_a_cap_and_is_longer_where_a_person_must_act(
    failures: int, chance: float, barred: bool
) -> None:
    """Full jitter: from nothing to 1, 2, 4 … 30 s, on top of the least pause."""
    least = BARRED_S if barred else 0.0
    assert least <= pause_s(failures, chance, barred=barred) <= least + min(LONGEST_S, 2.0 ** min(failures - 1, 9))
    assert pause_s(failures, 1.0, barred=False) <= pause_s(failures + 1, 1.0, barred=False)


def test_pauses_by_number() -> None:
    """At the far end of the jitter."""
    assert [pause_s(n, 1.0, barred=False) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause_s(1, 0.0, barred=True) == 30


def test_the_jitter_reaches_over_the_whole_pause() -> None:
    """Half the chance is half the way, on top of what a person needs."""
    assert [pause_s(3, chance, barred=False) for chance in (0.0, 0.25, 0.5, 1.0)] == [0, 1, 2, 4]
    assert pause_s(3, 0.5, barred=True) == BARRED_S + 2


async def test_clients_that_lost_their_broker_together_do_not_come_back_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each attempt of each is at an instant of its own, within 1, 2, 4 … 30 s of the one before."""
    pauses: list[list[float]] = []
    sleep = asyncio.sleep

    async def client() -> None:
        mine: list[float] = []
        pauses.append(mine)
        turns = itertools.count()

        async def pause(seconds: float) -> None:
            mine.append(seconds)
            if next(turns) == 7:
                await asyncio.Event().wait()
            await sleep(0)

        monkeypatch.setattr("controller.mqtt.reconnect.asyncio.sleep", pause)
        async with Mqtt(Address("127.0.0.1", free_port()), "c"):
            while len(mine) < 8:
                await sleep(0.001)

    async with asyncio.timeout(20):
        for _ in range(2):
            await client()
    for mine in pauses:
        assert all(pause <= longest for pause, longest in zip(mine, (1, 2, 4, 8, 16, *[LONGEST_S] * 3), strict=True))
    assert len(set(itertools.chain(*pauses))) == 16


@pytest.mark.parametrize(
    ("error", "is_barred"),
    [
        (NotLetInError(4, Reason("bad_login")), True),
        (OwnFilesError(GONE), True),
        (ConnectionRefusedError(111, "Connection refused"), False),
        (NotLetInError(3, UNREADY), False),
    ],
)
async def test_where_a_person_must_act_it_is_tried_seldom(
    error: Exception, is_barred: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where the broker is only away."""
    pauses: list[bool] = []
    tried = asyncio.Event()

    def pause(_failures: int, _chance: float, *, barred: bool) -> float:
        pauses.append(barred)
        tried.set()
        return 60.0

    async def fail(_connection: Connection) -> None:
        raise error

    monkeypatch.setattr("controller.mqtt.reconnect.pause_s", pause)
    monkeypatch.setattr(Connection, "open", fail)
    async with Mqtt(Address("127.0.0.1", free_port()), "c"):
        async with asyncio.timeout(30):
            await tried.wait()
    assert pauses == [is_barred]


async def test_causes_that_take_turns_are_reported_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that refuses the login, then hangs up, then refuses again would fill the log."""
    monkeypatch.setattr("controller.mqtt.reconnect.pause_s", lambda *_, **__: 0.0)
    attempts = itertools.count(1)
    told: list[object] = []
    enough = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(attempts)
        await reader.read(1000)
        writer.write(b"\x20\x02\x00\x05" if number % 2 else b"")
        writer.close()
        if number == 7:
            enough.set()

    def note(item: object) -> None:
        told.append(type(item))

    async def listen(mqtt: Mqtt) -> None:
        async for item in mqtt:
            note(item)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Mqtt(Address("127.0.0.1", port), "c") as mqtt:
        hearing = asyncio.create_task(listen(mqtt))
        async with asyncio.timeout(30):
            await enough.wait()
        hearing.cancel()
    assert told == [LoginRefused, HungUp]


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    """As OpenSSL raises it."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    error.verify_message = "why"
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotLetInError(4, Reason("bad_login")), LoginRefused("b", Reason("bad_login"), 4)),
        (NotLetInError(5, Reason("not_authorized")), LoginRefused("b", Reason("not_authorized"), 5)),
        (NotLetInError(3, UNREADY), BrokerUnreachable("b", UNREADY)),
        (certificate_error(10), Untrusted("b", "expired", WHY)),
        (certificate_error(9), Untrusted("b", "not yet valid", WHY)),
        (certificate_error(62), Untrusted("b", "wrong name", WHY)),
        (certificate_error(64), Untrusted("b", "wrong name", WHY)),
        (certificate_error(18), Untrusted("b", "not trusted", WHY)),
        (OwnFilesError(GONE), Untrusted("b", "own files", GONE)),
        (TimeoutError(), BrokerUnreachable("b", Reason("no_answer_in_time"))),
        (ConnectionRefusedError(111, "Connection refused"), BrokerUnreachable("b", Reason("ECONNREFUSED"))),
        (BrokenOffError(GONE), HungUp("b", GONE)),
        (ConnectionResetError(104, "reset"), HungUp("b", Reason("ECONNRESET"))),
        (ssl.SSLError(1, "wrong version number"), HungUp("b", Reason("other", {"text": "wrong version number"}))),
        (
            UnicodeError("label too long"),
            BrokerUnreachable("b", LONG),
        ),
    ],
)
def test_every_failure_has_its_cause(error: Exception, told: object) -> None:
    """A broker that is still starting is unreachable, not refusing; one that hangs up can be reached."""
    assert failure("b", error) == told


def test_every_item_has_an_event_of_its_own() -> None:
    """Every kind of this room is reported by an item or by the controller, or is a mistake in an address."""
    told = [
        Connected("b", False, 1),
        Disconnected("b", GONE),
        Renewed("b", datetime(2028, 1, 1, tzinfo=UTC)),
        LoginRefused("b", GONE, 5),
        SubscriptionRefused("b", "f"),
        SubscriptionGranted("b", "f"),
        Oversized("b", "t", 1),
        Coalesced("b", "t", 1),
        BrokerUnreachable("b", GONE),
        HungUp("b", GONE),
        Forgot("b"),
        Displaced("b", "c"),
        *(Untrusted("b", flaw, GONE) for flaw in FLAWS),
    ]
    codes = {item.event().code for item in told}
    assert len(codes) == len(told)
    others = {f"TWL-M0{number}" for number in (14, 17, 18, 20, 21, 22, 25, 26, 27, 28)}
    assert codes | others == {code for code in CATALOGUE if code.startswith("TWL-M")}
    for item in told:
        assert all(item.event().text(language) and item.event().action(language) for language in ("en", "sv"))


def test_many_filters_are_asked_for_in_batches_and_answered_in_order() -> None:
    """What is granted is not requested again; what is refused is, every 30 s; both are reported once."""
    subscriptions = Subscriptions(tuple((f"t/{n}", 1) for n in range(2 * BATCH + 1)))
    batches = list(subscriptions.due(0.0))
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 1]
    for mid, batch in enumerate(batches):
        subscriptions.requested(mid, batch)
    assert list(subscriptions.answered(0, [n == 7 for n in range(BATCH)])) == [("t/7", True)]
    assert list(subscriptions.answered(1, [False] * BATCH)) == []
    assert list(subscriptions.answered(99, [True])) == []
    assert list(subscriptions.due(29.9)) == []
    (again,) = subscriptions.due(30.0)
    assert [topic_filter for topic_filter, _ in again] == ["t/7", f"t/{2 * BATCH}"]
    subscriptions.requested(5, again)
    assert list(subscriptions.answered(5, [True, False])) == []
    (last,) = subscriptions.due(60.0)
    subscriptions.requested(6, last)
    assert last == (("t/7", 1),)
    assert list(subscriptions.answered(6, [False])) == [("t/7", False)]
    assert list(subscriptions.due(270.0)) == []
