"""The texts against the code: every language has the same keys and placeholders, each key is used, and none is missing.

Texts of events are held against the catalogue in `tests/events`, those of help against the commands in `tests/cli`.
"""

import ast
import errno
import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core.core_schema import ErrorType

import controller
from controller.cli.schema import FILES, file_schema
from controller.events import CATALOGUE
from controller.gateways.base import GatewayInfo
from controller.locale import FOLDER, languages, texts
from controller.service.health import Status
from controller.simulation.meter import Wrong
from tests.source import nodes_by_file

TOPICS = sorted(path.relative_to(FOLDER / "en").with_suffix("").as_posix() for path in (FOLDER / "en").rglob("*.toml"))
WEB = Path(controller.__file__).parent / "web"
PAGE = tuple(topic for topic in TOPICS if topic.startswith("page/"))
"""Topics of the page, whose keys stand in its code and its templates, each after its topic and a point."""
PHRASES = ("commands", "why", "past", "status", "parts", "notices", *PAGE)
"""Topics whose keys stand in the code, in a call of Text, `text` or, in a template, `t`."""
QUOTED = r"""(?:"[^"]*"|'[^']*')"""
CHOICE_IN_TEMPLATE = re.compile(r"\bt\(([^(),]* if [^,]*? else [^(),]*)[,)]")
"""`t("a.b" if it else "a.c")`."""
IN_TEMPLATE = re.compile(rf"\bt\(\s*(view|{QUOTED})((?:\s*~\s*(?:{QUOTED}|[\w.\[\]]+))*)")
DYNAMIC = r"\w+"


def flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a topic with its key, whose parts are joined by dots."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)


def placeholders(text: str) -> list[str]:
    """The names in braces, each as often as it is in the text."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def pattern(node: ast.expr) -> str | None:
    """A regular expression of the keys that an expression may give; None where it gives no text."""
    match node:
        case ast.Constant(value=str(text)):
            return re.escape(text)
        case ast.JoinedStr(values=parts):
            return "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else DYNAMIC for p in parts)
        case ast.BinOp(left=left, op=ast.Add()):
            return f"{pattern(left)}{DYNAMIC}"
        case ast.IfExp(body=body, orelse=orelse):
            return f"{pattern(body)}|{pattern(orelse)}"
    return None


@cache
def asked() -> frozenset[tuple[str, str]]:
    """Topic and key, as a regular expression, of every text that the code asks for."""
    found = set()
    for path, nodes in nodes_by_file().items():
        for node in nodes:
            if isinstance(node, ast.GeneratorExp | ast.DictComp):
                found |= comprehended(node)
            elif isinstance(node, ast.Call) and node.args and (key := pattern(node.args[-1])):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in {"text", "page_text", "phrase"} and key not in languages():
                    found |= of_the_page(key) if path.is_relative_to(WEB) else {("commands", key)}
                elif name in {"Text", "template"} and isinstance(topic := node.args[-2], ast.Constant):
                    found.add((str(topic.value), key))
    for template in WEB.rglob("*.html"):
        for first, more in IN_TEMPLATE.findall(template.read_text("utf-8")):
            parts = [first, *(each.strip() for each in more.split("~")[1:])]
            found |= of_the_page("".join(re.escape(p[1:-1]) if p[0] in "\"'" else DYNAMIC for p in parts))
        for choice in CHOICE_IN_TEMPLATE.findall(template.read_text("utf-8")):
            for key in re.findall(QUOTED, choice):
                found |= of_the_page(re.escape(key[1:-1]))
    return frozenset(found)


def of_the_page(key: str) -> set[tuple[str, str]]:
    """A key of the page begins with its topic; the `title` of a view is asked for without naming the view."""
    if "|" in key:
        return {pair for each in key.split("|") for pair in of_the_page(each)}
    topic, _, name = key.partition(r"\.")
    found = (each for each in PAGE if re.fullmatch(topic, each.removeprefix("page/")))
    return {(each, name) for each in found if topic != DYNAMIC or name in texts("en", each)}


def comprehended(node: ast.GeneratorExp | ast.DictComp) -> set[tuple[str, str]]:
    """Of `(Text("why", key) for key in ("stop", "override"))` each key."""
    made = node.value if isinstance(node, ast.DictComp) else node.elt
    match made:
        case ast.Call(func=ast.Name("Text"), args=[ast.Constant(value=topic), ast.Name()]):
            return {(topic, re.escape(key)) for key in ast.literal_eval(node.generators[0].iter)}
    return set()


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_files(language: str) -> None:
    """And no other file lies there."""
    found = {path.relative_to(FOLDER / language).as_posix() for path in (FOLDER / language).rglob("*.*")}
    assert found == {f"{topic}.toml" for topic in TOPICS}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("topic", TOPICS)
def test_every_language_has_the_same_keys_with_the_same_placeholders(language: str, topic: str) -> None:
    """In the same order, so that two files can be laid side by side."""
    ours, english = (dict(flat(texts(each, topic))) for each in (language, "en"))
    assert list(ours) == list(english)
    assert {key: placeholders(text) for key, text in ours.items()} == {key: placeholders(english[key]) for key in ours}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("topic", TOPICS)
def test_every_text_says_something(language: str, topic: str) -> None:
    """But for the words before a rule that is lit, which has none."""
    empty = [key for key, text in flat(texts(language, topic)) if not text.strip()]
    assert empty == (["before.lit"] if topic == "why" else [])


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_of_mqtt_has_one_word_in_swedish(topic: str) -> None:
    """That of tower.yaml and of each device's own settings; `synonyms` are what people may write instead."""
    said = [text for _, text in flat(texts("sv", topic)) if re.search(r"\bämne", text, re.IGNORECASE)]
    assert said == [] or topic == "synonyms"


