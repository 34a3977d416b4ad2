"""Hashes of passwords: scrypt (RFC 7914) in the form `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, both in Base64 without
padding. The cost stands in the hash, so that it can be raised."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets

BLOCKS = 8
HASH_BYTES = 32
LARGEST_LOG_N, MOST_RUNS = 17, 8
HASHED = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=8,p=(\d)\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{43,86})")


def hashed(password: str, log_n: int, runs: int = 1) -> str:
    """The form in which a password is stored. Working it out takes 1 KiB * 2**log_n of memory, and time for each of
    `runs`: for 14 and 1 they are 16 MiB and 40 ms on a desktop computer, 150 ms on a Raspberry Pi 4."""
    salt = secrets.token_bytes(16)
    return f"{cost(log_n, runs)}${_text(salt)}${_text(_scrypt(password.encode(), salt, log_n, runs))}"


def cost(log_n: int, runs: int) -> str:
    """How the hashes begin that cost so much."""
    return f"$scrypt$ln={log_n},r={BLOCKS},p={runs}"


def is_hash(text: str) -> bool:
    """Whether it is a hash as this module makes them, and one that can be worked out."""
    parts = HASHED.fullmatch(text)
    return (
        parts is not None
        and 1 <= int(parts[1]) <= LARGEST_LOG_N
        and 1 <= int(parts[2]) <= MOST_RUNS
        and _bytes(parts[4]) is not None
    )


def is_password(stored: str, password: bytes) -> bool:
    """Whether a hash is that of the password; takes as long as it took to make it. Raises ValueError for no hash."""
    parts = HASHED.fullmatch(stored)
    if parts is None:
        raise ValueError("not a hash of scrypt")
    salt, expected = _bytes(parts[3]) or b"", _bytes(parts[4]) or b""
    return hmac.compare_digest(_scrypt(password, salt, int(parts[1]), int(parts[2]), len(expected)), expected)


def _scrypt(password: bytes, salt: bytes, log_n: int, runs: int, size: int = HASH_BYTES) -> bytes:
    memory = 256 * BLOCKS << log_n
    return hashlib.scrypt(password, salt=salt, n=1 << log_n, r=BLOCKS, p=runs, maxmem=memory, dklen=size)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
