"""The keywords as people write them: near words, other spellings, other languages."""

import unicodedata
from collections.abc import Iterable

from controller.likeness import likeliest

SYNONYMS: dict[str, str] = {
    # schedule.yaml
    "version": "version",
    "kampanj": "campaigns",
    "kampanjer": "campaigns",
    "campaign": "campaigns",
    "varje_natt": "every_night",
    "alla_nätter": "every_night",
    "everynight": "every_night",
    "nightly": "every_night",
    "default": "every_night",
    "släckning": "blackouts",
    "släckningar": "blackouts",
    "mörkläggning": "blackouts",
    "blackout": "blackouts",
    "namn": "name",
    "title": "name",
    "titel": "name",
    "rubrik": "name",
    "datum": "dates",
    "dagar": "dates",
    "dag": "dates",
    "day": "dates",
    "days": "dates",
    "date": "dates",
    "when": "dates",
    "när": "dates",
    "natt": "nights",
    "nätter": "nights",
    "night": "nights",
    "tid": "hours",
    "tider": "hours",
    "klockslag": "hours",
    "timmar": "hours",
    "time": "hours",
    "times": "hours",
    "hour": "hours",
    "färg": "color",
    "färger": "color",
    "farg": "color",
    "kulör": "color",
    "colour": "color",
    "colours": "color",
    "colors": "color",
    "ljusstyrka": "brightness",
    "styrka": "brightness",
    "intensity": "brightness",
    "intensitet": "brightness",
    "dimmer": "brightness",
    "level": "brightness",
    "utom": "except",
    "förutom": "except",
    "undantag": "except",
    "exclude": "except",
    "annars": "otherwise",
    "else": "otherwise",
    "tona_in": "fade_in",
    "intoning": "fade_in",
    "fadein": "fade_in",
    "tona_ut": "fade_out",
    "uttoning": "fade_out",
    "fadeout": "fade_out",
    "byt_var": "change_every",
    "byte": "change_every",
    "interval": "change_every",
    "bekräftad": "confirmed_for",
    "bekräftat": "confirmed_for",
    # tower.yaml
    "plats": "site",
    "place": "site",
    "location": "site",
    "latitud": "latitude",
    "lat": "latitude",
    "longitud": "longitude",
    "lon": "longitude",
    "lng": "longitude",
    "long": "longitude",
    "tidszon": "time_zone",
    "timezone": "time_zone",
    "tz": "time_zone",
    "språk": "language",
    "lang": "language",
    "zon": "zone",
    "zoner": "zones",
    "palett": "palette",
    "färgpalett": "palette",
    "gateway": "gateways",
    "sort": "kind",
    "typ": "kind",
    "type": "kind",
    "armaturer": "fixtures",
    "fixture": "fixtures",
    "lamps": "fixtures",
    "lampor": "fixtures",
    "universum": "universe",
    "adress": "address",
    "profil": "profile",
    "ämne": "topic",
    "prefix": "topic_prefix",
    "host": "broker",
    "server": "broker",
    "url": "broker",
    "användare": "username",
    "user": "username",
    "användarnamn": "username",
}
"""What people write for a keyword."""

PASSWORDS = frozenset({"password", "passwd", "pass", "lösenord", "secret", "token"})
"""Keywords whose value would be a secret."""


SHORTEST = 3
"""From so many letters on, the beginning of a single known word is taken for it."""


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word of which this is another spelling, its beginning or a slip, upper and lower case alike."""
    words = {one.casefold(): one for one in known}
    plain = unicodedata.normalize("NFC", word).strip().casefold().replace(" ", "_").replace("-", "_")
    meant = SYNONYMS.get(plain)
    if meant in words.values():
        return meant
    if plain in words:
        return words[plain]
    longer = [one for one in words if one.startswith(plain)] if len(plain) >= SHORTEST else []
    found = longer[0] if len(longer) == 1 else likeliest(plain, words)
    return words[found] if found else None
