"""Mistakes in tower.yaml: the place, the zones, the gateways and the way to the broker."""

from controller.events.models import EventKind, Level, Text
from controller.events.of_text import mistake

PLACE = Text(
    "Sunset and sunrise are worked out from the place, so a wrong place lights the tower at wrong hours.",
    "Solens upp- och nedgång räknas ut från platsen, så en felaktig plats tänder tornet vid fel tid.",
)
ZONES = Text(
    "A zone is a part of the tower that shows one colour at a time; lamps and gateways belong to zones.",
    "En zon är en del av tornet som visar en färg i taget; lampor och styrenheter hör till zoner.",
)
GATEWAYS = Text(
    "A gateway is a box on MQTT that drives lamps. No two may drive the same lamps.",
    "En styrenhet är en låda på MQTT som styr lampor. Två får inte styra samma lampor.",
)
BROKER = Text(
    "The broker carries the messages between controller and gateways.",
    "Brokern förmedlar meddelandena mellan styrningen och styrenheterna.",
)

KINDS: tuple[EventKind, ...] = (
    mistake(
        "S080",
        "latitude-out-of-range",
        Text(
            "latitude must be between -90 and 90, not {value}",
            "latitud ska vara mellan -90 och 90, inte {value}",
        ),
        PLACE,
        Text(
            "copy the degrees from a map, for example 56.899",
            "hämta graderna från en karta, till exempel 56.899",
        ),
    ),
    mistake(
        "S081",
        "longitude-out-of-range",
        Text(
            "longitude must be between -180 and 180, not {value}",
            "longitud ska vara mellan -180 och 180, inte {value}",
        ),
        PLACE,
        Text(
            "copy the degrees from a map, for example 14.556",
            "hämta graderna från en karta, till exempel 14.556",
        ),
    ),
    mistake(
        "S082",
        "place-swapped",
        Text(
            "this place lies far from the time zone {time_zone}; latitude and longitude look swapped",
            "platsen ligger långt från tidszonen {time_zone}; latitud och longitud verkar ha bytt plats",
        ),
        PLACE,
        Text(
            "did you mean latitude: {latitude}, longitude: {longitude}?",
            "menade du latitude: {latitude}, longitude: {longitude}?",
        ),
    ),
    mistake(
        "S083",
        "time-zone-near",
        Text("unknown time zone '{value}'", 'okänd tidszon "{value}"'),
        PLACE,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
    ),
    mistake(
        "S084",
        "time-zone-unknown",
        Text("unknown time zone '{value}'", 'okänd tidszon "{value}"'),
        PLACE,
        Text(
            "write area and city of the place, for example Europe/Stockholm: it knows summer time, which an offset such as"
            " UTC+1 does not",
            "skriv platsens världsdel och stad, till exempel Europe/Stockholm: den känner till sommartid, vilket ett"
            " avstånd som UTC+1 inte gör",
        ),
    ),
    mistake(
        "S099",
        "no-time-zones",
        Text(
            "this computer knows no time zones, and so not '{value}' either",
            'den här datorn känner inga tidszoner, och inte heller "{value}"',
        ),
        PLACE,
        Text("install them: `pip install tzdata`", "installera dem: `pip install tzdata`"),
    ),
    mistake(
        "S069",
        "zone-twice",
        Text("the zone '{zone}' is named twice", 'zonen "{zone}" står två gånger'),
        ZONES,
        Text("delete one of them", "ta bort den ena"),
    ),
    mistake(
        "S085",
        "zone-without-lamp",
        Text("no lamp shines on the zone '{zone}'", 'ingen lampa lyser på zonen "{zone}"'),
        ZONES,
        Text(
            "give it a gateway or a fixture",
            "ge den en styrenhet eller en armatur",
        ),
    ),
    mistake(
        "S086",
        "no-zones",
        Text("the tower has no zones", "tornet har inga zoner"),
        ZONES,
        Text("write for example `zones: [bowl, shaft]`", "skriv till exempel `zones: [bowl, shaft]`"),
    ),
    mistake(
        "S087",
        "universe-driven-twice",
        Text(
            "universe {universe} is already sent to the same output by '{other}'",
            'universum {universe} sänds redan till samma utgång av "{other}"',
        ),
        GATEWAYS,
        Text("choose another universe or another output", "välj ett annat universum eller en annan utgång"),
    ),
    mistake(
        "S088",
        "topic-commanded-twice",
        Text(
            "'{other}' already sends commands to the topic {topic}",
            '"{other}" sänder redan kommandon till ämnet {topic}',
        ),
        GATEWAYS,
        Text("give each gateway a topic of its own", "ge varje styrenhet ett eget ämne"),
    ),
    mistake(
        "S089",
        "palette-name",
        Text(
            "'{value}' cannot name a colour of the palette",
            '"{value}" kan inte vara namn på en färg i paletten',
        ),
        ZONES,
        Text(
            "choose a word that is not already a colour value or dark",
            "välj ett ord som inte redan är ett färgvärde eller släckt",
        ),
    ),
    mistake(
        "S090",
        "password-in-file",
        Text("a password must not stand in this file", "ett lösenord får inte stå i den här filen"),
        Text(
            "The files are copied, shared and kept under version control; secrets stay out of them.",
            "Filerna kopieras, delas och versionshanteras; hemligheter hålls utanför dem.",
        ),
        Text(
            "put it alone in a file that only watertower can read, and write `username: …` and "
            "`password_file: mqtt-password`",
            "lägg det ensamt i en fil som bara watertower kan läsa, och skriv `username: …` och "
            "`password_file: mqtt-password`",
        ),
    ),
    mistake(
        "S091",
        "broker-address",
        Text("'{value}' is not the address of a broker", '"{value}" är ingen adress till en broker'),
        BROKER,
        Text(
            "write embedded, mqtt://host:1883 or mqtts://host:8883",
            "skriv embedded, mqtt://värd:1883 eller mqtts://värd:8883",
        ),
    ),
    mistake(
        "S071",
        "broker-address-near",
        Text("'{value}' is not the address of a broker", '"{value}" är ingen adress till en broker'),
        BROKER,
        Text("did you mean {suggestion}?", "menade du {suggestion}?"),
    ),
    mistake(
        "S092",
        "tls-key-without-tls",
        Text(
            "'{key}' is for mqtts:// addresses, and there is none",
            '"{key}" gäller adresser med mqtts://, och det finns ingen',
        ),
        BROKER,
        Text(
            "write the broker as mqtts://host:8883; over mqtt:// nothing is encrypted, and no file is used for it",
            "skriv brokern som mqtts://värd:8883; över mqtt:// är inget krypterat, och ingen fil används för det",
        ),
    ),
    mistake(
        "S093",
        "key-needs-other",
        Text("'{key}' is of no use without '{other}'", '"{key}" behöver också "{other}"'),
        BROKER,
        Text("add `{other}`", "lägg till `{other}`"),
    ),
    mistake(
        "S094",
        "key-needs-embedded",
        Text("'{key}' is for the embedded broker only", '"{key}" gäller bara den inbyggda brokern'),
        BROKER,
        Text(
            "write `broker: embedded`; of a broker of its own, say this in the broker's own configuration instead",
            "skriv `broker: embedded`; för en fristående broker, ange det i brokerns egna inställningar i stället",
        ),
    ),
    mistake(
        "S095",
        "embedded-in-list",
        Text("the embedded broker cannot be one of several", "den inbyggda brokern kan inte vara en av flera"),
        BROKER,
        Text(
            "write `broker: embedded` alone, or a list of addresses",
            "skriv `broker: embedded` ensamt, eller en lista med adresser",
        ),
    ),
    mistake(
        "S070",
        "broker-twice",
        Text("the broker {value} is named twice", "brokern {value} står två gånger"),
        BROKER,
        Text("delete one of them", "ta bort den ena"),
    ),
    mistake(
        "S096",
        "topic-bad",
        Text("'{value}' cannot be a topic here", '"{value}" kan inte vara ett ämne här'),
        BROKER,
        Text(
            "no + or #, no empty level, no / at the end, at most {limit} characters",
            "inget + eller #, ingen tom nivå, inget / i slutet, högst {limit} tecken",
        ),
    ),
    mistake(
        "S097",
        "listen-address",
        Text("'{value}' is not an address to listen on", '"{value}" är ingen adress att lyssna på'),
        BROKER,
        Text("write host:port, for example 127.0.0.1:1883", "skriv värd:port, till exempel 127.0.0.1:1883"),
    ),
    mistake(
        "S098",
        "listen-without-users",
        Text("the broker would be open to everyone on {value}", "brokern skulle stå öppen för alla på {value}"),
        BROKER,
        Text(
            "add `users_file: mqtt-users`, or listen on 127.0.0.1",
            "lägg till `users_file: mqtt-users`, eller lyssna på 127.0.0.1",
        ),
    ),
    EventKind(
        "TWL-S253",
        "place-far",
        Level.WARNING,
        Text(
            "this place lies far from the time zone {time_zone}",
            "platsen ligger långt från tidszonen {time_zone}",
        ),
        PLACE,
        Text(
            "compare latitude, longitude and their signs with a map: west and south are negative",
            "jämför latitud, longitud och deras tecken med en karta: väst och syd är negativa",
        ),
    ),
    EventKind(
        "TWL-S256",
        "named-file-is-no-file",
        Level.WARNING,
        Text("what '{key}' names is no regular file: {path}", 'det som "{key}" anger är ingen vanlig fil: {path}'),
        BROKER,
        Text(
            "put a file there that holds what is meant: folders, pipes and devices are not read",
            "lägg en fil där med det som menas: mappar, rör och enheter läses inte",
        ),
    ),
    EventKind(
        "TWL-S254",
        "named-file-missing",
        Level.WARNING,
        Text("the file of '{key}' is not there: {path}", 'filen i "{key}" finns inte: {path}'),
        BROKER,
        Text(
            "put it there before the service starts, or name the right file",
            "lägg den där innan tjänsten startar, eller ange rätt fil",
        ),
    ),
)
