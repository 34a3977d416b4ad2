"""Errors of PostgreSQL, or of the connection to it, as our events."""

from psycopg import Error, OperationalError

from controller.events import Event, new_event
from controller.events.models import Reason, printable
from controller.state.database import NewerSchema

AWAY, BACK, LOGIN, READ_ONLY = "TWL-J040", "TWL-J041", "TWL-J042", "TWL-J043"
FULL, DAMAGED, NEWER, LOCKED = "TWL-J044", "TWL-J045", "TWL-J046", "TWL-J047"
USED_UP = "database_connections_used_up"
READS_GO_ON = frozenset({READ_ONLY, FULL, DAMAGED})
"""Problems that are over only after a successful write."""
OF_TABLES = frozenset({FULL, DAMAGED, NEWER, LOCKED})
"""Problems that may concern some tables while others can be used."""
BY_STATE = {
    "25006": (READ_ONLY, "database_read_only"),
    "28": (LOGIN, "database_login_refused"),
    "3D": (LOGIN, "no_such_database"),
    "3F": (DAMAGED, "database_tables_missing"),
    "42501": (LOGIN, "database_rights_missing"),
    "42703": (DAMAGED, "database_tables_missing"),
    "42P01": (DAMAGED, "database_tables_missing"),
    "53100": (FULL, "ENOSPC"),
    "53200": (AWAY, "ENOMEM"),
    "53300": (AWAY, USED_UP),
    "55P03": (LOCKED, "database_locked"),
    "40": (LOCKED, "database_locked"),
    "57014": (AWAY, "no_answer_in_time"),
    "57": (AWAY, "database_stops_or_starts"),
    "58": (DAMAGED, "database_damaged"),
    "XX": (DAMAGED, "database_damaged"),
}
"""The beginning of an SQLSTATE -> event and reason; the longest match counts."""
BY_WORDS = {
    "too many clients": "53300",
    "too many connections": "53300",
    "connection slots are reserved": "53300",
    "för många klienter": "53300",
    "för många uppkopplingar": "53300",
    "anslutningsslottar": "53300",
    "starting up": "57P03",
    "startar upp": "57P03",
    "shutting down": "57P03",
    "stänger ner": "57P03",
    "session is read-only": "25006",
    "server is in hot standby": "25006",
    "permission denied": "42501",
    "rättighet saknas": "42501",
    "authentication": "28P01",
    "autentisering": "28P01",
    "no password supplied": "28P01",
    "not permitted to log in": "28000",
    "tillåts inte logga in": "28000",
    "pg_hba": "28000",
    'role "': "28000",
    'rollen "': "28000",
    'database "': "3D000",
    'databasen "': "3D000",
}
"""Words of an error before the login, for which libpq gives no SQLSTATE -> that state. Our servers speak English or
Swedish; an error that matches none is shown in its own words."""
WAYS = {
    "Connection refused": "ECONNREFUSED",
    "could not translate host name": "EAI_NONAME",
    "Name or service not known": "EAI_NONAME",
    "timeout expired": "no_answer_in_time",
    "No route to host": "EHOSTUNREACH",
    "Network is unreachable": "ENETUNREACH",
    "server closed the connection": "connection_closed",
    "certificate verify failed": "database_certificate_refused",
    "does not match host name": "database_certificate_of_another",
    "root certificate file": "database_authority_unreadable",
    "server does not support SSL": "database_without_tls",
}
"""Words of an error of the connection to the server -> its reason."""


class NoPassword(OperationalError):  # noqa: N818
    """The password file cannot be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


def is_used_up(error: Exception) -> bool:
    """Whether the server accepts no more connections; existing ones can be used."""
    return _kind(error)[1] == Reason(USED_UP)


def event_of(error: Exception, database: str) -> Event:
    """The event for an error; it has the field `reason`."""
    if isinstance(error, NewerSchema):
        return new_event(NEWER, database=database, found=error.found, known=error.known, reason=error.reason)
    code, reason = _kind(error)
    return new_event(code, database=database, reason=reason)


def _kind(error: Exception) -> tuple[str, Reason]:
    if isinstance(error, NoPassword):
        return LOGIN, error.reason
    if isinstance(error, TimeoutError):
        return AWAY, Reason("no_answer_in_time")
    text = str(error)
    state = error.sqlstate if isinstance(error, Error) else None
    if state is None:
        state = next((found for words, found in BY_WORDS.items() if words in text.casefold()), "")
        reason = next((code for words, code in WAYS.items() if words in text), None)
        if reason is not None and not state:
            return AWAY, Reason(reason)
    fitting = max((start for start in BY_STATE if state.startswith(start)), key=len, default=None)
    if fitting is None:
        return AWAY, Reason("other", {"text": printable(" ".join(text.split()))})
    code, name = BY_STATE[fitting]
    return code, Reason(name)
