"""Logging in and out, the first account, and one's own."""

import html
import re
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import httpx
import pytest

from controller.config.web_keys import Web
from controller.events import Event
from controller.state.accounts import AccountStore
from controller.state.roles import Role
from controller.web.login_view import own_path
from controller.web.running_service import RunningService
from tests.web.conftest import PASSWORD, Browser, SetClock

pytestmark = pytest.mark.usefixtures("service")
OTHER = "correct horse battery"
TLS = "https://tower.example"


def csrf(page: httpx.Response) -> str:
    """The mark of the forms of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]


async def sent(client: httpx.AsyncClient, path: str, page: str | None = None, **fields: str) -> httpx.Response:
    """A form of a page, filled in and sent."""
    mark = csrf(await client.get(page or path))
    return await client.post(path, data={"csrf": mark, **fields})


async def logged_in(browser: Browser, name: str = "operator", password: str = PASSWORD) -> httpx.AsyncClient:
    """A browser of somebody who has logged in."""
    client = browser()
    answer = await sent(client, "/login", name=name, password=password)
    assert answer.status_code == 303, answer.text
    return client


@pytest.mark.usefixtures("people")
async def test_a_login_leads_back_to_where_one_was(browser: Browser) -> None:
    """With its question."""
    client = browser()
    asked = await client.get("/accounts/edit?name=kim")
    assert asked.status_code == 303
    form = await client.get(asked.headers["location"])
    answer = await client.post(
        "/login",
        data={"csrf": csrf(form), "name": "admin", "password": PASSWORD, "next": field(form, "next")},
    )
    assert answer.headers["location"] == "/accounts/edit?name=kim"


def field(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("/", "/"),
        ("/schedule?x=1&y=2", "/schedule?x=1&y=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
        ("schedule", "/"),
        ("/å", "/"),
    ],
)
def test_a_login_leads_to_no_other_site(path: str, goes: str) -> None:
    """Whatever is in the address."""
    assert own_path(path) == goes


@pytest.mark.usefixtures("people")
async def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_site(browser: Browser) -> None:
    """Over TLS it belongs to this host alone."""
    for client, beginning, is_tls in (
        (browser(), "session=", False),
        (browser(Web(listen="0.0.0.0:1"), "192.0.2.7", TLS), "__Host-session=", True),
    ):
        answer = await sent(client, "/login", name="operator", password=PASSWORD)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(beginning)
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert ("secure" in cookie.lower()) == is_tls
        assert "domain" not in cookie.lower()


@pytest.mark.usefixtures("people")
async def test_every_failure_reads_alike(browser: Browser) -> None:
    """And keeps the name that was typed, but not the password."""
    client = browser()
    answers = [await sent(client, "/login", name=name, password="wrong") for name in ("operator", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    one, two = (re.sub(r"operator|nobody", "NAME", answer.text) for answer in answers)
    assert one == two
    assert "Namnet eller lösenordet stämmer inte." in one
    assert 'value="NAME"' in one
    assert "wrong" not in answers[0].text.replace('class="field wrong"', "")
    assert "<title>Fel: Logga in" in answers[0].text


@pytest.mark.usefixtures("people")
async def test_whoever_guesses_is_shown_how_long_to_wait(browser: Browser, clock: SetClock) -> None:
    """And gets in after that with the right password."""
    client = browser()
    for _ in range(4):
        await sent(client, "/login", name="operator", password="wrong")
    answer = await sent(client, "/login", name="operator", password="wrong")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert "Namnet eller lösenordet stämmer inte. Vänta 30 s." in answer.text
    answer = await sent(client, "/login", name="operator", password=PASSWORD)
    assert answer.status_code == 429
    clock.go(timedelta(seconds=30))
    answer = await sent(client, "/login", name="operator", password=PASSWORD)
    assert answer.status_code == 303


@pytest.mark.usefixtures("people")
async def test_a_session_that_somebody_foisted_on_the_browser_is_not_taken_over(browser: Browser) -> None:
    """Each login makes a new one."""
    client = browser()
    client.cookies.set("session", "chosen-by-somebody-else", domain="127.0.0.1")
    answer = await sent(client, "/login", name="operator", password=PASSWORD)
    one = answer.cookies["session"]
    client = browser()
    client.cookies.set("session", "chosen-by-somebody-else", domain="127.0.0.1")
    assert (await client.get("/account")).status_code == 303
    answer = await sent(client, "/login", name="operator", password=PASSWORD)
    assert answer.cookies["session"] not in {one, "chosen-by-somebody-else"}


@pytest.mark.usefixtures("people")
async def test_a_form_without_its_mark_does_nothing(browser: Browser) -> None:
    """Nor one of another session, or from another site."""
    client, other = await logged_in(browser, "admin"), await logged_in(browser, "operator")
    foreign = csrf(await other.get("/account"))
    own = csrf(await client.get("/account"))
    for data, headers in (
        ({"x": "y"}, {}),
        ({"csrf": ""}, {}),
        ({"csrf": foreign}, {}),
        ({"csrf": own}, {"origin": "http://evil.example"}),
        ({"csrf": own}, {"origin": "null"}),
        ({"csrf": own}, {"sec-fetch-site": "cross-site"}),
        ({"csrf": own}, {"sec-fetch-site": "same-site"}),
    ):
        answer = await client.post("/logout", data=data, headers=headers)
        assert answer.status_code == 403
    assert (await client.get("/account")).status_code == 200


@pytest.mark.usefixtures("people")
async def test_logging_out_ends_the_session_itself(browser: Browser, service: RunningService, clock: SetClock) -> None:
    """Not only the cookie: an old one is worth nothing."""
    client = await logged_in(browser)
    kept = client.cookies["session"]
    answer = await sent(client, "/logout", "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert service.accounts.sessions.find(kept, clock.wall) is None
    assert "session" not in client.cookies


async def test_the_first_account_is_made_with_the_code(
    browser: Browser, service: RunningService, clock: SetClock
) -> None:
    """And logged in; from then on there is no such page."""
    code = service.accounts.new_setup_code(clock.mono)
    assert code
    client = browser()
    assert (await client.get("/login")).headers["location"] == "/start"
    answer = await sent(client, "/start", code=code, name="kim", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = await client.get("/account")
    assert "kim, tekniker" in page.text
    assert (await browser().get("/start")).headers["location"] == "/login"


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"code": "AAAA-AAAA"}, 401, "Koden stämmer inte."),
        ({"password": "kort"}, 422, "Lösenordet är för kort. Skriv minst 12 tecken"),
        ({"password": "Sommar202611"}, 422, "Lösenordet är lätt att gissa."),
        ({"name": ""}, 422, "Namnet går inte att använda. Skriv ett namn med 1–64 tecken"),
    ],
)
async def test_what_is_wrong_at_the_start_is_shown_and_what_was_typed_is_kept(
    browser: Browser, service: RunningService, clock: SetClock, fields: dict[str, str], status: int, words: str
) -> None:
    """At its field, with its cure."""
    code = service.accounts.new_setup_code(clock.mono)
    assert code
    typed = {"code": code, "name": "kim", "password": PASSWORD, **fields}
    answer = await sent(browser(), "/start", **typed)
    assert answer.status_code == status
    assert words in answer.text
    assert "<title>Fel: " in answer.text
    assert f'value="{typed["code"]}"' in answer.text
    assert f'value="{typed["name"]}"' in answer.text
    assert service.accounts.accounts() == ()


async def test_a_code_that_has_expired_says_what_to_do(
    browser: Browser, service: RunningService, clock: SetClock
) -> None:
    """Start again, or use the command."""
    code = service.accounts.new_setup_code(clock.mono)
    assert code
    clock.go(timedelta(hours=2))
    answer = await sent(browser(), "/start", code=code, name="kim", password=PASSWORD)
    assert answer.status_code == 422
    assert "Koden gäller inte längre. Starta om programmet" in answer.text


@pytest.mark.usefixtures("people")
async def test_who_changes_their_password_is_logged_out_everywhere_else(browser: Browser) -> None:
    """And stays logged in here, in a new session."""
    here, there = await logged_in(browser), await logged_in(browser)
    before = here.cookies["session"]
    answer = await sent(here, "/account", current=PASSWORD, password=OTHER)
    assert answer.status_code == 303
    assert here.cookies["session"] != before
    assert "Lösenordet är bytt." in (await here.get("/account")).text
    assert (await there.get("/account")).status_code == 303
    await logged_in(browser, password=OTHER)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("current", "new", "status", "words"),
    [
        ("wrong", OTHER, 401, "Lösenordet stämmer inte."),
        (PASSWORD, "kort", 422, "Lösenordet är för kort."),
        (PASSWORD, "operatoroperator", 422, "Lösenordet är samma som namnet."),
    ],
)
async def test_a_password_is_not_changed_by_mistake(
    browser: Browser, current: str, new: str, status: int, words: str
) -> None:
    """The old one holds on."""
    client = await logged_in(browser)
    answer = await sent(client, "/account", current=current, password=new)
    assert answer.status_code == status
    assert words in answer.text
    await logged_in(browser)


@pytest.mark.usefixtures("people")
async def test_without_tls_nobody_logs_in_over_the_network(
    browser: Browser, service: RunningService, clock: SetClock
) -> None:
    """No form, no login, and no session that was made elsewhere."""
    client = browser(Web(listen="0.0.0.0:8080"), "192.0.2.7", "http://10.0.0.2:8080")
    page = await client.get("/login")
    assert page.status_code == 403
    assert "Öppna sidan med https" in page.text
    assert "<form" not in page.text
    local = await logged_in(browser)
    client.cookies.set("session", local.cookies["session"], domain="10.0.0.2")
    assert (await client.get("/accounts")).status_code == 303
    mark = csrf(await local.get("/account"))
    assert (await client.post("/login", data={"csrf": mark, "name": "admin", "password": PASSWORD})).status_code == 403


@pytest.mark.usefixtures("people")
async def test_blanks_are_part_of_a_password(browser: Browser, service: RunningService, clock: SetClock) -> None:
    """At its ends too."""
    client = await logged_in(browser)
    await sent(client, "/account", current=PASSWORD, password=f"  {OTHER} ")
    assert (await sent(browser(), "/login", name="operator", password=OTHER)).status_code == 401
    await logged_in(browser, password=f"  {OTHER} ")


@pytest.mark.usefixtures("people")
async def test_password_managers_find_their_fields(browser: Browser) -> None:
    """By the tokens of autocomplete; nothing forbids to paste."""
    page = await browser().get("/login")
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    page = await (await logged_in(browser)).get("/account")
    assert 'autocomplete="new-password"' in page.text
    assert "onpaste" not in page.text


@pytest.mark.usefixtures("people")
async def test_who_is_logged_in_by_a_proxy_needs_no_login(browser: Browser) -> None:
    """The role is the header's, else that of the account; a disabled account has none."""
    proxy = Web.model_validate({"proxy": {"addresses": ["10.0.0.5"], "user_header": "X-User", "role_header": "X-Role"}})
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}

    async def status(**headers: str) -> int:
        client = browser(proxy, "10.0.0.5", "http://tower.example")
        sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await client.get("/accounts", headers=forwarded | sent_headers)).status_code

    assert await status(x_user="somebody", x_role="admin") == 200
    assert await status(x_user="admin") == 200
    assert await status(x_user="somebody") == 403
    assert await status(x_user="admin", x_role="viewer") == 403
    assert await status() == 303


