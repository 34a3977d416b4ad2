"""`watertower user`: who may log in to the page. `watertower audit`: what people have done, and whether it is
intact."""

import getpass
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import click

from controller import plain_file
from controller.app.last_good import load_last_good
from controller.cli.options import (
    FOLDER,
    FOUND_PROBLEMS,
    Options,
    caller,
    common,
    each_site,
    for_service,
    known_sites,
    print_error,
    require_readable_state,
)
from controller.cli.used_by_service import accounts_storage
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import Misconfigured, Refused, WatertowerError
from controller.events import Event
from controller.events.formatters import json_text
from controller.events.models import printable
from controller.events.reasons import reason_of
from controller.rfc3339 import rfc3339
from controller.service.period import read_since
from controller.state import passwords
from controller.state.accounts import Account, AccountStore, shown_name
from controller.state.accounts_file import ACCOUNTS, AccountsDown, has_accounts
from controller.state.audit import Act, Actor, AuditEntry, AuditRow
from controller.state.roles import Role, Source

LIST = "list"
WITH_ROLE, WITH_PASSWORD = ("add", "role"), ("add", "password")
MOST_BYTES = 4096
WIDEST = 400


@click.command("user")
@click.argument("act", type=click.Choice([*WITH_PASSWORD, "role", "disable", "enable", LIST]))
@click.argument("name", required=False)
@click.option("--role", type=click.Choice([role.value for role in Role]))
@click.option("--password-file", type=FOLDER)
@click.option("--json", "as_json", is_flag=True)
@common
@for_service
def user(
    options: Options, act: str, name: str | None, role: str | None, password_file: Path | None, as_json: bool
) -> None:
    """Add, change and list the accounts of the page."""
    _require_fitting(act, name, role, password_file, options.site)
    store = _opened(options, makes=act == "add")
    if act == LIST:
        place = store.place if store else str(options.service_state / ACCOUNTS)
        _list(store.accounts() if store else (), place, options, as_json)
        return
    if options.site is not None:
        known_sites(options)
    shown = shown_name(str(name))
    if store is None:
        raise Refused("TWL-A011", name=shown)
    password = _new_password(store, act, shown, password_file, options) if act in WITH_PASSWORD else ""
    account = _done(store, act, shown, role, password, options.site)
    if as_json:
        click.echo(json_text({"version": 1, **_document(account)}, indent=2))
    else:
        role_text = _role_words(account, options)
        click.echo(options.text(f"user.done.{act}", name=account.name, role=role_text, file=store.place))


def _done(store: AccountStore, act: str, name: str, role: str | None, password: str, site: str | None) -> Account:
    by, now = Actor(caller(), Source.COMMAND_LINE), SystemClock().read().wall
    match act:
        case "add":
            store.add(name, Role(str(role)), password, by, now, site)
        case "password":
            store.set_password(name, password, by, now)
        case "role":
            store.set_role(name, Role(str(role)), by, now, site)
        case "disable":
            store.disable(name, by, now)
        case "enable":
            store.enable(name, by, now)
    return store.account(name)


def _require_fitting(
    act: str, name: str | None, role: str | None, password_file: Path | None, site: str | None
) -> None:
    """Raises WatertowerError for an argument that is missing (TWL-Q112) or belongs to another action (TWL-Q115)."""
    words = (("NAME", name, act != LIST, act != LIST), ("--role", role, act in WITH_ROLE, act in WITH_ROLE))
    for word, given, is_needed, is_allowed in (
        *words,
        ("--site", site, False, act in WITH_ROLE),
        ("--password-file", password_file, False, act in WITH_PASSWORD),
    ):
        if given is None and is_needed:
            raise WatertowerError("TWL-Q112", word=word, command="watertower user")
        if given is not None and not is_allowed:
            raise WatertowerError("TWL-Q115", words=f"{act}, {word}")


def _opened(options: Options, makes: bool = False) -> AccountStore | None:
    """The accounts of the state directory, None if there are none; with `makes` the directory is created."""
    require_readable_state(options)
    where = accounts_storage(options)
    try:
        if makes:
            options.service_state.mkdir(parents=True, exist_ok=True)
        elif not has_accounts(where):
            return None
    except OSError as error:
        raise AccountsDown("TWL-A001", file=str(options.service_state / ACCOUNTS), reason=reason_of(error)) from error

    return AccountStore(where, lambda event: print_event(event, options) if event.code == "TWL-A002" else None)


def _new_password(store: AccountStore, act: str, name: str, password_file: Path | None, options: Options) -> str:
    """A password from the file, from the pipe, or typed twice on the terminal. Raises Refused for one that cannot be
    used, and before anything is typed for a name that cannot; Misconfigured TWL-Q106 for the file."""
    names = {account.name.casefold() for account in store.accounts()}
    if (name.casefold() in names) == (act == "add"):
        raise Refused("TWL-A010" if act == "add" else "TWL-A011", name=name)
    if password_file is not None:
        return _first_line(password_file)
    if sys.stdin is None or not sys.stdin.isatty():
        return (sys.stdin.read(MOST_BYTES) if sys.stdin else "").rstrip("\r\n")
    password = getpass.getpass(options.text("user.password"))
    passwords.require_good(password, name)
    if getpass.getpass(options.text("user.password_again")) != password:
        raise Refused("TWL-A024")
    return password


def _first_line(file: Path) -> str:
    try:
        return plain_file.read(file, MOST_BYTES).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("TWL-Q106", path=str(file), reason=reason_of(error)) from error


