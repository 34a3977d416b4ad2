"""The schedule changed through a form: the file says what was asked, and all other lines stay byte for byte."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controller.config.load import Setup, open_schedule
from controller.config.nodes import Pairs, span_of
from controller.config.rule_form import OneYear, RuleForm, field_texts, form_from, form_of, forms
from controller.config.schedule_edit import (
    Edited,
    Faulty,
    Outcome,
    RuleKey,
    cured_form,
    move_rule,
    remove_rule,
    save_form,
)
from controller.config.schedule_text import as_flow
from controller.config.tower import Tower
from controller.events.models import in_language
from tests.config.schedule_files import schedule_text
from tests.parts import examples

SEEDS = range(examples(60))
SOME = SEEDS[:30]
SHIPPED = (Path(__file__).parents[2] / "config" / "schedule.yaml").read_bytes()


@pytest.fixture(scope="module")
def tower(shipped: Setup) -> Tower:
    """The shipped one."""
    return shipped.tower


def lines_of(text: bytes) -> list[bytes]:
    """With their line ends."""
    return text.splitlines(keepends=True)


def rule_forms(text: bytes, tower: Tower) -> tuple[RuleForm, ...]:
    """The rules of a schedule that has no mistakes."""
    opened = open_schedule(text, tower)
    assert not opened.findings, (opened.findings, text.decode())
    return forms(opened.document)


def own_lines(text: bytes, key: RuleKey, tower: Tower) -> set[int]:
    """The lines of a rule, from 0."""
    for rule in open_schedule(text, tower).document.pairs.groups(key.group):
        assert isinstance(rule, Pairs)
        name = rule.scalar("name")
        if name is not None and name.text.strip() == key.name:
            span = span_of(rule)
            return set(range(span.line - 1, span.end_line))
    raise AssertionError(key)


def comments(text: bytes) -> Counter[str]:
    """The comments on lines of their own."""
    return Counter(line.strip() for line in text.decode().splitlines() if line.lstrip().startswith("#"))


def edited(outcome: Outcome) -> bytes:
    """The text of what must have been possible."""
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def some_change(random: Random, form: RuleForm) -> RuleForm:
    """A few fields of the form changed, set or emptied."""
    changes = {
        "name": f"{form.name}: ny # 2",
        "kind": "dates" if form.kind == "nights" else "nights",
        "days": ("21–27 november", "Lucia"),
        "except_": random.choice(((), ("24 december",), ("julafton", "24 november"))),
        "hours": random.choice(((), ("sunset to 23:00",), ("sunset to 23:00", "05:00 to sunrise"))),
    }
    if form.group in {"campaigns", "every_night"}:
        changes |= {
            "fade_in": random.choice(("", "1 min", "30 s")),
            "fade_out": "2 min",
            "otherwise": random.choice(("", "dark")),
            "confirmed_for": random.choice(((), ("2026",), ("2026", "2027"))),
            "brightness": random.choice(("", "55 %")),
        }
    if form.group == "campaigns":
        changes |= {
            "about": random.choice(({}, {"sv": "För alla: ja"}, {"sv": "Å" * 90, "en": "b, c [d]"})),
            "link": random.choice(("", "https://www.alvesta.se/lyktan#nu")),
        }
        color = random.choice(("#2E7D32", ("röd", "#FFFFFF"), {"bowl": "vit", "shaft": "dark"}))
        pace = "60 s" if isinstance(color, tuple) else ""
        if random.random() < 0.5:
            return replace(form, color=color, change_every=pace)
    chosen = random.sample(sorted(changes), random.randint(1, 3))
    if form.years and "days" in chosen:
        chosen.remove("days")
    return replace(form, **{key: changes[key] for key in chosen})


@pytest.mark.parametrize("seed", SEEDS)
def test_form_to_file_to_form_is_the_same_and_other_lines_stay(seed: int, tower: Tower) -> None:
    """Whatever the style of the file; a form that changes nothing gives back its bytes."""
    text, random = schedule_text(seed).encode(), Random(seed)
    before = rule_forms(text, tower)
    for form in random.sample(before, min(1, len(before))):
        key = RuleKey(form.group, form.name)
        assert edited(save_form(text, key, form_from(form.group, field_texts(form)), tower)) == text
        meant = some_change(random, form)
        after = edited(save_form(text, key, meant, tower))
        found = rule_forms(after, tower)
        assert [one for one in found if one.name != meant.name] == [one for one in before if one.name != form.name]
        again = form_of(open_schedule(after, tower).document, form.group, meant.name)
        assert again is not None
        assert again == form_from(form.group, field_texts(again))
        assert again.values() == meant.values()
        own, lines = own_lines(text, key, tower), lines_of(text)
        kept = [line for number, line in enumerate(lines) if number not in own]
        assert not Counter(kept[:-1]) - Counter(lines_of(after))
        changed = [line for line in lines if line not in lines_of(after)]
        assert len(changed) <= len(own) + 1
        assert comments(after) >= comments(b"".join(kept))


def test_a_keyword_is_added_below_lines_that_are_removed(tower: Tower) -> None:
    """The new line belongs where the last line of the value above it was."""
    text = b"""version: 1
