"""What can happen on the way from the DMX gateway to the lamps, and what can be wrong in `output:`.

X101–X119 the way out · X121–X123 the simulated lamps · X131–X139 other sources on the same universe ·
X151–X159 mistakes in `tower.yaml`.
"""

from controller.events.models import EventKind, Level, Text

_GOES_ON = Text(
    "Nothing needs to be restarted: sending goes on by itself as soon as it can.",
    "Inget behöver startas om: sändningen fortsätter av sig själv så snart det går.",
)

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-X101",
        "network-error",
        Level.WARNING,
        Text(
            "{gateway}: sending to {to} fails: {error}",
            "{gateway}: det går inte att sända till {to}: {error}",
        ),
        Text(
            "The operating system refuses to send. A network card, a cable, an address or a route is "
            "missing. "
            "The lamps keep what they have, or do what they are set to do without a signal.",
            "Operativsystemet vägrar att sända. Ett nätverkskort, en kabel, en adress eller en väg i nätet "
            "saknas. "
            "Lamporna behåller det ljus de har, eller gör det de är inställda på när signalen försvinner.",
        ),
        Text(
            "Check the cable, the switch and the address {to}. " + _GOES_ON.en,
            "Kontrollera kabeln, växeln (switchen) och adressen {to}. " + _GOES_ON.sv,
        ),
    ),
    EventKind(
        "TWL-X102",
        "host-not-found",
        Level.WARNING,
        Text(
            "{gateway}: the name {to} has no address: {error}",
            "{gateway}: namnet {to} har ingen adress: {error}",
        ),
        Text(
            "The host name of the output cannot be looked up, so nothing can be sent to it. It is tried again.",
            "Värdnamnet för utgången går inte att slå upp, så inget kan sändas dit. Nya försök görs.",
        ),
        Text(
            "Check the spelling of {to} and the name server, or write the IP address in tower.yaml instead.",
            "Kontrollera stavningen av {to} och namnservern, eller skriv IP-adressen i tower.yaml i stället.",
        ),
    ),
    EventKind(
        "TWL-X103",
        "output-recovered",
        Level.INFO,
        Text(
            "{gateway}: sending to {to} works again after {down_s} s and {failures} failed attempts",
            "{gateway}: sändningen till {to} fungerar igen efter {down_s} s och {failures} misslyckade försök",
        ),
        Text(
            "The way to the lamps is sound again, and they have been sent what is right now.",
            "Vägen till lamporna fungerar igen, och de har fått det som gäller nu.",
        ),
        Text("Nothing needs to be done.", "Inget behöver göras."),
    ),
    EventKind(
        "TWL-X104",
        "output-lost",
        Level.ERROR,
        Text(
            "{gateway}: sending to {to} has failed for {down_s} s: {error}",
            "{gateway}: sändningen till {to} har misslyckats i {down_s} s: {error}",
        ),
        Text(
            "The fault did not pass by itself. The lamps do not get what they should show.",
            "Felet gick inte över av sig självt. Lamporna får inte det de ska visa.",
        ),
        Text(
            "Someone must look at {to}: power, cable, network or USB. " + _GOES_ON.en,
            "Någon måste se till {to}: ström, kabel, nät eller USB. " + _GOES_ON.sv,
        ),
    ),
    EventKind(
        "TWL-X111",
        "widget-missing",
        Level.WARNING,
        Text(
            "{gateway}: the DMX widget at {to} cannot be used: {error}",
            "{gateway}: DMX-adaptern på {to} går inte att använda: {error}",
        ),
        Text(
            "The USB widget is unplugged, has another name, is used by another program or may not be opened.",
            "USB-adaptern är urdragen, har ett annat namn, används av ett annat program eller får inte öppnas.",
        ),
        Text(
            "Plug the widget in, and check that {to} exists and that this user may write to it (group "
            "dialout). " + _GOES_ON.en,
            "Sätt i adaptern, och kontrollera att {to} finns och att denna användare får skriva dit "
            "(gruppen dialout). " + _GOES_ON.sv,
        ),
    ),
    EventKind(
        "TWL-X112",
        "widget-stuck",
        Level.WARNING,
        Text(
            "{gateway}: the DMX widget at {to} takes no data: {error}",
            "{gateway}: DMX-adaptern på {to} tar inte emot data: {error}",
        ),
        Text(
            "The port is open but nothing is read from it. It is closed and opened again.",
            "Porten är öppen men ingenting läses ur den. Den stängs och öppnas på nytt.",
        ),
        Text(
            "If it stays so, pull out the widget at {to} and plug it in again.",
            "Om det fortsätter: dra ut adaptern på {to} och sätt i den igen.",
        ),
    ),
    EventKind(
        "TWL-X121",
        "simulated-dead",
        Level.WARNING,
        Text(
            "{gateway}: the simulated output plays dead, as it was told",
            "{gateway}: den simulerade utgången spelar död, som den blev tillsagd",
        ),
        Text("A rehearsed fault, never a real one.", "Ett övat fel, aldrig ett verkligt."),
        Text("Nothing needs to be done.", "Inget behöver göras."),
        more=("to", "error"),
    ),
    EventKind(
        "TWL-X122",
        "simulated-misbehaves",
        Level.INFO,
        Text(
            "{gateway}: from now on the simulated lamps misbehave, as they were told: {faults}",
            "{gateway}: från och med nu krånglar de simulerade lamporna, som de blev tillsagda: {faults}",
        ),
        Text("A fault for a demonstration, never a real one.", "Ett fel för en förevisning, aldrig ett verkligt."),
        Text("Nothing needs to be done.", "Inget behöver göras."),
    ),
    EventKind(
        "TWL-X123",
        "simulated-behaves",
        Level.INFO,
        Text(
            "{gateway}: the simulated lamps behave again, without {faults}",
            "{gateway}: de simulerade lamporna sköter sig igen, utan {faults}",
        ),
        Text("A fault for a demonstration is over.", "Ett fel för en förevisning är över."),
        Text("Nothing needs to be done.", "Inget behöver göras."),
    ),
    EventKind(
        "TWL-X131",
        "other-source",
        Level.WARNING,
        Text(
            "{gateway}: universe {universe} is taken over by {source} with priority {priority} (ours: {ours})",
            "{gateway}: universum {universe} har tagits över av {source} med prioritet {priority} (vår: {ours})",
        ),
        Text(
            "Another sACN source, as a technician's lighting desk, sends with a higher priority, so the "
            "lamps show "
            "its light and not ours. We go on sending and do not fight it.",
            "En annan sACN-källa, till exempel en teknikers ljusbord, sänder med högre prioritet, så "
            "lamporna visar "
            "dess ljus och inte vårt. Vi fortsätter att sända men tar inte striden.",
        ),
        Text(
            "If {source} should not be there, switch it off; the lamps come back within 2.5 s.",
            "Om {source} inte ska vara där: stäng av den, så är lamporna tillbaka inom 2,5 s.",
        ),
    ),
    EventKind(
        "TWL-X132",
        "other-source-gone",
        Level.INFO,
        Text(
            "{gateway}: universe {universe} is ours again",
            "{gateway}: universum {universe} är vårt igen",
        ),
        Text(
            "The other source has ended or fallen silent for 2.5 s.",
            "Den andra källan har slutat eller varit tyst i 2,5 s.",
        ),
        Text("Nothing needs to be done.", "Inget behöver göras."),
    ),
    EventKind(
        "TWL-X133",
        "other-source-beside",
        Level.WARNING,
        Text(
            "{gateway}: universe {universe} is also sent by {source}, with the same priority as ours ({ours})",
            "{gateway}: universum {universe} sänds också av {source}, med samma prioritet som vår ({ours})",
        ),
        Text(
            "Between two sACN sources of one priority each receiver decides for itself: it mixes them or follows "
            "either, so the lamps may show another light than ours.",
            "Mellan två sACN-källor med samma prioritet bestämmer varje mottagare själv: den blandar dem eller "
            "följer den ena, så lamporna kan visa ett annat ljus än vårt.",
        ),
        Text(
            "Switch {source} off if it should not be there, or give the gateway another `priority` in tower.yaml.",
            "Stäng av {source} om den inte ska vara där, eller ge styrenheten en annan `priority` i tower.yaml.",
        ),
    ),
    EventKind(
        "TWL-X151",
        "number-out-of-range",
        Level.ERROR,
        Text(
            "“{value}” is not a whole number from {least} to {most}",
            "”{value}” är inte ett heltal från {least} till {most}",
        ),
        Text(
            "A number of an output is written in digits only and has a range.",
            "Ett tal för en utgång skrivs med enbart siffror och har gränser.",
        ),
        Text("Write a whole number from {least} to {most}.", "Skriv ett heltal från {least} till {most}."),
    ),
    EventKind(
        "TWL-X152",
        "not-a-host",
        Level.ERROR,
        Text(
            "“{value}” is neither an IPv4 address nor a host name that levels can be sent to",
            "”{value}” är varken en IPv4-adress eller ett värdnamn som går att sända till",
        ),
        Text(
            "A destination is one machine, or for Art-Net a network's broadcast address; without port, "
            "scheme or "
            "path. IPv6 is not supported.",
            "En mottagare är en maskin, eller för Art-Net ett näts broadcast-adress; utan port, schema eller "
            "sökväg. IPv6 stöds inte.",
        ),
        Text(
            "Write an address as 10.0.0.20 or a name as node.example; for sACN also multicast.",
            "Skriv en adress som 10.0.0.20 eller ett namn som node.example; för sACN även multicast.",
        ),
    ),
    EventKind(
        "TWL-X153",
        "no-destination",
        Level.ERROR,
        Text("the list of destinations is empty", "listan med mottagare är tom"),
        Text("An sACN output sends to somebody.", "En sACN-utgång sänder till någon."),
        Text("Write to: multicast, or a list of hosts.", "Skriv to: multicast, eller en lista med värdar."),
    ),
    EventKind(
        "TWL-X154",
        "destination-twice",
        Level.ERROR,
        Text("{value} stands twice among the destinations", "{value} står två gånger bland mottagarna"),
        Text(
            "Each destination gets every frame once.",
            "Varje mottagare får varje bild en gång.",
        ),
        Text("Remove one {value}.", "Ta bort en av {value}."),
    ),
    EventKind(
        "TWL-X155",
        "not-an-interface",
        Level.ERROR,
        Text(
            "“{value}” is neither an IPv4 address nor the name of a network card",
            "”{value}” är varken en IPv4-adress eller namnet på ett nätverkskort",
        ),
        Text(
            "`interface` chooses the network card by which multicast leaves.",
            "`interface` väljer det nätverkskort som multicast går ut på.",
        ),
        Text(
            "Write a name as eth0 (see `ip link`), or the card's address as 10.0.0.5; or leave the key out.",
            "Skriv ett namn som eth0 (se `ip link`), eller kortets adress som 10.0.0.5; eller utelämna nyckeln.",
        ),
    ),
    EventKind(
        "TWL-X156",
        "not-a-port",
        Level.ERROR,
        Text("“{value}” cannot be a serial port", "”{value}” kan inte vara en serieport"),
        Text("`port` names the device of the widget.", "`port` anger adapterns enhet."),
        Text(
            "Write the device, as /dev/ttyUSB0, or better its lasting name under /dev/serial/by-id/.",
            "Skriv enheten, som /dev/ttyUSB0, eller hellre dess varaktiga namn under /dev/serial/by-id/.",
        ),
    ),
    EventKind(
        "TWL-X157",
        "sacn-universe",
        Level.ERROR,
        Text("sACN has no universe {universe}", "sACN har inget universum {universe}"),
        Text("ANSI E1.31 numbers universes 1 to 63999.", "ANSI E1.31 numrerar universum 1 till 63999."),
        Text("Write a universe from 1 to 63999.", "Skriv ett universum från 1 till 63999."),
    ),
    EventKind(
        "TWL-X158",
        "artnet-universe",
        Level.ERROR,
        Text(
            "Art-Net has no universe {universe} within a sub-net",
            "Art-Net har inget universum {universe} inom ett sub-net",
        ),
        Text(
            "An Art-Net address is net (0–127), sub-net (0–15) and universe (0–15); they are not carried over.",
            "En Art-Net-adress är net (0–127), sub-net (0–15) och universum (0–15); de räknas inte över i varandra.",
        ),
        Text(
            "Write a universe from 0 to 15, and the rest of the address as net: and sub_net: of the output.",
            "Skriv ett universum från 0 till 15, och resten av adressen som net: och sub_net: under output.",
        ),
    ),
    EventKind(
        "TWL-X159",
        "one-universe-only",
        Level.ERROR,
        Text(
            "the widget has one universe, and the fixtures use {count}: {universes}",
            "adaptern har ett universum, och armaturerna använder {count}: {universes}",
        ),
        Text(
            "An ENTTEC DMX USB Pro drives a single DMX line.",
            "En ENTTEC DMX USB Pro driver en enda DMX-slinga.",
        ),
        Text(
            "Give all fixtures the same universe, or the others a gateway and widget of their own.",
            "Ge alla armaturer samma universum, eller ge de andra en egen styrenhet och adapter.",
        ),
    ),
)
