"""Tokens of other programs: shown once, limited, ended at once."""

from datetime import datetime, timedelta

import pytest

from controller.errors import Refused
from controller.state.accounts import AccountStore
from controller.state.audit import Act, Actor
from controller.state.roles import Role, Scope, Source

BY = Actor("Sara", Source.PAGE, "192.0.2.7")
PASSWORD = "häst batteri klammer"
DAY = timedelta(days=1)
ALL = frozenset(Scope)


@pytest.fixture
def store(accounts: AccountStore, now: datetime) -> AccountStore:
    """With one account of each role."""
    for name, role in (("Sara", Role.ADMIN), ("Kim", Role.OPERATOR), ("Eva", Role.VIEWER)):
        accounts.add(name, role, PASSWORD, BY, now)
    return accounts


def test_a_token_gives_what_it_was_made_for(store: AccountStore, now: datetime) -> None:
    """Reading always among it; its secret begins so that people see what it is."""
    secret = store.tokens.add("Kim", "skärmen i foajén", frozenset({Scope.OVERRIDE}), BY, now)
    assert secret.startswith("wt_")
    token = store.tokens.find(secret, now)
    assert token
    assert (token.name, token.owner, token.scopes) == ("skärmen i foajén", "Kim", {Scope.READ, Scope.OVERRIDE})
    assert store.audit.rows()[-1].act == Act.TOKEN_ADDED


@pytest.mark.parametrize("secret", ["", "wt_", "wt_x", "é" * 1000, "\0"])
def test_another_secret_gives_nothing(store: AccountStore, now: datetime, secret: str) -> None:
    """Whatever is sent."""
    store.tokens.add("Kim", "screen", ALL, BY, now)
    assert store.tokens.find(secret, now) is None


def test_a_token_never_gives_more_than_its_owner_may(store: AccountStore, now: datetime) -> None:
    """By the role that they have now."""
    viewers = store.tokens.add("Eva", "screen", ALL, BY, now)
    kims = store.tokens.add("Kim", "screen", ALL, BY, now)
    store.set_role("Kim", Role.VIEWER, BY, now)
    for secret in (viewers, kims):
        token = store.tokens.find(secret, now)
        assert token
        assert token.scopes == {Scope.READ}


def test_a_disabled_owner_stops_their_tokens(store: AccountStore, now: datetime) -> None:
    """Until the account is enabled again."""
    secret = store.tokens.add("Kim", "screen", ALL, BY, now)
    store.disable("Kim", BY, now)
    assert store.tokens.find(secret, now) is None
    store.enable("Kim", BY, now)
    assert store.tokens.find(secret, now)


def test_a_revoked_token_stops_at_once_and_is_reported(store: AccountStore, now: datetime) -> None:
    """Only once."""
    secret = store.tokens.add("Kim", "screen", ALL, BY, now)
    (token,) = store.tokens.all()
    store.tokens.revoke(token.id, BY, now + DAY)
    assert store.tokens.find(secret, now + DAY) is None
    assert store.tokens.all()[0].revoked == now + DAY
    assert store.audit.rows()[-1].act == Act.TOKEN_REVOKED
    with pytest.raises(Refused) as caught:
        store.tokens.revoke(token.id, BY, now + DAY)
    assert caught.value.code == "TWL-A016"


def test_a_token_expires_where_it_was_made_so(store: AccountStore, now: datetime) -> None:
    """At that instant."""
    secret = store.tokens.add("Kim", "screen", ALL, BY, now, expires=now + DAY)
    assert store.tokens.find(secret, now + DAY - timedelta(seconds=1))
    assert store.tokens.find(secret, now + DAY) is None


def test_when_a_token_was_used_last_is_known(store: AccountStore, now: datetime) -> None:
    """So that one that nobody needs is found."""
    secret = store.tokens.add("Kim", "screen", ALL, BY, now)
    assert store.tokens.all()[0].used is None
    store.tokens.find(secret, now + DAY)
    assert store.tokens.all()[0].used == now + DAY


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb\x1b"])
def test_a_token_needs_a_name(store: AccountStore, now: datetime, name: str) -> None:
    """That can be shown."""
    with pytest.raises(Refused) as caught:
        store.tokens.add("Kim", name, ALL, BY, now)
    assert caught.value.code == "TWL-A015"
