"""The keywords of `web`: the page, the proxy in front of it, how long it stores the names of people."""

import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from controller.config import broker_urls
from controller.config.tower_keys import Keys, OtherFile, needs
from controller.errors import Mistake


def _network(value: object) -> object:
    """`10.0.0.5` or `10.0.0.0/24`."""
    try:
        return str(ipaddress.ip_network(value.strip(), strict=False)) if isinstance(value, str) else value
    except ValueError as error:
        raise Mistake("TWL-S290", value=value) from error


Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]


class Proxy(Keys):
    """A reverse proxy in front of the page. Only what comes from `addresses` is trusted: the address and the scheme of
    the client (`X-Forwarded-For`, `X-Forwarded-Proto`) and, if it logs people in itself, their name in `user_header`
    and their role in `role_header`."""

    addresses: Annotated[tuple[Annotated[str, BeforeValidator(_network)], ...], Field(min_length=1)]
    user_header: Header | None = None
    role_header: Annotated[Header | None, needs("user_header")] = None


def _years(value: object) -> object:
    """`2 years`; without a calendar, a year has 365 days."""
    if isinstance(value, timedelta):
        return value
    found = YEARS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= MOST_YEARS:
        raise Mistake("TWL-S294", value=value, most=MOST_YEARS)
    return timedelta(days=365 * int(found[1]))


YEARS = re.compile(r"([0-9]{1,3})\s*(?:years?|år)", re.IGNORECASE)
MOST_YEARS = 25
Years = Annotated[
    timedelta,
    BeforeValidator(_years),
    PlainSerializer(lambda value: f"{value.days // 365} years", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2 years", "1 år"]}),
]


class Web(Keys):
    """The page. `open: all` lets everybody read every view without logging in, not only the public one. `names_for` is
    how long the audit stores the names of people."""

    listen: Annotated[str, AfterValidator(broker_urls.listen)] = "127.0.0.1:8080"
    open: Literal["loopback", "all"] = "loopback"
    cert_file: OtherFile | None = None
    key_file: Annotated[OtherFile | None, needs("cert_file")] = None
    proxy: Proxy | None = None
    names_for: Years = timedelta(days=730)
    below: str = Field(default="", exclude=True)
    """The prefix of the addresses of one of several sites, as `sites/north/`."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        host, _ = self.address
        return host == "localhost" or ipaddress.ip_address(host).is_loopback

    @property
    def url(self) -> str | None:
        """The address of the page for other machines, if this file has one."""
        host, port = self.address
        if self.is_loopback or ipaddress.ip_address(host).is_unspecified:
            return None
        scheme = "https" if self.cert_file is not None else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/{self.below}"
