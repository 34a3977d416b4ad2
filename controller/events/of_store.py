"""Events of the store: the files of the state directory, and what happens when the disk lets us down."""

from controller.events.models import EventKind, Lasting, Level, Text

_STANDS = Text(
    "The light does not depend on this file: it goes on as the schedule and what was set by hand say. While "
    "`overrides.json` cannot be written, new overrides are refused; a safety stop acts all the same.",
    "Ljuset beror inte på den här filen: det fortsätter som schemat och det som ställts in för hand säger. Medan "
    "`overrides.json` inte går att skriva nekas nya ändringar; ett nödstopp verkar ändå.",
)

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-J001",
        "store.set_aside",
        Level.WARNING,
        Text(
            "{file} was damaged; it was set aside as {aside} and started anew: {reason}",
            "{file} var skadad; den lades undan som {aside} och en ny började: {reason}",
        ),
        Text(
            "A power cut or a failing disk has spoilt the file. The light does not depend on it; what the file held, as "
            "history, is not shown any more.",
            "Ett strömavbrott eller en dålig disk har förstört filen. Ljuset beror inte på den; det som stod i filen, "
            "som historik, visas inte längre.",
        ),
        Text(
            "If it happens again, replace the disk or memory card. {aside} may be deleted when nobody needs it.",
            "Om det händer igen: byt disk eller minneskort. {aside} får tas bort när ingen behöver den.",
        ),
    ),
    EventKind(
        "TWL-J002",
        "store.newer",
        Level.WARNING,
        Text(
            "{file} was written by a newer version (form {found}, this version knows {known}); it is left alone",
            "{file} skrevs av en nyare version (form {found}, den här versionen kan {known}); den lämnas orörd",
        ),
        Text(
            "An older version of the program was started after a newer one. The light follows the schedule; what this "
            "file holds is not known, and nothing is written to it.",
            "En äldre version av programmet startades efter en nyare. Ljuset följer schemat; det som står i filen är "
            "inte känt, och inget skrivs dit.",
        ),
        Text(
            "Install the newer version again, or move {file} away if you mean to stay with this one.",
            "Installera den nyare versionen igen, eller flytta undan {file} om du vill behålla den här.",
        ),
        lasting=Lasting(about=("file",)),
    ),
    EventKind(
        "TWL-J003",
        "store.failing",
        Level.WARNING,
        Text("{file} cannot be used: {reason}", "{file} går inte att använda: {reason}"),
        Text(
            _STANDS.en + " History waits in memory meanwhile, and it is tried again every other second.",
            _STANDS.sv + " Historiken väntar i minnet så länge, och nya försök görs varannan sekund.",
        ),
        Text(
            "Check that the disk is not full (`df`), that it can be written to and that no other program holds {file}.",
            "Kontrollera att disken inte är full (`df`), att den går att skriva till och att inget annat program "
            "håller {file}.",
        ),
        lasting=Lasting(until=("TWL-J004",), about=("file",)),
    ),
    EventKind(
        "TWL-J004",
        "store.works_again",
        Level.INFO,
        Text("{file} can be used again", "{file} går att använda igen"),
        Text("What waited has been written.", "Det som väntade har skrivits."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-J005",
        "store.made_room",
        Level.WARNING,
        Text(
            "the disk is full: {file} was deleted, which frees {freed_bytes} bytes",
            "disken är full: {file} togs bort, vilket frigör {freed_bytes} byte",
        ),
        Text(
            "The history of events and confirmed minutes gave way to an override or a stop, which is kept now.",
            "Historiken över händelser och bekräftade minuter fick ge plats åt en ändring eller ett stopp, som nu kunde "
            "sparas.",
        ),
        Text(
            "Find what fills the disk (`du -x / | sort -n | tail`) and make room.",
            "Ta reda på vad som fyller disken (`du -x / | sort -n | tail`) och frigör plats.",
        ),
    ),
    EventKind(
        "TWL-J006",
        "store.rows_lost",
        Level.WARNING,
        Text(
            "{count} rows of {what} were lost while the disk could not take them",
            "{count} rader i {what} gick förlorade medan disken inte kunde ta emot dem",
        ),
        Text(
            "History waits in memory for the disk, but not without end; the oldest was let go.",
            "Historiken väntar i minnet på disken, men inte hur länge som helst; det äldsta släpptes.",
        ),
        Text(
            "Nothing, if it happened once. If it returns, replace the disk or memory card.",
            "Inget, om det hände en gång. Om det återkommer: byt disk eller minneskort.",
        ),
    ),
    EventKind(
        "TWL-J007",
        "store.not_kept",
        Level.ERROR,
        Text("it could not be saved: {reason}", "det gick inte att spara: {reason}"),
        Text(
            "What a person sets by hand is only accepted once it would survive a power cut. It was not accepted, "
            "and the light has not changed.",
            "Det som någon ställer in för hand godtas först när det skulle klara ett strömavbrott. Det godtogs inte, "
            "och ljuset har inte ändrats.",
        ),
        Text(
            "Make room on the disk or make it writable, and try again.",
            "Frigör plats på disken eller gör den skrivbar, och försök igen.",
        ),
    ),
    EventKind(
        "TWL-J008",
        "store.not_read",
        Level.ERROR,
        Text("{file} cannot be read: {reason}", "{file} går inte att läsa: {reason}"),
        Text(
            "The history is there, but this user or this version of the program cannot read it.",
            "Historiken finns, men den här användaren eller programversionen kan inte läsa den.",
        ),
        Text(
            "Run the command as the user of the service or as root; if {file} is damaged, restart the service.",
            "Kör kommandot som tjänstens användare eller som root; om {file} är skadad, starta om tjänsten.",
        ),
    ),
    EventKind(
        "TWL-J009",
        "store.newer_set_aside",
        Level.WARNING,
        Text(
            "{file} was written by a newer version (form {found}, this version knows {known}); it was set aside as "
            "{aside} and started anew",
            "{file} skrevs av en nyare version (form {found}, den här versionen kan {known}); den lades undan som "
            "{aside} och en ny började",
        ),
        Text(
            "An older version of the program was started after a newer one. The light does not depend on the history.",
            "En äldre version av programmet startades efter en nyare. Ljuset beror inte på historiken.",
        ),
        Text(
            "Nothing. After the newer version is installed again, stop it and rename {aside} back if that history is "
            "wanted.",
            "Inget. När den nyare versionen är installerad igen: stoppa den och byt tillbaka namnet på {aside} om den "
            "historiken behövs.",
        ),
    ),
    EventKind(
        "TWL-J010",
        "store.overrides_lost",
        Level.ERROR,
        Text(
            "{file} was damaged, what was set by hand is lost; it was set aside as {aside}: {reason}",
            "{file} var skadad, det som ställts in för hand är borta; den lades undan som {aside}: {reason}",
        ),
        Text(
            "A failing disk has spoilt the file. Overrides and a safety stop that were in force do not hold any more: "
            "the light follows the schedule.",
            "En dålig disk har förstört filen. Manuella ändringar och ett nödstopp som gällde gäller inte längre: "
            "ljuset följer schemat.",
        ),
        Text(
            "Stop the light again at once if somebody works under it (`watertower stop`), and set again by hand what is "
            "to hold. Then replace the disk or memory card.",
            "Släck genast igen om någon arbetar under ljuset (`watertower stop`), och ställ in på nytt det som ska "
            "gälla. Byt sedan disk eller minneskort.",
        ),
    ),
)
