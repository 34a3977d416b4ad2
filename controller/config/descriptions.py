"""What each keyword means, in both languages: what an editor shows beside it."""

from typing import Any

from controller.events.models import Text

MEANINGS: dict[str, Text] = {
    "version": Text("Version of the file's rules: 1.", "Version av filens regler: 1."),
    "campaigns": Text(
        "Campaigns: which days, which hours, which colour. The higher one wins.",
        "Kampanjer: vilka dagar, vilka tider, vilken färg. Den som står högst vinner.",
    ),
    "every_night": Text(
        "What is shown when no campaign is. The higher one wins.",
        "Det som visas när ingen kampanj pågår. Den som står högst vinner.",
    ),
    "blackouts": Text(
        "Times at which the tower is always dark; they win over campaigns.",
        "Tider då tornet alltid är släckt; de vinner över kampanjer.",
    ),
    "name": Text("A name of your own; no two may be the same.", "Ett eget namn; inga två får vara lika."),
    "dates": Text(
        "Calendar days, from midnight to midnight: `20–26 November`, `week 47`, `6 June 2027`.",
        "Kalenderdagar, från midnatt till midnatt: `20–26 november`, `vecka 47`, `6 juni 2027`.",
    ),
    "nights": Text(
        "Nights, named after the evening on which they begin: `20–26 November` ends in the morning of the 27th.",
        "Nätter, som heter efter kvällen de börjar: `20–26 november` slutar på morgonen den 27:e.",
    ),
    "except": Text("Days that do not count.", "Dagar som inte räknas."),
    "hours": Text(
        "From when until when: `sunset to 23:00`. Left out: from sunset to sunrise, of a blackout all day.",
        "Från när till när: `solnedgång till 23:00`. Utelämnat: sol ned till sol upp, för en släckning hela dygnet.",
    ),
    "color": Text(
        'A colour: `orange`, `"#FF6A00"`, `2700 K` or `dark`; one for each zone; or a list, one after another.',
        'En färg: `orange`, `"#FF6A00"`, `2700 K` eller `dark`; en för varje zon; eller en lista, en efter en.',
    ),
    "brightness": Text("In per cent: `80 %`. Left out: 100 %.", "I procent: `80 %`. Utelämnat: 100 %."),
    "change_every": Text(
        "How long each colour of a list is shown, at least 5 s.",
        "Hur länge varje färg i en lista visas, minst 5 s.",
    ),
    "fade_in": Text("How long it takes to light up: `30 s`.", "Hur lång tid det tar att tändas: `30 s`."),
    "fade_out": Text(
        "How long it takes to go dark, done when the time is up: `2 min`.",
        "Hur lång tid det tar att släckas, klart när tiden är slut: `2 min`.",
    ),
    "otherwise": Text(
        "`dark`: the rest of these nights or dates is dark, whatever stands further down.",
        "`dark`: resten av dessa nätter eller datum är släckt, vad som än står längre ned.",
    ),
    "confirmed_for": Text(
        "The years for which the organiser has confirmed the dates: `[2026]`.",
        "De år för vilka arrangören har bekräftat datumen: `[2026]`.",
    ),
    "overrides": Text("What may be set by hand.", "Vad som får sättas för hand."),
    "longest": Text(
        "How far the end of an override may lie: `24 h`. Left out: 7 days.",
        "Hur långt fram slutet på en tillfällig ändring får ligga: `24 h`. Utelämnat: 7 dygn.",
    ),
    "site": Text("Where the tower stands.", "Var tornet står."),
    "latitude": Text("Degrees north: 56.899.", "Grader nord: 56.899."),
    "longitude": Text("Degrees east: 14.556.", "Grader öst: 14.556."),
    "time_zone": Text("Time zone: Europe/Stockholm.", "Tidszon: Europe/Stockholm."),
    "language": Text("Language of texts: sv or en.", "Språk i texterna: sv eller en."),
    "mqtt": Text("The way to the MQTT broker.", "Vägen till MQTT-brokern."),
    "broker": Text(
        "`embedded`, `mqtt://host:1883`, `mqtts://host:8883`, or a list of addresses.",
        "`embedded`, `mqtt://värd:1883`, `mqtts://värd:8883`, eller en lista med adresser.",
    ),
    "topic_prefix": Text("First part of all topics of ours.", "Första delen av alla våra ämnen."),
    "username": Text("User name at the broker.", "Användarnamn hos brokern."),
    "password_file": Text("File that holds the password alone.", "Fil som bara innehåller lösenordet."),
    "ca_file": Text("Certificate of the broker's authority, PEM.", "Certifikat för brokerns utfärdare, PEM."),
    "cert_file": Text("Our own certificate, PEM.", "Vårt eget certifikat, PEM."),
    "key_file": Text("The key of our own certificate, PEM.", "Nyckeln till vårt eget certifikat, PEM."),
    "users_file": Text(
        "Users of the embedded broker, needed where it listens beyond this machine.",
        "Användare hos den inbyggda brokern, behövs när den lyssnar utanför den här maskinen.",
    ),
    "listen": Text(
        "Where the embedded broker listens: 127.0.0.1:1883.", "Var den inbyggda brokern lyssnar: 127.0.0.1:1883."
    ),
    "zones": Text("The parts of the tower.", "Tornets delar."),
    "zone": Text("The part of the tower that it lights.", "Den del av tornet som den lyser på."),
    "palette": Text("Colours of your own, by name.", "Egna färger, med namn."),
    "gateways": Text("The boxes on MQTT that drive lamps.", "Lådorna på MQTT som styr lampor."),
    "kind": Text("Which dialect it speaks.", "Vilken dialekt den talar."),
    "runs": Text(
        "`here`: started with the controller; `elsewhere`: on another machine.",
        "`here`: startas med styrningen; `elsewhere`: på en annan maskin.",
    ),
    "output": Text(
        "How DMX leaves: `simulated`, or {kind: sacn | artnet | enttec-usb-pro, …}.",
        "Hur DMX går ut: `simulated`, eller {kind: sacn | artnet | enttec-usb-pro, …}.",
    ),
    "universe": Text("DMX universe.", "DMX-universum."),
    "fixtures": Text("The lamps, with their DMX addresses.", "Lamporna, med sina DMX-adresser."),
    "profile": Text(
        "Kind of lamp: rgb, rgbw, …, or a file of config/profiles/.",
        "Lamptyp: rgb, rgbw, …, eller en fil i config/profiles/.",
    ),
    "address": Text("First DMX channel, 1–512.", "Första DMX-kanalen, 1–512."),
    "after": Text(
        "What the gateway does alone when its plan has ended.",
        "Vad styrenheten gör på egen hand när dess plan är slut.",
    ),
    "payload_available": Text(
        "The device's word for being there; `online` where it is left out.",
        "Enhetens ord för att den finns; `online` om det utelämnas.",
    ),
    "payload_not_available": Text(
        "The device's word for being gone; `offline` where it is left out.",
        "Enhetens ord för att den är borta; `offline` om det utelämnas.",
    ),
    "payload_on": Text("The device's word for on (StateText2).", "Enhetens ord för på (StateText2)."),
    "payload_off": Text("The device's word for off (StateText1).", "Enhetens ord för av (StateText1)."),
    "prefixes": Text(
        "Prefix1, Prefix2 and Prefix3 of the device: [cmnd, stat, tele].",
        "Enhetens Prefix1, Prefix2 och Prefix3: [cmnd, stat, tele].",
    ),
    "brightness_scale": Text(
        "The number that is full brightness for the lamp: 255.", "Talet som är full ljusstyrka för lampan: 255."
    ),
    "level_scale": Text(
        "The number that is full for the bridge: 255, or 100 where it counts in per cent.",
        "Talet som är fullt för bryggan: 255, eller 100 om den räknar i procent.",
    ),
    "color_temp_kelvin": Text(
        "Whether the lamp is told colour temperatures in kelvin; else in mired.",
        "Om lampan får färgtemperaturer i kelvin; annars i mired.",
    ),
    "min_mireds": Text("The coldest white of the lamp, in mired: 153.", "Lampans kallaste vita, i mired: 153."),
    "max_mireds": Text("The warmest white of the lamp, in mired: 500.", "Lampans varmaste vita, i mired: 500."),
    "min_kelvin": Text("The warmest white of the lamp, in kelvin: 2000.", "Lampans varmaste vita, i kelvin: 2000."),
    "max_kelvin": Text("The coldest white of the lamp, in kelvin: 6535.", "Lampans kallaste vita, i kelvin: 6535."),
    "answers_repeats": Text(
        "`false` for a device that tells only what has changed, and so cannot be asked.",
        "`false` för en enhet som bara berättar vad som ändrats, och därför inte kan tillfrågas.",
    ),
    "group": Text(
        "Whether the topic is a group of lamps; a group cannot be asked what its lamps show.",
        "Om ämnet är en grupp av lampor; en grupp kan inte svara på vad lamporna visar.",
    ),
    "report_every": Text("How often it reports at least.", "Hur ofta den rapporterar minst."),
}

SNIPPETS: dict[str, list[dict[str, Any]]] = {
    "campaigns": [
        {
            "label": "ny kampanj / new campaign",
            "body": [
                {
                    "name": "${1:Namn}",
                    "dates": "${2:20–26 November}",
                    "hours": "${3:sunset to sunrise}",
                    "color": "${4:orange}",
                }
            ],
        }
    ],
}
"""What an editor offers to write."""
