"""Events of the embedded broker (B). `client` is the MQTT client id, or the address before the log-in.

Warnings that repeat themselves are counted, see `controller.events.rate_limit`.
"""

from controller.events.models import EventKind, Lasting, Level, Text

_NOTHING = Text("Nothing to do.", "Inget behöver göras.")
_WHO = Text("See which device uses {client}.", "Se vilken enhet som använder {client}.")


def _warning(code: str, name: str, text: Text, meaning: Text, action: Text) -> EventKind:
    return EventKind(code, name, Level.WARNING, text, meaning, action)


def _closed(code: str, name: str, text: Text, meaning: Text, action: Text) -> EventKind:
    return EventKind(code, name, Level.WARNING, text, meaning, action, more=("client", "address"))


_ITSELF = (
    EventKind(
        "TWL-B001",
        "broker.open_to_all",
        Level.ERROR,
        Text(
            "The embedded broker may not listen on {host} without users",
            "Den inbyggda brokern får inte lyssna på {host} utan användare",
        ),
        Text(
            "Anyone in the network could switch the lights. Without users it listens on this computer only.",
            "Vem som helst i nätverket skulle kunna styra ljuset. Utan användare lyssnar den bara på den här datorn.",
        ),
        Text(
            "Give the broker user names and passwords, or let it listen on 127.0.0.1 instead of {host}.",
            "Ge brokern användarnamn och lösenord, eller låt den lyssna på 127.0.0.1 i stället för {host}.",
        ),
    ),
    EventKind(
        "TWL-B002",
        "broker.cannot_listen",
        Level.ERROR,
        Text(
            "The embedded broker cannot listen on {host} port {port}: {reason}",
            "Den inbyggda brokern kan inte lyssna på {host} port {port}: {reason}",
        ),
        Text(
            "Another program has the port, or the address is not one of this computer.",
            "Ett annat program använder porten, eller så hör adressen inte till den här datorn.",
        ),
        Text(
            "See what has the port: ss -ltnp 'sport = :{port}'. If it is mosquitto, name it as "
            "mqtt.broker in tower.yaml.",
            "Se vad som har porten: ss -ltnp 'sport = :{port}'. Är det mosquitto, ange den som "
            "mqtt.broker i tower.yaml.",
        ),
    ),
    EventKind(
        "TWL-B010",
        "broker.started",
        Level.INFO,
        Text(
            "The embedded broker listens on {host} port {port}",
            "Den inbyggda brokern lyssnar på {host} port {port}",
        ),
        Text("Gateways can connect.", "Styrenheterna kan ansluta."),
        _NOTHING,
    ),
    EventKind(
        "TWL-B011",
        "broker.stopped",
        Level.INFO,
        Text(
            "The embedded broker on {host} port {port} has stopped",
            "Den inbyggda brokern på {host} port {port} har stannat",
        ),
        Text(
            "It was told to. What it keeps is written down; no last wills are sent.",
            "Den fick besked om det. Det den sparar är nedskrivet; inga testamenten skickas.",
        ),
        _NOTHING,
    ),
    EventKind(
        "TWL-B050",
        "broker.store_unreadable",
        Level.WARNING,
        Text(
            "The broker's file {path} cannot be used ({reason}); it begins without it, the file is now {aside}",
            "Brokerns fil {path} går inte att använda ({reason}); den börjar utan filen, som nu heter {aside}",
        ),
        Text(
            "Retained messages and sessions from before are lost. The controller sends its own again by itself.",
            "Tidigare sparade meddelanden och sessioner är borta. Styrsystemet skickar självt sina egna igen.",
        ),
        Text(
            "If it happens again, check the disk or SD card. Once all gateways are seen, {aside} can be deleted.",
            "Händer det igen, kontrollera disken eller SD-kortet. När alla styrenheter syns kan {aside} tas bort.",
        ),
    ),
    EventKind(
        "TWL-B051",
        "broker.store_unwritable",
        Level.WARNING,
        Text("The broker cannot write {path}: {reason}", "Brokern kan inte skriva {path}: {reason}"),
        Text(
            "The lights go on as planned, and writing is tried again. A restart would bring back what the file holds.",
            "Ljuset fortsätter enligt planen och nya försök görs. En omstart skulle ta fram det som står i filen.",
        ),
        Text(
            "Make room on the disk, or let the service write to the folder of {path}.",
            "Frigör plats på disken, eller ge tjänsten skrivrätt till mappen för {path}.",
        ),
        lasting=Lasting(until=("TWL-B052",), about=("path",)),
    ),
    EventKind(
        "TWL-B052",
        "broker.store_written_again",
        Level.INFO,
        Text("The broker can write {path} again", "Brokern kan skriva {path} igen"),
        Text("What was waiting to be written is written.", "Det som väntade på att skrivas är skrivet."),
        _NOTHING,
    ),
)

