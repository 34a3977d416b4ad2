"""Log-ins: hashed passwords, and what guessing costs whoever guesses."""

import asyncio
import threading

import pytest

from controller import scrypt
from controller.broker.access import Admission, User, hashed, is_password, is_secret
from controller.broker.login import KEYS, LoginCheck, PasswordTries
from controller.broker.packets import Answer, Connect
from controller.retry import TokenBucket

HASH = hashed("orange")


def test_a_hash_is_that_of_its_password_alone():
    """Made twice it differs: there is a salt."""
    assert HASH.startswith("$scrypt$ln=14,r=8,p=1$")
    assert hashed("orange") != HASH
    assert is_secret(HASH)
    assert is_password(HASH, b"orange")
    assert not any(is_password(HASH, other) for other in (b"", b"Orange", HASH.encode()))


def test_the_hash_is_scrypt_as_others_make_it():
    """The third test vector of RFC 7914, section 12."""
    expected = "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUk"
    expected += "Kpr55h6F3A1lHkDfzwF7RVdYhw"
    assert is_password(f"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU${expected}", b"pleaseletmein")


@pytest.mark.parametrize(
    "secret",
    ["", "$scrypt$", HASH[:-1], HASH.replace("ln=14", "ln=30"), HASH.replace("r=8", "r=9"), HASH + "="],
    ids=["empty", "no parts", "cut", "other work", "other block size", "padded"],
)
def test_what_is_no_hash_is_refused(secret):
    """Nor may one take all the memory."""
    assert not is_secret(secret) or is_password(secret, b"orange") is False


def taken(guesses, key, now_s):
    """Whether a password may be tried; then it is."""
    is_allowed = guesses.allows(key, now_s)
    if is_allowed:
        guesses.spend(key, now_s)
    return is_allowed


