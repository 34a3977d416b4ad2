"""What libpq reports about the way to the database, and which event follows."""

import psycopg
import pytest

from controller.state.postgres_errors import event_of

FAILED = 'connection failed: connection to server at "192.0.2.7", port 5432 failed: '


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("SSL error: certificate verify failed", "database_certificate_refused"),
        ('server certificate for "a.example" does not match host name "b.example"', "database_certificate_of_another"),
        ('root certificate file "/etc/ca.pem" does not exist', "database_authority_unreadable"),
        ("server does not support SSL, but SSL was required", "database_without_tls"),
        ("Connection refused", "ECONNREFUSED"),
    ],
)
def test_errors_of_the_database_are_in_the_readers_language(words: str, code: str) -> None:
    """No words of libpq are left, and there is a cure."""
    event = event_of(psycopg.OperationalError(FAILED + words), "192.0.2.7/watertower")
    assert (event.code, getattr(event.fields["reason"], "code", None)) == ("TWL-J040", code)
    for language in ("en", "sv"):
        assert words not in event.text(language)
        assert event.action(language)
