"""Why something failed, as the operating system and our own parts say it in English, and the same in Swedish."""

import re
from typing import Literal

REASONS_SV: dict[str, str] = {
    "Address already in use": "adressen används redan",
    "Broken pipe": "förbindelsen bröts",
    "Cannot assign requested address": "adressen finns inte på den här datorn",
    "Connection refused": "ingen lyssnar där",
    "Connection reset by peer": "motparten bröt förbindelsen",
    "Connection timed out": "inget svar i tid",
    "Field required": "saknas",
    "File name too long": "namnet är för långt",
    "Input should be a valid array": "ska vara en lista",
    "Input should be a valid integer": "ska vara ett heltal",
    "Input should be a valid string": "ska vara en text",
    "Input should be an object": "ska vara ett objekt",
    "Input/output error": "fel vid läsning eller skrivning",
    "Is a directory": "det är en mapp",
    "Name or service not known": "namnet är okänt",
    "Network is down": "nätverket är nere",
    "Network is unreachable": "nätverket går inte att nå",
    "No address associated with hostname": "namnet har ingen adress",
    "No route to host": "det finns ingen väg dit",
    "No space left on device": "disken är full",
    "No such device or address": "enheten finns inte",
    "No such device": "enheten finns inte",
    "No such file or directory": "filen eller mappen finns inte",
    "Not a directory": "det är ingen mapp",
    "Permission denied": "det är inte tillåtet",
    "Read-only file system": "disken går bara att läsa",
    "Temporary failure in name resolution": "namn går inte att slå upp just nu",
    "Too many levels of symbolic links": "länkarna går runt i en cirkel",
    "a colour component is missing": "en färgkomponent saknas",
    "a level is missing": "en nivå saknas",
    "a packet that ends in the middle of a field": "ett paket som slutar mitt i ett fält",
    "a remaining length of more than four bytes": "en längd på mer än fyra byte",
    "a second CONNECT": "ett andra CONNECT",
    "availability is neither 'online' nor 'offline'": "tillgängligheten är varken 'online' eller 'offline'",
    "bytes behind the end of the last field": "byte bakom slutet på det sista fältet",
    "its first line does not agree with the rest": "den första raden stämmer inte med resten",
    "not JSON": "det är inte JSON",
    "not UTF-8": "det är inte UTF-8",
    "not a JSON object": "det är inget JSON-objekt",
    "not the XML of WLED: no brightness, or not three colour components": "det är inte XML från WLED",
    "packet identifier 0": "paketnummer 0",
    "text with U+0000": "text med U+0000",
    "a channel does nothing": "en kanal gör inget",
    "each line is name:password, or below one `topic read|write|readwrite FILTER`": (
        "varje rad är namn:lösenord, eller under en sådan `topic read|write|readwrite FILTER`"
    ),
    "it is larger than allowed": "den är större än tillåtet",
    "it is no regular file": "det är ingen vanlig fil",
    "it is no text in UTF-8": "den är ingen text i UTF-8",
    "no answer in time": "inget svar i tid",
    "no answer": "inget svar",
    "the broker closed the connection": "brokern bröt förbindelsen",
    "the broker does not answer": "brokern svarar inte",
    "the broker does not speak MQTT 3.1.1": "brokern talar inte MQTT 3.1.1",
    "there are none": "det finns inga",
    "unable to open database file": "databasfilen går inte att öppna",
}
"""What a field of an event may hold whole; anything else stays as it is."""