def test_guesses_are_bounded_and_come_back_with_time():
    """So many at once, then one every so often; right ones cost nothing."""
    guesses = PasswordTries(TokenBucket(3, 2.0))
    assert [taken(guesses, "a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert taken(guesses, "b", 0.0)
    assert [taken(guesses, "a", 2.0) for _ in range(2)] == [True, False]
    for _ in range(100):
        assert taken(guesses, "c", 5.0)
        guesses.give_back("c")


def test_keys_of_guesses_do_not_fill_the_memory():
    """However many addresses there are, those that were tried last are remembered."""
    guesses = PasswordTries(TokenBucket(1, 1e6))
    for number in range(4 * KEYS):
        assert taken(guesses, number, 0.0)
    assert not taken(guesses, 4 * KEYS - 1, 0.0)
    assert len(guesses) <= KEYS


@pytest.mark.parametrize("secret", ["orange", HASH], ids=["plain", "hashed"])
async def test_a_hashed_password_lets_in_as_a_plain_one_does(start, dial, secret):
    """And a wrong one does not, nor the hash itself."""
    subject = await start(users={"tower": secret})
    codes = [(await (await dial(subject)).connect("c", password=word))[1] for word in ("orange", "blue", HASH, "")]
    assert codes == [0, 4, 4, 4]
    assert len(subject.events_of("TWL-B031")) == 2


async def test_the_loop_does_not_wait_for_a_hash(start, dial, connect, monkeypatch):
    """Another client is answered all the while that many passwords are worked out."""
    worked_out = threading.Event()
    real = scrypt.is_password
    monkeypatch.setattr(scrypt, "is_password", lambda *asked: worked_out.wait(60) and real(*asked))
    subject = await start(users={"tower": HASH, "other": "blue"})
    other = await connect(subject, "other", user="other", password="blue")
    guessing = [asyncio.create_task((await dial(subject)).connect(f"g{number}", password="no")) for number in range(15)]
    for _ in range(20):
        await other.ping()
    assert not any(task.done() for task in guessing)
    worked_out.set()
    assert {code for _, code in await asyncio.gather(*guessing)} == {4}


async def test_what_comes_behind_a_log_in_waits_for_the_judgement(start, dial, connect):
    """A client may publish before it has its answer (3.1.4)."""
    subject = await start(users={"tower": HASH, "other": "blue"})
    reader = await connect(subject, "reader", user="other", password="blue")
    await reader.subscribe(("q", 0))
    client = await dial(subject)
    joining = asyncio.create_task(client.connect("c"))
    await asyncio.sleep(0)
    client.post("q", b"early")
    assert await joining == (False, 0)
    assert [message.payload for message in await reader.messages(1)] == [b"early"]


class Logins:
    """Log-ins that are judged in virtual time."""

    def __init__(self, monkeypatch, **users):
        self.now_s = 1000.0
        self.judge = LoginCheck(Admission({name: User(word) for name, word in users.items()}, own="ours"))
        self.events = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: self.now_s)
        monkeypatch.setattr("controller.broker.login.asyncio.sleep", self._sleep)

    async def _sleep(self, delay_s):
        self.now_s += delay_s

    async def enter(self, user, password, address="10.0.0.9", client_id="c"):
        asked = Connect(client_id, user=user, password=password.encode())
        at_once = self.judge.at_once(asked)
        if at_once is not None:
            return at_once[1]
        judged = await self.judge.judge(
            asked, address, lambda code, **fields: self.events.append((code, fields["user"]))
        )
        return judged[1]


@pytest.fixture
async def site(monkeypatch):
    """Users with plain passwords."""
    return Logins(monkeypatch, mast="high", gate="wide")


async def flood(site, user, times=200, **more):
    """So many wrong ones without time between; how many were tried."""
    tried = 0
    for _ in range(times):
        before = site.now_s
        tried += await site.enter(user, "wrong", **more) is Answer.BAD_CREDENTIALS
        site.now_s = before
    return tried


async def test_guessing_is_slowed_and_reported(site):
    """Of one user from one address; one that has no name among the users is slowed as well."""
    assert await flood(site, "mast") <= 21
    assert ("TWL-B046", "mast") in site.events
    assert sum([await flood(site, f"nobody-{number}", 20) for number in range(20)]) <= 21


async def test_guessing_from_many_addresses_is_slowed_too(site):
    """Of one user; an IPv6 network counts as one address."""
    assert sum([await flood(site, "mast", 10, address=f"10.0.{number}.1") for number in range(100)]) <= 110
    assert sum([await flood(site, "gate", 10, address=f"2001:db8::{number:x}") for number in range(100)]) <= 21


async def test_whoever_was_let_in_before_is_not_kept_out(site):
    """By whatever is guessed from its own address or from others, as long as its client id is not known."""
    assert await site.enter("mast", "high", client_id="mast-1") is Answer.ACCEPTED
    for number in range(50):
        await flood(site, "mast", 20, address=f"10.0.{number}.1")
    before = site.now_s
    assert await site.enter("mast", "high", client_id="mast-1") is Answer.ACCEPTED
    assert site.now_s == before


async def test_a_gateway_of_ours_is_not_kept_out_at_its_first_start(site):
    """By the client id that it has; only for its own user, and with guesses of its own that are bounded too."""
    await flood(site, "mast")
    before = site.now_s
    assert await site.enter("mast", "high", client_id="watertower-gateway-mast") is Answer.ACCEPTED
    assert site.now_s == before
    assert await flood(site, "gate", client_id="watertower-gateway-mast") <= 21
    assert await flood(site, "mast", client_id="watertower-gateway-mast") <= 61


async def test_another_user_is_not_kept_out(site):
    """Of the same address."""
    await flood(site, "mast")
    await flood(site, "nobody")
    before = site.now_s
    assert await site.enter("gate", "wide") is Answer.ACCEPTED
    assert site.now_s == before


async def test_the_programs_of_the_service_are_never_kept_out(site):
    """Whatever else is tried under their name."""
    await flood(site, "controller")
    assert await site.enter("controller", "ours") is Answer.ACCEPTED


async def test_a_right_password_is_found_out_no_faster(site):
    """Held, it is tried only if there is a guess left by then."""
    tried = await flood(site, "mast")
    assert tried <= 21
    answers = [await site.enter("mast", "high", client_id=f"new-{number}") for number in range(3)]
    assert answers[0] in (Answer.ACCEPTED, Answer.UNAVAILABLE)
    assert Answer.ACCEPTED in answers


async def test_after_a_power_cut_all_come_in_at_once(site):
    """Fifty devices with one log-in behind one address: a right password uses up no guess, so that nobody waits."""
    before = site.now_s
    answers = await asyncio.gather(*(site.enter("mast", "high", client_id=f"lamp-{number}") for number in range(50)))
    assert set(answers) == {Answer.ACCEPTED}
    assert (site.now_s, site.events) == (before, [])
