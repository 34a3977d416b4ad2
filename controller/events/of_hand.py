"""What people do to a running service: overrides, resuming, the safety stop, files that change."""

from controller.events.models import EventKind, Lasting, Level, Text

BY_HAND = Text(
    "Somebody changed the light by hand. An override always has an end, a stop stands until it is lifted.",
    "Någon ändrade ljuset för hand. En tillfällig ändring har alltid ett slut, ett stopp står tills det hävs.",
)
NOTHING = Text("Nothing.", "Inget.")


def _act(code: str, name: str, text: Text, level: Level = Level.INFO) -> EventKind:
    return EventKind(code, f"override.{name}", level, text, BY_HAND, NOTHING, ("id",))


def _no(code: str, name: str, text: Text, action: Text) -> EventKind:
    return EventKind(code, f"override.{name}", Level.WARNING, text, BY_HAND, action)


KINDS: tuple[EventKind, ...] = (
    _act(
        "TWL-O101",
        "set",
        Text("{owner} sets {look} until {until}: {reason}", "{owner} sätter {look} till {until}: {reason}"),
    ),
    _act(
        "TWL-O102",
        "resumed",
        Text("{owner} resumes the schedule: {reason}", "{owner} återgår till schemat: {reason}"),
    ),
    _act(
        "TWL-O103",
        "ended",
        Text("the override by {owner} has ended ({reason})", "ändringen av {owner} är slut ({reason})"),
    ),
    _act(
        "TWL-O105",
        "stopped",
        Text(
            "SAFETY STOP by {owner}: everything goes dark until `watertower resume --lift`: {reason}",
            "NÖDSTOPP av {owner}: allt släcks tills `watertower resume --lift`: {reason}",
        ),
        Level.WARNING,
    ),
    _act(
        "TWL-O106",
        "stop_lifted",
        Text("{owner} lifts the safety stop: {reason}", "{owner} häver nödstoppet: {reason}"),
    ),
    EventKind(
        "TWL-O107",
        "override.stop_not_kept",
        Level.ERROR,
        Text(
            "SAFETY STOP by {owner}: everything goes dark until `watertower resume --lift`; it is not written, and a"
            " restart would forget it: {why}",
            "NÖDSTOPP av {owner}: allt släcks tills `watertower resume --lift`; det är inte sparat, och en omstart"
            " skulle glömma det: {why}",
        ),
        BY_HAND,
        Text(
            "Mend the disk or the state directory. The stop is written as soon as that can be done; do not restart the "
            "service before.",
            "Åtgärda disken eller tillståndskatalogen. Stoppet sparas så snart det går; starta inte om tjänsten före "
            "dess.",
        ),
        ("id",),
        lasting=Lasting(until=("TWL-O105", "TWL-O106", "TWL-O108", "TWL-O115")),
    ),
    EventKind(
        "TWL-O108",
        "override.lift_not_kept",
        Level.WARNING,
        Text(
            "{owner} lifts the safety stop; that could not be written, and a restart would bring it back: {why}",
            "{owner} häver nödstoppet; det kunde inte sparas, och en omstart skulle ta det tillbaka: {why}",
        ),
        BY_HAND,
        Text(
            "Mend the disk or the state directory. The end of the stop is written as soon as that can be done; do not "
            "restart the service before.",
            "Åtgärda disken eller tillståndskatalogen. Att stoppet är hävt sparas så snart det går; starta inte om "
            "tjänsten före dess.",
        ),
        ("id",),
        lasting=Lasting(until=("TWL-O105", "TWL-O106", "TWL-O107", "TWL-O115")),
    ),
    EventKind(
        "TWL-O109",
        "override.resumed_under_stop",
        Level.WARNING,
        Text(
            "{owner} ends what was set by hand ({reason}), but the safety stop by {by} holds: everything stays dark"
            " until `watertower resume --lift`",
            "{owner} avslutar det som sattes för hand ({reason}), men nödstoppet av {by} gäller: allt förblir släckt"
            " tills `watertower resume --lift`",
        ),
        Text(
            "`resume` ends overrides and never a safety stop. The schedule is followed once the stop is lifted.",
            "`resume` avslutar tillfälliga ändringar, aldrig ett nödstopp. Schemat följs när stoppet har hävts.",
        ),
        Text(
            "Make sure that the danger is over, then lift the stop: `watertower resume --lift`",
            "Se efter att faran är över, och häv sedan stoppet: `watertower resume --lift`",
        ),
        ("id",),
    ),
    EventKind(
        "TWL-O110",
        "override.refused",
        Level.WARNING,
        Text("a request by {owner} was refused: {reason}", "en begäran av {owner} avvisades: {reason}"),
        BY_HAND,
        Text("Ask again as the reason says.", "Begär på nytt så som skälet säger."),
        ("id",),
    ),
    EventKind(
        "TWL-O115",
        "override.stop_kept_late",
        Level.INFO,
        Text(
            "what was asked for last, the safety stop or its end, is written now: a restart keeps it",
            "det som begärdes senast, nödstoppet eller dess slut, är nu sparat: det består efter en omstart",
        ),
        Text(
            "The disk had not taken it when it was asked for. It was tried again until it did.",
            "Disken hade inte tagit emot det när det begärdes. Försöket upprepades tills den gjorde det.",
        ),
        NOTHING,
    ),
    EventKind(
        "TWL-O113",
        "override.stop_not_confirmed",
        Level.ERROR,
        Text(
            "safety stop by {owner}: not confirmed dark by {gateways}",
            "nödstopp av {owner}: ingen bekräftelse att det är släckt från {gateways}",
        ),
        Text(
            "The stop holds and is sent again and again, but these gateways have not said that they are dark. Their "
            "lamps may be lit. A gateway that cannot report is always named.",
            "Stoppet gäller och sänds om och om igen, men de här styrenheterna har inte sagt att det är släckt. Deras "
            "lampor kan lysa. En styrenhet som inte kan rapportera nämns alltid.",
        ),
        Text(
            "Look at the lamps, and cut the power of what is lit. `watertower status` says how each gateway stands.",
            "Se efter vid lamporna, och bryt strömmen till det som lyser. `watertower status` visar läget för varje "
            "styrenhet.",
        ),
    ),
    EventKind(
        "TWL-O114",
        "override.stop_confirmed",
        Level.INFO,
        Text(
            "safety stop by {owner}: every gateway confirms that it is dark",
            "nödstopp av {owner}: alla styrenheter bekräftar att det är släckt",
        ),
        Text(
            "Every zone of every gateway reports dark, on this connection and since the stop.",
            "Varje zon i varje styrenhet rapporterar släckt, på den här anslutningen och efter stoppet.",
        ),
        NOTHING,
    ),
    EventKind(
        "TWL-O130",
        "files.taken",
        Level.INFO,
        Text("the files have changed; from now on: {tonight}", "filerna har ändrats; från nu: {tonight}"),
        Text("A good new version is in force.", "En ny felfri version gäller."),
        NOTHING,
    ),
    EventKind(
        "TWL-O131",
        "files.rejected",
        Level.ERROR,
        Text(
            "mistakes in the files: {count}; they are not used, in force is what was taken {taken}. {where}: {first}",
            "fel i filerna: {count}; de används inte, det som togs i bruk {taken} gäller. {where}: {first}",
        ),
        Text(
            "What was saved cannot be used; the light goes on by what was taken last, also after a restart.",
            "Det som sparades går inte att använda; ljuset följer det som senast togs i bruk, även efter omstart.",
        ),
        Text("See every mistake: `watertower check`", "Se alla fel: `watertower check`"),
        lasting=Lasting(until=("TWL-O130",)),
    ),
    EventKind(
        "TWL-O132",
        "files.not_copied",
        Level.WARNING,
        Text(
            "the files in force could not be copied to the state directory, the copy there is of {copied}: {reason}",
            "filerna som gäller kunde inte kopieras till tillståndskatalogen, kopian där är från {copied}: {reason}",
        ),
        Text(
            "The light goes on, and it is tried again until it is done. A restart before that, with mistakes in the "
            "files, would go by that copy.",
            "Ljuset fortsätter, och nya försök görs tills det är gjort. En omstart innan dess, med fel i filerna, "
            "skulle följa den kopian.",
        ),
        Text(
            "Check that the disk of the state directory is not full (`df`) and can be written to.",
            "Kontrollera att disken med tillståndskatalogen inte är full (`df`) och går att skriva till.",
        ),
        lasting=Lasting(until=("TWL-O133",)),
    ),
    EventKind(
        "TWL-O134",
        "files.unread",
        Level.WARNING,
        Text(
            "the files cannot be read, in force is what was taken {taken}. {where}: {first}",
            "filerna går inte att läsa, det som togs i bruk {taken} gäller. {where}: {first}",
        ),
        Text(
            "Perhaps something better was saved; nobody can know until it can be read. It is tried again until then.",
            "Kanske har något nytt sparats; det går inte att veta förrän det kan läsas. Nya försök görs tills dess.",
        ),
        Text(
            "See that the files are there and that the user of the service may read them: `watertower check`",
            "Se till att filerna finns och att tjänstens användare får läsa dem: `watertower check`",
        ),
        lasting=Lasting(until=("TWL-O130", "TWL-O131", "TWL-O135")),
    ),
    EventKind(
        "TWL-O135",
        "files.read_again",
        Level.INFO,
        Text(
            "the files can be read again, and say what is in force",
            "filerna går att läsa igen, och säger det som gäller",
        ),
        Text("Nothing has been saved meanwhile.", "Inget har sparats under tiden."),
        NOTHING,
    ),
    EventKind(
        "TWL-O133",
        "files.copied",
        Level.INFO,
        Text("the files in force have been copied", "filerna som gäller har kopierats"),
        Text(
            "The copy of the last good files is up to date again.", "Kopian av de senaste felfria filerna är aktuell."
        ),
        NOTHING,
    ),
    _no(
        "TWL-O111",
        "stop_holds",
        Text("the safety stop by {by} holds, and nothing is lit", "nödstoppet av {by} gäller, och inget tänds"),
        Text(
            "make sure that the danger is over, lift the stop with `watertower resume --lift`, then ask again",
            "se efter att faran är över, häv stoppet med `watertower resume --lift`, och begär sedan på nytt",
        ),
    ),
    _no(
        "TWL-O112",
        "too_often",
        Text(
            "too much has been changed by hand in the last minute",
            "för mycket har ändrats för hand den senaste minuten",
        ),
        Text(
            "ask again in a minute; a safety stop always works: `watertower stop`",
            "begär på nytt om en minut; nödstopp fungerar alltid: `watertower stop`",
        ),
    ),
    _no(
        "TWL-O119",
        "too_many_stand",
        Text("{most} overrides stand already", "{most} ändringar gäller redan"),
        Text("end them with `watertower resume` first", "avsluta dem först med `watertower resume`"),
    ),
    _no(
        "TWL-O120",
        "without_end",
        Text("an override needs an end", "en ändring behöver ett slut"),
        Text(
            "say until when: `--until sunrise`, `--until 'next change'`, `--until 22:30` or `--until '2 h'`",
            "säg till när: `--until sunrise`, `--until 'next change'`, `--until 22:30` eller `--until '2 h'`",
        ),
    ),
    _no(
        "TWL-O121",
        "bad_end",
        Text("'{until}' is no end", "'{until}' är inget slut"),
        Text(
            "write `sunrise`, `next change`, `22:30`, `2 h` or `2026-11-20T22:30` instead of '{until}'",
            "skriv `sunrise`, `next change`, `22:30`, `2 h` eller `2026-11-20T22:30` i stället för '{until}'",
        ),
    ),
    _no(
        "TWL-O122",
        "end_never_comes",
        Text("'{until}' does not come in the next 400 days", "'{until}' kommer inte på 400 dagar"),
        Text("write a clock time or a duration", "skriv ett klockslag eller hur länge"),
    ),
    _no(
        "TWL-O123",
        "end_in_the_past",
        Text("'{until}' is already past", "'{until}' har redan varit"),
        Text("write an end that is still to come", "skriv ett slut som kommer"),
    ),
    _no(
        "TWL-O124",
        "end_too_far",
        Text(
            "'{until}' is farther than the {longest_h} h that are allowed",
            "'{until}' är längre än tillåtna {longest_h} h",
        ),
        Text(
            "write an earlier end, or a campaign in schedule.yaml",
            "skriv ett tidigare slut, eller en kampanj i schedule.yaml",
        ),
    ),
    _no(
        "TWL-O125",
        "unknown_zone",
        Text("the tower has no zone '{zone}'", "tornet har ingen zon '{zone}'"),
        Text("its zones are: {zones}", "zonerna är: {zones}"),
    ),
    _no(
        "TWL-O126",
        "clock_in_doubt",
        Text("the clock is in doubt, and no end can be told by it", "klockan är osäker, och inget slut går att ange"),
        Text(
            "wait until the clock is right, ten minutes at most; `watertower stop` works all the same",
            "vänta tills klockan går rätt, som mest tio minuter; `watertower stop` fungerar ändå",
        ),
    ),
    _no(
        "TWL-O127",
        "used_before",
        Text(
            "the id '{name}' was used before, and what it did holds no more",
            "id '{name}' har använts förut, och det den gjorde gäller inte längre",
        ),
        Text("ask with a new id", "begär med ett nytt id"),
    ),
    _no(
        "TWL-O128",
        "too_many",
        Text("too many requests are waiting for their answer", "för många begäranden väntar på svar"),
        Text("ask again in a moment", "begär på nytt om en stund"),
    ),
    _no(
        "TWL-O129",
        "stopped_meanwhile",
        Text("another safety stop was given meanwhile, and stands", "ett nytt säkerhetsstopp har kommit, och gäller"),
        Text("lift it where the danger is over", "häv det när faran är över"),
    ),
)
