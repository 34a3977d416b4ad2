"""Mistakes about colours and brightness: TWL-S130 to S139 and S145."""

from controller.events.models import EventKind, Level, Text

UNKNOWN = Text('"{value}" is not a colour that is known here', '"{value}" är ingen färg som är känd här')
COLOR = Text(
    "A colour is a name of the palette in tower.yaml, a common colour name in English or Swedish, "
    "a colour code or a temperature of white light.",
    "En färg är ett namn ur paletten i tower.yaml, ett vanligt färgnamn på svenska eller engelska, "
    "en färgkod eller en färgtemperatur för vitt ljus.",
)

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-S130",
        "color.step_too_short",
        Level.ERROR,
        Text("Colours change every {value}: too fast", "Färgerna byts var {value}: för fort"),
        Text(
            "Light that changes fast disturbs people, animals and traffic, so nothing ever flashes.",
            "Ljus som växlar fort stör människor, djur och trafik, därför blinkar inget.",
        ),
        Text("Write {shortest_s} s or more.", "Skriv {shortest_s} s eller mer."),
    ),
    EventKind(
        "TWL-S131",
        "color.not_hex",
        Level.ERROR,
        Text('"{value}" is not written as a colour code', '"{value}" är inte skrivet som en färgkod'),
        Text(
            "A colour code is # and six hex digits, two each for red, green and blue.",
            "En färgkod är # och sex hexadecimala siffror, två var för rött, grönt och blått.",
        ),
        Text(
            'Six hex digits with # and quotes: "{suggestion}"',
            'Sex hexadecimala siffror med # och citattecken: "{suggestion}"',
        ),
    ),
    EventKind(
        "TWL-S132",
        "color.unknown",
        Level.ERROR,
        UNKNOWN,
        COLOR,
        Text('Did you mean "{suggestion}"?', 'Menade du "{suggestion}"?'),
    ),
    EventKind(
        "TWL-S145",
        "color.unknown_far",
        Level.ERROR,
        UNKNOWN,
        COLOR,
        Text(
            'Write a name such as {example}, a colour of your own as "#FF6A00", or a white as 2700 K.',
            'Skriv ett namn som {example}, en egen färg som "#FF6A00", eller ett vitt ljus som 2700 K.',
        ),
    ),
    EventKind(
        "TWL-S133",
        "color.kelvin_out_of_range",
        Level.ERROR,
        Text("{value} is no colour temperature of a lamp", "{value} är ingen färgtemperatur för en lampa"),
        Text(
            "The lower the temperature, the warmer the white: a candle has 1900 K, overcast sky 6500 K.",
            "Ju lägre temperatur, desto varmare vitt: ett stearinljus har 1900 K, mulen himmel 6500 K.",
        ),
        Text("Write a temperature from {low} K to {high} K.", "Skriv en temperatur från {low} K till {high} K."),
    ),
    EventKind(
        "TWL-S134",
        "color.component_out_of_range",
        Level.ERROR,
        Text("{value} is not between 0 and 255", "{value} ligger inte mellan 0 och 255"),
        Text(
            "Red, green and blue are each a whole number from 0 to 255.",
            "Rött, grönt och blått är vart och ett ett heltal från 0 till 255.",
        ),
        Text(
            "Write a number from 0 to 255 in place of {value}.",
            "Skriv ett tal från 0 till 255 i stället för {value}.",
        ),
    ),
    EventKind(
        "TWL-S135",
        "color.numbers_in_list",
        Level.ERROR,
        Text("{value} is a list of numbers, not of colours", "{value} är en lista med tal, inte med färger"),
        Text(
            "A list means colours that are shown one after another.",
            "En lista betyder färger som visas en efter en.",
        ),
        Text('For this colour write "{suggestion}".', 'Skriv "{suggestion}" för den här färgen.'),
    ),
    EventKind(
        "TWL-S136",
        "color.unknown_zone",
        Level.ERROR,
        Text("The tower has no zone {zone}", "Tornet har ingen zon {zone}"),
        Text(
            "A colour can be given for each zone that tower.yaml names.",
            "En färg kan anges för varje zon som tower.yaml namnger.",
        ),
        Text("Write {suggestion}; the zones are: {zones}.", "Skriv {suggestion}; zonerna är: {zones}."),
    ),
    EventKind(
        "TWL-S137",
        "brightness.out_of_range",
        Level.ERROR,
        Text('"{value}" is not a brightness from 0 to 100 %', '"{value}" är ingen ljusstyrka från 0 till 100 %'),
        Text(
            "100 % is the most light that the lamps can give in that colour.",
            "100 % är det mesta ljus som lamporna kan ge i den färgen.",
        ),
        Text("Write per cent from 0 % to 100 %.", "Skriv procent från 0 % till 100 %."),
    ),
    EventKind(
        "TWL-S138",
        "brightness.without_unit",
        Level.ERROR,
        Text("{value} has no unit", "{value} saknar enhet"),
        Text(
            "Without the unit it cannot be told whether a share or per cent is meant.",
            "Utan enhet går det inte att veta om andel eller procent menas.",
        ),
        Text("Did you mean {suggestion}?", "Menade du {suggestion}?"),
    ),
    EventKind(
        "TWL-S139",
        "color.means_dark",
        Level.INFO,
        Text('"{value}" is read as dark', '"{value}" läses som släckt'),
        Text("The zone gives no light for that time.", "Zonen ger inget ljus under den tiden."),
        Text(
            "Nothing, if that is meant; the usual word is dark.",
            "Inget, om det är meningen; det vanliga ordet är dark.",
        ),
    ),
)
