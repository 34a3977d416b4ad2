"""Addresses of the forms of rules: `/schedule/campaign/en-vecka-fri-fran-vald`."""

from controller.config.load import Setup
from controller.config.rule_form import Group
from controller.schedule.campaign import Rule
from controller.web.calendar import slugs

WORDS: dict[Group, str] = {
    "blackouts": "blackout",
    "campaigns": "campaign",
    "every_night": "everyday",
    "limits": "limit",
}
"""Name of a list in the file -> word in its addresses; in order of precedence."""
GROUPS: dict[str, Group] = {word: group for group, word in WORDS.items()}


def rule_paths(setup: Setup, group: Group) -> dict[str, str]:
    """The address of each rule of a list, by name."""
    return {name: f"/schedule/{WORDS[group]}/{slug}" for slug, name in slugs(_rules(setup, group)).items()}


def rule_at(setup: Setup, group: Group, slug: str) -> str | None:
    """The name of the rule at an address; None if there is none."""
    return slugs(_rules(setup, group)).get(slug)


def form_path(setup: Setup, group: Group, name: str | None) -> str:
    """The address of the form of a rule, or of a new one; the schedule if the rule no longer exists."""
    if name is None:
        return f"/schedule/new?kind={WORDS[group]}"
    return rule_paths(setup, group).get(name, "/schedule")


def _rules(setup: Setup, group: Group) -> tuple[Rule, ...]:
    rules: tuple[Rule, ...] = getattr(setup.schedule, group)
    return rules
