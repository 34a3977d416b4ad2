"""Events of the controller: its life, the light's changes, its clock."""

from controller.events.models import EventKind, Lasting, Level, Text

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-C001",
        "controller.started",
        Level.INFO,
        Text("{site}: started, version {version}; {now}", "{site}: startad, version {version}; {now}"),
        Text("The controller runs and has read its files.", "Styrningen är igång och har läst sina filer."),
        Text("Nothing.", "Inget."),
        more=("config",),
    ),
    EventKind(
        "TWL-C002",
        "controller.stopped",
        Level.INFO,
        Text("stopped: {reason}", "stoppad: {reason}"),
        Text(
            "The controller was asked to end. Gateways of our own keep the plan; others keep their last look.",
            "Styrningen ombads sluta. Våra egna styrenheter följer planen vidare; andra behåller sitt senaste ljus.",
        ),
        Text("Start it again if it was not meant.", "Starta den igen om det inte var meningen."),
    ),
    EventKind(
        "TWL-C010",
        "controller.rederived",
        Level.INFO,
        Text(
            "what should be shown now was worked out anew ({reason}): {looks}",
            "vad som ska visas nu räknades ut på nytt ({reason}): {looks}",
        ),
        Text(
            "After a start, a reconnection or a step of the clock nothing is replayed: only now counts.",
            "Efter start, återanslutning eller ändrad klocka spelas inget upp i efterhand: bara nuet räknas.",
        ),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-C020",
        "look.changed",
        Level.INFO,
        Text("now: {looks} ({because}), until {until}", "nu: {looks} ({because}), till {until}"),
        Text("A cue: what should be shown has changed.", "Ett ljusbyte: det som ska visas har ändrats."),
        Text("Nothing.", "Inget."),
        more=("campaign", "why", "fade_s"),
    ),
    EventKind(
        "TWL-C030",
        "loop.late",
        Level.WARNING,
        Text("a turn of the loop took {late_s} s", "ett varv i slingan tog {late_s} s"),
        Text(
            "The machine is overloaded or was suspended; the light may change that much too late.",
            "Datorn är överbelastad eller var i viloläge; ljuset kan byta så mycket för sent.",
        ),
        Text(
            "Look for what else runs on the machine.",
            "Se efter vad mer som körs på datorn.",
        ),
    ),
    EventKind(
        "TWL-C031",
        "descriptors.exhausted",
        Level.ERROR,
        Text(
            "the system lets this program open nothing more, neither connections nor files ({limit} at most): {reason}",
            "systemet låter inte programmet öppna något mer, varken anslutningar eller filer (högst {limit}): {reason}",
        ),
        Text(
            "What is open goes on, the light too. Nobody new can connect, and nothing can be read or saved by name.",
            "Det som är öppet fortsätter, ljuset också. Ingen ny kan ansluta, och inget kan läsas eller sparas.",
        ),
        Text(
            "See who holds so many connections to this machine (`ss -tnp`), or allow more: `LimitNOFILE=` in the unit.",
            "Se vem som har så många anslutningar till datorn (`ss -tnp`), eller tillåt fler: `LimitNOFILE=` i enheten.",
        ),
        lasting=Lasting(until=("TWL-C032",)),
    ),
    EventKind(
        "TWL-C032",
        "descriptors.free",
        Level.INFO,
        Text("the program can open connections and files again", "programmet kan öppna anslutningar och filer igen"),
        Text("What was tried again meanwhile is done.", "Det som väntade har gjorts."),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-C040",
        "event.repeated",
        Level.WARNING,
        Text("{times} more in {window_s} s: {what}", "{times} till på {window_s} s: {what}"),
        Text(
            "The same event came many times and was counted instead of told each time.",
            "Samma händelse kom många gånger och räknades i stället för att skrivas varje gång.",
        ),
        Text(
            "See the event itself: `watertower explain {of}`.",
            "Se händelsen själv: `watertower explain {of}`.",
        ),
    ),
    EventKind(
        "TWL-C041",
        "log.lines_dropped",
        Level.WARNING,
        Text("{count} lines were dropped: this log took no more", "{count} rader föll bort: loggen tog inte emot fler"),
        Text(
            "Its disk was full, or whatever reads it had stopped. The light goes on all the same.",
            "Dess disk var full, eller så hade det som läser den stannat. Ljuset fortsätter ändå.",
        ),
        Text(
            "Make room on the disk, or see why the reader stopped.",
            "Gör plats på disken, eller se varför läsaren stannade.",
        ),
    ),
    EventKind(
        "TWL-C050",
        "task.ended",
        Level.ERROR,
        Text(
            "the part {task} ended: {reason}; the program stops",
            "delen {task} tog slut: {reason}; programmet stannar",
        ),
        Text(
            "A part that should run for ever ended. The service manager starts the program anew.",
            "En del som alltid ska köra tog slut. Tjänstehanteraren startar programmet på nytt.",
        ),
        Text("Report it with the log around this line.", "Anmäl det med loggen kring den här raden."),
    ),
    EventKind(
        "TWL-T001",
        "clock.trust_changed",
        Level.WARNING,
        Text("the clock is {trust} (before: {before})", "klockan är {trust} (förut: {before})"),
        Text(
            "How far the machine's clock can be trusted has changed. While it is suspect nothing is changed: until a time server holds it, else for two to ten minutes, and for longer where it is moved again and again.",
            "Hur långt datorns klocka går att lita på har ändrats. Medan den är misstänkt ändras inget ljus: tills en tidsserver styr den, annars i två till tio minuter, och längre om den ställs om gång på gång.",
        ),
        Text(
            "See that the machine reaches a time server: `timedatectl`.",
            "Se till att datorn når en tidsserver: `timedatectl`.",
        ),
        lasting=Lasting(fine=(("trust", "trusted"), ("trust", "holdover"))),
        milder={("trust", each): Level.INFO for each in ("trusted", "holdover", "plausible")},
    ),
    EventKind(
        "TWL-T002",
        "clock.stepped",
        Level.WARNING,
        Text(
            "the clock was moved by {step_s} s, it is now {now}",
            "klockan ställdes om {step_s} s, den är nu {now}",
        ),
        Text(
            "The clock moved against the machine's own count of seconds: a time server corrected it, a person set it, or something is broken. After a step back of up to a minute time goes on at half its pace until it has caught up, so that no light changes twice.",
            "Klockan flyttade sig mot datorns egen räkning av sekunder: en tidsserver rättade den, någon ställde den, eller något är trasigt. Ställs den tillbaka högst en minut går tiden i halv takt tills den är i kapp, så att inget ljus byter två gånger.",
        ),
        Text("Check that the time above is right.", "Kontrollera att tiden ovan stämmer."),
    ),
    EventKind(
        "TWL-T003",
        "clock.unlike_known",
        Level.WARNING,
        Text(
            "the clock shows {now}: {apart} {unit} {side} what this site knew at last, {known}",
            "klockan visar {now}: den går {apart} {unit} {side} den tid som anläggningen senast kände till, {known}",
        ),
        Text(
            "The machine started with a time that cannot be right, as one without a battery-backed clock does after a "
            "power cut; or the time that was kept was wrong. After two minutes the light follows the clock all the "
            "same, unless its year is before 2020. The time that was kept stays until a time server holds the clock, or "
            "the clock has passed it.",
            "Datorn startade med en tid som inte kan stämma, som en utan batteriklocka gör efter ett strömavbrott; "
            "eller så var tiden som sparats fel. Efter två minuter följer ljuset klockan ändå, om den inte visar ett år "
            "före 2020. Den sparade tiden står kvar tills en tidsserver styr klockan, eller klockan har passerat den.",
        ),
        Text(
            "See that the machine reaches a time server, or set its clock: `timedatectl`. Where the clock is right, the "
            "site once ran with a wrong one: stop the service, delete `known.json` in its state directory, and start it.",
            "Se till att datorn når en tidsserver, eller ställ klockan: `timedatectl`. Om klockan går rätt har "
            "anläggningen någon gång gått med fel tid: stoppa tjänsten, ta bort `known.json` i dess tillståndskatalog "
            "och starta den.",
        ),
        lasting=Lasting(until=("TWL-T004",)),
    ),
    EventKind(
        "TWL-T004",
        "clock.like_known",
        Level.INFO,
        Text(
            "the clock fits again what this site knew; it shows {now}",
            "klockan stämmer igen med vad anläggningen kände till; den visar {now}",
        ),
        Text(
            "A time server holds it, it was set, or it has passed the time that was kept.",
            "En tidsserver styr den, den har ställts, eller så har den passerat tiden som sparats.",
        ),
        Text("Nothing.", "Inget."),
    ),
    EventKind(
        "TWL-T005",
        "clock.runs_wrong",
        Level.ERROR,
        Text(
            "the clock was moved {times} times within an hour: it runs wrong, or somebody keeps setting it",
            "klockan flyttades {times} gånger på en timme: den går fel, eller så ställer någon om den hela tiden",
        ),
        Text(
            "The clock moves against the machine's own count of seconds, as where two programs set it by turns, or a "
            "virtual machine gets it from a wrong host. Nothing is changed until it has run evenly for a while. "
            "Gateways of our own go on by their plan; others keep their last look.",
            "Klockan flyttar sig mot datorns egen räkning av sekunder, som när två program ställer den i tur och "
            "ordning, eller en virtuell dator får den från en värd som går fel. Inget ljus ändras förrän den har gått "
            "jämnt en stund. Våra egna styrenheter följer planen vidare; andra behåller sitt senaste ljus.",
        ),
        Text(
            "See which time services run on the machine, and leave one of them: `timedatectl`, `chronyc tracking`.",
            "Se efter vilka tidstjänster som körs på datorn, och låt en av dem vara kvar: `timedatectl`, "
            "`chronyc tracking`.",
        ),
        lasting=Lasting(until=("TWL-T001",)),
    ),
    EventKind(
        "TWL-T006",
        "clock.gateway_apart",
        Level.WARNING,
        Text(
            "{gateway}: goes by a clock of its own, {apart} {unit} {side} ours",
            "{gateway}: går efter en egen klocka, {apart} {unit} {side} vår",
        ),
        Text(
            "The gateway takes each change of light by its own clock: so much too early or too late, where that is the "
            "wrong one. Which of the two is right is not known here.",
            "Styrenheten byter ljus efter sin egen klocka: så mycket för tidigt eller för sent om det är den som går "
            "fel. Vilken av de två som går rätt är inte känt här.",
        ),
        Text(
            "Check the time on both machines with `timedatectl`, and that they reach the same time server.",
            "Kontrollera tiden på båda datorerna med `timedatectl`, och att de når samma tidsserver.",
        ),
        lasting=Lasting(until=("TWL-T007",), about=("gateway",)),
    ),
    EventKind(
        "TWL-T007",
        "clock.gateway_agrees",
        Level.INFO,
        Text("{gateway}: goes by the same time as we do again", "{gateway}: går efter samma tid som vi igen"),
        Text(
            "Its clock is within a few seconds of ours, or it goes by ours because its own is not held by a time server.",
            "Dess klocka skiljer sig högst några sekunder från vår, eller så går den efter vår eftersom ingen tidsserver "
            "styr dess egen.",
        ),
        Text("Nothing.", "Inget."),
    ),
)
