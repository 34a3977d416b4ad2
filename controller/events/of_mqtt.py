"""Events of the connection to the MQTT broker."""

from controller.events.models import EventKind, Lasting, Level, Text

CERTIFICATE = Text(
    "The connection is encrypted, and the certificate that proves who the other side is was not accepted."
    " Nothing is sent until it is; the controller goes on trying.",
    "Förbindelsen är krypterad och certifikatet som visar vem motparten är godtogs inte. Inget skickas"
    " förrän det godtas; styrningen försöker igen hela tiden.",
)

_BARRED = ("TWL-M003", "TWL-M007", "TWL-M008", "TWL-M009", "TWL-M010", "TWL-M011", "TWL-M012")
"""What tells of a lost connection more than that it is lost."""

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-M001",
        "mqtt.connected",
        Level.INFO,
        Text(
            "Connected to {broker} (attempt {attempts})",
            "Ansluten till {broker} (försök {attempts})",
        ),
        Text(
            "The broker accepted the login. Everything that should hold is published again.",
            "Brokern godtog inloggningen. Allt som ska gälla skickas på nytt.",
        ),
        Text("Nothing to do.", "Inget behöver göras."),
    ),
    EventKind(
        "TWL-M002",
        "mqtt.lost",
        Level.WARNING,
        Text(
            "The connection to {broker} is lost: {reason}",
            "Förbindelsen med {broker} är bruten: {reason}",
        ),
        Text(
            "The gateways are not heard and cannot be commanded over this broker. It is sought again at"
            " once and for ever. Gateways that keep a plan go on by themselves.",
            "Styrenheterna kan varken höras eller styras genom den här brokern. Nya försök görs genast och"
            " utan slut. Styrenheter som har en egen plan fortsätter på egen hand.",
        ),
        Text(
            "If it does not come back within minutes, look at the broker and the network.",
            "Om den inte är tillbaka inom några minuter: se efter hur brokern och nätet mår.",
        ),
        lasting=Lasting(until=("TWL-M001", *_BARRED), about=("broker",)),
    ),
    EventKind(
        "TWL-M003",
        "mqtt.login_refused",
        Level.ERROR,
        Text(
            "{broker} refuses the login: {reason} (code {connack})",
            "{broker} nekar inloggning: {reason} (kod {connack})",
        ),
        Text(
            "The broker is there and does not let the controller in. It is asked again twice a minute or less often.",
            "Brokern svarar men släpper inte in styrningen. Nya försök görs högst två gånger i minuten.",
        ),
        Text(
            "Check `username` and `password_file` under `mqtt:` in tower.yaml, and the broker's list of users.",
            "Kontrollera `username` och `password_file` under `mqtt:` i tower.yaml och brokerns användarlista.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M004",
        "mqtt.subscription_refused",
        Level.ERROR,
        Text(
            "{broker} does not let us listen to {filter}",
            "{broker} låter oss inte lyssna på {filter}",
        ),
        Text(
            "Without this topic the reports of a gateway do not arrive. It is asked for again every 30 seconds.",
            "Utan detta ämne kommer en styrenhets rapporter inte fram. En ny begäran görs var 30:e sekund.",
        ),
        Text(
            "Give the controller's user the right to read {filter} in the broker's access list.",
            "Ge styrningens användare rätt att läsa {filter} i brokerns åtkomstlista.",
        ),
        lasting=Lasting(until=("TWL-M001", "TWL-M016"), about=("broker", "filter")),
    ),
    EventKind(
        "TWL-M005",
        "mqtt.message_oversized",
        Level.WARNING,
        Text(
            "A message of {size_bytes} bytes on {topic} from {broker} was thrown away",
            "Ett meddelande på {size_bytes} byte i ämnet {topic} från {broker} kastades",
        ),
        Text(
            "No gateway sends messages of this size. Something else writes to the topic.",
            "Ingen styrenhet skickar så stora meddelanden. Något annat skriver i ämnet.",
        ),
        Text(
            "Find out who publishes to {topic}. If it is retained, delete it with an empty retained"
            " message; limit `max_packet_size` in the broker.",
            "Ta reda på vem som publicerar i {topic}. Är meddelandet kvarhållet (retained), ta bort det"
            " med ett tomt kvarhållet meddelande; begränsa `max_packet_size` i brokern.",
        ),
    ),
    EventKind(
        "TWL-M006",
        "mqtt.messages_coalesced",
        Level.WARNING,
        Text(
            "{count} messages from {broker} were overtaken by newer ones of the same topic, last on {topic}",
            "{count} meddelanden från {broker} hanns om av nyare i samma ämne, senast i {topic}",
        ),
        Text(
            "More came in than could be handled. Only the newest message of each topic counts, so nothing"
            " is wrong; but something sends too often.",
            "Det kom mer än som hann tas om hand. Bara det nyaste meddelandet i varje ämne räknas, så"
            " inget är fel; men något skickar för ofta.",
        ),
        Text(
            "If this is told again and again, find out who publishes to {topic} and make it slower.",
            "Om detta återkommer: ta reda på vem som publicerar i {topic} och sänk takten.",
        ),
    ),
    EventKind(
        "TWL-M007",
        "mqtt.unreachable",
        Level.WARNING,
        Text("{broker} cannot be reached: {reason}", "{broker} kan inte nås: {reason}"),
        Text(
            "Attempts go on for ever, at most 30 seconds apart, each asking for the address anew. This is"
            " told once per reason.",
            "Försöken fortsätter utan slut med högst 30 sekunders mellanrum, och adressen slås upp på nytt"
            " varje gång. Detta sägs en gång per orsak.",
        ),
        Text(
            "Check that the broker runs, that `mqtt.broker` in tower.yaml names it, and that no firewall is between.",
            "Kontrollera att brokern är igång, att `mqtt.broker` i tower.yaml pekar på den och att ingen"
            " brandvägg står emellan.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M008",
        "mqtt.certificate_expired",
        Level.ERROR,
        Text(
            "The certificate of {broker} has expired ({reason})",
            "Certifikatet för {broker} har gått ut ({reason})",
        ),
        CERTIFICATE,
        Text(
            "Install a new certificate in the broker. If the certificate is valid after all, the clock of"
            " this machine is wrong.",
            "Installera ett nytt certifikat i brokern. Om certifikatet ändå är giltigt går den här datorns klocka fel.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M009",
        "mqtt.certificate_not_yet_valid",
        Level.ERROR,
        Text(
            "The certificate of {broker} is not yet valid ({reason}): is this machine's clock behind?",
            "Certifikatet för {broker} gäller inte ännu ({reason}): går den här datorns klocka efter?",
        ),
        CERTIFICATE,
        Text(
            "Check date and time of this machine and whether it reaches its time server. It heals itself"
            " once the clock is right.",
            "Kontrollera den här datorns datum och tid och att den når sin tidsserver. Felet går över av"
            " sig självt när klockan är rätt.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M010",
        "mqtt.certificate_wrong_name",
        Level.ERROR,
        Text(
            "The certificate of {broker} is made out to another name ({reason})",
            "Certifikatet för {broker} är utfärdat för ett annat namn ({reason})",
        ),
        CERTIFICATE,
        Text(
            "Write the name that stands in the certificate as `mqtt.broker` in tower.yaml, or have a"
            " certificate made for the name that stands there now.",
            "Skriv namnet som står i certifikatet som `mqtt.broker` i tower.yaml, eller låt utfärda ett"
            " certifikat för det namn som står där nu.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M011",
        "mqtt.certificate_not_trusted",
        Level.ERROR,
        Text(
            "The certificate of {broker} comes from no authority that is trusted here ({reason})",
            "Certifikatet för {broker} kommer inte från en utfärdare som är betrodd här ({reason})",
        ),
        CERTIFICATE,
        Text(
            "Name the file with the certificate of the broker's authority as `ca_file` under `mqtt:` in tower.yaml.",
            "Ange filen med certifikatet för brokerns utfärdare som `ca_file` under `mqtt:` i tower.yaml.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M012",
        "mqtt.file_unusable",
        Level.ERROR,
        Text(
            "A file for the connection to {broker} cannot be used: {reason}",
            "En fil för förbindelsen med {broker} kan inte användas: {reason}",
        ),
        Text(
            "A certificate, its key or the password. Nothing is sent until it can be read; the controller goes on"
            " trying.",
            "Ett certifikat, dess nyckel eller lösenordet. Inget skickas förrän filen går att läsa; styrningen"
            " försöker igen hela tiden.",
        ),
        Text(
            "Check `password_file`, `ca_file`, `cert_file` and `key_file` under `mqtt:` in tower.yaml: each must"
            " exist and be readable for the controller, and a certificate or key must be PEM without a pass phrase.",
            "Kontrollera `password_file`, `ca_file`, `cert_file` och `key_file` under `mqtt:` i tower.yaml: varje fil"
            " måste finnas och kunna läsas av styrningen, och certifikat och nyckel ska vara PEM utan lösenfras.",
        ),
        lasting=Lasting(until=("TWL-M001",), about=("broker",)),
    ),
    EventKind(
        "TWL-M014",
        "mqtt.certificate_ends",
        Level.WARNING,
        Text("the certificate of {broker} ends in {days} days", "certifikatet för {broker} går ut om {days} dagar"),
        Text(
            "When a certificate has ended nobody can connect, and the tower is only as right as the gateways' plans.",
            "När ett certifikat har gått ut kan ingen ansluta, och tornet är bara så rätt som styrenheternas planer.",
        ),
        Text("Renew the certificate of {broker}.", "Förnya certifikatet för {broker}."),
        lasting=Lasting(until=("TWL-M017",), about=("broker",), harmless=True),
    ),
    EventKind(
        "TWL-M013",
        "mqtt.broker_forgot",
        Level.WARNING,
        Text(
            "{broker} has come back without the messages that it was to keep",
            "{broker} har kommit tillbaka utan de meddelanden som den skulle behålla",
        ),
        Text(
            "The broker was restarted and had not saved its retained messages. They are published again"
            " now; a gateway that restarts while the broker is empty would find nothing.",
            "Brokern startades om och hade inte sparat sina kvarhållna meddelanden. De skickas nu på nytt;"
            " en styrenhet som startar om medan brokern är tom skulle inte hitta något.",
        ),
        Text(
            "Let the broker save: in mosquitto `persistence true`, `autosave_on_changes true`, `autosave_interval 1`.",
            "Låt brokern spara: i mosquitto `persistence true`, `autosave_on_changes true`, `autosave_interval 1`.",
        ),
    ),
    EventKind(
        "TWL-M016",
        "mqtt.subscription_granted",
        Level.INFO,
        Text("{broker} lets us listen to {filter} now", "{broker} låter oss nu lyssna på {filter}"),
        Text(
            "A subscription that was refused has been granted: its access rules were mended.",
            "En prenumeration som nekades har beviljats: behörigheterna har rättats.",
        ),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-M017",
        "mqtt.certificate_renewed",
        Level.INFO,
        Text(
            "the certificate of {broker} was renewed, it ends in {days} days",
            "certifikatet för {broker} har förnyats, det går ut om {days} dagar",
        ),
        Text("The warning about it is over.", "Varningen om det är över."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-M018",
        "mqtt.status_overwritten",
        Level.ERROR,
        Text(
            "somebody else wrote “{word}” to {topic} on {broker}: written over",
            "någon annan skrev ”{word}” till {topic} på {broker}: skrivet över",
        ),
        Text(
            "Only the controller says there whether it is there, and it is. Another program, a second controller with "
            "the same prefix or somebody's test writes to its topics.",
            "Bara styrningen säger där om den är igång, och det är den. Ett annat program, en andra styrning med samma "
            "prefix eller någons försök skriver till dess ämnen.",
        ),
        Text(
            "Find who writes, and see to it with the access rules of {broker} that only the controller may.",
            "Ta reda på vem som skriver, och låt behörigheterna i {broker} tillåta bara styrningen.",
        ),
        lasting=Lasting(about=("topic", "broker"), quiet_s=600),
    ),
    EventKind(
        "TWL-M015",
        "mqtt.displaced",
        Level.ERROR,
        Text(
            "{broker} lets {client} in and ends the connection again and again",
            "{broker} släpper in {client} och bryter förbindelsen gång på gång",
        ),
        Text(
            "Most likely another program uses the same client id: a second controller, or a second gateway"
            " of the same name. A broker lets in only one of them, and each pushes the other out. Some brokers also"
            " end the connection of whoever publishes what their access rules forbid: mosquitto before 2.0.22 does"
            " with `max_queued_messages 0`.",
            "Troligen använder ett annat program samma klient-id: en andra styrning, eller en andra styrenhet"
            " med samma namn. En broker släpper bara in en av dem, och de tränger ut varandra. En del brokrar bryter"
            " också förbindelsen för den som publicerar något som åtkomstreglerna förbjuder: det gör mosquitto före"
            " 2.0.22 med `max_queued_messages 0`.",
        ),
        Text(
            "Find where {client} runs a second time, perhaps on an old computer, and stop one of the two. If it"
            " runs only once, check that the broker's access rules let its user write every topic that it needs,"
            " give mosquitto a large number as `max_queued_messages`, and read the log of the broker.",
            "Ta reda på var {client} är igång en andra gång, kanske på en gammal dator, och stoppa en av dem."
            " Om den bara är igång en gång: kontrollera att brokerns åtkomstregler låter dess användare skriva i alla"
            " topics den behöver, ge mosquitto ett stort tal som `max_queued_messages`, och läs brokerns logg.",
        ),
        lasting=Lasting(about=("broker",), quiet_s=600),
    ),
    EventKind(
        "TWL-M020",
        "mqtt.address_unreadable",
        Level.ERROR,
        Text("“{value}” is not the address of a broker", "”{value}” är inte adressen till en broker"),
        Text(
            "An address says how and where: mqtt:// or mqtts:// (encrypted), the host, and the port where"
            " it is not 1883 or 8883.",
            "En adress säger hur och var: mqtt:// eller mqtts:// (krypterat), värdnamnet, och porten när"
            " den inte är 1883 eller 8883.",
        ),
        Text(
            "Write for example mqtt://broker.local or mqtts://broker.local:8883.",
            "Skriv till exempel mqtt://broker.local eller mqtts://broker.local:8883.",
        ),
    ),
    EventKind(
        "TWL-M021",
        "mqtt.credentials_in_address",
        Level.ERROR,
        Text(
            "A user name or password stands in the address of the broker {address}",
            "Ett användarnamn eller lösenord står i adressen till brokern {address}",
        ),
        Text(
            "Addresses are shown in logs and on the page; secrets never are.",
            "Adresser visas i loggar och på sidan; hemligheter visas aldrig.",
        ),
        Text(
            "Write the address without it, ending in {address}, the user as `username:`, and the password"
            " into a file named by `password_file:`.",
            "Skriv adressen utan det, med slutet {address}, användaren som `username:` och lösenordet i en"
            " fil som anges med `password_file:`.",
        ),
    ),
    EventKind(
        "TWL-M022",
        "mqtt.files_without_encryption",
        Level.ERROR,
        Text(
            "Certificate files are named, and the address {value} is not encrypted",
            "Certifikatfiler är angivna, men adressen {value} är inte krypterad",
        ),
        Text(
            "Over mqtt:// everything can be read on the way, the password included, and the files are not used.",
            "Över mqtt:// kan allt läsas på vägen, även lösenordet, och filerna används inte.",
        ),
        Text(
            "Write {suggestion} (the port of encrypted connections is usually 8883), or remove `ca_file`,"
            " `cert_file` and `key_file`.",
            "Skriv {suggestion} (porten för krypterade förbindelser är oftast 8883), eller ta bort `ca_file`,"
            " `cert_file` och `key_file`.",
        ),
    ),
)