@pytest.mark.usefixtures("people")
async def test_names_are_text_in_every_place(browser: Browser, service: RunningService) -> None:
    """Those of accounts, tokens, and what was typed."""
    evil = '<img src=x onerror=alert(1)>"'
    client = await logged_in(browser, "admin")
    answer = await sent(client, "/accounts/new", name=evil, password=PASSWORD, role="viewer")
    assert answer.status_code == 303
    assert (await sent(client, "/tokens", name=evil, owner="admin")).status_code == 303
    for path in ("/accounts", "/tokens", f"/accounts/edit?name={evil}", f"/login?next=/{evil}"):
        assert "<img" not in (await client.get(path)).text
    answer = await sent(browser(), "/login", name=evil, password="x")
    assert "<img" not in answer.text


def test_roles_are_ordered() -> None:
    """Each includes those before it."""
    assert [[one.includes(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.usefixtures("people")
async def test_what_was_typed_outlives_the_session(browser: Browser, clock: SetClock) -> None:
    """The login carries it along, and afterwards one press goes on with it; nothing is done before that."""
    client = await logged_in(browser, "admin")
    mark = csrf(await client.get("/accounts/new"))
    clock.go(timedelta(hours=13))
    typed = {"name": 'Åsa & "Bo" <b>', "password": PASSWORD, "role": "operator", "note": "one\r\ntwo"}
    form = await client.post("/accounts/new", data={"csrf": mark, **typed})
    assert form.status_code == 401
    assert "det du skrev finns kvar" in form.text
    data = {"csrf": csrf(form), "sent_to": field(form, "sent_to"), "sent": field(form, "sent"), "name": "admin"}
    wrong = await client.post("/login", data={**data, "password": "wrong"})
    assert (wrong.status_code, field(wrong, "sent")) == (401, data["sent"])
    resumed = await client.post("/login", data={**data, "password": PASSWORD})
    assert resumed.status_code == 200
    fields = re.findall(r'<textarea name="([^"]*)" hidden>\n(.*?)</textarea>', resumed.text, re.DOTALL)
    assert {name: html.unescape(value) for name, value in fields} == {**typed, "note": "one\ntwo"}
    answer = await client.post("/accounts/new", data={"csrf": csrf(resumed), **typed})
    assert answer.status_code == 303


@pytest.mark.usefixtures("people")
async def test_a_foreign_form_is_not_carried_along(browser: Browser) -> None:
    """Nor one to another site."""
    headers = {"sec-fetch-site": "cross-site"}
    assert (await browser().post("/accounts/new", data={"name": "x"}, headers=headers)).status_code == 403
    for content, headers, status in (
        (b"a=" + b"x" * 300_000, {"content-type": "application/x-www-form-urlencoded"}, 413),
        (b"{}", {"content-type": "application/json"}, 415),
        (b"\xff", {"content-type": "application/x-www-form-urlencoded"}, 400),
    ):
        assert (await browser().post("/accounts/new", content=content, headers=headers)).status_code == status
    data = {"name": "admin", "password": PASSWORD, "sent_to": "//evil.example", "sent": "a=b"}
    resumed = await sent(browser(), "/login", **data)
    assert 'action="/"' in resumed.text


@pytest.mark.usefixtures("people")
async def test_a_form_that_was_open_during_a_restart_still_counts(
    browser: Browser, service: RunningService, events: list[Event]
) -> None:
    """The key that signs it is kept."""
    mark = csrf(await browser().get("/login"))
    service.accounts.close()
    service.accounts = AccountStore(service.state, events.append)
    answer = await browser().post("/login", data={"csrf": mark, "name": "admin", "password": PASSWORD})
    assert answer.status_code == 303


@pytest.mark.usefixtures("people")
async def test_where_the_accounts_cannot_be_used_the_page_is_still_read(
    browser: Browser, service: RunningService, clock: SetClock
) -> None:
    """Nobody is logged in then, and a login says what is wrong."""
    client = await logged_in(browser)
    service.accounts.close()
    for path in service.state.glob("accounts.db*"):
        path.unlink()
    with closing(sqlite3.connect(service.state / "accounts.db")) as file:
        file.execute("PRAGMA user_version=99")
    assert (await client.get("/")).status_code == 503  # the first turn is not over; a viewer may read
    assert (await client.get("/account")).headers["location"].startswith("/login")


async def test_a_name_of_a_megabyte_holds_up_nobody(browser: Browser) -> None:
    """Whatever its characters: to sort so many marks would hold up the controller too, for minutes."""
    began = time.process_time()
    answer = await sent(browser(), "/login", page="/start", name="a" + "\u0301\u0323" * 80_000, password=PASSWORD)
    assert answer.status_code == 401
    assert time.process_time() - began < 5