def _list(accounts: tuple[Account, ...], place: str, options: Options, as_json: bool) -> None:
    if as_json:
        click.echo(json_text({"version": 1, "accounts": [_document(account) for account in accounts]}, indent=2))
        return
    if not accounts:
        click.echo(options.text("user.none", file=place), err=True)
        return
    zone = _zone(options)
    width = max(len(account.name) for account in accounts)
    for account in accounts:
        seen = f"{account.seen.astimezone(zone):%Y-%m-%d %H:%M}" if account.seen else options.text("user.never")
        role_text = _role_words(account, options) + (f", {options.text('user.disabled')}" if account.disabled else "")
        click.echo(f"{account.name:{width}}  {role_text:28}  {options.text('user.seen', at=seen)}")


def _role_words(account: Account, options: Options) -> str:
    if account.sites is None:
        return options.text(f"user.role.{account.role.value}")
    return ", ".join(f"{site}: {options.text(f'user.role.{role.value}')}" for site, role in account.sites.items())


def _document(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "role": account.role.value,
        "disabled": account.disabled,
        "created": rfc3339(account.created, timespec="seconds"),
        "seen": rfc3339(account.seen, timespec="seconds") if account.seen else None,
        **({"sites": {site: role.value for site, role in account.sites.items()}} if account.sites else {}),
    }


def _zone(options: Options) -> tzinfo:
    """The time zone of the site, or of the first of several; UTC if its files cannot be read: accounts do not need
    them."""
    try:
        setup = _setup(options)
    except WatertowerError:
        return UTC
    return setup.tower.site.place.time_zone


def _setup(options: Options) -> Setup:
    """The setup of the site, or of the first of several. Raises WatertowerError."""
    first, *_ = each_site(options)
    return load_last_good(first.folder, first.state_dir)[0]


@click.command("audit")
@click.argument("act", type=click.Choice(["list", "verify"]), default="list")
@click.option("--since")
@click.option("--json", "as_json", is_flag=True)
@common
@for_service
def audit(options: Options, act: str, since: str | None, as_json: bool) -> None:
    """What people have done, the oldest first; `verify` ends with 1 if a row was changed or is missing."""
    store = _opened(options)
    if act == "verify":
        _verify(store, options, as_json)
        return
    now = SystemClock().read().wall
    start = read_since(since, _setup(options), now) if since else None
    zone, is_empty = _zone(options), True
    for row in _oldest_first(store, start):
        is_empty = False
        click.echo(json_text(_row_document(row)) if as_json else _row_line(row, zone, options))
    if is_empty:
        click.echo(options.text("audit.nothing"), err=True)


def _verify(store: AccountStore | None, options: Options, as_json: bool) -> None:
    """Prints the result and ends the process."""
    if store is None:
        raise AccountsDown(
            "TWL-A001", file=str(options.service_state / ACCOUNTS), reason=reason_of(FileNotFoundError(2, ""))
        )
    verdict = store.audit.verify()
    if as_json:
        document = {"version": 1, "rows": verdict.rows, "broken": verdict.broken, "reason": verdict.reason or None}
        click.echo(json_text(document, indent=2))
    elif verdict.broken is None:
        click.echo(options.text("audit.intact", rows=verdict.rows))
    else:
        reason = options.text(f"audit.broken.{verdict.reason}", number=verdict.broken)
        click.echo(options.text("audit.not_intact", number=verdict.broken, reason=reason, rows=verdict.rows))
    sys.exit(0 if verdict.broken is None else FOUND_PROBLEMS)


def _oldest_first(store: AccountStore | None, start: datetime | None) -> Iterator[AuditRow]:
    after = 0
    while store and (page := store.audit.rows(start, after)):
        yield from page
        after = page[-1].number


def _row_document(row: AuditRow) -> dict[str, object]:
    return {
        "version": 1,
        "number": row.number,
        "at": rfc3339(row.at, timespec="milliseconds"),
        "act": row.act,
        "name": row.actor.name,
        "address": row.actor.address,
        "source": row.actor.source.value,
        "account": row.whom,
        "before": row.before,
        "after": row.after,
        "pseudonymous": row.is_pseudonymous,
        "hash": row.hash,
    }


def _row_line(row: AuditRow, zone: tzinfo, options: Options) -> str:
    """`2026-11-20 15:41:00 Kim (page, 192.0.2.7): role of Sara changed: viewer → operator`."""
    way = options.text(f"audit.source.{row.actor.source.value}")
    who = row.actor.name or options.text("audit.source.service")
    where = f"{way}, {row.actor.address}" if row.actor.address else way
    known = row.act in {act.value for act in Act}
    what = options.text(f"audit.act.{row.act.replace('.', '_')}", whom=row.whom) if known else row.act
    change = " → ".join(_value(each) for each in (row.before, row.after) if each is not None)
    line = f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S} {who} ({where}): {what}"
    return printable(f"{line}: {change}" if change else line, WIDEST)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json_text(value)


def note_in_audit(options: Options, act: Act, before: object = None, after: object = None) -> None:
    """Records in the audit what the caller has done with another command; nothing if there are no accounts."""
    where = accounts_storage(options)
    if not has_accounts(where):
        return
    store = AccountStore(where, lambda event: print_event(event, options))
    entry = AuditEntry(act, Actor(caller(), Source.COMMAND_LINE), before=before, after=after)
    try:
        store.audit.append(entry, SystemClock().read().wall)
    except WatertowerError as error:
        print_error(error, options)
    finally:
        store.close()


def print_event(event: Event, options: Options) -> None:
    """Prints a problem of stored data."""
    click.echo(f"{event.code}: {event.text(options.language)}", err=True)
