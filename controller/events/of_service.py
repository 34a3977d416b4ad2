"""Events of the controller: its life, the light's changes, its clock."""

from controller.events.kind import Kind, Level, Text

KINDS: tuple[Kind, ...] = (
    Kind(
        "TWL-C001",
        "controller.started",
        Level.INFO,
        Text("{site}: started, version {version}; {now}", "{site}: startad, version {version}; {now}"),
        Text("The controller runs and has read its files.", "Styrningen är igång och har läst sina filer."),
        Text("Nothing.", "Inget."),
        more=("config",),
    ),
    Kind(
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
    Kind(
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
    Kind(
        "TWL-C020",
        "look.changed",
        Level.INFO,
        Text("now: {looks} ({because}), until {until}", "nu: {looks} ({because}), till {until}"),
        Text("A cue: what should be shown has changed.", "Ett ljusbyte: det som ska visas har ändrats."),
        Text("Nothing.", "Inget."),
        more=("campaign", "why", "fade_s"),
    ),
    Kind(
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
    Kind(
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
    Kind(
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
    Kind(
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
    Kind(
        "TWL-T001",
        "clock.trust_changed",
        Level.WARNING,
        Text("the clock is {trust} (before: {before})", "klockan är {trust} (förut: {before})"),
        Text(
            "How far the machine's clock can be trusted has changed. While it is suspect nothing is changed: until a time server holds it, else for two to ten minutes.",
            "Hur långt datorns klocka går att lita på har ändrats. Medan den är misstänkt ändras inget ljus: tills en tidsserver styr den, annars i två till tio minuter.",
        ),
        Text(
            "See that the machine reaches a time server: `timedatectl`.",
            "Se till att datorn når en tidsserver: `timedatectl`.",
        ),
    ),
    Kind(
        "TWL-T002",
        "clock.stepped",
        Level.WARNING,
        Text(
            "the clock was moved by {step_s} s, it is now {now}",
            "klockan ställdes om {step_s} s, den är nu {now}",
        ),
        Text(
            "The wall clock jumped: a time server corrected it, a person set it, or something is broken.",
            "Klockan hoppade: en tidsserver rättade den, någon ställde den, eller något är trasigt.",
        ),
        Text("Check that the time above is right.", "Kontrollera att tiden ovan stämmer."),
    ),
)
