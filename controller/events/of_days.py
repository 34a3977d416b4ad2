"""Mistakes in days and durations: TWL-S101 to TWL-S119, TWL-S143, S144, TWL-S146 to S149 and S153. Names of months come in
both languages.

An advice never changes what was meant: it repeats the whole text with one part exchanged, or it asks. Nothing that
limits the days is advised away.
"""

from controller.events.models import EventKind, Text
from controller.events.of_text import mistake

DAYS = Text(
    "Days are written in one way everywhere: a day, a period, a week, a named day or weekdays.",
    "Dagar skrivs likadant överallt: en dag, en period, en vecka, en namngiven dag eller veckodagar.",
)
NEVER_GUESSED = Text(
    "A day that can be read in two ways is never guessed: the tower might be lit on the wrong night.",
    "En dag som kan läsas på två sätt gissas aldrig: tornet skulle kunna lysa fel natt.",
)
NEVER_ROLLED = Text(
    "A day that does not exist is never moved to the next one.",
    "En dag som inte finns flyttas aldrig till nästa.",
)
WEEKS = Text(
    "Weeks are numbered as in Swedish calendars (ISO 8601): from Monday to Sunday, 52 or 53 in a year.",
    "Veckor numreras som i svenska kalendrar (ISO 8601): från måndag till söndag, 52 eller 53 på ett år.",
)
EXAMPLES = Text(
    "days are written as `6 June`, `20–26 November`, `week 47`, `Easter Sunday - 1 day`, `every Friday in October` or"
    " `last day of February`, several as a list [one, another]; times of day stand under `hours:`, days that do"
    " not count under `except:`",
    "dagar skrivs som `6 juni`, `20–26 november`, `vecka 47`, `påskdagen - 1 dag`, `varje fredag i oktober` eller"
    " `sista dagen i februari`, flera som en lista [den ena, den andra]; klockslag hör till `hours:`, dagar som inte"
    " ska räknas till `except:`",
)
"""Where nothing can be proposed: how everything that can be said is said."""
DURATIONS = Text(
    "A duration is a number with its unit, so that nobody has to know which unit is meant.",
    "En tid skrivs som ett tal med enhet, så att ingen behöver veta vilken enhet som avses.",
)


