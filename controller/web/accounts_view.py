"""Accounts and API keys ("Konton och API-nycklar"), for admins: `/accounts`, `/tokens`."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from controller.errors import Refused
from controller.events.words import day_words
from controller.state.audit import Actor
from controller.state.roles import Role, Scope
from controller.web.forms import FieldFault, Form, FormOf, fault_of, whole_number
from controller.web.login_view import PASSWORD_FAULTS
from controller.web.visit import ForAdmin, Visit

router = APIRouter()
OF_SITE = "TWL-A019"
MOST_UNSEEN = 20
"""Number of new tokens whose secret is kept until it has been shown."""


@router.get("/accounts", include_in_schema=False)
def accounts(visited: ForAdmin) -> Response:
    """Every account that may log in, with its role and the time of its last visit."""
    return _accounts(visited)


@router.get("/accounts/new", include_in_schema=False)
def ask_for_account(visited: ForAdmin) -> Response:
    """The form for a new account."""
    return visited.page("account_new", name="", role=Role.OPERATOR, is_limited=False, faults=())


@router.post("/accounts/new", include_in_schema=False)
def add_account(visited: ForAdmin, form: FormOf) -> Response:
    """Adds an account. The admin hands its first password to the new user, who can change it."""
    name, role, site = form.get("name"), _role(form.get("role")), _site(visited, form)
    try:
        visited.service.accounts.add(name, role, form.raw("password"), visited.actor, visited.now, site)
    except Refused as error:
        field = "password" if error.code in PASSWORD_FAULTS else "role" if error.code == OF_SITE else "name"
        faults = (_fault(visited, error, field),)
        return visited.page("account_new", 422, name=name, role=role, is_limited=site is not None, faults=faults)
    return visited.to("/accounts", visited.text("accounts.added", name=name))


@router.get("/accounts/edit", include_in_schema=False)
def ask_for_changes(visited: ForAdmin, name: str = "") -> Response:
    """The form that changes the role or the password of an account."""
    return _edit_page(visited, name)


@router.post("/accounts/role", include_in_schema=False)
def change_role(visited: ForAdmin, form: FormOf) -> Response:
    """Changes a role, at once and also in open sessions."""
    name, role = form.get("name"), _role(form.get("role"))
    try:
        visited.service.accounts.set_role(name, role, visited.actor, visited.now, _site(visited, form))
    except Refused as error:
        return _edit_page(visited, name, _fault(visited, error, "role"))
    shown = visited.text(f"common.role.{role.value}")
    return visited.to("/accounts", visited.text("accounts.has_role", name=name, role=shown))


@router.post("/accounts/password", include_in_schema=False)
def change_password(visited: ForAdmin, form: FormOf) -> Response:
    """Sets a password. All sessions of the account end."""
    name = form.get("name")
    try:
        visited.service.accounts.set_password(name, form.raw("password"), visited.actor, visited.now)
    except Refused as error:
        return _edit_page(visited, name, _fault(visited, error, "password"))
    return visited.to("/accounts", visited.text("accounts.has_password", name=name))


@router.post("/accounts/disable", include_in_schema=False)
def disable(visited: ForAdmin, form: FormOf) -> Response:
    """Disables an account: its sessions and tokens end at once. It stays in the list and can be enabled again."""
    return _switched(visited, form, visited.service.accounts.disable, "is_disabled")


@router.post("/accounts/enable", include_in_schema=False)
def enable(visited: ForAdmin, form: FormOf) -> Response:
    """Enables an account, which keeps its password."""
    return _switched(visited, form, visited.service.accounts.enable, "is_enabled")


def _switched(visited: Visit, form: Form, switch: Callable[[str, Actor, datetime], None], result: str) -> Response:
    name = form.get("name")
    try:
        switch(name, visited.actor, visited.now)
    except Refused as error:
        return _accounts(visited, 422, _fault(visited, error, "accounts"))
    return visited.to("/accounts", visited.text(f"accounts.{result}", name=name))


@router.get("/accounts/{act}", include_in_schema=False)
@router.get("/tokens/{act}", include_in_schema=False)
def read_again(visited: ForAdmin, act: str) -> Response:  # noqa: ARG001  an act that was refused
    """The list, when the result page of a form is reloaded or its language is changed."""
    return visited.to(f"/{visited.request.url.path.split('/')[1]}")


@router.get("/tokens", include_in_schema=False)
def tokens(visited: ForAdmin, made: str = "") -> Response:
    """The programs that may use the API. The secret of a new token is shown once: `made` is the key under which it is
    kept until then."""
    return _tokens(visited, secret=_unseen(visited).pop(made, ""))


@router.post("/tokens", include_in_schema=False)
def add_token(visited: ForAdmin, form: FormOf) -> Response:
    """Adds a token. It acts for the chosen account and never has more rights than that account."""
    name, owner = form.get("name"), form.get("owner")
    scopes = frozenset(scope for scope in Scope if scope.value in form.all("scope"))
    try:
        secret = visited.service.accounts.tokens.add(owner, name, scopes, visited.actor, visited.now)
    except Refused as error:
        field = "owner" if error.code == "TWL-A011" else "name"
        return _tokens(visited, 422, name=name, fault=_fault(visited, error, field))
    unseen, place = _unseen(visited), secrets.token_urlsafe(16)
    while len(unseen) >= MOST_UNSEEN:
        unseen.pop(next(iter(unseen)))
    unseen[place] = secret
    return visited.to(f"/tokens?made={quote(place)}")


@router.post("/tokens/revoke", include_in_schema=False)
def revoke_token(visited: ForAdmin, form: FormOf) -> Response:
    """Revokes a token: its program can do nothing any more."""
    number = whole_number(form.get("id"), 2**53) or 0
    try:
        visited.service.accounts.tokens.revoke(number, visited.actor, visited.now)
    except Refused as error:
        return _tokens(visited, 422, fault=_fault(visited, error, "tokens"))
    return visited.to("/tokens", visited.text("tokens.revoked"))


def _accounts(visited: Visit, status: int = 200, fault: FieldFault | None = None) -> Response:
    found = visited.service.accounts.accounts()
    when = partial(_when, visited)
    return visited.page("accounts", status, accounts=found, when=when, faults=(fault,) if fault else ())


def _edit_page(visited: Visit, name: str, fault: FieldFault | None = None) -> Response:
    try:
        account = visited.service.accounts.account(name)
    except Refused as error:
        return _accounts(visited, 404, _fault(visited, error, "accounts"))
    return visited.page("account_edit", 422 if fault else 200, account=account, faults=(fault,) if fault else ())


def _tokens(
    visited: Visit, status: int = 200, *, secret: str = "", name: str = "", fault: FieldFault | None = None
) -> Response:
    store = visited.service.accounts
    return visited.page(
        "tokens",
        status,
        tokens=[token for token in store.tokens.all() if token.revoked is None],
        owners=[account.name for account in store.accounts() if not account.disabled],
        when=partial(_when, visited),
        Scope=Scope,
        secret=secret,
        name=name,
        faults=(fault,) if fault else (),
    )


def _when(visited: Visit, at: datetime | None) -> str:
    if at is None:
        return visited.text("accounts.never")
    local = at.astimezone(visited.now.tzinfo)
    if local.date() == visited.now.date():
        return visited.text("accounts.today", time=f"{local:%H:%M}")
    return visited.text("accounts.seen", day=day_words(local.date(), visited.language), time=f"{local:%H:%M}")


def _unseen(visited: Visit) -> dict[str, str]:
    found: dict[str, str] = visited.request.app.state.unseen_tokens
    return found


def _fault(visited: Visit, error: Refused, field: str) -> FieldFault:
    return fault_of(error, field, visited.language)


def _site(visited: Visit, form: Form) -> str | None:
    """The site that the role is for, where there are several; None for all of them."""
    return visited.service.site if form.get("site") and visited.service.site else None


def _role(word: str) -> Role:
    """The role with this name; a viewer for an unknown name, so that a mistake never grants more."""
    return Role(word) if word in set(Role) else Role.VIEWER
