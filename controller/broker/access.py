"""Who may use the broker and for what. Nothing here blocks or waits.

Without users anyone may do anything, and the broker listens on loopback only. With users each has a password and,
unless all is allowed, filters of the topics that may be read and written, as in mosquitto's access list. A message that
may not be written is acknowledged and dropped, one that may not be read is not sent: MQTT 3.1.1 has no other answer
(3.3.5). The programs of the service log in with a password of their own, given beside the users; they may do anything.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from controller import scrypt
from controller.topics import Filters

OWN = ""
"""The user that stands for the programs of the service itself."""
LOG_N = 14
"""Cost of a hash: 16 MiB and 40 ms on a desktop computer; one password is checked at a time."""

Access = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class User:
    """A user's password, plain or hashed, and the filters of topics that may be read and written; None: everything."""

    secret: str = field(repr=False)
    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None

    @property
    def is_hashed(self) -> bool:
        """Whether the secret is a hash and not the password."""
        return self.secret.startswith("$scrypt$")


Users = Mapping[str, User] | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may log in: `users` by name, or anyone if it is None, which is allowed on loopback only. A client with the
    password `own` may do anything and is always admitted. Client ids that begin with `reserved` have places of their
    own in a broker that is full."""

    users: Users = None
    own: str | None = field(default=None, repr=False)
    reserved: str = "watertower-"


def hashed(password: str) -> str:
    """A password in the form in which it is stored."""
    return scrypt.hashed(password, LOG_N)


def is_secret(text: str) -> bool:
    """Whether the text can be a password, or is a hash as we make them."""
    return scrypt.is_hash(text) if text.startswith("$scrypt$") else bool(text)


def is_password(secret: str, password: bytes) -> bool:
    """Whether a password is the stored one; takes the time of LOG_N if the secret is a hash."""
    if scrypt.is_hash(secret):
        return scrypt.is_password(secret, password)
    return hmac.compare_digest(secret.encode(), password)


class Rights:
    """Who may read and write which topic."""

    def __init__(self, users: Users = None) -> None:
        self.users = users
        self._filters: dict[tuple[str, Access], Filters[None] | None] = {}
        for name, user in (users or {}).items():
            self._filters[name, "read"] = _tree(user.read)
            self._filters[name, "write"] = _tree(user.write)

    def allow(self, user: str | None, access: Access, topic: str) -> bool:
        """Whether this user has access to the topic; a user who is no longer listed has none."""
        if self.users is None or user == OWN:
            return True
        if user is None or user not in self.users:
            return False
        filters = self._filters[user, access]
        return filters is None or bool(filters.match(topic))


def _tree(patterns: tuple[str, ...] | None) -> Filters[None] | None:
    if patterns is None:
        return None
    tree: Filters[None] = Filters()
    for pattern in patterns:
        tree.add(pattern, None, 0)
    return tree
