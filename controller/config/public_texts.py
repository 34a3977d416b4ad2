"""The public text of a campaign or an override: a text in each language, and the address of a page with more."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from controller.config.tower import IN_EACH_LANGUAGE, ONE_OR_EACH
from controller.config.tower_keys import SiteLanguage
from controller.errors import Mistake
from controller.events.models import PRINTABLE

LONGEST_TEXT, LONGEST_LINK = 400, 300
NOT_IN_ADDRESS = frozenset("<>\"'`\\^{}|")
"""Characters that no address contains unescaped."""


def web_address(text: str) -> str:
    """The address of a web page, valid in a link; raises Mistake TWL-S281, and TWL-S282 if only its beginning is
    missing."""
    text = text.strip()
    if _is_web_page(text):
        return text
    if _is_web_page(f"https://{text}") and ":" not in text.partition("/")[0]:
        raise Mistake("TWL-S282", value=text, suggestion=f"https://{text}")
    raise Mistake("TWL-S281", value=text)


def _is_web_page(text: str) -> bool:
    """Whether it is an address over http or https, with a host, and without a password that a mail may smuggle in."""
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return False
    host = parts.hostname or ""
    return "." in host.strip(".") and not any(char.isspace() or char in NOT_IN_ADDRESS for char in text)


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        usable = parts.port != 0  # reading it raises an error if it is no number
    except ValueError:
        return None
    return parts if usable else None


PublicText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT, pattern=PRINTABLE)
]
About = Annotated[Mapping[SiteLanguage, PublicText], IN_EACH_LANGUAGE, ONE_OR_EACH]
Link = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINK, pattern=PRINTABLE),
    AfterValidator(web_address),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "maxLength": LONGEST_LINK}),
]