@pytest.mark.parametrize("topic", PHRASES)
def test_every_key_of_the_phrases_is_used(topic: str) -> None:
    """A text that nothing prints is one that nobody corrects."""
    used = [key for name, key in asked() if name == topic]
    left = [key for key, _ in flat(texts("en", topic)) if not any(re.fullmatch(each, key) for each in used)]
    assert left == ([key for key, _ in flat({"rule": texts("en", "why")["rule"]})] if topic == "why" else [])


@pytest.mark.parametrize("topic", PHRASES)
def test_no_key_of_the_phrases_is_missing(topic: str) -> None:
    """What the code asks for is there."""
    keys = [key for key, _ in flat(texts("en", topic))]
    used = [key for name, key in asked() if name == topic]
    assert used
    assert [each for each in used if not any(re.fullmatch(each, key) for key in keys)] == []


def test_the_page_names_no_language() -> None:
    """It takes those that have a folder, in its code, its templates and its script."""
    files = [path for path in WEB.rglob("*.*") if path.suffix in {".py", ".html", ".js"}]
    name = re.compile(rf"""["'.]({"|".join(languages())})["']""")
    assert [(path.name, found[0]) for path in files for found in name.finditer(path.read_text("utf-8"))] == []


def test_values_that_are_put_into_words_all_have_one() -> None:
    """Where a part of the key is a value."""
    commands = texts("en", "commands")
    assert set(commands["status"]["zone"]) == set(get_args(Status))
    assert set(commands["status"]["info"]) == set(GatewayInfo.model_fields)
    assert set(commands["rehearse"]["wrong"]) == set(get_args(Wrong))
    assert list(commands["weekday"]) == [str(day) for day in range(1, 8)]
    assert list(commands["month"]) == [str(month) for month in range(1, 13)]


def test_every_keyword_that_is_explained_exists_in_the_files() -> None:
    """As a property of one of the two schemas."""

    def properties(schema: object) -> set[str]:
        if isinstance(schema, list):
            return set().union(*map(properties, schema))
        if not isinstance(schema, dict):
            return set()
        return set(schema.get("properties", {})).union(*map(properties, schema.values()))

    known = set().union(*(properties(file_schema(model)) for model in FILES.values()))
    assert set(texts("en", "keywords")) - {"editor"} - known == set()


def test_months_and_weekdays_are_distinguished() -> None:
    """In each language, as short as they are."""
    for language in languages():
        for table in ("weekday", "month"):
            names = sorted(texts(language, "commands")[table].values())
            assert all(one != other for one, other in pairwise(names))


def test_every_reason_that_has_words_is_given_by_something() -> None:
    """By the code, the operating system, SQLite or pydantic, which give codes that the code does not hold."""
    said = {str(node.value) for nodes in nodes_by_file().values() for node in nodes if isinstance(node, ast.Constant)}
    known = {*said, *errno.errorcode.values(), *get_args(ErrorType)}
    begun = ("SQLITE_", *(text for text in said if re.fullmatch("[a-z]+_", text)))  # `drawing_{word}`
    assert [code for code in texts("en", "reasons") if code not in known and not code.startswith(begun)] == []


def test_every_field_whose_words_are_known_is_one_of_an_event() -> None:
    """Words for a field that no event has are never printed."""
    fields = {field for kind in CATALOGUE.values() for field in kind.fields}
    assert set(texts("en", "values")["words"]) - fields == set()
