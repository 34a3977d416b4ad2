"""The form of a rule on the page, with choices where the file has texts: to the fields of `config.rule_form` and back.
What was not touched keeps the wording of the file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.config.rule_form import ALL_LANGUAGES, Group, RuleForm, field_texts, text_of
from controller.config.tower import Tower
from controller.errors import Mistake, readable
from controller.lighting.color import known_color
from controller.lighting.names import DARK_WORDS
from controller.locale import Language, languages
from controller.schedule.hours import ALL_DAY, DEFAULT_HOURS, Window
from controller.schedule.hours_grammar import several
from controller.schedule.one_year import language_of
from controller.web.color_choices import DARK, color_choices
from controller.web.forms import Form
from controller.web.visit import page_text

OWN, SEVERAL, NONE = "own", "several", "none"
"""Choices of a colour: typed, several in a row, and none of its own for a part."""
HOURS_CHOICES = ("all", "evening", "both", "own")
LIT: tuple[Group, ...] = ("campaigns", "every_night")
SINGLE = ("name", "otherwise", "change_every", "brightness", "fade_in", "fade_out", "link")
WAS = "was."
"""Prefix of the fields of the rule as it was when the form was made."""
ROWS = 20
"""Largest number of rows for hours, or for colours."""


@dataclass(frozen=True, slots=True)
class RuleFields:
    """Converts between a form and the texts of a rule, for one list of the file, in one language."""

    group: Group
    tower: Tower
    language: Language

    # From the texts of a rule

    def form(self, rule: RuleForm) -> Form:
        """The fields that show a rule."""
        texts = field_texts(rule)
        fields = [(key, texts.get(key, "")) for key in SINGLE]
        fields += [(key, text) for key, text in texts.items() if key.startswith(("years.", "about."))]
        fields += [
            ("days", ", ".join(rule.days)),
            ("except", ", ".join(rule.except_)),
            ("confirmed_for", ", ".join(rule.confirmed_for)),
            ("kind", rule.kind),
        ]
        return Form((*fields, *self._hours_fields(rule), *self._color_fields(rule)))

    def new(self) -> Form:
        """The fields of a new rule."""
        group = self.group
        color = next((each.value for each in color_choices(self.tower, self.language)), DARK)
        orange = [
            each.value for each in color_choices(self.tower, self.language) if self._is_same(each.value, "orange")
        ]
        looks = [("color", next(iter(orange), color)), ("brightness", "100 %")] if group in LIT else []
        return Form((("kind", "nights"), ("hours_choice", "all"), *looks))

    def _hours_fields(self, rule: RuleForm) -> Iterator[tuple[str, str]]:
        yield "hours_choice", self.hours_choice(rule)
        yield from (("hours", text) for text in rule.hours)

    def hours_choice(self, rule: RuleForm) -> str:
        """The choice that matches the hours of a rule."""
        if not rule.hours:
            return "all"
        windows = _windows(rule.hours)
        found = (each for each in HOURS_CHOICES if windows == _windows(self.hours_texts(each, self.language)))
        return next(found, OWN) if windows is not None else OWN

    def hours_texts(self, choice: str, language: Language) -> tuple[str, ...]:
        """The hours of a choice as written in the file."""
        if choice == "all":
            return tuple(map(str, DEFAULT_HOURS if self.group in LIT else ALL_DAY))
        keys = {"evening": ("evening",), "both": ("evening", "morning")}.get(choice, ())
        return tuple(page_text(language, f"rule.hours_text.{key}") for key in keys)

    def _color_fields(self, rule: RuleForm) -> Iterator[tuple[str, str]]:
        color = rule.color
        if isinstance(color, Mapping):
            yield "by_zone", "1"
            for zone in self.tower.zones:
                yield from self._one_color(text_of(color.get(zone, "")) or NONE, f".{zone}")
        elif isinstance(color, tuple):
            yield "color", SEVERAL
            yield from (("colors", each) for each in color)
        elif color:
            yield from self._one_color(color, "")

    def _one_color(self, text: str, zone: str) -> Iterator[tuple[str, str]]:
        if text == NONE:
            yield f"color{zone}", NONE
            return
        choices = (each.value for each in color_choices(self.tower, self.language))
        chosen = next((each for each in choices if self._is_same(each, text)), OWN)
        yield f"color{zone}", chosen
        if chosen == OWN:
            yield f"own{zone}", text

    # To the texts of a rule

    def texts(self, form: Form, before: RuleForm | None) -> dict[str, str]:
        """The fields of `rule_form.form_from`; a value with the same meaning as before keeps its wording."""
        texts = {key: " ".join(form.get(key).split()) for key in SINGLE}
        texts |= {key: value for key, value in form.fields if key.startswith(("years.", "about."))}
        texts["kind"] = form.get("kind")
        lists = {"days": before.days, "except": before.except_, "confirmed_for": before.confirmed_for} if before else {}
        for key in ("days", "except", "confirmed_for"):
            texts[key] = _as_before(form.get(key), lists.get(key, ()), key)
        texts["hours"] = text_of(self._hours(form, before))
        if self.group in LIT and (before is None or "color" not in before.advanced):
            texts |= self._colors(form, before)
            if form.get("by_zone") or form.get("color") != SEVERAL:
                texts["change_every"] = ""  # a single colour does not change
        for key in before.advanced if before is not None else ():
            texts = _with_hidden_fields(texts, key, field_texts(before) if before is not None else {})
        return {key: text for key, text in texts.items() if text}

    def _hours(self, form: Form, before: RuleForm | None) -> tuple[str, ...]:
        choice = form.get("hours_choice")
        if before is not None and choice == self.hours_choice(before) and choice != OWN:
            return before.hours
        if choice == OWN:
            rows = [text for each in form.all("hours") if (text := each.strip())][:ROWS]
            return tuple(part for row in rows for part in several(row))
        if choice == "all" and before is None:
            return ()  # applies without hours
        days = before.days if before is not None else ()
        return self.hours_texts(choice, _written_in(days, self.language))

    def _colors(self, form: Form, before: RuleForm | None) -> dict[str, str]:
        was = field_texts(before) if before is not None else {}
        if form.get("by_zone"):
            chosen = {f"color.{zone}": self._chosen(form, f".{zone}") for zone in self.tower.zones}
        elif form.get("color") == SEVERAL:
            chosen = {"color": text_of(tuple(text for each in form.all("colors") if (text := each.strip()))[:ROWS])}
        else:
            chosen = {"color": self._chosen(form, "")}
        return {key: was[key] if key in was and self._is_same(text, was[key]) else text for key, text in chosen.items()}

    def _chosen(self, form: Form, zone: str) -> str:
        value = form.get(f"color{zone}")
        return form.get(f"own{zone}") if value == OWN else "" if value == NONE else value

    def _is_same(self, one: str, other: str) -> bool:
        """Whether two texts are the same colour."""
        if one == other:
            return True
        dark = [text.strip().casefold() in DARK_WORDS for text in (one, other)]
        if any(dark):
            return all(dark)
        first, second = (readable(known_color, text.strip(), self.tower.palette) for text in (one, other))
        return first is not None and second is not None and (first.hex, first.kelvin) == (second.hex, second.kelvin)


def was_fields(rule: RuleForm | None) -> list[tuple[str, str]]:
    """The rule as it was, sent back with the form."""
    return [(WAS + key, text) for key, text in (field_texts(rule) if rule is not None else {}).items()]


def was_of(form: Form) -> dict[str, str]:
    """The same from a submitted form."""
    return {key.removeprefix(WAS): value for key, value in form.fields if key.startswith(WAS)}


def about_fields(form: Form) -> tuple[str, ...]:
    """The fields of the public text: one for each language, or one for all if the file has a single text."""
    whole = f"about.{ALL_LANGUAGES}"
    return (whole,) if form.get(whole) else tuple(f"about.{each}" for each in sorted(languages(), reverse=True))


def with_fields(form: Form, changed: Iterable[tuple[str, str]]) -> Form:
    """The form with these fields in place of those of the same names."""
    fields = list(changed)
    names = {key for key, _ in fields}
    return Form((*(each for each in form.fields if each[0] not in names), *fields))


def _as_before(text: str, before: Sequence[str], key: str) -> str:
    if text == ", ".join(before):
        return text_of(tuple(before))
    return text_of(tuple(re.findall(r"[^\s,;]+", text))) if key == "confirmed_for" else text


def _with_hidden_fields(texts: dict[str, str], key: str, was: Mapping[str, str]) -> dict[str, str]:
    """The texts, with those that the form cannot show as they were."""
    fields = ("color",) if key == "color" else ("days", "except", "kind", "years")
    return {
        **{name: text for name, text in texts.items() if name.partition(".")[0] not in fields},
        **{name: text for name, text in was.items() if name.partition(".")[0] in fields},
    }


def _windows(texts: Iterable[str]) -> frozenset[Window] | None:
    try:
        return frozenset(Window.parse(text) for text in texts)
    except Mistake:
        return None


def _written_in(days: Sequence[str], otherwise: Language) -> Language:
    """The language in which a rule is written."""
    return (readable(language_of, days) if days else None) or otherwise