campaigns:
  - name: Byte
    dates: 20 november
    except:
      - julafton
      - juldagen
    color:
      bowl: vit
      shaft: vit
"""
    form = rule_forms(text, tower)[0]
    meant = replace(
        form, except_=("julafton",), hours=("18:00 to 22:00",), color=("vit", "orange"), change_every="60 s"
    )
    after = edited(save_form(text, RuleKey("campaigns", "Byte"), meant, tower))
    assert (
        after.decode()
        == """version: 1
campaigns:
  - name: Byte
    dates: 20 november
    except:
      - julafton
    hours: 18:00 to 22:00
    color: [vit, orange]
    change_every: 60 s
"""
    )


@pytest.mark.parametrize("seed", SOME)
def test_a_new_rule_is_a_block_of_its_own(seed: int, tower: Tower) -> None:
    """And is last in its group; all lines but the keyword of an empty list stay."""
    text, random = schedule_text(seed).encode(), Random(seed)
    before = rule_forms(text, tower)
    group = random.choice(("campaigns", "every_night", "blackouts", "limits"))
    more = {"blackouts": {}, "limits": {"brightness": "40 %"}}.get(group, {"color": "#2E7D32"})
    form = RuleForm(group, "Ny: post", days=("julafton", "nyårsafton"), **more)
    after = edited(save_form(text, None, form, tower))
    found = [one for one in rule_forms(after, tower) if one.group == group]
    assert found == [*(one for one in before if one.group == group), form]
    gone = Counter(lines_of(text)) - Counter(lines_of(after))
    assert all(line.startswith(group.encode()) or line == lines_of(text)[-1] for line in gone)
    assert text.endswith(b"\n") == after.endswith(b"\n")


@pytest.mark.parametrize("seed", SOME)
def test_what_was_added_can_be_taken_out_again(seed: int, tower: Tower) -> None:
    """A rule removed leaves the others, and the comments of the others."""
    text, random = schedule_text(seed).encode(), Random(seed)
    before = rule_forms(text, tower)
    if not before:
        return
    form = random.choice(before)
    after = edited(remove_rule(text, RuleKey(form.group, form.name), tower))
    assert rule_forms(after, tower) == tuple(one for one in before if one != form)
    gone = Counter(text.decode().split()) - Counter(after.decode().split())
    lines = text.decode().splitlines()
    assert sum(gone.values()) <= max(1, len(" ".join(lines).split()))
    assert b"# slut" in after or b"# slut" not in text


@pytest.mark.parametrize("seed", SOME)
def test_a_move_keeps_every_line(seed: int, tower: Tower) -> None:
    """And puts the rule where it was asked to be."""
    text, random = schedule_text(seed).encode(), Random(seed)
    group = [one for one in rule_forms(text, tower) if one.group == "campaigns"]
    if not group:
        return
    number, to = random.randrange(len(group)), random.randrange(len(group))
    after = edited(move_rule(text, RuleKey("campaigns", group[number].name), to, tower))
    group.insert(to, group.pop(number))
    assert [one for one in rule_forms(after, tower) if one.group == "campaigns"] == group
    if b"campaigns: [" not in text:
        assert sorted(line.strip() for line in lines_of(after)) == sorted(line.strip() for line in lines_of(text))


@pytest.mark.parametrize(
    ("changes", "field", "offered"),
    [
        ({"days": ("31 november",)}, "days", "30 november"),
        ({"years": (OneYear(2026, ("21–27 Novembr",)),)}, "years.2026", "21–27 November"),
        ({"fade_in": "2"}, "fade_in", "2 s"),
        ({"color": {"bowl": "oragne", "shaft": "vit"}}, "color.bowl", "orange"),
        ({"link": "www.alvesta.se"}, "link", "https://www.alvesta.se"),
        ({"name": ""}, "name", None),
        ({"name": "A" * 900}, "name", None),
        ({"link": "javascript:alert(1)"}, "link", None),
        ({"about": {"sv": "x\x07"}}, "about.sv", None),
        ({"brightness": "150 %"}, "brightness", None),
        ({"days": ()}, "days", None),
        ({"hours": ("08:00 to 16:00",)}, "hours", "[08:00 to noon, noon to 16:00]"),
        ({"confirmed_for": ("26",)}, "confirmed_for", "2026"),
        ({"color": ("röd", "blå")}, "change_every", "change_every: 60 s"),
        ({"name": "Pr\u200bide"}, "name", ""),
    ],
)
def test_a_mistake_is_shown_at_its_field_with_its_cure(
    changes: dict[str, Any], field: str, offered: str | None, tower: Tower
) -> None:
    """Nothing is written, and one press gives the form without it."""
    (form,) = rule_forms(SHIPPED, tower)
    typed = replace(form, **changes)
    faulty = save_form(SHIPPED, RuleKey("campaigns", form.name), typed, tower)
    assert isinstance(faulty, Faulty)
    (finding,) = faulty.findings
    assert finding.field is not None
    assert (finding.field.group, finding.field.field) == ("campaigns", field)
    shown = [in_language(one.shown, "sv") for one in finding.suggestions]
    assert shown[:1] == ([] if offered is None else [offered])
    for one in finding.suggestions:
        cured = cured_form(typed, faulty, finding, one, tower, "sv")
        assert isinstance(save_form(SHIPPED, RuleKey("campaigns", form.name), cured, tower), Edited)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ncampaigns:\n  - &a\n    name: A\n    dates: 6 juni\n    color: röd\n",
        "version: 1\ncampaigns:\n  - name: A\n    dates: 31 juni\n    color: röd\n",
        "{version: 1, campaigns: [{name: A, dates: 6 juni, color: röd}]}\n",
        "version: 1\ncampaigns:\n- {name: A, dates: 6 juni,  # då\n   color: röd}\n",
        "--- \nversion: 1\ncampaigns:\n  - name: A\n    dates: 6 juni\n    color: röd\n...\n",
        "version: 1\ncampaigns:\n  -\n    dates: 6 juni\n    name: A\n    color: röd\n",
        "version: 1\ncampaigns:\n  - dates: 6 juni\n    name: A\n    color: {bowl: röd,\n      shaft: vit}\n",
        "version: 1\ncampaigns:\n  - ? name\n    : A\n    dates: 6 juni\n    color: röd\n",
        'version: 1\n"campaigns":\n  - "name": "A"\n    "dates": "6 juni"\n    "color": "r\\xf6d"\n',
        "version: 1\ncampaigns:\n  - name: A\n    dates:\n    - 6 juni # a\n    - Lucia # b\n    color: röd",
    ],
)
def test_odd_files_are_changed_rightly_or_not_at_all(text: str, tower: Tower) -> None:
    """Whatever the style: never another meaning."""
    key = RuleKey("campaigns", "A")
    changes: list[dict[str, Any]] = [
        *(
            {"days": ("7 juni",)},
            {"days": ("Lucia", "7 juni")},
            {"name": "B # b"},
            {"color": "vit"},
            {"link": "https://a.se"},
        ),
        *({"kind": "nights"}, {"except_": ("Lucia",)}, {"about": {"sv": "å: [b], {c}"}}),
    ]
    form = form_of(open_schedule(text.encode(), tower).document, *key) or RuleForm("campaigns", "A")
    for change in changes:
        meant = replace(form, **change)
        outcome = save_form(text.encode(), key, meant, tower)
        if isinstance(outcome, Edited):
            (found,) = rule_forms(outcome.text, tower)
            assert found == meant
    for outcome in (remove_rule(text.encode(), key, tower), move_rule(text.encode(), key, 0, tower)):
        assert not isinstance(outcome, Faulty)
    new = RuleForm("blackouts", "Mörkt", days=("julafton",))
    outcome = save_form(text.encode(), None, new, tower)
    if isinstance(outcome, Edited):
        assert rule_forms(outcome.text, tower) == (form, new)


def test_a_change_keeps_comments_in_their_column(tower: Tower) -> None:
    """Or two spaces behind a value that has become too long."""
    (form,) = rule_forms(SHIPPED, tower)
    meant = replace(
        form, days=("20–27 november",), hours=("solnedgång till 23:00", "05:00 till soluppgång"), fade_in="1 min"
    )
    after = edited(save_form(SHIPPED, RuleKey("campaigns", form.name), meant, tower)).decode().splitlines()
    assert after[10:12] == [
        "    dates: 20–27 november         # inget årtal = varje år / no year = every year",
        "    hours: [solnedgång till 23:00, 05:00 till soluppgång]  # från solnedgång till soluppgång",
    ]
    assert after[14] == "    fade_in: 1 min                # tänds mjukt / fades in"
    assert [line for n, line in enumerate(SHIPPED.decode().splitlines()) if n not in {10, 11, 14}] == [
        line for n, line in enumerate(after) if n not in {10, 11, 14}
    ]


def test_the_last_lines_go_and_the_file_ends_as_before(tower: Tower) -> None:
    """With a line end or without one."""
    for end in ("\n", ""):
        kept = "version: 1\ncampaigns:\n  - name: A\n    dates: Lucia\n    color: vit"
        text = f"{kept}\n    fade_in: 1 s\n    fade_out: 2 s{end}"
        form = replace(rule_forms(text.encode(), tower)[0], fade_in="", fade_out="")
        after = edited(save_form(text.encode(), RuleKey("campaigns", "A"), form, tower)).decode()
        assert after == f"{kept}{end}"


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_value_stays_in_its_quotes(quote: str, tower: Tower) -> None:
    """Whoever keeps the file in order sees what was changed, and nothing else."""
    text = f"version: 1\ncampaigns:\n  - name: A\n    dates: Lucia\n    color: {quote}vit{quote}\n"
    form = replace(rule_forms(text.encode(), tower)[0], color="gul")
    after = edited(save_form(text.encode(), RuleKey("campaigns", "A"), form, tower)).decode()
    assert after == text.replace("vit", "gul")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("6 juni", "6 juni"),
        ("röd, blå", '"röd, blå"'),
        (("6 juni, 18", "Lucia"), '["6 juni, 18", Lucia]'),
        (["[1]", "{a", "a # b", ""], '["[1]", "{a", "a # b", ""]'),
        ({"sv": "Vi minns, i dag", "a, b": "c"}, '{sv: "Vi minns, i dag", "a, b": c}'),
        ({"bowl": ["röd", "a]"]}, '{bowl: [röd, "a]"]}'),
        ((), "[]"),
    ],
)
def test_a_value_on_one_line_has_quotes_where_they_are_needed(value: Any, written: str) -> None:
    """Within brackets and braces a comma separates, and a bracket ends."""
    assert as_flow(value) == written
