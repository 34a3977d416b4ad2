"""Mistakes in the keywords of a file and in the shape of their values, and in what a campaign shows."""

from controller.events.models import EventKind, Level, Text
from controller.events.of_text import PAIRS, mistake

KEYWORDS = Text(
    "Only the keywords that the program knows have a meaning; any other is refused rather than overlooked.",
    "Bara de nyckelord som programmet känner har någon betydelse; andra avvisas hellre än att de förbises.",
)
COMMENTS = Text(
    "In YAML everything after # is a comment, unless the value stands in quotes.",
    "I YAML är allt efter # en kommentar, om inte värdet står inom citattecken.",
)
SHAPES = Text(
    "A value is a single text, a list (lines with a hyphen or [a, b]) or a set of keyword-value pairs.",
    "Ett värde är en text, en lista (rader med bindestreck eller [a, b]) eller par av nyckelord och värde.",
)
NUMBERS = Text(
    "Numbers are written plainly, so that nothing can be read in two ways.",
    "Tal skrivs utan krusiduller, så att inget kan läsas på två sätt.",
)
SHOWING = Text(
    "A campaign shows a colour, a colour for each zone, or a list of colours one after another.",
    "En kampanj visar en färg, en färg för varje zon, eller en lista med färger efter varandra.",
)

