"""Mistakes in days and durations: TWL-S101 to TWL-S119, TWL-S143 and TWL-S144. Names of months come in both languages."""

from controller.events.kind import Kind, Text
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
DURATIONS = Text(
    "A duration is a number with its unit, so that nobody has to know which unit is meant.",
    "En tid skrivs som ett tal med enhet, så att ingen behöver veta vilken enhet som avses.",
)


KINDS: tuple[Kind, ...] = (
    mistake(
        "S101",
        "not-a-day",
        Text("'{value}' is not a day or a period", '"{value}" är ingen dag eller period'),
        DAYS,
        Text(
            "write for example `6 June`, `20–26 November`, `week 47`, `Easter Sunday` or `every Friday`",
            "skriv till exempel `6 juni`, `20–26 november`, `vecka 47`, `påskdagen` eller `varje fredag`",
        ),
    ),
    mistake(
        "S102",
        "month-unknown",
        Text("'{word}' is not a month", '"{word}" är ingen månad'),
        DAYS,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
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
            "write a day from 1 to {days}; the last one is `{days} {english}`",
            "skriv en dag från 1 till {days}; den sista är `{days} {swedish}`",
        ),
    ),
    mistake(
        "S104",
        "end-before-start",
        Text("{last} comes before {first}", "{last} kommer före {first}"),
        NEVER_GUESSED,
        Text("did you mean `{suggestion}`?", "menade du `{suggestion}`?"),
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
            "write first, second, third, fourth or last before {weekday}",
            "skriv första, andra, tredje, fjärde eller sista före {weekday}",
        ),
    ),
    mistake(
        "S108",
        "named-day-unknown",
        Text("'{word}' is not a day that has a name here", '"{word}" är ingen dag som har ett namn här'),
        DAYS,
        Text("did you mean '{suggestion}'?", 'menade du "{suggestion}"?'),
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
            "write the year with four digits, for example {suggestion}",
            "skriv året med fyra siffror, till exempel {suggestion}",
        ),
    ),
    mistake(
        "S110",
        "not-a-duration",
        Text("'{value}' is not a duration", '"{value}" är ingen tid med enhet'),
        DURATIONS,
        Text(
            "write for example `30 s`, `2 min`, `1 h 30 min` or `24 h`",
            "skriv till exempel `30 s`, `2 min`, `1 h 30 min` eller `24 h`",
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
        "S112",
        "too-long",
        Text("'{value}' is more than {limit} days", '"{value}" är mer än {limit} dagar'),
        Text(
            "So long a time is most often a slip: a digit too many or the wrong unit.",
            "En så lång tid är oftast ett slarvfel: en siffra för mycket eller fel enhet.",
        ),
        Text("write at most {limit} days", "skriv högst {limit} dagar"),
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
            "write `28 February {year}`, or leave out the year: then it means leap years only",
            "skriv `28 februari {year}`, eller utelämna året: då gäller det bara skottår",
        ),
    ),
    mistake(
        "S114",
        "weekday-alone",
        Text("'{value}' does not say which one", '"{value}" säger inte vilken dag'),
        DAYS,
        Text(
            "write `every {word}` or `first {word} in March`; a date is written without its weekday",
            "skriv `varje {word}` eller `första {word} i mars`; ett datum skrivs utan veckodag",
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
            "did you mean `{suggestion}`? If not, write the year at both ends",
            "menade du `{suggestion}`? Om inte, skriv årtalet i båda ändar",
        ),
    ),
    mistake(
        "S116",
        "week-not-in-year",
        Text("{year} has {weeks} weeks", "{year} har {weeks} veckor"),
        WEEKS,
        Text(
            "write `week {weeks} {year}`, or leave out the year: then it means the years that have week 53",
            "skriv `vecka {weeks} {year}`, eller utelämna året: då gäller det de år som har en vecka 53",
        ),
    ),
    mistake(
        "S117",
        "left-over",
        Text("'{rest}' is left over after '{value}'", '"{rest}" blir över efter "{value}"'),
        DAYS,
        Text(
            "delete '{rest}'; several days or periods are written as a list: [one, another]",
            'ta bort "{rest}"; flera dagar eller perioder skrivs som en lista: [den ena, den andra]',
        ),
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
        "S144",
        "season",
        Text("'{value}' does not say which days", '"{value}" säger inte vilka dagar'),
        DAYS,
        Text("write the days, for example `{english}`", "skriv dagarna, till exempel `{swedish}`"),
    ),
)
