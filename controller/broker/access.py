"""Who may use the broker and for what. Nothing in here waits.

Without users anyone may do anything, and the broker listens on loopback only. With users each has a password and,
unless all is allowed, filters of topics that may be read and written, as in mosquitto's access list. What may not be
written is acknowledged and dropped, what may not be read is not sent: MQTT 3.1.1 has no other answer (3.3.5). The
programs of the service itself log in with a password that the broker is given beside the users; they may do anything.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from controller.topics import Filters

OWN = ""
"""The user that stands for the programs of the service itself."""
LOG_N, BLOCKS = 14, 8
"""16 MiB and 40 ms on a desktop computer, 150 ms on a Raspberry Pi 4; one password is worked out at a time."""
# $scrypt$ln=14,r=8,p=1$<salt>$<hash>, both in Base64 without padding (RFC 7914)
HASHED = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=8,p=1\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{43,86})")
LARGEST_LOG_N = 17
HASH_BYTES = 32

Access = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class User:
    """A user's password, plain or hashed, and the filters of what may be read and written; None: everything."""

    secret: str = field(repr=False)
    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None

    @property
    def is_hashed(self) -> bool:
        """Whether it is a hash that is stored, not the password."""
        return self.secret.startswith("$scrypt$")


Users = Mapping[str, User] | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let in: `users` by name, or anyone where it is None, which is allowed on loopback only. Whoever knows the
    password `own` may do anything and is always let in. Client ids that begin with `reserved` have places of their own
    in a broker that is full."""

    users: Users = None
    own: str | None = field(default=None, repr=False)
    reserved: str = "watertower-"


def hashed(password: str) -> str:
    """The form in which a password is stored."""
    salt = secrets.token_bytes(16)
    return f"$scrypt$ln={LOG_N},r={BLOCKS},p=1${_text(salt)}${_text(_scrypt(password.encode(), salt, LOG_N))}"


def is_secret(text: str) -> bool:
    """Whether it can be a password, or is a hash as we make them."""
    if not text.startswith("$scrypt$"):
        return bool(text)
    parts = HASHED.fullmatch(text)
    return parts is not None and 1 <= int(parts[1]) <= LARGEST_LOG_N and _bytes(parts[3]) is not None


def is_password(secret: str, password: bytes) -> bool:
    """Whether a password is the stored one; takes the time of LOG_N where that is hashed."""
    parts = HASHED.fullmatch(secret)
    if parts is None:
        return hmac.compare_digest(secret.encode(), password)
    salt, expected = _bytes(parts[2]) or b"", _bytes(parts[3]) or b""
    return hmac.compare_digest(_scrypt(password, salt, int(parts[1]), len(expected)), expected)


def _scrypt(password: bytes, salt: bytes, log_n: int, size: int = HASH_BYTES) -> bytes:
    memory = 256 * BLOCKS << log_n
    return hashlib.scrypt(password, salt=salt, n=1 << log_n, r=BLOCKS, p=1, maxmem=memory, dklen=size)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None


class Rights:
    """Who may read and write which topic."""

    def __init__(self, users: Users = None) -> None:
        self.users = users
        self._filters: dict[tuple[str, Access], Filters[None] | None] = {}
        for name, user in (users or {}).items():
            self._filters[name, "read"] = _tree(user.read)
            self._filters[name, "write"] = _tree(user.write)

    def allow(self, user: str | None, access: Access, topic: str) -> bool:
        """Whether this user may; a user who is no longer listed may do nothing."""
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
