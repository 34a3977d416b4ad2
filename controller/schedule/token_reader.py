"""A text of the day grammar while it is read, from left to right, and where in it something is wrong."""

from collections.abc import Collection

from controller.errors import Mistake
from controller.schedule import tokens
from controller.schedule.tokens import Token


class Reader:
    """The tokens of one text and the place that reading has come to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens.tokens(text))
        self.at = 0

    def next(self, ahead: int = 0) -> Token:
        """The token at hand, or that many further on; behind the last one there is an empty one of kind `end`."""
        if self.at + ahead < len(self.tokens):
            return self.tokens[self.at + ahead]
        end = self.tokens[-1].end if self.tokens else len(self.text)
        return Token("end", "", end, end)

    def take(self) -> Token:
        """The token at hand, which is thereby read."""
        token = self.next()
        self.at += 1
        return token

    def skip(self, keys: Collection[str]) -> bool:
        """Read the token at hand if it is one of these; whether it was."""
        found = self.next().key in keys
        self.at += found
        return found

    def lead(self) -> bool:
        """Read `from`, `från och med`, `on`; whether there was one."""
        return self.skip(tokens.LEADS) and self._inclusive()

    def join(self) -> bool:
        """Read `to`, `till`, `till och med` or a dash; whether there was one."""
        if self.next().kind != "dash" and self.next().key not in tokens.JOINS:
            return False
        self.at += 1
        return self._inclusive()

    def _inclusive(self) -> bool:
        """Read `och med`, which every day of this grammar is."""
        if self.next().key == "och" and self.next(1).key == "med":
            self.at += 2
        return True

    def number(self) -> Token | None:
        """Read a number with its article: `20`, `den 20:e`."""
        begin = self.at
        self.skip(tokens.ARTICLES)
        if self.next().figure is not None:
            return self.take()
        self.at = begin
        return None

    @property
    def end(self) -> int:
        """Where the last token that was read ends."""
        return self.tokens[self.at - 1].end if self.at else 0

    def said(self, first: Token, last: Token | None = None) -> str:
        """What the text says from one token to another."""
        return self.text[first.start : (last or first).end]

    def wrong(self, code: str, first: Token, last: Token | None = None, **fields: object) -> Mistake:
        """A mistake with its place: from one token to another."""
        return Mistake(f"TWL-{code}", start=first.start, end=(last or first).end, **fields)