_VISITS = (
    EventKind(
        "TWL-B020",
        "broker.client_connected",
        Level.DEBUG,
        Text("{client} has connected from {address}", "{client} har anslutit från {address}"),
        Text("An MQTT client was let in.", "En MQTT-klient släpptes in."),
        _NOTHING,
        more=("address",),
    ),
    EventKind(
        "TWL-B021",
        "broker.client_left",
        Level.DEBUG,
        Text("{client} has said goodbye", "{client} har kopplat ned"),
        Text(
            "An MQTT client ended its connection in good order.",
            "En MQTT-klient avslutade sin anslutning som den ska.",
        ),
        _NOTHING,
        more=("address",),
    ),
    EventKind(
        "TWL-B022",
        "broker.client_lost",
        Level.DEBUG,
        Text("{client} is gone without a goodbye", "{client} försvann utan att koppla ned"),
        Text(
            "The connection ended by itself or was closed by the broker; the client's last will is sent.",
            "Anslutningen bröts eller stängdes av brokern; klientens testamente skickas.",
        ),
        _NOTHING,
        more=("address",),
    ),
)

_REFUSALS = (
    _closed(
        "TWL-B030",
        "broker.no_login",
        Text("{address} wants to connect without a user name", "{address} vill ansluta utan användarnamn"),
        Text("This broker lets in only whom it knows.", "Den här brokern släpper bara in dem den känner."),
        Text(
            "Enter user name and password in the device at {address}.",
            "Ange användarnamn och lösenord i enheten på {address}.",
        ),
    ),
    _closed(
        "TWL-B031",
        "broker.wrong_login",
        Text("{address} has a wrong user name or password", "{address} har fel användarnamn eller lösenord"),
        Text(
            "It was refused and nothing was changed. Many times in a row: a stale password, or somebody is guessing.",
            "Den nekades och inget ändrades. Många gånger i rad: ett gammalt lösenord, eller någon som gissar.",
        ),
        Text(
            "Enter the right password in the device at {address}.",
            "Ange rätt lösenord i enheten på {address}.",
        ),
    ),
    _closed(
        "TWL-B032",
        "broker.other_version",
        Text(
            "{address} speaks another MQTT than 3.1.1 (protocol level {level})",
            "{address} talar en annan MQTT än 3.1.1 (protokollnivå {level})",
        ),
        Text(
            "The embedded broker speaks MQTT 3.1.1 only. Level 3 is MQTT 3.1, level 5 is MQTT 5.",
            "Den inbyggda brokern talar bara MQTT 3.1.1. Nivå 3 är MQTT 3.1, nivå 5 är MQTT 5.",
        ),
        Text(
            "Set the device at {address} to MQTT 3.1.1, or use mosquitto as mqtt.broker.",
            "Ställ in MQTT 3.1.1 i enheten på {address}, eller använd mosquitto som mqtt.broker.",
        ),
    ),
    _closed(
        "TWL-B033",
        "broker.no_client_id",
        Text(
            "{address} wants its session kept and gives no client id",
            "{address} vill att sessionen sparas men anger inget klient-id",
        ),
        Text(
            "A session without a name could never be found again.",
            "En session utan namn går aldrig att hitta igen.",
        ),
        Text("Enter a client id in the device at {address}.", "Ange ett klient-id i enheten på {address}."),
    ),
    _closed(
        "TWL-B034",
        "broker.client_id_of_another",
        Text(
            "{address} uses the client id {client}, which belongs to another user",
            "{address} använder klient-id {client}, som hör till en annan användare",
        ),
        Text(
            "A session belongs to the user who began it; nobody else may take it over.",
            "En session hör till den användare som började den; ingen annan får ta över den.",
        ),
        Text(
            "Give the device at {address} a client id of its own.",
            "Ge enheten på {address} ett eget klient-id.",
        ),
    ),
    _closed(
        "TWL-B035",
        "broker.full",
        Text("{client} was turned away: the broker is full", "{client} avvisades: brokern är full"),
        Text(
            "As many clients are connected as may be.",
            "Så många klienter är anslutna som får vara det.",
        ),
        Text(
            "Look for a program that opens one connection after another, first at {address}.",
            "Leta efter ett program som öppnar den ena anslutningen efter den andra, först på {address}.",
        ),
    ),
    _closed(
        "TWL-B036",
        "broker.strangers",
        Text(
            "{client} was turned away: too many connections that have not logged in",
            "{client} avvisades: för många anslutningar som inte har loggat in",
        ),
        Text("Something opens connections and says nothing.", "Något öppnar anslutningar och säger ingenting."),
        _WHO,
    ),
    _closed(
        "TWL-B038",
        "broker.no_connect",
        Text("{client} connected and never logged in", "{client} anslöt men loggade aldrig in"),
        Text(
            "It was closed. Often a port scan or a monitor.",
            "Den stängdes. Ofta en portskanning eller en övervakning.",
        ),
        _WHO,
    ),
)

