"""The keywords as people write them: near words, other spellings, other languages."""

from collections.abc import Iterable, Mapping
from functools import cache

from controller.likeness import likeliest
from controller.locale import languages, texts
from controller.normal_form import normalized

PASSWORDS = frozenset({"password", "passwd", "pass", "lösenord", "secret", "token"})
"""Keywords whose value would be a secret."""


SHORTEST = 3
"""Letters from which on the beginning of a single known word is taken for it."""


@cache
def synonyms() -> Mapping[str, str]:
    """What people write for a keyword, in any language -> that keyword."""
    tables = [texts(language, "synonyms") for language in languages()]
    return {word: keyword for table in tables for keyword, words in table.items() for word in words.split()}


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word of which this is another spelling, its beginning or a typing error, in any case."""
    words = {one.casefold(): one for one in known}
    plain = normalized("NFC", word).strip().casefold().replace(" ", "_").replace("-", "_")
    meant = synonyms().get(plain)
    if meant in words.values():
        return meant
    if plain in words:
        return words[plain]
    longer = [one for one in words if one.startswith(plain)] if len(plain) >= SHORTEST else []
    found = longer[0] if len(longer) == 1 else likeliest(plain, words)
    return words[found] if found else None
