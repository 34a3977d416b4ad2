"""Mistakes in the keys by which tower.yaml names a vendor's gateway, and notes on what it cannot do."""

from controller.events.models import EventKind, Level, Text
from controller.events.of_text import mistake

KEYS = Text(
    "Every kind of gateway has keys of its own that say how it is reached and what its lamps can do.",
    "Varje slags gateway har egna nycklar som säger hur den nås och vad dess lampor kan.",
)

KINDS: tuple[EventKind, ...] = (
    mistake(
        "S221",
        "zone-or-zones",
        Text(
            "this gateway needs either `zone` with `{key}`, or `zones` alone",
            "den här styrenheten behöver antingen `zone` med `{key}`, eller bara `zones`",
        ),
        KEYS,
        Text(
            "write `zone: bowl` and `{key}: …`, or `zones: {{bowl: …, shaft: …}}` with each {key}",
            "skriv `zone: bowl` och `{key}: …`, eller `zones: {{bowl: …, shaft: …}}` med varje {key}",
        ),
    ),
    mistake(
        "S222",
        "color-mode-stands-alone",
        Text("the colour mode {mode} cannot stand beside others", "färgläget {mode} kan inte stå bredvid andra"),
        KEYS,
        Text(
            "write `color_modes: [{mode}]`, or leave {mode} out",
            "skriv `color_modes: [{mode}]`, eller ta bort {mode}",
        ),
    ),
    mistake(
        "S223",
        "full-topic-incomplete",
        Text(
            "full_topic must hold %topic%, and no other place than %prefix%, not {value}",
            "full_topic ska innehålla %topic% och ingen annan plats än %prefix%, inte {value}",
        ),
        KEYS,
        Text(
            "copy FullTopic from the device's MQTT page, as a rule %prefix%/%topic%/, "
            "with %hostname% and %id% written out",
            "kopiera FullTopic från enhetens MQTT-sida, oftast %prefix%/%topic%/, med %hostname% och %id% utskrivna",
        ),
    ),
    mistake(
        "S224",
        "channel-place-missing",
        Text("'{value}' does not say where the channel stands", '"{value}" säger inte var kanalen står'),
        KEYS,
        Text(
            "write {{channel}} in its place, for example dmx/{{channel}}",
            "skriv {{channel}} på dess plats, till exempel dmx/{{channel}}",
        ),
    ),
    mistake(
        "S225",
        "channel-or-map",
        Text(
            "this gateway needs either `channel_topic` or `map_topic`",
            "den här styrenheten behöver antingen `channel_topic` eller `map_topic`",
        ),
        KEYS,
        Text(
            "write `channel_topic: dmx/{{channel}}` (a topic each) or `map_topic: dmx/set` (all in one)",
            "skriv `channel_topic: dmx/{{channel}}` (ett ämne var) eller `map_topic: dmx/set` (alla i ett)",
        ),
    ),
    mistake(
        "S226",
        "one-universe-only",
        Text(
            "the lamps of '{name}' lie in several universes, and this kind of gateway has one",
            'lamporna i "{name}" ligger i flera universum, och det här slaget av styrenhet har ett',
        ),
        KEYS,
        Text("give each universe a gateway of its own", "ge varje universum en egen styrenhet"),
    ),
    mistake(
        "S227",
        "state-is-command",
        Text(
            "{value} is the topic of the commands and cannot tell the state as well",
            "{value} är ämnet för kommandona och kan inte också berätta läget",
        ),
        Text(
            "The gateway would be believed to show whatever it was sent, as the broker gives every command back.",
            "Styrenheten skulle tros visa allt som sänds till den, för brokern skickar tillbaka varje kommando.",
        ),
        Text(
            "write the topic on which the gateway itself reports, or leave `state_topic` out",
            "skriv ämnet där styrenheten själv rapporterar, eller ta bort `state_topic`",
        ),
    ),
    mistake(
        "S228",
        "address-twice",
        Text("two zones have the same {key} {value}", "två zoner har samma {key} {value}"),
        KEYS,
        Text(
            "give each zone a {key} of its own, or drive both as one zone",
            "ge varje zon en egen {key}, eller styr båda som en zon",
        ),
    ),
    mistake(
        "S229",
        "component-unknown",
        Text("'{value}' is no component that can be driven", '"{value}" är ingen komponent som kan styras'),
        KEYS,
        Text(
            "write rgbw:0, rgb:0 or light:0, as the device's profile has it",
            "skriv rgbw:0, rgb:0 eller light:0, efter enhetens profil",
        ),
    ),
    mistake(
        "S230",
        "zigbee-topic",
        Text("'{value}' is not the topic of a Zigbee lamp", '"{value}" är inte ämnet för en Zigbee-lampa'),
        KEYS,
        Text(
            "write the bridge's base topic and the friendly name, without /set: zigbee2mqtt/{name}",
            "skriv bryggans basämne och lampans namn, utan /set: zigbee2mqtt/{name}",
        ),
    ),
    mistake(
        "S241",
        "words-alike",
        Text("{key} and {other} are the same word", "{key} och {other} är samma ord"),
        KEYS,
        Text(
            "write the two words as the device's own settings have them",
            "skriv de två orden som de står i enhetens egna inställningar",
        ),
    ),
    mistake(
        "S236",
        "range-empty",
        Text("{low} is not below {high}", "{low} är inte lägre än {high}"),
        KEYS,
        Text(
            "write the smaller number as {low} and the larger one as {high}",
            "skriv det mindre talet som {low} och det större som {high}",
        ),
    ),
    mistake(
        "S237",
        "topic-of-no-lamp",
        Text(
            "nothing answers on '{value}': it is no device's own topic",
            'ingen svarar på "{value}": det är inte en enhets eget ämne',
        ),
        Text(
            "A group topic is obeyed by all and answered by none, and commands and reports have topics below the "
            "device's own.",
            "Ett gruppämne lyds av alla och besvaras av ingen, och kommandon och rapporter har ämnen under enhetens eget.",
        ),
        Text(
            "write the device topic from the device's MQTT page; a gateway for each device",
            "skriv enhetens ämne från dess MQTT-sida; en styrenhet för varje enhet",
        ),
    ),
    EventKind(
        "TWL-S231",
        "gateway-without-colors",
        Level.WARNING,
        Text(
            "'{name}' has lamps that show every colour as white",
            '"{name}" har lampor som visar alla färger som vita',
        ),
        KEYS,
        Text(
            "nothing to do if they are white; else see the keys of its kind",
            "inget att göra om de är vita; se annars nycklarna för dess slag",
        ),
    ),
    EventKind(
        "TWL-S232",
        "gateway-switches-only",
        Level.WARNING,
        Text("'{name}' can only switch on and off", '"{name}" kan bara tända och släcka'),
        KEYS,
        Text(
            "nothing to do if it is a relay; else write the `color_modes` of its lamp",
            "inget att göra om den är ett relä; skriv annars lampans `color_modes`",
        ),
    ),
    EventKind(
        "TWL-S233",
        "gateway-without-fades",
        Level.INFO,
        Text("'{name}' cannot fade: its light changes at once", '"{name}" kan inte tona: ljuset ändras genast'),
        KEYS,
        Text("nothing to do", "inget att göra"),
    ),
    EventKind(
        "TWL-S234",
        "gateway-without-reports",
        Level.INFO,
        Text(
            "'{name}' never tells what it shows, so its light is never confirmed",
            '"{name}" berättar aldrig vad den visar, så ljuset bekräftas aldrig',
        ),
        KEYS,
        Text(
            "write the `state_topic` on which it reports, if it has one; of a `home-assistant` lamp also the "
            "`availability_topic`, so that at least its death is told",
            "skriv det `state_topic` där den rapporterar, om den har ett; för en `home-assistant`-lampa även "
            "`availability_topic`, så att åtminstone ett strömavbrott märks",
        ),
    ),
    EventKind(
        "TWL-S235",
        "gateway-not-asked",
        Level.INFO,
        Text(
            "'{name}' cannot be asked: it is confirmed for some minutes after each change, and unknown after that",
            '"{name}" kan inte tillfrågas: den är bekräftad några minuter efter varje ändring, och därefter okänd',
        ),
        KEYS,
        Text(
            "leave out `answers_repeats: false` if it answers each command, also one that changes nothing; of a "
            "`home-assistant` lamp write the `availability_topic`, so that at least its death is told",
            "ta bort `answers_repeats: false` om den svarar på varje kommando, även ett som inte ändrar något; för en "
            "`home-assistant`-lampa: skriv `availability_topic`, så att åtminstone ett strömavbrott märks",
        ),
    ),
    EventKind(
        "TWL-S238",
        "gateway-speaks-for-lamps",
        Level.INFO,
        Text(
            "'{name}' is confirmed by its bridge, which repeats what it was told; its lamps are not asked",
            '"{name}" bekräftas av sin brygga, som upprepar det den fick höra; lamporna tillfrågas inte',
        ),
        Text(
            "Zigbee2MQTT takes a command for carried out. It asks a lamp what it shows when the lamp is named alone and "
            "as kind `zigbee2mqtt`.",
            "Zigbee2MQTT räknar ett kommando som utfört. Den frågar en lampa vad den visar när lampan är namngiven för sig "
            "och som kind `zigbee2mqtt`.",
        ),
        Text(
            "write each lamp as a gateway of its own, with `kind: zigbee2mqtt` and its topic",
            "skriv varje lampa som en egen styrenhet, med `kind: zigbee2mqtt` och dess topic",
        ),
    ),
    EventKind(
        "TWL-S239",
        "scale-taken-for-granted",
        Level.INFO,
        Text(
            "'{name}' is taken to count to 255, as no scale is written",
            '"{name}" antas räkna till 255, eftersom ingen skala är skriven',
        ),
        Text(
            "A lamp on another scale would be dim, and say that it obeyed.",
            "En lampa med en annan skala skulle lysa svagt och säga att den lydde.",
        ),
        Text(
            "write `brightness_scale` (home-assistant) or `level_scale` (dmx-channels) as the device has it, 255 too",
            "skriv `brightness_scale` (home-assistant) eller `level_scale` (dmx-channels) som enheten har den, även 255",
        ),
    ),
    EventKind(
        "TWL-S240",
        "sequence-wears-flash",
        Level.WARNING,
        Text(
            "the flash memory of {names} is written {times} times an hour by this sequence",
            "flashminnet i {names} skrivs {times} gånger i timmen av den här växlingen",
        ),
        Text(
            "Tasmota stores each change of the light within a second (SaveData 1), and no command can keep it from that. "
            "Flash memory bears a limited number of writes.",
            "Tasmota sparar varje ändring av ljuset inom en sekund (SaveData 1), och inget kommando kan låta bli. "
            "Flashminnen tål ett begränsat antal skrivningar.",
        ),
        Text(
            "set `SaveData 3600` once in the console of the device, which then stores once an hour; or change more seldom",
            "ställ in `SaveData 3600` en gång i enhetens konsol, så sparar den en gång i timmen; eller växla mer sällan",
        ),
    ),
)