_DROPS = (
    _closed(
        "TWL-B037",
        "broker.protocol_error",
        Text("{client} was disconnected, it sent {reason}", "{client} kopplades bort, den skickade {reason}"),
        Text(
            "What it sent is not MQTT 3.1.1, or larger than allowed. Its last will is sent.",
            "Det den skickade är inte MQTT 3.1.1, eller större än tillåtet. Dess testamente skickas.",
        ),
        Text(
            "See which device uses {client}; update it or correct its topics.",
            "Se vilken enhet som använder {client}; uppdatera den eller rätta dess topics.",
        ),
    ),
    _closed(
        "TWL-B039",
        "broker.silent",
        Text(
            "{client} has been silent for more than 1.5 × {keep_alive_s} s and was disconnected",
            "{client} har varit tyst i mer än 1,5 × {keep_alive_s} s och kopplades bort",
        ),
        Text(
            "The device or the network to it is gone. Its last will is sent; it may connect again.",
            "Enheten eller nätverket till den är borta. Dess testamente skickas; den får ansluta igen.",
        ),
        Text("Check power and network of {client}.", "Kontrollera ström och nätverk för {client}."),
    ),
    _closed(
        "TWL-B040",
        "broker.displaced",
        Text(
            "{client} connected again while still connected; the older connection was closed",
            "{client} anslöt igen medan den redan var ansluten; den äldre anslutningen stängdes",
        ),
        Text(
            "Once: the device lost its network. Many times: two devices share a client id and push each other out.",
            "En gång: enheten tappade nätverket. Många gånger: två enheter delar klient-id och tränger undan varandra.",
        ),
        Text(
            "If it happens again and again, give one of the two devices called {client} another client id.",
            "Om det händer om och om igen, ge den ena av de två enheter som heter {client} ett annat klient-id.",
        ),
    ),
    _closed(
        "TWL-B041",
        "broker.too_slow",
        Text(
            "{client} reads too slowly and was disconnected",
            "{client} läser för långsamt och kopplades bort",
        ),
        Text(
            "More was waiting for it, sent or not, than may wait. Its last will is sent; it may connect again.",
            "Mer väntade på den, skickat eller inte, än vad som får vänta. Dess testamente skickas; den får ansluta igen.",
        ),
        Text(
            "Check the network of {client}, and whether it subscribes to more than it needs.",
            "Kontrollera nätverket för {client}, och om den prenumererar på mer än den behöver.",
        ),
    ),
    _warning(
        "TWL-B042",
        "broker.queue_full",
        Text(
            "{client} is away and its queue is full; the oldest messages go",
            "{client} är borta och dess kö är full; de äldsta meddelandena tas bort",
        ),
        Text(
            "It asked that messages be kept for it and has not come for them; so have perhaps others, and together they "
            "take all the room that there is. The light does not need them.",
            "Den har bett att meddelanden sparas åt den och har inte hämtat dem; det har kanske fler gjort, och "
            "tillsammans tar de all plats som finns. Ljuset behöver dem inte.",
        ),
        Text(
            "Bring {client} back, or let it connect once with a clean session if it is gone for good.",
            "Få tillbaka {client}, eller låt den ansluta en gång med ren session om den är borta för gott.",
        ),
    ),
    _warning(
        "TWL-B043",
        "broker.retained_full",
        Text(
            "{client} retains more than there is room for: {topic} is retained no longer",
            "{client} sparar mer än det finns plats för: {topic} sparas inte längre",
        ),
        Text(
            "All the room for retained messages is taken. What was published longest ago goes, or what is too "
            "large by itself; it was passed on, but who subscribes later does not get it. What the controller and the "
            "gateways of this process retain stays.",
            "All plats för sparade meddelanden är upptagen. Det som publicerades för längst sedan tas bort, eller "
            "det som är för stort i sig; det skickades vidare, men den som prenumererar senare får det inte. Det som "
            "styrningen och styrenheterna i den här processen sparar blir kvar.",
        ),
        Text(
            "Find out why {client} publishes so many or such large retained messages.",
            "Ta reda på varför {client} publicerar så många eller så stora sparade meddelanden.",
        ),
    ),
    _warning(
        "TWL-B044",
        "broker.session_forgotten",
        Text(
            "The session of {client} was forgotten: more than {limit} clients are away",
            "Sessionen för {client} glömdes: fler än {limit} klienter är borta",
        ),
        Text(
            "The client longest away goes first. Often a program that takes a new client id each time.",
            "Den klient som varit borta längst tas bort först. Ofta ett program som tar nytt klient-id varje gång.",
        ),
        _WHO,
    ),
    _warning(
        "TWL-B045",
        "broker.too_many_filters",
        Text(
            "{client} may not subscribe to more: {limit} filters, fewer where they are long",
            "{client} får inte prenumerera på mer: {limit} filter, färre om de är långa",
        ),
        Text(
            "Further ones are refused with SUBACK 0x80; those it has stay.",
            "Ytterligare nekas med SUBACK 0x80; de den har blir kvar.",
        ),
        Text(
            "Let {client} use wildcards instead of many single topics.",
            "Låt {client} använda jokertecken i stället för många enskilda topics.",
        ),
    ),
    _closed(
        "TWL-B047",
        "broker.unfinished_packets",
        Text(
            "{client} was disconnected in the middle of a packet: unfinished packets take too much memory",
            "{client} kopplades bort mitt i ett paket: oavslutade paket tar för mycket minne",
        ),
        Text(
            "Large packets had come in part from several clients. The one begun first goes; it may connect again.",
            "Stora paket hade kommit till en del från flera klienter. Det som börjades först går; klienten får ansluta "
            "igen.",
        ),
        Text(
            "See why {client} and others at {address} send such large packets and do not finish them.",
            "Se varför {client} och andra på {address} skickar så stora paket utan att avsluta dem.",
        ),
    ),
)

