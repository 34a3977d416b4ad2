"""Why something failed, as the operating system and our own parts say it in English, and the same in Swedish."""

import re

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
    "a channel does nothing": "en kanal gör inget",
    "each line is name:password": "varje rad är namn:lösenord",
    "it is larger than any fixture file": "den är större än någon armaturfil",
    "it is no text in UTF-8": "den är ingen text i UTF-8",
    "it is too large for a secret": "den är för stor för en hemlighet",
    "no answer in time": "inget svar i tid",
    "no answer": "inget svar",
    "the broker closed the connection": "brokern bröt förbindelsen",
    "the broker does not answer": "brokern svarar inte",
    "the broker does not speak MQTT 3.1.1": "brokern talar inte MQTT 3.1.1",
    "there are none": "det finns inga",
    "unable to open database file": "databasfilen går inte att öppna",
}
"""What a field of an event may hold whole; anything else stays as it is."""

TRUST = {"trusted": "pålitlig", "holdover": "på egen hand", "plausible": "rimlig", "suspect": "misstänkt"}
WORDS_SV: dict[str, dict[str, str]] = {
    "trust": TRUST,
    "before": TRUST,
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
OS_ERROR = re.compile(r"\[Errno -?[0-9]+\] (?P<reason>[^:]+)(?P<rest>.*)")


def in_swedish(field: str, text: str) -> str:
    """What a field holds, for people; a name stays as it is."""
    told = OS_ERROR.fullmatch(text)
    if told:
        return REASONS_SV.get(told["reason"], told["reason"]) + told["rest"]
    return WORDS_SV.get(field, REASONS_SV).get(text) or REASONS_SV.get(text, text)
