"""The address of a broker in tower.yaml: `embedded`, `mqtt://host[:port]` or `mqtts://host[:port]`, without name and
password; and the address that was most likely meant by something else."""

import ipaddress
import re

from controller.config.synonyms import near
from controller.errors import Mistake

EMBEDDED, INBYGGD = "embedded", "inbyggd"
PORTS = {"mqtt": 1883, "mqtts": 8883}
MAX_PORT = 65535
ADDRESS = re.compile(
    r"(?P<scheme>mqtts?)://(?:(?P<host>[a-z0-9._-]+)|\[(?P<ipv6>[0-9a-f:.]+(?:%[a-z0-9._-]+)?)\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.ASCII | re.IGNORECASE,
)
NEARLY = re.compile(
    r"(?:(?P<scheme>mqtts?|tcp|ssl|tls)(?::/{0,2}|/{1,2}))?(?P<rest>[^\s/@]+?):?(?:/.*)?", re.IGNORECASE
)
OTHER_SCHEMES = {"tcp": "mqtt", "ssl": "mqtts", "tls": "mqtts"}


def broker(value: str) -> str:
    """The address, checked; raises Mistake."""
    if value == EMBEDDED or _is_address(value):
        return value
    if "@" in value:
        raise Mistake("TWL-S090", end=value.rindex("@") + 1)
    meant = _meant(value)
    if meant is not None:
        raise Mistake("TWL-S071", value=value, suggestion=meant)
    raise Mistake("TWL-S091", value=value)


def several(brokers: tuple[str, ...]) -> tuple[str, ...]:
    """One embedded broker, or several different addresses; raises Mistake."""
    if EMBEDDED in brokers and len(brokers) > 1:
        raise Mistake("TWL-S095")
    seen: set[tuple[str, int]] = set()
    for one in brokers:
        if parts := ADDRESS.fullmatch(one):
            place = (parts["host"] or parts["ipv6"]).lower(), int(parts["port"] or PORTS[parts["scheme"].lower()])
            if place in seen:
                raise Mistake("TWL-S070", value=one)
            seen.add(place)
    return brokers


def listen(value: str) -> str:
    """`host:port` with an IP address or localhost; `[::1]:1883` for IPv6. Raises Mistake."""
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) <= MAX_PORT or not _is_own(host):
        raise Mistake("TWL-S097", value=value)
    return value


def _is_address(value: str) -> bool:
    parts = ADDRESS.fullmatch(value)
    if parts is None or not 0 < int(parts["port"] or 1) <= MAX_PORT:
        return False
    host = parts["ipv6"] or parts["host"]
    if parts["ipv6"] or host.replace(".", "").isdecimal():
        return _is_ip(host)
    return all(host.rstrip(".").split("."))


def _meant(value: str) -> str | None:
    listed = re.split(r"[,;\s]+", value.strip())
    if len(listed) > 1:
        return f"[{', '.join(listed)}]" if all(map(_is_address, listed)) else None
    found = NEARLY.fullmatch(value)
    if near(value, (EMBEDDED, INBYGGD)):
        return EMBEDDED
    if found is None or found["rest"].isdecimal() or ("://" in value and not found["scheme"]):
        return None
    scheme = (found["scheme"] or "mqtt").lower()
    host = f"[{found['rest']}]" if ":" in found["rest"] and _is_ip(found["rest"]) else found["rest"]
    address = f"{OTHER_SCHEMES.get(scheme, scheme)}://{host}"
    return address if _is_address(address) else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_own(host: str) -> bool:
    bare = host.removeprefix("[").removesuffix("]")
    return host == "localhost" or (_is_ip(bare) and (":" not in host or host.startswith("[")))
