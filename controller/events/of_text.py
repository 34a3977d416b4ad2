"""Mistakes in how a file is written, before its meaning is asked: the file itself, its letters, its YAML."""

from controller.events.models import EventKind, Level, Text


def mistake(code: str, name: str, text: Text, meaning: Text, action: Text, more: tuple[str, ...] = ()) -> EventKind:
    """A mistake in a file; the files are not used until it is mended."""
    return EventKind(f"TWL-{code}", name, Level.ERROR, text, meaning, action, more)


ONE_LINE = Text(
    "Every value of the files stands on one line, so that a slip never swallows the lines below it.",
    "Varje värde i filerna står på en rad, så att ett slarvfel aldrig kan svälja raderna under.",
)
NO_FILE = Text(
    "The controller reads two files: schedule.yaml for facilities staff and tower.yaml for technicians.",
    "Styrningen läser två filer: schedule.yaml för driftpersonalen och tower.yaml för teknikerna.",
)
PLAIN_TEXT = Text(
    "The files are plain text in UTF-8, as Notepad and every code editor save it.",
    "Filerna är ren text i UTF-8, som Anteckningar och alla kodredigerare kan spara.",
)
LETTERS = Text(
    "Word processors, mails and web pages put in characters that look right and mean nothing to a program.",
    "Ordbehandlare, mejl och webbsidor lägger in tecken som ser rätta ut men som ett program inte förstår.",
)
INDENTATION = Text(
    "The spaces at the beginning of a line say what it belongs to; lines of one group begin in one column.",
    "Mellanslagen i början av en rad visar vad den hör till; rader som hör ihop börjar i samma kolumn.",
)
PAIRS = Text(
    "Each line is a keyword, a colon, a space and a value.",
    "Varje rad är ett nyckelord, ett kolon, ett mellanslag och ett värde.",
)
QUOTING = Text(
    "A value that holds one of the signs of YAML itself needs quotes around it.",
    "Ett värde som innehåller något av YAML:s egna tecken behöver citattecken omkring sig.",
)
LIMITS = Text(
    "A schedule is short. Limits keep a damaged or hostile file from filling memory or time.",
    "Ett schema är kort. Gränserna hindrar en skadad eller illvillig fil från att äta upp minne eller tid.",
)
NO_MAGIC = Text(
    "These files never need the tags, anchors and aliases of YAML, and they can hide what is meant.",
    "De här filerna behöver aldrig YAML:s taggar, ankare och alias, och de kan dölja vad som menas.",
)

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-S000",
        "files-rejected",
        Level.ERROR,
        Text("{count} mistakes in the files", "{count} fel i filerna"),
        Text(
            "The files cannot be used as they stand. A running service keeps the last good version in force.",
            "Filerna kan inte användas som de är. En tjänst som kör behåller den senaste felfria versionen.",
        ),
        Text("mend what `watertower check` shows", "rätta det som `watertower check` visar"),
    ),
    mistake(
        "S001",
        "file-empty",
        Text("the file is empty: the tower would stay dark", "filen är tom: tornet skulle förbli släckt"),
        NO_FILE,
        Text("the file must begin with `version: 1`", "filen ska börja med `version: 1`"),
    ),
    mistake(
        "S002",
        "file-missing",
        Text("the file does not exist", "filen finns inte"),
        NO_FILE,
        Text(
            "run watertower where the folder `config` is, or name the folder with --config; looked in {folder}",
            "kör watertower där mappen `config` finns, eller ange mappen med --config; letade i {folder}",
        ),
    ),
    mistake(
        "S019",
        "file-named-otherwise",
        Text("the file does not exist, but '{found}' does", 'filen finns inte, men "{found}" finns'),
        NO_FILE,
        Text(
            "rename it to {name}; in Windows Explorer, View: File name extensions shows the whole name",
            "byt namn på den till {name}; Filnamnstillägg under Visa i Utforskaren visar hela namnet",
        ),
    ),
    EventKind(
        "TWL-S255",
        "file-not-read",
        Level.WARNING,
        Text("'{found}' stands beside '{name}' and is not read", '"{found}" ligger bredvid "{name}" och läses inte'),
        NO_FILE,
        Text(
            "if it holds what is meant, let it take the name {name}; else delete it",
            "är det den som gäller, låt den ta namnet {name}; ta annars bort den",
        ),
    ),
    mistake(
        "S003",
        "file-is-no-file",
        Text("this is a folder or a device, not a file", "det här är en mapp eller en enhet, ingen fil"),
        NO_FILE,
        Text("move it away and put a text file here", "flytta undan den och lägg en textfil här"),
    ),
    mistake(
        "S005",
        "file-forbidden",
        Text("reading the file is not allowed", "filen får inte läsas"),
        NO_FILE,
        Text(
            "let the user that runs watertower read it",
            "ge användaren som kör watertower rätt att läsa den",
        ),
    ),
    mistake(
        "S043",
        "file-unreadable",
        Text("the file cannot be read ({reason})", "filen går inte att läsa ({reason})"),
        NO_FILE,
        Text("check the disk and the path", "kontrollera disken och sökvägen"),
    ),
    mistake(
        "S006",
        "file-too-large",
        Text("the file is larger than {limit_kb} kB", "filen är större än {limit_kb} kB"),
        LIMITS,
        Text("is this the right file?", "är det här rätt fil?"),
    ),
    mistake(
        "S007",
        "file-is-a-document",
        Text(
            "this is a document file ({format}), not plain text",
            "det här är en dokumentfil ({format}), inte ren text",
        ),
        PLAIN_TEXT,
        Text(
            "open it in its own program and save it as plain text, UTF-8",
            "öppna den i sitt eget program och spara den som oformaterad text, UTF-8",
        ),
    ),
    mistake(
        "S008",
        "file-is-binary",
        Text(
            "the file holds {what}, which no text does: it is damaged or no text file",
            "filen innehåller {what}, vilket ingen text gör: den är skadad eller ingen textfil",
        ),
        PLAIN_TEXT,
        Text("restore it from a copy", "återställ den från en kopia"),
    ),
    mistake(
        "S009",
        "file-not-utf8",
        Text("the file is not UTF-8 ({found})", "filen är inte UTF-8 ({found})"),
        PLAIN_TEXT,
        Text(
            "in Notepad: Save as, and choose Encoding: UTF-8",
            "i Anteckningar: Spara som, och välj Kodning: UTF-8",
        ),
    ),
    mistake(
        "S020",
        "tab",
        Text("the line is indented with a tab", "raden är indragen med tabb"),
        INDENTATION,
        Text("use spaces instead of the tab", "använd mellanslag i stället för tabb"),
    ),
    mistake(
        "S021",
        "wrong-indentation",
        Text(
            "'{word}' is indented {found} spaces; {expected} would fit here",
            '"{word}" är indraget {found} mellanslag; här passar {expected}',
        ),
        INDENTATION,
        Text("begin the line with {expected} spaces", "börja raden med {expected} mellanslag"),
    ),
    mistake(
        "S022",
        "no-space-after-colon",
        Text("no space after '{key}:'", 'mellanslag saknas efter "{key}:"'),
        PAIRS,
        Text("write `{key}: {value}`", "skriv `{key}: {value}`"),
    ),
    mistake(
        "S023",
        "no-colon",
        Text("no colon after '{key}'", 'kolon saknas efter "{key}"'),
        PAIRS,
        Text("write `{key}: {value}`", "skriv `{key}: {value}`"),
    ),
    mistake(
        "S024",
        "unclosed-quote",
        Text("the quote opened here is never closed", "citattecknet som börjar här avslutas aldrig"),
        ONE_LINE,
        Text("end the value with {quote}", "avsluta värdet med {quote}"),
    ),
    mistake(
        "S025",
        "typographic-quotes",
        Text(
            "{found} are typographic quotes, as Word puts them in",
            "{found} är typografiska citattecken, sådana som Word sätter in",
        ),
        LETTERS,
        Text('use straight quotes (") or none', 'använd raka citattecken (") eller inga alls'),
    ),
    mistake(
        "S026",
        "no-break-space",
        Text(
            "a special space ({found}) where an ordinary one is needed",
            "ett särskilt mellanslag ({found}) där det behövs ett vanligt",
        ),
        LETTERS,
        Text("delete it and type an ordinary space", "ta bort det och skriv ett vanligt mellanslag"),
    ),
    mistake(
        "S044",
        "invisible-character",
        Text("an invisible character ({found}) here", "ett osynligt tecken ({found}) här"),
        LETTERS,
        Text(
            "put the cursor behind it and press Backspace, or type the word again",
            "ställ markören efter det och tryck Backsteg, eller skriv om ordet",
        ),
    ),
    mistake(
        "S027",
        "conflict-marker",
        Text(
            "'{marker}': git found two versions and left both here",
            '"{marker}": git hittade två versioner och lät båda stå kvar här',
        ),
        Text(
            "After a merge that git could not finish, both versions stand between such lines.",
            "Efter en sammanslagning som git inte klarade står båda versionerna kvar mellan sådana rader.",
        ),
        Text(
            "keep one of the versions and delete the lines with <<<<<<<, ======= and >>>>>>>",
            "behåll en av versionerna och ta bort raderna med <<<<<<<, ======= och >>>>>>>",
        ),
    ),
    mistake(
        "S028",
        "unclosed-bracket",
        Text(
            "the {bracket} opened here is never closed properly",
            "{bracket} som börjar här avslutas aldrig på rätt sätt",
        ),
        PAIRS,
        Text(
            "close it with {closing}, with commas between the items",
            "avsluta med {closing}, med komma mellan delarna",
        ),
    ),
    mistake(
        "S029",
        "sign-cannot-begin",
        Text("a value cannot begin with {found}", "ett värde kan inte börja med {found}"),
        QUOTING,
        Text("put quotes around the value: {quoted}", "sätt citattecken om värdet: {quoted}"),
    ),
    mistake(
        "S030",
        "colon-in-value",
        Text("a second colon on the line", "ett andra kolon på raden"),
        QUOTING,
        Text("put quotes around the value: {quoted}", "sätt citattecken om värdet: {quoted}"),
    ),
    mistake(
        "S031",
        "text-after-value",
        Text("'{found}' stands after the end of the value", '"{found}" står efter värdets slut'),
        QUOTING,
        Text("put quotes around the whole value: {quoted}", "sätt citattecken om hela värdet: {quoted}"),
    ),
    mistake(
        "S032",
        "tag",
        Text("YAML tags are not allowed here: {found}", "YAML-taggar är inte tillåtna här: {found}"),
        NO_MAGIC,
        Text("delete it, or put quotes around the value", "ta bort den, eller sätt citattecken om värdet"),
    ),
    mistake(
        "S033",
        "anchor",
        Text(
            "YAML anchors and aliases are not allowed here: {found}",
            "YAML-ankare och alias är inte tillåtna här: {found}",
        ),
        NO_MAGIC,
        Text("write the value out, or put quotes around it", "skriv ut värdet, eller sätt citattecken om det"),
    ),
    mistake(
        "S034",
        "second-document",
        Text("a line with --- begins a second document", "en rad med --- börjar ett andra dokument"),
        ONE_LINE,
        Text("delete the line", "ta bort raden"),
    ),
    mistake(
        "S035",
        "too-deep",
        Text("more than {limit} levels inside each other", "mer än {limit} nivåer i varandra"),
        LIMITS,
        Text("is this the right file?", "är det här rätt fil?"),
    ),
    mistake(
        "S036",
        "too-many-entries",
        Text("more than {limit} entries in one list", "fler än {limit} poster i en lista"),
        LIMITS,
        Text("is this the right file?", "är det här rätt fil?"),
    ),
    mistake(
        "S037",
        "not-yaml",
        Text("the file cannot be understood from here on", "filen går inte att förstå härifrån"),
        PAIRS,
        Text(
            "compare this line and the one above with the sample: keyword, colon, space, value",
            "jämför den här raden och den ovanför med exemplet: nyckelord, kolon, mellanslag, värde",
        ),
    ),
    mistake(
        "S038",
        "value-over-lines",
        Text("the value runs on over several lines", "värdet fortsätter över flera rader"),
        ONE_LINE,
        Text(
            "write it on one line; if the next line was meant for itself, look at its colon and indentation",
            "skriv det på en rad; om nästa rad var en egen, se efter kolon och indrag där",
        ),
    ),
    mistake(
        "S039",
        "word-dash",
        Text(
            "'{found}' is not the hyphen that begins an item of a list",
            '"{found}" är inte bindestrecket som inleder en post i en lista',
        ),
        LETTERS,
        Text(
            "begin the line with a hyphen and a space: `- {rest}`",
            "börja raden med bindestreck och mellanslag: `- {rest}`",
        ),
    ),
    mistake(
        "S040",
        "no-space-after-hyphen",
        Text("no space after the hyphen", "mellanslag saknas efter bindestrecket"),
        PAIRS,
        Text("write `- {rest}`", "skriv `- {rest}`"),
    ),
    mistake(
        "S042",
        "line-too-long",
        Text("the line is longer than {limit} characters", "raden är längre än {limit} tecken"),
        LIMITS,
        Text("is this the right file?", "är det här rätt fil?"),
    ),
    mistake(
        "S045",
        "entries-below-value",
        Text(
            "'{key}' already has the value {value}, and entries stand below it",
            '"{key}" har redan värdet {value}, och under det står poster',
        ),
        PAIRS,
        Text(
            "let nothing stand after `{key}:`; what {value} says goes among the entries below, if it is meant",
            "låt inget stå efter `{key}:`; det som {value} säger hör till posterna nedanför, om det är meningen",
        ),
    ),
    mistake(
        "S046",
        "no-colon-at-end",
        Text("no colon after '{key}'", 'kolon saknas efter "{key}"'),
        PAIRS,
        Text("write `{key}:`", "skriv `{key}:`"),
    ),
    mistake(
        "S047",
        "stray-text",
        Text(
            "this line is neither a keyword with its value nor a comment",
            "raden är varken ett nyckelord med sitt värde eller en kommentar",
        ),
        PAIRS,
        Text(
            "begin it with # if it is a comment, else write keyword, colon, space and value",
            "börja den med # om den är en kommentar, skriv annars nyckelord, kolon, mellanslag och värde",
        ),
    ),
    mistake(
        "S048",
        "no-comma",
        Text("no comma before '{word}'", 'komma saknas före "{word}"'),
        PAIRS,
        Text("write `{before}, {word}`", "skriv `{before}, {word}`"),
    ),
    mistake(
        "S049",
        "sign-after-value",
        Text("'{found}' stands after the end of the value", '"{found}" står efter värdets slut'),
        PAIRS,
        Text("delete {found}", "ta bort {found}"),
    ),
    mistake(
        "S065",
        "pairs-without-braces",
        Text("several pairs on one line stand in {{ }}", "flera par på en rad ska stå inom {{ }}"),
        PAIRS,
        Text("write `{braced}`", "skriv `{braced}`"),
    ),
    mistake(
        "S072",
        "no-hyphen",
        Text("the hyphen before this entry is missing", "bindestrecket framför posten saknas"),
        PAIRS,
        Text("write `- {rest}` with {column} spaces before it", "skriv `- {rest}` med {column} mellanslag framför"),
    ),
    mistake(
        "S100",
        "entry-inside-line",
        Text("an entry of a list begins in the middle of the line", "en post i en lista börjar mitt på raden"),
        PAIRS,
        Text("begin a new line before the hyphen", "börja en ny rad före bindestrecket"),
    ),
    mistake(
        "S076",
        "lines-without-keyword",
        Text(
            "the keyword above these lines is missing; '{key}' has a value already",
            'nyckelordet ovanför de här raderna saknas; "{key}" har redan ett värde',
        ),
        PAIRS,
        Text("write a line above them: `{missing}:`", "skriv en rad ovanför dem: `{missing}:`"),
    ),
    mistake(
        "S041",
        "too-many-findings",
        Text("and {count} more mistakes in this file", "och {count} fel till i den här filen"),
        LIMITS,
        Text("mend those above first", "rätta de ovanstående först"),
    ),
)
