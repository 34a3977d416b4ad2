"""What a person has typed and not saved yet: one draft for each person and site, which outlives session and restart."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controller.errors import Refused
from controller.state.accounts_file import AccountsFile
from controller.state.sql import SqlConnection, one

MOST_CHARACTERS = 2_000_000
DRAFT_TABLES = (
    """CREATE TABLE drafts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL, site TEXT NOT NULL, content TEXT NOT NULL,
        base TEXT NOT NULL, saved REAL NOT NULL, UNIQUE (person, site)
    )""",
)
SELECT = "SELECT id, person, site, content, base, saved FROM drafts"


@dataclass(frozen=True, slots=True)
class Draft:
    """`content` is a JSON value: the text of the form, or a patch; `base` is the sha256 of the file that it changes."""

    id: int
    person: str
    site: str
    content: Any
    base: str
    saved: datetime


class Drafts:
    """The drafts in an open accounts file. All methods raise AccountsDown."""

    def __init__(self, file: AccountsFile) -> None:
        self._file = file

    def save(self, person: str, site: str, content: Any, base: str, now: datetime) -> Draft:
        """Stores a draft in place of the previous one, under the same id. Raises Refused TWL-A017 if it is too long."""
        text = json.dumps(content, ensure_ascii=False)
        if len(text) > MOST_CHARACTERS:
            raise Refused("TWL-A017", most=MOST_CHARACTERS)

        def work(connection: SqlConnection) -> Draft:
            connection.execute(
                "INSERT INTO drafts (person, site, content, base, saved) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (person, site) DO UPDATE"
                " SET content = excluded.content, base = excluded.base, saved = excluded.saved",
                (person, site, text, base, now.timestamp()),
            )
            found = one(connection, f"{SELECT} WHERE person = ? AND site = ?", person, site)
            return _draft(found or ())

        return self._file.write(work)

    def of(self, person: str, site: str) -> Draft | None:
        """The draft of a person for a site."""
        found = self._file.read(lambda it: one(it, f"{SELECT} WHERE person = ? AND site = ?", person, site))
        return _draft(found) if found else None

    def all(self, site: str) -> tuple[Draft, ...]:
        """All drafts for a site, the newest first."""
        found = self._file.read(
            lambda it: it.execute(f"{SELECT} WHERE site = ? ORDER BY saved DESC", (site,)).fetchall()
        )
        return tuple(map(_draft, found))

    def discard(self, number: int, person: str) -> Draft | None:
        """Deletes the draft with this id, if it is this person's; returns it."""

        def work(connection: SqlConnection) -> Draft | None:
            found = one(connection, f"{SELECT} WHERE id = ? AND person = ?", number, person)
            connection.execute("DELETE FROM drafts WHERE id = ? AND person = ?", (number, person))
            return _draft(found) if found else None

        return self._file.write(work)


def _draft(row: tuple[Any, ...]) -> Draft:
    number, person, site, content, base, saved = row
    return Draft(number, person, site, json.loads(content), base, datetime.fromtimestamp(saved, UTC))