SENTENCES_SV: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(english, re.DOTALL), swedish)
    for english, swedish in (
        (r"a first byte of (0x..)", "en första byte {0}"),
        (r"a packet of (\d+) bytes where (\d+) are allowed", "ett paket på {0} byte där {1} är tillåtna"),
        (r"text that is not UTF-8: (.*)", "text som inte är UTF-8: {0}"),
        (r"the topic filter (.*)", "ämnesfiltret {0}"),
        (r"the topic (.*)", "ämnet {0}"),
        (r"the protocol name (.*)", "protokollnamnet {0}"),
        (r"CONNECT with the flags (\S+)", "CONNECT med flaggorna {0}"),
        (r"(\w+) before CONNECT", "{0} före CONNECT"),
        (r"(\w+) for a message of QoS (\d)", "{0} för ett meddelande med QoS {1}"),
        (r"(\d+) bytes are more than (\d+)", "{0} byte är mer än {1}"),
        (r"(\d+) messages of QoS 2 without a PUBREL", "{0} meddelanden med QoS 2 utan PUBREL"),
        (r"(.*) is not within (\S+) to (\S+)", "{0} ligger inte mellan {1} och {2}"),
        (r"(.*) is not a number", "{0} är inget tal"),
        (r"(.*) is neither on nor off", "{0} är varken på eller av"),
        (r"(.*) is neither online nor offline", "{0} är varken online eller offline"),
        (r"not (\d+) colour components", "det är inte {0} färgkomponenter"),
        (r"(.*) is not a colour of 3 to 5 channels", "{0} är ingen färg med 3 till 5 kanaler"),
        (r"(.*) is not a hue, a saturation and a brightness", "{0} är inte kulör, mättnad och ljusstyrka"),
        (r"(.*) is not a colour", "{0} är ingen färg"),
        (r"the device answered error (\S+): (.*)", "enheten svarade med felet {0}: {1}"),
    )
)
"""The same where something of what came is quoted."""

TRUST = {"trusted": "pålitlig", "holdover": "på egen hand", "plausible": "rimlig", "suspect": "misstänkt"}
WORDS_SV: dict[str, dict[str, str]] = {
    "trust": TRUST,
    "before": TRUST,
    "unit": {"days": "dygn", "hours": "timmar", "minutes": "minuter", "seconds": "sekunder"},
    "side": {"behind": "efter", "ahead of": "före"},
    "reason": {"clock": "klockan ställdes om", "connection": "ny förbindelse med brokern"},
    "by": {
        "desired": "styrningen",
        "plan": "den egna planen",
        "after": "planens slut",
        "boot": "inget känt",
        "local": "lamptestet",
    },
}
"""Field -> what programs are told in one word -> the same for people."""
LOOKS = frozenset({"looks", "shows", "wanted", "shown", "tonight"})
"""Fields that hold zones with what they show."""
NOTHING = re.compile(r"^nothing(?=;|$)")
DARK = re.compile(r"(?<!\S)dark(?=[,;]|$| \()")
NOTES = {"(own effect or mode)": "(egen effekt eller eget läge)", "(not exactly)": "(inte precis)"}
OS_ERROR = re.compile(r"\[Errno -?[0-9]+\] (?P<reason>[^:]+)(?P<rest>.*)")


def in_swedish(field: str, text: str) -> str:
    """What a field holds, for people; a name stays as it is."""
    if field in LOOKS:
        return looks_in(text, "sv")
    told = OS_ERROR.fullmatch(text)
    if told:
        return REASONS_SV.get(told["reason"], told["reason"]) + told["rest"]
    whole = WORDS_SV.get(field, REASONS_SV).get(text) or REASONS_SV.get(text)
    if whole is None and field == "reason":
        return _sentence(text)
    return text if whole is None else whole


def looks_in(text: str, language: Literal["en", "sv"]) -> str:
    """Zones with what they show, or that alone, as a log line has it: `bowl dark, shaft #FF6A00 100%`."""
    if language == "en":
        return text
    for english, swedish in NOTES.items():
        text = text.replace(english, swedish)
    return NOTHING.sub("inget", DARK.sub("släckt", text))


def _sentence(text: str) -> str:
    found = ((sentence.fullmatch(text), swedish) for sentence, swedish in SENTENCES_SV)
    return next((swedish.format(*told.groups()) for told, swedish in found if told), text)
