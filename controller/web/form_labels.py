"""What the checks of the files say, in the labels of the form: whoever fills it in has never seen the keywords."""

import re

from controller.config.findings import Finding
from controller.events.words import capital
from controller.web.visit import Visit

LABELS = {
    "dates": "rule.kind.dates",
    "nights": "rule.kind.nights",
    "hours": "rule.hours_title",
    "about": "rule.public",
    **{
        key: f"rule.{key}"
        for key in (
            *("name", "except", "confirmed_for", "otherwise", "color", "change_every", "brightness"),
            *("fade_in", "fade_out", "link"),
        )
    },
    **{group: f"schedule.group.{group}" for group in ("blackouts", "campaigns", "every_night", "limits")},
}
"""A keyword of the file -> where its label stands in the texts of the page."""
TEXT_OF_CODE = {
    "TWL-S013": "name",
    "TWL-S014": "missing",
    "TWL-S066": "change_every",
    "TWL-S141": "days",
    "TWL-S176": "days_as_hours",
    "TWL-S180": "change_every",
    "TWL-S182": "brightness_apart",
}
"""Findings whose cure speaks of the file; the page says it of its fields."""
_KEYWORD = re.compile(rf"`({'|'.join(LABELS)}):?`")
_EITHER = re.compile("`dates:` (?:or|eller) `nights:`")
_PAIR = re.compile(rf"(`?)\b({'|'.join(LABELS)}): (?=\S)")


def in_labels(visited: Visit, text: str) -> str:
    """The text with the label for each keyword: `hours:` becomes "Tider", `hours: 18:00 till 22:00` is Tider with the
    value behind it."""

    def label(key: str) -> str:
        return visited.say(LABELS[key]).partition(" – ")[0]

    text = _EITHER.sub(f'"{visited.say("rule.days_title")}"', text)
    text = _KEYWORD.sub(lambda found: f'"{label(found[1])}"', text)
    return _PAIR.sub(lambda found: f"{label(found[2])}: {found[1]}", text)


def words_at(visited: Visit, finding: Finding, field: str = "") -> str:
    """What is wrong, at a field of the form or elsewhere on the page."""
    key = TEXT_OF_CODE.get(finding.code)
    if key is not None and field:
        is_empty = key in {"name", "days", "missing"} and field in {"name", "days", "color", "brightness"}
        fields = {name: value for name, value in finding.event.fields.items() if name != "key"}
        return visited.say(f"rule.fault.{field if is_empty else key}", **fields)
    event, language = finding.event, visited.language
    text, action = event.text(language), event.action(language)
    said = f"{capital(text)}. {capital(action)}".rstrip(". ")
    return in_labels(visited, said if said.endswith("?") else f"{said}.")