KINDS: tuple[EventKind, ...] = (
    mistake(
        "S004",
        "value-is-a-comment",
        Text(
            "'{key}' is empty: everything after # is a comment",
            '"{key}" är tomt: allt efter # är en kommentar',
        ),
        COMMENTS,
        Text('put quotes around it: {key}: "{value}"', 'sätt citattecken om värdet: {key}: "{value}"'),
    ),
    mistake(
        "S010",
        "unknown-key-near",
        Text("unknown keyword '{key}'", 'okänt nyckelord "{key}"'),
        KEYWORDS,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
    ),
    mistake(
        "S011",
        "unknown-key",
        Text("unknown keyword '{key}'", 'okänt nyckelord "{key}"'),
        KEYWORDS,
        Text("these can stand here: {allowed}", "de här kan stå här: {allowed}"),
    ),
    mistake(
        "S012",
        "key-of-the-other-file",
        Text("'{key}' belongs in {other}", '"{key}" hör hemma i {other}'),
        KEYWORDS,
        Text("move it there", "flytta det dit"),
    ),
    mistake(
        "S013",
        "value-missing",
        Text("'{key}' has no value", '"{key}" saknar värde'),
        PAIRS,
        Text(
            "write a value after the colon",
            "skriv ett värde efter kolonet",
        ),
    ),
    mistake(
        "S078",
        "needed-value-missing",
        Text("'{key}' has no value", '"{key}" saknar värde'),
        PAIRS,
        Text("write a value after the colon; it is needed", "skriv ett värde efter kolonet; det behövs"),
    ),
    mistake(
        "S014",
        "key-missing",
        Text("'{key}' is missing", '"{key}" saknas'),
        KEYWORDS,
        Text("add a line: {example}", "lägg till en rad: {example}"),
    ),
    mistake(
        "S015",
        "key-twice",
        Text(
            "'{key}' is given twice (lines {first_line} and {second_line})",
            '"{key}" står två gånger (rad {first_line} och {second_line})',
        ),
        KEYWORDS,
        Text(
            "write what is meant on one line; several days or hours are a list: {key}: [one, another]",
            "skriv det som menas på en rad; flera dagar eller tider är en lista: {key}: [det ena, det andra]",
        ),
    ),
    mistake(
        "S075",
        "list-twice",
        Text(
            "'{key}' is given twice (lines {first_line} and {second_line})",
            '"{key}" står två gånger (rad {first_line} och {second_line})',
        ),
        KEYWORDS,
        Text(
            "move its entries up below the one on line {first_line}, and delete this line",
            "flytta dess poster upp under den på rad {first_line}, och ta bort den här raden",
        ),
    ),
    mistake(
        "S016",
        "key-belongs-deeper",
        Text("'{key}' stands too far out", '"{key}" står för långt ut'),
        KEYWORDS,
        Text(
            "it belongs to an entry of '{parent}': indent it like the lines of that entry",
            'det hör till en post i "{parent}": dra in det som postens andra rader',
        ),
    ),
    mistake(
        "S018",
        "key-belongs-outermost",
        Text("'{key}' stands inside an entry", '"{key}" står inne i en post'),
        KEYWORDS,
        Text("begin its line in the first column", "börja dess rad i första kolumnen"),
    ),
    mistake(
        "S077",
        "key-belongs-beside",
        Text("'{key}' belongs to '{group}', not here", '"{key}" hör till "{group}", inte hit'),
        KEYWORDS,
        Text(
            "move it, or the whole entry, below `{group}:`",
            "flytta det, eller hela posten, till `{group}:`",
        ),
    ),
    mistake(
        "S017",
        "key-not-text",
        Text(
            "a list or a set of pairs cannot be a keyword",
            "en lista eller en grupp av par kan inte vara ett nyckelord",
        ),
        PAIRS,
        Text("write a single word before the colon", "skriv ett enda ord före kolonet"),
    ),
    mistake(
        "S050",
        "top-level",
        Text(
            "the file must begin with keywords, not with {found}",
            "filen ska börja med nyckelord, inte med {found}",
        ),
        SHAPES,
        Text("begin with: {example}", "börja med: {example}"),
    ),
    mistake(
        "S051",
        "version-unknown",
        Text(
            "version {found} of the file is unknown; this program reads version 1",
            "filversion {found} är okänd; programmet läser version 1",
        ),
        Text("The version says which rules the file follows.", "Versionen anger vilka regler filen följer."),
        Text("write `version: 1`, or upgrade the program", "skriv `version: 1`, eller uppgradera programmet"),
    ),
    mistake(
        "S052",
        "list-expected",
        Text("'{key}' must be a list", '"{key}" ska vara en lista'),
        SHAPES,
        Text(
            "begin each entry on a line of its own with a hyphen, or write {example}",
            "börja varje post på en egen rad med bindestreck, eller skriv {example}",
        ),
    ),
    mistake(
        "S053",
        "pairs-expected",
        Text("'{key}' must hold keyword-value pairs", '"{key}" ska innehålla par av nyckelord och värde'),
        SHAPES,
        Text("write for example `{example}`", "skriv till exempel `{example}`"),
    ),
    mistake(
        "S054",
        "single-value-expected",
        Text("'{key}' must be a single value", '"{key}" ska vara ett enda värde'),
        SHAPES,
        Text(
            "write one value on the same line, without brackets",
            "skriv ett värde på samma rad, utan hakparenteser",
        ),
    ),
    mistake(
        "S055",
        "choice-near",
        Text("'{value}' cannot be chosen for '{key}'", '"{value}" går inte att välja för "{key}"'),
        SHAPES,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
    ),
    mistake(
        "S056",
        "choice",
        Text("'{value}' cannot be chosen for '{key}'", '"{value}" går inte att välja för "{key}"'),
        SHAPES,
        Text("choose one of: {allowed}", "välj något av: {allowed}"),
    ),
    mistake(
        "S057",
        "whole-number-expected",
        Text("'{value}' is not a whole number", '"{value}" är inget heltal'),
        NUMBERS,
        Text(
            "write only digits without leading zeros, such as 1 or 12",
            "skriv bara siffror utan inledande nollor, till exempel 1 eller 12",
        ),
    ),
    mistake(
        "S058",
        "number-expected",
        Text("'{value}' is not a number", '"{value}" är inget tal'),
        NUMBERS,
        Text(
            "write digits, with a point before the decimals: {example}",
            "skriv siffror, med punkt före decimalerna: {example}",
        ),
    ),
    mistake(
        "S059",
        "out-of-range",
        Text("'{key}' must be {limit}, not {value}", '"{key}" ska vara {limit}, inte {value}'),
        NUMBERS,
        Text("choose a value within the limit", "välj ett värde inom gränsen"),
    ),
    mistake(
        "S060",
        "bad-name",
        Text("'{value}' cannot be a name here", '"{value}" kan inte vara ett namn här'),
        Text(
            "Names of gateways and zones become parts of MQTT topics, so they hold only a–z, 0–9, _ and -.",
            "Namn på styrenheter och zoner blir delar av MQTT-ämnen: de innehåller bara a–z, 0–9, _ och -.",
        ),
        Text(
            "use only a–z, 0–9, _ and -, for example '{suggestion}'",
            'använd bara a–z, 0–9, _ och -, till exempel "{suggestion}"',
        ),
    ),
    mistake(
        "S061",
        "too-long",
        Text("'{key}' is longer than {limit} characters", '"{key}" är längre än {limit} tecken'),
        SHAPES,
        Text("shorten it", "korta ner det"),
    ),
    mistake(
        "S062",
        "unprintable-name",
        Text(
            "'{key}' holds a line break or another character that cannot be shown",
            '"{key}" innehåller en radbrytning eller ett annat tecken som inte kan visas',
        ),
        SHAPES,
        Text("use letters, digits and ordinary signs", "använd bokstäver, siffror och vanliga tecken"),
    ),
    mistake(
        "S063",
        "value-unusable",
        Text("'{value}' cannot be used for '{key}'", '"{value}" går inte att använda för "{key}"'),
        SHAPES,
        Text("see the guide LATHUND.md or the sample files", "se LATHUND.md eller exempelfilerna"),
    ),
    mistake(
        "S064",
        "name-twice",
        Text(
            "the name '{name}' is used twice (lines {first_line} and {second_line})",
            'namnet "{name}" används två gånger (rad {first_line} och {second_line})',
        ),
        Text(
            "Plans, reports and logs tell entries apart by their names.",
            "Planer, rapporter och loggar skiljer posterna åt på namnet.",
        ),
        Text("give one of them another name", "ge den ena ett annat namn"),
    ),
    mistake(
        "S066",
        "sequence-without-pace",
        Text(
            "several colours, but nothing says how long each is shown",
            "flera färger, men inget säger hur länge varje visas",
        ),
        SHOWING,
        Text("add a line: change_every: 60 s", "lägg till en rad: change_every: 60 s"),
    ),
    mistake(
        "S067",
        "pace-without-sequence",
        Text("'change_every' needs a list of colours", '"change_every" behöver en lista med färger'),
        SHOWING,
        Text(
            "name the colours that take turns, as `color: [red, blue]`; a single colour stays as it is without it",
            "räkna upp färgerna som byts, som `color: [red, blue]`; en enda färg byts inte och behöver det inte",
        ),
    ),
    mistake(
        "S068",
        "unknown-zone",
        Text("the tower has no zone '{zone}'", 'tornet har ingen zon "{zone}"'),
        Text("Zones are named in tower.yaml.", "Zonerna får sina namn i tower.yaml."),
        Text("the zones are: {zones}", "zonerna är: {zones}"),
    ),
    mistake(
        "S079",
        "unknown-zone-near",
        Text("the tower has no zone '{zone}'", 'tornet har ingen zon "{zone}"'),
        Text("Zones are named in tower.yaml.", "Zonerna får sina namn i tower.yaml."),
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
    ),
    mistake(
        "S074",
        "colors-without-brackets",
        Text("several colours are a list", "flera färger är en lista"),
        SHOWING,
        Text(
            "write {suggestion} and a line `change_every: 60 s`",
            "skriv {suggestion} och en rad `change_every: 60 s`",
        ),
    ),
    mistake(
        "S073",
        "color-inside-list",
        Text("a list of colours holds colours only", "en lista med färger innehåller bara färger"),
        SHOWING,
        Text(
            "write for example [red, blue]; for zones {{bowl: red, shaft: blue}}",
            "skriv till exempel [red, blue]; för zoner {{bowl: red, shaft: blue}}",
        ),
    ),
    mistake(
        "S154",
        "looks-too-long",
        Text(
            "the colours of '{name}' make the plan of the gateway '{gateway}' {kb} kB long, more than {most} kB",
            'färgerna i "{name}" gör planen för styrenheten "{gateway}" {kb} kB lång, mer än {most} kB',
        ),
        Text(
            "A gateway is told two days ahead in one document, which has to fit into one message.",
            "En styrenhet får två dygn i förväg i ett enda dokument, som måste få plats i ett meddelande.",
        ),
        Text(
            "name fewer colours for each zone, or let a technician part the zones among several gateways",
            "räkna upp färre färger för varje zon, eller låt en tekniker dela upp zonerna på flera styrenheter",
        ),
    ),
    mistake(
        "S155",
        "schedule-too-large",
        Text(
            "more than {rules} entries, or more than {windows} windows of hours in all",
            "mer än {rules} poster, eller mer än {windows} tidsfönster sammanlagt",
        ),
        SHOWING,
        Text(
            "join entries that show the same: an entry takes lists of days and of hours",
            "slå ihop poster som visar detsamma: en post tar listor av dagar och av tider",
        ),
    ),
    EventKind(
        "TWL-S251",
        "brightness-zero",
        Level.WARNING,
        Text("brightness 0 % means dark", "ljusstyrka 0 % betyder släckt"),
        SHOWING,
        Text("write `color: dark` if that is meant", "skriv `color: dark` om det är meningen"),
    ),
    EventKind(
        "TWL-S252",
        "no-campaigns",
        Level.WARNING,
        Text(
            "no campaign and nothing for every night: the tower stays dark",
            "ingen kampanj och inget för varje natt: tornet förblir släckt",
        ),
        SHOWING,
        Text("add a campaign, see LATHUND.md", "lägg till en kampanj, se LATHUND.md"),
    ),
)
