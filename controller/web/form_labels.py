"""What the checks of the files say, in the labels of the form: whoever fills it in has never seen the keywords."""

import re

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
_KEYWORD = re.compile(rf"`({'|'.join(LABELS)}):?`")
_PAIR = re.compile(rf"(`?)\b({'|'.join(LABELS)}): (?=\S)")


def in_labels(visited: Visit, text: str) -> str:
    """The text with the label for each keyword: `hours:` becomes "Tider", `hours: 18:00 till 22:00` is Tider with the
    value behind it."""

    def label(key: str) -> str:
        return visited.say(LABELS[key]).partition(" – ")[0]

    text = _KEYWORD.sub(lambda found: f'"{label(found[1])}"', text)
    return _PAIR.sub(lambda found: f"{label(found[2])}: {found[1]}", text)
