"""Why a command cannot be carried out (Q)."""

from controller.events.models import EventKind, Level, Text

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-Q101",
        "command.broker_unreachable",
        Level.ERROR,
        Text("the broker {address} cannot be reached: {reason}", "brokern {address} går inte att nå: {reason}"),
        Text(
            "The command asks the running service over MQTT, and there is no answer.",
            "Kommandot frågar den körande tjänsten över MQTT, och ingen svarar.",
        ),
        Text(
            "Start the service with `watertower run`, or see why it does not run: `systemctl status watertower`.",
            "Starta tjänsten med `watertower run`, eller se varför den inte kör: `systemctl status watertower`.",
        ),
    ),
    EventKind(
        "TWL-Q106",
        "command.file_unusable",
        Level.ERROR,
        Text("{path} cannot be used: {reason}", "{path} går inte att använda: {reason}"),
        Text(
            "tower.yaml names this file, and it cannot be read or does not hold what it should.",
            "tower.yaml pekar på filen, och den går inte att läsa eller innehåller inte det den ska.",
        ),
        Text(
            "See that {path} exists, that the service may read it, and what stands in it.",
            "Se att {path} finns, att tjänsten får läsa den, och vad som står i den.",
        ),
    ),
    EventKind(
        "TWL-Q102",
        "command.controller_silent",
        Level.ERROR,
        Text(
            "the broker {address} answers, but the controller does not",
            "brokern {address} svarar, men inte styrningen",
        ),
        Text("The broker runs and the controller does not.", "Brokern kör men inte styrningen."),
        Text(
            "Start the service with `watertower run`, and see that both use the same topic prefix.",
            "Starta tjänsten med `watertower run`, och se att båda har samma topic_prefix.",
        ),
    ),
    EventKind(
        "TWL-Q103",
        "command.unknown_gateway",
        Level.ERROR,
        Text("there is no gateway {name} of kind dmx", "det finns ingen styrenhet {name} av slaget dmx"),
        Text(
            "The command needs a DMX gateway of tower.yaml.",
            "Kommandot behöver en DMX-styrenhet i tower.yaml.",
        ),
        Text("Write one of: {known}.", "Skriv en av: {known}."),
    ),
    EventKind(
        "TWL-Q104",
        "command.unknown_code",
        Level.ERROR,
        Text("there is no code {asked}", "det finns ingen kod {asked}"),
        Text(
            "Every event and error has a code such as TWL-G101.",
            "Varje händelse och fel har en kod som TWL-G101.",
        ),
        Text(
            "`watertower explain` lists them all.",
            "`watertower explain` räknar upp alla.",
        ),
    ),
    EventKind(
        "TWL-Q105",
        "command.bad_moment",
        Level.ERROR,
        Text("{value} is not a period or a moment", "{value} är ingen period eller tidpunkt"),
        Text("The command needs days or instants.", "Kommandot behöver dagar eller tidpunkter."),
        Text(
            "Write days as in the schedule (`20–26 November`), or `2026-11-20T15:00..2026-11-21T09:00`.",
            "Skriv dagar som i schemat (`20–26 november`), eller `2026-11-20T15:00..2026-11-21T09:00`.",
        ),
    ),
    EventKind(
        "TWL-Q107",
        "command.profile_exists",
        Level.ERROR,
        Text("{path} is there already", "{path} finns redan"),
        Text("A profile is not written over by accident.", "En profil skrivs inte över av misstag."),
        Text(
            "Choose another `--name`, or write over it with `--force`.",
            "Välj ett annat `--name`, eller skriv över med `--force`.",
        ),
    ),
    EventKind(
        "TWL-Q109",
        "command.nothing_running",
        Level.ERROR,
        Text(
            "no good files of a running service are kept in {state}",
            "inga felfria filer från en körande tjänst finns sparade i {state}",
        ),
        Text(
            "A service keeps a copy of the files that are in force in its state directory.",
            "En tjänst sparar en kopia av filerna som gäller i sin tillståndskatalog.",
        ),
        Text(
            "Name the state directory of the service with `--state`.", "Ange tjänstens tillståndskatalog med `--state`."
        ),
    ),
    EventKind(
        "TWL-Q108",
        "command.needs_terminal",
        Level.ERROR,
        Text("this needs a terminal and somebody who looks", "det här behöver en terminal och någon som tittar"),
        Text("The walk test asks after each lamp whether it lit.", "Lamptestet frågar efter varje lampa om den lyste."),
        Text("Run it from a terminal.", "Kör det från en terminal."),
    ),
    EventKind(
        "TWL-Q110",
        "command.unknown_word_near",
        Level.ERROR,
        Text("there is no {word} here", "{word} finns inte här"),
        Text(
            "Only the commands and options that `watertower --help` lists have a meaning.",
            "Bara de kommandon och flaggor som `watertower --help` räknar upp har någon betydelse.",
        ),
        Text("Did you mean {near}?", "Menade du {near}?"),
    ),
    EventKind(
        "TWL-Q111",
        "command.unknown_word",
        Level.ERROR,
        Text("there is no {word} here", "{word} finns inte här"),
        Text(
            "Only the commands and options that `watertower --help` lists have a meaning.",
            "Bara de kommandon och flaggor som `watertower --help` räknar upp har någon betydelse.",
        ),
        Text("`{command} --help` lists what there is.", "`{command} --help` räknar upp vad som finns."),
    ),
    EventKind(
        "TWL-Q112",
        "command.word_missing",
        Level.ERROR,
        Text("{word} is missing, or its value", "{word} saknas, eller dess värde"),
        Text("The command cannot do without it.", "Kommandot klarar sig inte utan det."),
        Text("`{command} --help` tells how it is written.", "`{command} --help` visar hur det skrivs."),
    ),
    EventKind(
        "TWL-Q113",
        "command.bad_value",
        Level.ERROR,
        Text("this value cannot be used for {word}", "det värdet går inte att använda för {word}"),
        Text(
            "The value of an option or an argument is not one of those it takes.", "Värdet hör inte till de tillåtna."
        ),
        Text("Write one of: {allowed}.", "Skriv något av: {allowed}."),
    ),
    EventKind(
        "TWL-Q114",
        "command.too_many_words",
        Level.ERROR,
        Text(
            "{words} stands at the end of the command and means nothing",
            "{words} står sist i kommandot och betyder inget",
        ),
        Text("The command takes fewer words.", "Kommandot tar färre ord."),
        Text(
            "Delete it, or put quotes around what belongs together. `{command} --help` tells how it is written.",
            "Ta bort det, eller sätt citattecken om det som hör ihop. `{command} --help` visar hur det skrivs.",
        ),
    ),
    EventKind(
        "TWL-Q115",
        "command.words_exclude_each_other",
        Level.ERROR,
        Text("{words} cannot stand in one command", "{words} kan inte stå i samma kommando"),
        Text("Each of them asks for something else.", "De ber om olika saker."),
        Text("Leave all but one of them out.", "Ta bort alla utom ett av dem."),
    ),
    EventKind(
        "TWL-Q116",
        "command.word_without_value",
        Level.ERROR,
        Text("{word} takes no value", "{word} tar inget värde"),
        Text("It is either there or not.", "Det står där eller inte."),
        Text("Write {word} alone.", "Skriv bara {word}."),
    ),
    EventKind(
        "TWL-Q117",
        "command.walk_not_followed",
        Level.WARNING,
        Text("{name} does not say that it follows the test", "{name} säger inte att den följer testet"),
        Text(
            "A gateway that hears the test reports it at once; this one lights nothing now.",
            "En styrenhet som hör testet rapporterar det genast; den här tänder ingenting nu.",
        ),
        Text(
            "Press q and see with `watertower status` whether {name} is heard.",
            "Tryck q och se med `watertower status` om {name} hörs.",
        ),
    ),
    EventKind(
        "TWL-Q119",
        "command.user_name_unusable",
        Level.ERROR,
        Text("“{name}” cannot be the name of a user", "”{name}” kan inte vara namnet på en användare"),
        Text(
            "A line of users_file is name:password.",
            "En rad i users_file är namn:lösenord.",
        ),
        Text(
            "Write a name without colon, without spaces around it and without # in front: the name of a gateway, or of "
            "a person.",
            "Skriv ett namn utan kolon, utan mellanslag runt om och utan # först: namnet på en styrenhet eller en person.",
        ),
    ),
    EventKind(
        "TWL-Q118",
        "command.no_home",
        Level.ERROR,
        Text(
            "this user has no home folder in which anything could be kept",
            "den här användaren har ingen hemmapp att spara något i",
        ),
        Text(
            "What outlives a restart is kept in the user's folder for state, unless another is named.",
            "Det som överlever en omstart sparas i användarens mapp för tillstånd, om ingen annan anges.",
        ),
        Text("Name a folder: `--state DIR`.", "Ange en mapp: `--state MAPP`."),
    ),
)
