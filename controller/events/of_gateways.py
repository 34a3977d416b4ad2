"""Events of gateways as the controller sees them (G), and of our own DMX gateway about its plan (D)."""

from controller.events.models import EventKind, Lasting, Level, Text

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-G101",
        "gateway.confirmed",
        Level.INFO,
        Text(
            "{gateway} confirms {shows} after {latency_s} s",
            "{gateway} bekräftar {shows} efter {latency_s} s",
        ),
        Text("The gateway says that it shows what it should.", "Styrenheten säger att den visar det den ska."),
        Text("Nothing.", "Inget."),
        more=("attempts", "command_id"),
    ),
    EventKind(
        "TWL-G102",
        "gateway.no_answer",
        Level.ERROR,
        Text(
            "{gateway} has not answered {attempts} tries; wanted {wanted}",
            "{gateway} har inte svarat på {attempts} försök; skulle visa {wanted}",
        ),
        Text("Commands go out and nothing comes back.", "Kommandon går ut och inget kommer tillbaka."),
        Text(
            "Check power and network of {gateway}, and that broker access rules let it read and write its topics.",
            "Kontrollera ström och nätverk för {gateway}, och att den får läsa och skriva sina topics i brokern.",
        ),
        more=("shown",),
    ),
    EventKind(
        "TWL-G103",
        "gateway.repaired",
        Level.WARNING,
        Text(
            "{gateway} showed {shown} by itself, wanted {wanted}: sent again",
            "{gateway} visade {shown} av sig själv, skulle visa {wanted}: skickat igen",
        ),
        Text(
            "A lamp that was right became wrong: it restarted, or something else commands it.",
            "En lampa som var rätt blev fel: den startade om, eller något annat styr den.",
        ),
        Text(
            "If it returns: look for another program, app or wall switch that commands {gateway}.",
            "Om det återkommer: leta efter annat program, app eller strömbrytare som styr {gateway}.",
        ),
    ),
    EventKind(
        "TWL-G104",
        "gateway.silent",
        Level.ERROR,
        Text(
            "{gateway} is silent, last heard {age_s} s ago",
            "{gateway} är tyst, hördes senast för {age_s} s sedan",
        ),
        Text(
            "The gateway said goodbye to the broker, or was asked and does not answer. Its light is not known. While it "
            "is silent it is sent at most one command a minute, and nothing after its goodbye. A goodbye from before the "
            "controller connected may be outdated: then it is sent a command at once and every ten minutes.",
            "Styrenheten har lämnat brokern, eller svarar inte när den tillfrågas. Ljuset är okänt. Så länge den är tyst "
            "får den högst ett kommando i minuten, och inget alls när den har lämnat. Ett avsked från tiden innan "
            "styrningen anslöt kan vara inaktuellt: då får den ett kommando genast och sedan vart tionde minut.",
        ),
        Text(
            "Check power and network of {gateway}, and that the broker's access rules let the controller read what "
            "{gateway} writes, and {gateway} write it: a broker drops what is forbidden without a word. If it is there: a "
            "retained `offline` on its availability topic may be a leftover, and a lamp that tells its state only when it "
            "changes needs `answers_repeats: false` in tower.yaml.",
            "Kontrollera ström och nätverk för {gateway}, och att brokerns åtkomstregler låter styrningen läsa det "
            "{gateway} skriver, och {gateway} skriva det: en broker kastar det förbjudna utan ett ord. Om den är igång: "
            "ett kvarlämnat retained `offline` på dess availability-topic kan vara orsaken, och en lampa som bara berättar "
            "när något ändras behöver `answers_repeats: false` i tower.yaml.",
        ),
    ),
    EventKind(
        "TWL-G105",
        "gateway.back",
        Level.INFO,
        Text("{gateway} is back", "{gateway} är tillbaka"),
        Text(
            "It was silent, or had never been heard, and is heard now.",
            "Den var tyst, eller hade aldrig hörts, och hörs nu.",
        ),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-G107",
        "gateway.confirmed_late",
        Level.WARNING,
        Text(
            "{gateway} confirms {shows}, late: {attempts} tries, {latency_s} s",
            "{gateway} bekräftar {shows}, sent: {attempts} försök, {latency_s} s",
        ),
        Text("It obeyed, but not at the first try.", "Den lydde, men inte på första försöket."),
        Text("Nothing, unless it happens often.", "Inget, om det inte händer ofta."),
        more=("command_id",),
    ),
    EventKind(
        "TWL-G108",
        "gateway.disobeys",
        Level.ERROR,
        Text(
            "{gateway} answers and does not obey: shows {shown}, wanted {wanted} ({attempts} tries)",
            "{gateway} svarar men lyder inte: visar {shown}, skulle visa {wanted} ({attempts} försök)",
        ),
        Text(
            "The gateway is heard, and what it says it shows is not what it was asked for.",
            "Styrenheten hörs, men det den säger att den visar är inte det den ombads visa.",
        ),
        Text(
            "Check kind, zone, channels and color_modes of {gateway} in tower.yaml, "
            "whether its lamp has that colour, who else commands it, and that the broker's access rules let "
            "the controller write to {gateway}, and {gateway} read it.",
            "Kontrollera kind, zone, channels och color_modes för {gateway} i tower.yaml, "
            "om lampan har den färgen, vad mer som styr den, och att brokerns åtkomstregler låter "
            "styrningen skriva till {gateway}, och {gateway} läsa det.",
        ),
    ),
    EventKind(
        "TWL-G109",
        "gateway.contested",
        Level.ERROR,
        Text(
            "{gateway} was changed or commanded by somebody else {times} times in a minute; wanted {wanted}",
            "{gateway} ändrades eller styrdes av någon annan {times} gånger på en minut; skulle visa {wanted}",
        ),
        Text(
            "Another program commands the same lamp. The controller goes on, more slowly.",
            "Ett annat program styr samma lampa. Styrningen fortsätter, långsammare.",
        ),
        Text(
            "Find what else writes to {gateway} and stop it.",
            "Hitta vad mer som skriver till {gateway} och stoppa det.",
        ),
        more=("shown",),
    ),
    EventKind(
        "TWL-G110",
        "gateway.nonsense",
        Level.WARNING,
        Text(
            "{gateway}: a message on {topic} cannot be understood: {reason}",
            "{gateway}: ett meddelande på {topic} går inte att förstå: {reason}",
        ),
        Text(
            "Something on that topic is not what this kind of gateway says. It was ignored.",
            "Något på den topicen är inte vad den här sortens styrenhet säger. Det ignorerades.",
        ),
        Text(
            "Check kind and topic of {gateway} in tower.yaml; `home-assistant` is the JSON schema only. A retained "
            "leftover is cleared by an empty retained message.",
            "Kontrollera kind och topic för {gateway} i tower.yaml; `home-assistant` är bara JSON-schemat. En kvarlämnad "
            "retained rensas med ett tomt meddelande.",
        ),
    ),
    EventKind(
        "TWL-G111",
        "gateway.foreign_writer",
        Level.ERROR,
        Text(
            "somebody else wrote to {topic} (epoch {epoch}, revision {revision}): written over",
            "någon annan skrev till {topic} (epoch {epoch}, revision {revision}): skrevs över",
        ),
        Text(
            "Only one controller may write the desired document of a gateway.",
            "Bara en styrning får skriva en styrenhets desired-dokument.",
        ),
        Text(
            "Look for a second controller with the same topic prefix, and give each client rights of its own.",
            "Leta efter en andra styrning med samma topic_prefix, och ge varje klient egna rättigheter.",
        ),
        lasting=Lasting(about=("topic",), quiet_s=600),
    ),
    EventKind(
        "TWL-G112",
        "gateway.order_raised",
        Level.WARNING,
        Text(
            "{gateway} holds a newer order (epoch {epoch}): went above it",
            "{gateway} har en nyare ordning (epoch {epoch}): gick över den",
        ),
        Text(
            "Another controller, or this one before its state was lost, had counted further.",
            "En annan styrning, eller denna innan dess tillstånd förlorades, hade räknat längre.",
        ),
        Text("Nothing, if it happens once.", "Inget, om det händer en gång."),
    ),
    EventKind(
        "TWL-G113",
        "gateway.poison",
        Level.ERROR,
        Text(
            "an absurd epoch {epoch} on {topic} is not followed",
            "en orimlig epoch {epoch} på {topic} följs inte",
        ),
        Text(
            "No controller has started so often: the number is an accident or an attack. The order of the others stays "
            "as it was; a gateway that holds the number is told to replace it, and obeys again.",
            "Ingen styrning har startat så ofta: talet är en olycka eller ett angrepp. Ordningen för de övriga är som "
            "förut; en styrenhet som har talet får besked att ersätta det, och lyder igen.",
        ),
        Text(
            "Find who wrote it, and give each client rights of its own. Where a gateway of ours reports it again and "
            "again, stop that gateway, delete gateway-<name>.json in its state directory, and start it.",
            "Ta reda på vem som skrev det, och ge varje klient egna rättigheter. Om en egen styrenhet rapporterar det "
            "om och om igen: stoppa den, ta bort gateway-<namn>.json i dess tillståndskatalog och starta den.",
        ),
        lasting=Lasting(about=("topic",), quiet_s=600),
    ),
    EventKind(
        "TWL-G114",
        "gateway.problem",
        Level.ERROR,
        Text("{gateway} reports the problem {problem}", "{gateway} rapporterar problemet {problem}"),
        Text("The gateway itself says that something is wrong.", "Styrenheten säger själv att något är fel."),
        Text("`watertower explain {problem}`", "`watertower explain {problem}`"),
    ),
    EventKind(
        "TWL-G115",
        "gateway.problem_over",
        Level.INFO,
        Text(
            "{gateway} reports the problem {problem} no more", "{gateway} rapporterar inte längre problemet {problem}"
        ),
        Text("What the gateway said was wrong is no longer so.", "Det styrenheten sade var fel är inte fel längre."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-G116",
        "gateway.never_heard",
        Level.ERROR,
        Text(
            "{gateway} has never been heard: no word from it in the {age_s} s since the controller connected",
            "{gateway} har aldrig hörts: inte ett ord från den på de {age_s} s sedan styrningen anslöt",
        ),
        Text(
            "Since the controller started nothing has come from this gateway on any of its topics; what the broker may "
            "have kept of it is no sign of life. Nobody knows whether it is there, or what it shows.",
            "Sedan styrningen startade har inget kommit från den här styrenheten på någon av dess topics; det som brokern "
            "kan ha sparat är inget livstecken. Ingen vet om den finns, eller vad den visar.",
        ),
        Text(
            "Look first for a typo in the topics of {gateway} in tower.yaml: compare with `mosquitto_sub -v -t '#'`. Then "
            "check its power, its network, that it uses this broker, and that the broker's access rules let it write and "
            "the controller read those topics. If it is there: a retained `offline` on its availability topic may be a "
            "leftover, and keeps it from being told anything.",
            "Leta först efter ett skrivfel i topics för {gateway} i tower.yaml: jämför med `mosquitto_sub -v -t '#'`. "
            "Kontrollera sedan dess ström och nätverk, att den använder den här brokern, och att brokerns åtkomstregler "
            "låter den skriva och styrningen läsa de topics. Om den är igång: ett kvarlämnat retained `offline` på dess "
            "availability-topic kan vara orsaken, och hindrar att den får några kommandon.",
        ),
    ),
    EventKind(
        "TWL-G117",
        "gateway.order_not_taken",
        Level.ERROR,
        Text(
            "{gateway} shows {shown}, as it should, but has not taken the newest order in {attempts} tries",
            "{gateway} visar {shown}, som den ska, men har inte tagit emot den senaste ordern på {attempts} försök",
        ),
        Text(
            "The light is right by chance: the gateway answers, and does not follow the orders of this controller. It will "
            "be wrong at the next change.",
            "Ljuset är rätt av en slump: styrenheten svarar men följer inte den här styrningens order. Det blir fel vid "
            "nästa ändring.",
        ),
        Text(
            "Look into the log of {gateway} for why it refuses the document (TWL-D011), check that the broker's access "
            "rules let it read its desired topic, and look for a second controller.",
            "Se i loggen för {gateway} varför den avvisar dokumentet (TWL-D011), kontrollera att brokerns åtkomstregler "
            "låter den läsa sin desired-topic, och leta efter en andra styrning.",
        ),
    ),
    EventKind(
        "TWL-G120",
        "gateway.refuses",
        Level.ERROR,
        Text(
            "{gateway}: an error came back: {error}",
            "{gateway}: ett fel kom tillbaka: {error}",
        ),
        Text(
            "The gateway, or the bridge that it hangs on, was reached and did not do what it was asked. Told once, until "
            "it confirms again.",
            "Styrenheten, eller bryggan som den hänger på, nåddes men gjorde inte vad den ombads. Skrivs en gång, tills "
            "den bekräftar igen.",
        ),
        Text(
            "Read the error's own words. `No handler`, `Unknown` or `mode white`: the device is set up as another sort "
            "of light; compare its profile or mode with kind, component, channels and color_modes of {gateway} in "
            "tower.yaml. 401: it has a password. `failed`: the bridge does not reach the lamp, check its power and range. "
            "`is unknown`: compare topic with the lamp's name.",
            "Läs vad felet säger. `No handler`, `Unknown` eller `mode white`: enheten är inställd som ett annat slags ljus; "
            "jämför dess profil eller läge med kind, component, channels och color_modes för {gateway} i tower.yaml. 401: "
            "den har ett lösenord. `failed`: bryggan når inte lampan, kontrollera ström och räckvidd. `is unknown`: "
            "jämför topic med lampans namn.",
        ),
    ),
    EventKind(
        "TWL-G121",
        "gateway.contradicts",
        Level.ERROR,
        Text(
            "{gateway} said {value} on {topic}, which `{key}` in tower.yaml rules out: not believed",
            "{gateway} sade {value} på {topic}, vilket `{key}` i tower.yaml utesluter: den tros inte",
        ),
        Text(
            "The lamp counts on another scale than tower.yaml says, so it would show another light than the one that it "
            "confirms. It is not called confirmed until the service has started anew.",
            "Lampan räknar på en annan skala än tower.yaml säger, så den skulle visa ett annat ljus än det den bekräftar. "
            "Den kallas inte bekräftad förrän tjänsten har startats om.",
        ),
        Text(
            "Write the scale of {gateway} as its own settings have it: brightness_scale, color_temp_kelvin or level_scale. "
            "If the message is a retained leftover of another device, clear it with an empty retained message. Then "
            "restart the service.",
            "Skriv skalan för {gateway} som den står i enhetens inställningar: brightness_scale, color_temp_kelvin eller "
            "level_scale. Om meddelandet är kvarlämnat (retained) från en annan enhet: rensa det med ett tomt "
            "retained-meddelande. Starta sedan om tjänsten.",
        ),
    ),
    EventKind(
        "TWL-G122",
        "gateway.unknown_word",
        Level.ERROR,
        Text(
            "{gateway} said {value} on {topic}, which is neither of {key}",
            "{gateway} sade {value} på {topic}, som inte är något av {key}",
        ),
        Text(
            "Devices may have words of their own for on and off, online and offline. This one is not known, so what it "
            "says is lost.",
            "Enheter kan ha egna ord för på och av, online och offline. Det här är inte känt, så det den säger går "
            "förlorat.",
        ),
        Text(
            "Write the words of {gateway} in tower.yaml under the keys named, as its own settings have them.",
            "Skriv orden för {gateway} i tower.yaml under de nycklar som nämns, som de står i enhetens inställningar.",
        ),
    ),
    EventKind(
        "TWL-G123",
        "gateway.unproven",
        Level.ERROR,
        Text(
            "{gateway} takes what it is told and does not answer what its lamp shows ({times} questions)",
            "{gateway} tar emot det den får höra men svarar inte på vad lampan visar ({times} frågor)",
        ),
        Text(
            "A bridge says that it obeyed as soon as it has passed a command on. Only the lamp's own answer confirms the "
            "light, and there is none.",
            "En brygga säger att den lydde så snart den har skickat ett kommando vidare. Bara lampans eget svar bekräftar "
            "ljuset, och det uteblir.",
        ),
        Text(
            "If the topic of {gateway} is a group of lamps, write `group: true`, or name the lamps one by one. Else check "
            "that the lamp has power and is within reach of the bridge.",
            "Om ämnet för {gateway} är en grupp av lampor: skriv `group: true`, eller namnge lamporna en och en. "
            "Kontrollera annars att lampan har ström och är inom bryggans räckvidd.",
        ),
    ),
    EventKind(
        "TWL-D001",
        "dmx.started",
        Level.INFO,
        Text(
            "{gateway}: DMX gateway started, output {output}",
            "{gateway}: DMX-styrenheten startad, utgång {output}",
        ),
        Text("The gateway process runs.", "Styrenhetens program är igång."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-D002",
        "dmx.stopped",
        Level.INFO,
        Text("{gateway}: DMX gateway stopped", "{gateway}: DMX-styrenheten stoppad"),
        Text("The gateway process was asked to end.", "Styrenhetens program ombads sluta."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-D010",
        "dmx.acting",
        Level.INFO,
        Text("{gateway}: shows {shows}, by {by}", "{gateway}: visar {shows}, enligt {by}"),
        Text(
            "What the gateway goes by: desired (the controller), plan (alone, by the plan it keeps), after (the plan "
            "has ended), boot (nothing known), local (a walk test).",
            "Vad styrenheten går efter: styrningen, den egna planen (ensam), planens slut, inget känt (efter en start) "
            "eller lamptestet.",
        ),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-D011",
        "dmx.refused",
        Level.WARNING,
        Text(
            "{gateway}: a desired document was refused: {reason}",
            "{gateway}: ett desired-dokument avvisades: {reason}",
        ),
        Text(
            "It was older than what the gateway has, or absurd, or could not be read. The light goes on as before.",
            "Det var äldre än det styrenheten har, orimligt, eller gick inte att läsa. Ljuset fortsätter som förut.",
        ),
        Text("Look for a second controller.", "Leta efter en andra styrning."),
    ),
    EventKind(
        "TWL-D014",
        "dmx.walk_refused",
        Level.WARNING,
        Text(
            "{gateway}: a step of the walk test was refused: {reason}",
            "{gateway}: ett steg i lamptestet avvisades: {reason}",
        ),
        Text("The light goes on as before.", "Ljuset fortsätter som förut."),
        Text("Name a fixture of {gateway} as in tower.yaml.", "Ange en lampa i {gateway} som i tower.yaml."),
    ),
    EventKind(
        "TWL-D012",
        "dmx.memory_failed",
        Level.WARNING,
        Text(
            "{gateway}: the plan could not be kept on disk: {reason}",
            "{gateway}: planen kunde inte sparas: {reason}",
        ),
        Text(
            "The light goes on; after a restart without a broker the gateway would not know the plan.",
            "Ljuset fortsätter; efter en omstart utan broker skulle styrenheten inte känna planen.",
        ),
        Text("Check the disk and the state directory.", "Kontrollera disken och tillståndskatalogen."),
        lasting=Lasting(until=("TWL-D015",), about=("gateway",)),
    ),
    EventKind(
        "TWL-D015",
        "dmx.memory_works_again",
        Level.INFO,
        Text("{gateway}: the plan is kept on disk again", "{gateway}: planen sparas igen"),
        Text("What waited has been written.", "Det som väntade har skrivits."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-D013",
        "dmx.clock_contradicted",
        Level.WARNING,
        Text(
            "{gateway}: its clock is {error_s} s ahead of the controller's",
            "{gateway}: dess klocka går {error_s} s före styrningens",
        ),
        Text(
            "Two machines disagree about the time by more than half a minute. The gateway goes by its own clock where "
            "that is synchronised, else by the controller's.",
            "Två datorer är oense om tiden med mer än en halv minut. Styrenheten går efter sin egen klocka om den är "
            "synkroniserad, annars efter styrningens.",
        ),
        Text(
            "Check the time on both machines with `timedatectl`, and that they reach the same time server.",
            "Kontrollera tiden på båda datorerna med `timedatectl`, och att de når samma tidsserver.",
        ),
    ),
    EventKind(
        "TWL-D021",
        "dmx.report_pace",
        Level.ERROR,
        Text(
            "`report_every: {value}` is not between {least} and {most}",
            "`report_every: {value}` ligger inte mellan {least} och {most}",
        ),
        Text(
            "How often the gateway says what it shows decides how soon a fault is found, and how busy the network is.",
            "Hur ofta styrenheten säger vad den visar avgör hur snart ett fel hittas, och hur mycket som sänds på nätet.",
        ),
        Text(
            "Write a duration from {least} to {most}, such as `report_every: 10 s`.",
            "Skriv en tid från {least} till {most}, till exempel `report_every: 10 s`.",
        ),
    ),
)
