"""Fixtures in their universes, and what their lamps can show: TWL-F101 to F107, F130 and F131."""

from controller.events.models import EventKind, Level, Text

OVERLAP = Text(
    "Two lamps on the same channels take each other's levels and show wrong colours.",
    "Två lampor på samma kanaler tar varandras nivåer och visar fel färger.",
)
UNKNOWN_PROFILE = Text('{fixture} has the unknown profile "{profile}"', '{fixture} har den okända profilen "{profile}"')
PROFILE = Text(
    "The profile says what each channel of a kind of lamp does.",
    "Profilen säger vad varje kanal hos en sorts lampa gör.",
)

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-F101",
        "patch.overlap",
        Level.ERROR,
        Text(
            "{fixture} and {other} share channels {channels} of universe {universe}",
            "{fixture} och {other} delar kanal {channels} i universum {universe}",
        ),
        OVERLAP,
        Text(
            "Give {fixture} the address {free}, in the file and on the lamp.",
            "Ge {fixture} adressen {free}, i filen och på lampan.",
        ),
    ),
    EventKind(
        "TWL-F102",
        "patch.past_the_end",
        Level.ERROR,
        Text(
            "{fixture} would take channels {channels}, and a universe ends at 512",
            "{fixture} skulle ta kanal {channels}, och ett universum slutar vid 512",
        ),
        Text("DMX512 has 512 channels in a universe.", "DMX512 har 512 kanaler i ett universum."),
        Text(
            "Give {fixture} an address up to {highest}, or another universe.",
            "Ge {fixture} en adress upp till {highest}, eller ett annat universum.",
        ),
    ),
    EventKind(
        "TWL-F103",
        "patch.unknown_profile",
        Level.ERROR,
        UNKNOWN_PROFILE,
        PROFILE,
        Text(
            "Did you mean {suggestion}? Known are: {known}.",
            "Menade du {suggestion}? Kända är: {known}.",
        ),
    ),
    EventKind(
        "TWL-F107",
        "patch.no_such_profile",
        Level.ERROR,
        UNKNOWN_PROFILE,
        PROFILE,
        Text(
            "Write one of {known}; or make the profile {profile} with watertower import-fixture, or by hand in profiles/.",
            "Skriv en av {known}; eller gör profilen {profile} med watertower import-fixture, eller för hand i profiles/.",
        ),
    ),
    EventKind(
        "TWL-F105",
        "patch.same_name",
        Level.ERROR,
        Text("Two fixtures are named {fixture}", "Två lampor heter {fixture}"),
        Text("Events and tests name a lamp.", "Händelser och prov nämner lampan vid namn."),
        Text("Give one {fixture} another name.", "Ge den ena {fixture} ett annat namn."),
    ),
    EventKind(
        "TWL-F106",
        "patch.overlap_and_full",
        Level.ERROR,
        Text(
            "{fixture} and {other} share channels {channels} of universe {universe}, which is full",
            "{fixture} och {other} delar kanal {channels} i universum {universe}, som är fullt",
        ),
        OVERLAP,
        Text("Move {fixture} to another universe.", "Flytta {fixture} till ett annat universum."),
    ),
    EventKind(
        "TWL-F130",
        "lamp.cannot_show",
        Level.WARNING,
        Text(
            "{fixture} cannot show {color} and will show {instead} instead: off by {delta_e} (from 5 on it is seen)",
            "{fixture} kan inte visa {color} och visar {instead} i stället: avviker {delta_e} (från 5 syns det)",
        ),
        Text(
            "The colour lies outside what the light sources of the lamp can mix; the nearest one is shown.",
            "Färgen ligger utanför det som lampans ljuskällor kan blanda; den närmaste visas.",
        ),
        Text(
            "Nothing, if {fixture} looks right beside the others; else choose another colour, such as {instead}.",
            "Inget, om {fixture} ser rätt ut bredvid de andra; välj annars en annan färg, till exempel {instead}.",
        ),
    ),
    EventKind(
        "TWL-F131",
        "zone.uneven",
        Level.WARNING,
        Text("The lamps of {zone} show unlike colours", "Lamporna i {zone} visar olika färger"),
        Text(
            "The levels that went out differ visibly between lamps of one zone.",
            "Nivåerna som gick ut skiljer sig synligt mellan lampor i samma zon.",
        ),
        Text(
            "Run watertower test-lamps and check profile and address of each lamp of {zone}.",
            "Kör watertower test-lamps och kontrollera profil och adress för varje lampa i {zone}.",
        ),
    ),
)