_RIGHTS = (
    _closed(
        "TWL-B046",
        "broker.guessing",
        Text(
            "{address} has tried too many wrong passwords of user {user}; further tries are slowed down",
            "{address} har provat för många fel lösenord för användaren {user}; fler försök bromsas",
        ),
        Text(
            "One try every two seconds is judged, others wait and are turned away untried. Programs of the service, and "
            "clients that were let in before, are not slowed down by it.",
            "Ett försök varannan sekund prövas, andra får vänta och avvisas oprövade. Tjänstens egna program, och "
            "klienter som har släppts in förut, bromsas inte.",
        ),
        Text(
            "Find what is at {address}: a device with an old password, or somebody who is guessing. Block who is guessing "
            "in the network.",
            "Ta reda på vad som finns på {address}: en enhet med ett gammalt lösenord, eller någon som gissar. Stäng ute "
            "den som gissar i nätverket.",
        ),
    ),
    _warning(
        "TWL-B048",
        "broker.write_forbidden",
        Text(
            "{client} (user {user}) may not write {topic}; the message was dropped",
            "{client} (användare {user}) får inte skriva {topic}; meddelandet kastades",
        ),
        Text(
            "A gateway's user may write that gateway's own reports. Requests are written by users with a line for it. "
            "Told once for each user and topic.",
            "En styrenhets användare får skriva den styrenhetens egna rapporter. Begäran skrivs av användare med en rad "
            "för det. Sägs en gång per användare och topic.",
        ),
        Text(
            "If it is right that {user} writes it, add the line `topic write {topic}` below {user} in users_file.",
            "Om det är rätt att {user} skriver den, lägg till raden `topic write {topic}` under {user} i users_file.",
        ),
    ),
    _warning(
        "TWL-B049",
        "broker.read_forbidden",
        Text(
            "{client} (user {user}) may not read {topic}; the subscription was refused",
            "{client} (användare {user}) får inte läsa {topic}; prenumerationen nekades",
        ),
        Text(
            "A gateway's user may read what is written to that gateway. Told once for each user and topic.",
            "En styrenhets användare får läsa det som skrivs till den styrenheten. Sägs en gång per användare och topic.",
        ),
        Text(
            "If it is right that {user} reads it, add the line `topic read {topic}` below {user} in users_file.",
            "Om det är rätt att {user} läser den, lägg till raden `topic read {topic}` under {user} i users_file.",
        ),
    ),
    _warning(
        "TWL-B053",
        "broker.secret_readable",
        Text(
            "The mode of {path} lets every user of this computer read the passwords in it",
            "Rättigheterna för {path} låter alla användare på den här datorn läsa lösenorden i den",
        ),
        Text(
            "Who has the password can switch the lights.",
            "Den som har lösenordet kan styra ljuset.",
        ),
        Text(
            "chmod o= {path}",
            "chmod o= {path}",
        ),
    ),
    _warning(
        "TWL-B054",
        "broker.plain_passwords",
        Text(
            "{path} holds passwords that are not hashed, of {users}",
            "{path} innehåller lösenord som inte är hashade, för {users}",
        ),
        Text(
            "They work. But who gets hold of the file, or of a copy of it, has the passwords themselves.",
            "De fungerar. Men den som får tag i filen, eller en kopia av den, har själva lösenorden.",
        ),
        Text(
            "Make a line with a hash for each: `watertower password NAME < FILE-WITH-THE-PASSWORD`.",
            "Gör en rad med hash för var och en: `watertower password NAMN < FIL-MED-LÖSENORDET`.",
        ),
    ),
)

KINDS: tuple[EventKind, ...] = (*_ITSELF, *_VISITS, *_REFUSALS, *_DROPS, *_RIGHTS)
