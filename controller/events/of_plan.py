"""Mistakes in the hours and rules of a schedule (S12x, S14x), notes on its plan (S20x) and on one night (S21x)."""

from controller.events.models import EventKind, Level, Text

NIGHT = Text(
    "A night runs from noon to noon and is named after its evening; hours lie inside it.",
    "En natt går från mitt på dagen till mitt på nästa dag och heter efter sin kväll; tiderna ligger inom den.",
)
SHOWN = Text(
    "The plan was worked out for the next 400 nights.",
    "Planen räknades ut för de närmaste 400 nätterna.",
)


def _hours(code: str, name: str, text: Text, action: Text, more: tuple[str, ...] = ()) -> EventKind:
    return EventKind(code, f"schedule.{name}", Level.ERROR, text, NIGHT, action, more)


def _note(code: str, name: str, text: Text, action: Text, level: Level = Level.WARNING) -> EventKind:
    return EventKind(code, f"schedule.{name}", level, text, SHOWN, action)


def _tonight(code: str, name: str, text: Text, action: Text) -> EventKind:
    return EventKind(code, f"schedule.{name}", Level.INFO, text, NIGHT, action)


KINDS: tuple[EventKind, ...] = (
    _hours(
        "TWL-S120",
        "hours_through_noon",
        Text("these hours run through the middle of the day", "de här tiderna går genom mitt på dagen"),
        Text(
            "if '{written}' is meant, through the day, write `{split}`; which hours are meant otherwise? An evening looks "
            "like `sunset to 23:00`, a morning like `05:00 to sunrise`",
            'om "{written}" är meningen, genom dagen, skriv `{split}`; vilka tider menas annars? En kväll skrivs som '
            "`solnedgång till 23:00`, en morgon som `05:00 till soluppgång`",
        ),
    ),
    _hours(
        "TWL-S121",
        "hours_unknown_word",
        Text("'{word}' is not a time", '"{word}" är ingen tid'),
        Text(
            "did you mean `{near}`? A time is `22:30`, `sunset`, `sunrise`, `dusk`, `dawn`, `midnight` or `noon`, with "
            "`+ 30 min` or `- 1 h` if needed",
            "menade du `{near}`? En tid är `22:30`, `solnedgång`, `soluppgång`, `skymning`, `gryning`, `midnatt` eller "
            "`mitt på dagen`, med `+ 30 min` eller `- 1 tim` om det behövs",
        ),
    ),
    _hours(
        "TWL-S151",
        "hours_unknown",
        Text("'{word}' is not a time", '"{word}" är ingen tid'),
        Text(
            "hours go from one time `to` another; a time is `22:30`, `sunset`, `sunrise`, `dusk`, `dawn`, `midnight` or "
            "`noon`, with `+ 30 min` or `- 1 h` if needed; days stand under `dates:` or `nights:`",
            "tider går från en tid `till` en annan; en tid är `22:30`, `solnedgång`, `soluppgång`, `skymning`, `gryning`, "
            "`midnatt` eller `mitt på dagen`, med `+ 30 min` eller `- 1 tim` om det behövs; dagar hör till `dates:` eller "
            "`nights:`",
        ),
    ),
    _hours(
        "TWL-S150",
        "hours_shift_in_seconds",
        Text("{shift} is no whole number of minutes", "{shift} är inget helt antal minuter"),
        Text("which shift in whole minutes is meant?", "vilket antal hela minuter menas?"),
    ),
    _hours(
        "TWL-S122",
        "hours_no_such_time",
        Text("there is no time {time}", "klockan kan inte vara {time}"),
        Text("hours go from 00:00 to 24:00, minutes to 59", "tider går från 00:00 till 24:00, minuter till 59"),
    ),
    _hours(
        "TWL-S123",
        "hours_shift_without_unit",
        Text("'{shift}' has no unit", '"{shift}" saknar enhet'),
        Text("which is meant, `{shift} min` or `{shift} h`?", "vilket menas, `{shift} min` eller `{shift} h`?"),
    ),
    _hours(
        "TWL-S124",
        "hours_shift_too_long",
        Text("{shift} is more than half a day", "{shift} är mer än ett halvt dygn"),
        Text(
            "which time is meant? So far from the sun, write a clock time",
            "vilken tid menas? Så långt från solen, skriv ett klockslag",
        ),
    ),
    _hours(
        "TWL-S125",
        "hours_unclear",
        Text("it is not clear where these hours begin and end", "det är oklart var tiderna börjar och slutar"),
        Text(
            "write one `to`, and a list where there are several: `[sunset to 23:00, 05:00 to sunrise]`",
            "skriv ett `till`, och en lista om tiderna är flera: `[solnedgång till 23:00, 05:00 till soluppgång]`",
        ),
        more=("written",),
    ),
    _hours(
        "TWL-S126",
        "hours_without_end",
        Text("from '{written}' until when?", 'från "{written}" till när?'),
        Text(
            "until when is meant? Until the end of the night is `{meant}`",
            "till när menas? Till nattens slut är `{meant}`",
        ),
    ),
    _hours(
        "TWL-S127",
        "hours_daytime",
        Text(
            "'{written}' is daytime: the lamps would burn in full light",
            '"{written}" är dagtid: lamporna skulle lysa i fullt dagsljus',
        ),
        Text(
            "if daylight is meant, write `{split}`; if the night is, `sunset to sunrise`",
            "om dagsljus är meningen, skriv `{split}`; om natten är det, `solnedgång till soluppgång`",
        ),
    ),
    _hours(
        "TWL-S128",
        "hours_bare_number",
        Text("'{word}' is not a time of day", '"{word}" är inget klockslag'),
        Text("did you mean `{near}`?", "menade du `{near}`?"),
    ),
    _hours(
        "TWL-S129",
        "hours_without_start",
        Text("until '{written}' from when?", 'till "{written}" från när?'),
        Text("from when is meant? Perhaps `{meant}`", "från när menas? Kanske `{meant}`"),
    ),
    _hours(
        "TWL-S142",
        "hours_whole_day",
        Text("'{written}' begins and ends at the same time", '"{written}" börjar och slutar vid samma tid'),
        Text(
            "is the whole day meant? That is `all day`: with `dates` from 00:00 to 24:00, with `nights` from noon to noon",
            "menas hela dygnet? Det är `hela dygnet`: med `dates` från 00:00 till 24:00, med `nights` från mitt på dagen "
            "till mitt på nästa dag",
        ),
    ),
    _hours(
        "TWL-S140",
        "rule_two_kinds_of_days",
        Text("'{name}' has both `dates` and `nights`", '"{name}" har både `dates` och `nights`'),
        Text(
            "write all days of '{name}' in one of the two: `dates` are calendar days (midnight to midnight), `nights` are "
            "whole nights (evening to morning)",
            'skriv alla dagar för "{name}" i en av dem: `dates` är kalenderdagar (från midnatt till midnatt), `nights` är '
            "hela nätter (kväll till morgon)",
        ),
    ),
    _hours(
        "TWL-S141",
        "rule_without_days",
        Text("'{name}' does not say on which days", '"{name}" säger inte vilka dagar'),
        Text("add a line such as `dates: 20–26 November`", "lägg till en rad som `dates: 20–26 november`"),
    ),
    _note(
        "TWL-S201",
        "overlap",
        Text(
            "'{name}' and '{other}' overlap (nights: {nights}, {first} to {last}); '{name}' stands higher and decides",
            '"{name}" och "{other}" krockar (nätter: {nights}, {first} till {last}); "{name}" står högre och bestämmer',
        ),
        Text("move the one that should decide to the top", "flytta den som ska bestämma högst upp"),
        Level.INFO,
    ),
    _note(
        "TWL-S202",
        "never_lit",
        Text("'{name}' is never lit in the next 400 nights", '"{name}" lyser aldrig under de närmaste 400 nätterna'),
        Text(
            "check its days and hours: on every one of its nights they are empty",
            "kontrollera dagar och tider: de är tomma alla dess nätter",
        ),
    ),
    _note(
        "TWL-S203",
        "past",
        Text("'{name}' lies in the past and never happens again", '"{name}" är förbi och kommer aldrig igen'),
        Text(
            "nothing, or take the entry out; if it is to be lit again, write the next year",
            "inget, eller ta bort posten; om den ska lysa igen, skriv nästa årtal",
        ),
    ),
    _note(
        "TWL-S204",
        "hidden",
        Text(
            "'{name}' is never seen in the next 400 nights: {winners} always wins",
            '"{name}" syns aldrig under de närmaste 400 nätterna: {winners} vinner alltid',
        ),
        Text(
            "move '{name}' higher up, or give it other days or hours",
            'flytta "{name}" högre upp, eller ge den andra dagar eller tider',
        ),
    ),
    _note(
        "TWL-S205",
        "fade_does_not_fit",
        Text(
            "the fades of '{name}' ({fades}) do not fit into its hours ({window})",
            'övergångarna i "{name}" ({fades}) får inte plats i dess tider ({window})',
        ),
        Text(
            "shorten `fade_in` or `fade_out`; they are cut to fit",
            "korta `fade_in` eller `fade_out`; annars kapas de",
        ),
    ),
    _note(
        "TWL-S206",
        "leap_day",
        Text("'{name}' is on 29 February, next in {year}", '"{name}" är den 29 februari, nästa gång {year}'),
        Text(
            "if the end of the month is meant, every year, write `last day of February`",
            "om månadens slut menas, varje år, skriv `sista dagen i februari`",
        ),
        Level.INFO,
    ),
    _note(
        "TWL-S207",
        "not_confirmed",
        Text(
            "'{name}' is next in {year}, and `confirmed_for` does not name {year}",
            '"{name}" är nästa gång {year}, och `confirmed_for` nämner inte {year}',
        ),
        Text(
            "ask the organiser for the dates of {year}, then add {year} to `confirmed_for`",
            "fråga arrangören om datumen för {year}, och lägg sedan till {year} i `confirmed_for`",
        ),
    ),
    _note(
        "TWL-S208",
        "far_ahead",
        Text("'{name}' does not begin before {day}", '"{name}" börjar först {day}'),
        Text("nothing needs to be done", "inget behöver göras"),
        Level.INFO,
    ),
    _tonight(
        "TWL-S210",
        "hours_empty",
        Text(
            "'{name}': `{hours}` is empty this night, it would begin at {start} and end at {end}",
            '"{name}": `{hours}` är tomt den här natten, det skulle börja {start} och sluta {end}',
        ),
        Text(
            "nothing needs to be done; hours are never carried over into the day",
            "inget behöver göras; tider flyttas aldrig över till dagen",
        ),
    ),
    _tonight(
        "TWL-S211",
        "midnight_sun",
        Text(
            "'{name}': `{hours}` is empty this night, the sun does not set",
            '"{name}": `{hours}` är tomt den här natten, solen går inte ner',
        ),
        Text("for light in spite of it write clock times", "skriv klockslag om det ändå ska lysa"),
    ),
    _tonight(
        "TWL-S212",
        "twilight_all_night",
        Text(
            "'{name}': `{hours}` is empty this night, it never gets darker than twilight",
            '"{name}": `{hours}` är tomt den här natten, det blir aldrig mörkare än skymning',
        ),
        Text(
            "for light in spite of it write `sunset`, `sunrise` or clock times",
            "skriv `solnedgång`, `soluppgång` eller klockslag om det ändå ska lysa",
        ),
    ),
    _tonight(
        "TWL-S213",
        "polar_night",
        Text(
            "'{name}': the sun stays down from noon to noon, `{hours}` counts from there",
            '"{name}": solen är nere från mitt på dagen till mitt på nästa dag, `{hours}` räknas därifrån',
        ),
        Text("nothing needs to be done", "inget behöver göras"),
    ),
    _tonight(
        "TWL-S214",
        "sun_grazes",
        Text(
            "'{name}': the sun turns close to the horizon, the times of `{hours}` may be minutes off",
            '"{name}": solen vänder nära horisonten, tiderna för `{hours}` kan slå fel på några minuter',
        ),
        Text("write clock times if minutes matter", "skriv klockslag om det kommer an på minuter"),
    ),
    _tonight(
        "TWL-S215",
        "time_skipped",
        Text(
            "'{name}': {time} does not exist this night, the clocks go forward; {instead} counts",
            '"{name}": {time} finns inte den här natten, klockan ställs fram; {instead} gäller',
        ),
        Text("nothing needs to be done", "inget behöver göras"),
    ),
    _tonight(
        "TWL-S216",
        "time_repeated",
        Text(
            "'{name}': {time} comes twice this night; a start takes the first, an end the second",
            '"{name}": {time} kommer två gånger den här natten; en början tar den första, ett slut den andra',
        ),
        Text("nothing needs to be done", "inget behöver göras"),
    ),
)