KINDS: tuple[EventKind, ...] = (
    mistake(
        "S101",
        "not-a-day",
        Text("'{value}' is not a day or a period", '"{value}" är ingen dag eller period'),
        DAYS,
        EXAMPLES,
    ),
    mistake(
        "S102",
        "month-unknown",
        Text("'{word}' is not a month", '"{word}" är ingen månad'),
        DAYS,
        Text("did you mean {english}?", "menade du {swedish}?"),
    ),
    mistake(
        "S103",
        "no-such-day",
        Text(
            "there is no {day} {english}: the month has {days} days",
            "det finns ingen {day} {swedish}: månaden har {days} dagar",
        ),
        NEVER_ROLLED,
        Text(
            "which day is meant? The last one is `{days} {english}`",
            "vilken dag menas? Den sista är `{days} {swedish}`",
        ),
    ),
    mistake(
        "S104",
        "end-before-start",
        Text("{last} comes before {first}", "{last} kommer före {first}"),
        NEVER_GUESSED,
        Text(
            "if the days between are meant, write `{suggestion}`; if it runs over New Year, the later year at the end",
            "om dagarna däremellan menas, skriv `{suggestion}`; om det går över nyår, det senare året i slutet",
        ),
    ),
    mistake(
        "S105",
        "order-unclear",
        Text("'{value}' does not say which is the month", '"{value}" visar inte vilket som är månaden'),
        NEVER_GUESSED,
        Text("write {english}", "skriv {swedish}"),
    ),
    mistake(
        "S106",
        "no-such-week",
        Text("there is no week {week}", "det finns ingen vecka {week}"),
        WEEKS,
        Text("write a week from 1 to 53", "skriv en vecka från 1 till 53"),
    ),
    mistake(
        "S107",
        "cannot-count-weekdays",
        Text("not every month has a '{value}'", 'alla månader har inte någon "{value}"'),
        DAYS,
        Text(
            "which one is meant? The first, second, third, fourth and last {weekday} of a month can be written; days of"
            " one year as dates",
            "vilken menas? Första, andra, tredje, fjärde och sista {weekday} i en månad går att skriva; dagar ett visst"
            " år som datum",
        ),
    ),
    mistake(
        "S108",
        "named-day-unknown",
        Text("'{word}' is not a day that has a name here", '"{word}" är ingen dag som har ett namn här'),
        DAYS,
        Text("did you mean {english}?", "menade du {swedish}?"),
    ),
    mistake(
        "S109",
        "year-out-of-range",
        Text(
            "{year} is not a year from {earliest} to {latest}",
            "{year} är inget år från {earliest} till {latest}",
        ),
        DAYS,
        Text(
            "write the year with four digits, from {earliest} to {latest}",
            "skriv året med fyra siffror, från {earliest} till {latest}",
        ),
    ),
    mistake(
        "S147",
        "year-of-two-digits",
        Text("'{year}' is no year of four digits", '"{year}" är inget år med fyra siffror'),
        DAYS,
        Text(
            "if the year is meant, write {suggestion} in its place; several days are a list [one, another]",
            "om året menas, skriv {suggestion} i stället; flera dagar är en lista [den ena, den andra]",
        ),
    ),
    mistake(
        "S110",
        "not-a-duration",
        Text("'{value}' is not a duration", '"{value}" är ingen tid med enhet'),
        DURATIONS,
        Text(
            "a duration is written as `30 s`, `2 min`, `1 h 30 min`, `24 h` or `3 d`",
            "en tid skrivs som `30 s`, `2 min`, `1 h 30 min`, `24 h` eller `3 d`",
        ),
    ),
    mistake(
        "S111",
        "duration-without-unit",
        Text("the unit of '{value}' is missing or unknown", 'enheten för "{value}" saknas eller är okänd'),
        DURATIONS,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
    ),
    mistake(
        "S149",
        "duration-of-what",
        Text("'{value}' has no unit", '"{value}" saknar enhet'),
        DURATIONS,
        Text(
            "which unit is meant? Seconds are `{value} s`, minutes `{value} min`, hours `{value} h`",
            "vilken enhet menas? Sekunder är `{value} s`, minuter `{value} min`, timmar `{value} h`",
        ),
    ),
    mistake(
        "S148",
        "shift-without-unit",
        Text("'{value}' has no unit", '"{value}" saknar enhet'),
        DURATIONS,
        Text("which is meant, `{days}` or `{weeks}`?", "vilket menas, `{days}` eller `{weeks}`?"),
    ),
    mistake(
        "S112",
        "too-long",
        Text("'{value}' is more than {limit} days", '"{value}" är mer än {limit} dagar'),
        Text(
            "So long a time is most often a slip: a digit too many or the wrong unit.",
            "En så lång tid är oftast ett slarvfel: en siffra för mycket eller fel enhet.",
        ),
        Text(
            "which time is meant? It may be {limit} days at most", "vilken tid menas? Den får vara högst {limit} dagar"
        ),
    ),
    mistake(
        "S113",
        "no-leap-year",
        Text(
            "{year} is not a leap year: there is no 29 February",
            "{year} är inget skottår: den 29 februari finns inte",
        ),
        NEVER_ROLLED,
        Text(
            "which day is meant? The end of the month is `last day of February {year}`",
            "vilken dag menas? Månadens slut är `sista dagen i februari {year}`",
        ),
    ),
    mistake(
        "S114",
        "weekday-alone",
        Text("'{value}' does not say which one", '"{value}" säger inte vilken dag'),
        DAYS,
        Text(
            "which {word} is meant? All are `every {word}`, those of a month `every {word} in October`, one of a month"
            " `first {word} in October`",
            "vilken {word} menas? Alla är `varje {word}`, en månads `varje {word} i oktober`, en i en månad"
            " `första {word} i oktober`",
        ),
    ),
    mistake(
        "S146",
        "weekday-and-date",
        Text("'{value}' before a date", '"{value}" före ett datum'),
        Text(
            "A date falls on another weekday each year, so that one of the two would not be kept.",
            "Ett datum infaller på olika veckodagar olika år, så en av de två skulle inte gälla.",
        ),
        Text(
            "if one day is meant, write its date with the year, as `20 November 2026`; if a weekday is meant, as"
            " `every Friday in November`",
            "om en viss dag menas, skriv datumet med årtal, som `20 november 2026`; om veckodagen menas, som"
            " `varje fredag i november`",
        ),
    ),
    mistake(
        "S115",
        "nearly-a-year",
        Text(
            "'{value}' would last nearly a whole year, over New Year",
            '"{value}" skulle vara nästan ett helt år, över nyår',
        ),
        NEVER_GUESSED,
        Text(
            "if the days between are meant, write `{suggestion}`; if it runs over New Year, the year at both ends",
            "om dagarna däremellan menas, skriv `{suggestion}`; om det går över nyår, årtalet i båda ändar",
        ),
    ),
    mistake(
        "S116",
        "week-not-in-year",
        Text("{year} has {weeks} weeks", "{year} har {weeks} veckor"),
        WEEKS,
        Text(
            "which week is meant? The last one of {year} is `week {weeks} {year}`",
            "vilken vecka menas? Den sista {year} är `vecka {weeks} {year}`",
        ),
    ),
    mistake(
        "S117",
        "left-over",
        Text("'{rest}' is left over after '{value}'", '"{rest}" blir över efter "{value}"'),
        DAYS,
        EXAMPLES,
    ),
    mistake(
        "S118",
        "day-missing",
        Text("a day is missing here", "här saknas en dag"),
        DAYS,
        Text(
            "write a day, for example `6 June`, or a period, for example `20–26 November`",
            "skriv en dag, till exempel `6 juni`, eller en period, till exempel `20–26 november`",
        ),
    ),
    mistake(
        "S119",
        "not-text",
        Text("a single value is wanted here", "här ska ett enda värde stå"),
        DAYS,
        Text(
            "write one value on the line, neither a list nor keywords inside it",
            "skriv ett värde på raden, ingen lista och inga nyckelord inuti",
        ),
        more=("found",),
    ),
    mistake(
        "S143",
        "july-or-christmas",
        Text("'{value}' can be July or Christmas", '"{value}" kan vara juli eller julen'),
        NEVER_GUESSED,
        Text(
            "write `July`, or a day of Christmas, for example `Christmas Eve`",
            "skriv `juli`, eller en dag i julen, till exempel `julafton`",
        ),
    ),
    mistake(
        "S153",
        "season-in-a-phrase",
        Text("'{value}' does not say which days", '"{value}" säger inte vilka dagar'),
        DAYS,
        EXAMPLES,
    ),
    mistake(
        "S144",
        "season",
        Text("'{value}' does not say which days", '"{value}" säger inte vilka dagar'),
        DAYS,
        Text("which days are meant? Perhaps {english}", "vilka dagar menas? Kanske {swedish}"),
    ),
)
