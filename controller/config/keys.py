"""Checks the keywords of a document against the pydantic model that will read it, and the form of its numbers.

An unknown keyword is a mistake, with the probably meant one; its value is then checked as that one's, so that the
mistakes inside are found in the same run. Of several models (kinds of gateways) the one named by `kind` applies; if
that is unknown, nothing is checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, PlainValidator, WrapValidator
from pydantic.fields import FieldInfo

from controller.config.findings import MOST_SOUGHT, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence
from controller.config.synonyms import PASSWORDS, near
from controller.lighting.names import DARK_WORDS

# digits without plus sign, leading zero, point or exponent: other readers take 010 for 8, 1e3 for 1000
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,15})?")
RUN_TOGETHER = re.compile(r"(?P<key>[^\W\d][\w-]*)(?P<between>:| *= *| +)(?P<value>\S.*)")
# a number in another form; south and west change its sign, and a number with any other word is not guessed
NEARLY = re.compile(
    r"[NEÖ]?\s*\+?(?P<sign>[-−–])?0*(?P<whole>[0-9]+)(?P<part>[.,][0-9]{1,15})?\s*°?\s*[NEÖ]?", re.IGNORECASE
)
READERS = (BeforeValidator, PlainValidator, WrapValidator)
COMMENTED_VALUE = re.compile(r"#[^\s#]")
"""`#FF6A00` is a value without its quotes; `# later` is a comment."""


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """Keywords of the outermost level of the checked file (`own`) and of the other file."""

    own: frozenset[str]
    other: frozenset[str]
    other_file: str


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a value may be by its annotation: pairs read by one of `models`, a list of `items`, pairs with arbitrary
    keywords that hold `values`, or a number that pydantic itself reads."""

    models: tuple[type[BaseModel], ...] = ()
    items: "ValueType | None" = None
    values: "ValueType | None" = None
    number: type | None = None

    def model_of(self, pairs: Pairs) -> type[BaseModel] | None:
        """The model that reads these pairs; None if it is unknown."""
        if len(self.models) < 2:
            return self.models[0] if self.models else None
        kind = pairs.entries.get("kind") or _renamed(pairs.entries, ("kind",), frozenset()).get("kind")
        return _kinds(self.models).get(kind.value.text) if kind and isinstance(kind.value, Scalar) else None


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of a model."""

    field: FieldInfo
    holds: ValueType

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The models that read its value, or the items of the value."""
        return (*self.holds.models, *(self.holds.items.models if self.holds.items else ()))


@cache
def keys(model: type[BaseModel]) -> Mapping[str, Keyword]:
    """The keywords of a model; empty for a model that reads another form than its own fields."""
    if any(one.info.mode == "before" for one in model.__pydantic_decorators__.model_validators.values()):
        return {}
    return {
        field.alias or name: Keyword(field, _value_type(field.rebuild_annotation()))
        for name, field in model.model_fields.items()
        if not field.exclude
    }


def _value_type(annotation: Any) -> ValueType:
    """`number` only if nothing but pydantic reads the value, so that nothing else can be meant."""
    own_reader = get_origin(annotation) is Annotated and any(isinstance(one, READERS) for one in get_args(annotation))
    models: list[type[BaseModel]] = []
    inside: dict[str, ValueType] = {}
    parts = set(_parts(annotation)) - {type(None)}
    for part in _parts(annotation):
        origin, arguments = get_origin(part), get_args(part)
        if isinstance(part, type) and issubclass(part, BaseModel):
            models.append(part)
        elif origin in {tuple, list} and arguments:
            inside["items"] = _value_type(arguments[0])
        elif origin in {dict, Mapping}:
            inside["values"] = _value_type(arguments[1])
    number = next((one for one in (int, float) if parts == {one} and not own_reader), None)
    return ValueType(tuple(models), number=number, **inside)


def _parts(annotation: Any) -> list[Any]:
    """The alternatives of the annotation, without wrappers."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _parts(arguments[0])
    if origin in {Union, UnionType}:
        return [part for argument in arguments for part in _parts(argument)]
    return [annotation]


@cache
def all_keys(model: type[BaseModel]) -> frozenset[str]:
    """The keywords of a model and of all models inside it."""
    inner = (one for keyword in keys(model).values() for part in keyword.models for one in all_keys(part))
    return frozenset({*keys(model), *inner})


@cache
def _misplaceable(model: type[BaseModel], files: OpenedFiles) -> frozenset[str]:
    """The words that are keywords, but not of this model."""
    inner = (word for keyword in keys(model).values() for one in keyword.models for word in keys(one))
    return frozenset({*files.own, *files.other, *inner})


@cache
def _kinds(models: tuple[type[BaseModel], ...]) -> Mapping[str, type[BaseModel]]:
    """The models by their word for `kind`."""
    parts = ((model, part) for model in models for part in _parts(model.model_fields["kind"].annotation))
    return {word: model for model, part in parts if get_origin(part) is Literal for word in get_args(part)}


@lru_cache
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    """`near`, cached: a file made by a script has the same misspelling in each entry."""
    return near(word, known)


def checked(document: Document, model: type[BaseModel], files: OpenedFiles) -> Document:
    """The document with each misspelled keyword under the one that was meant, where `key.text` stays as written, and
    with a finding for every unknown, misplaced or empty keyword and every number in another form."""
    if document.root is None:
        return document
    check = _Check(document, model, files)
    root = check.value(ValueType((model,)), document.root)
    return Document(document.source, root, (*document.findings, *check.findings))


class _Check:
    """One pass over a document; `model` is that of the whole file."""

    def __init__(self, document: Document, model: type[BaseModel], files: OpenedFiles) -> None:
        self._source = document.source
        self._model = model
        self._files = files
        self._outermost: Mapping[str, YamlEntry] = {}
        self.findings: list[Finding] = []

    def value(self, holds: ValueType, node: Node) -> Node:
        """The node as it was meant."""
        if isinstance(node, Scalar):
            self._number(holds.number, node)
            return node
        items = holds.items
        if isinstance(node, Pairs) and items and items.models and not holds.models:
            node = self._entries(items.models[0], node)
        if isinstance(node, YamlSequence):
            if items is None:
                return node
            joined = self._without_hyphens(items.models[0], node.items) if len(items.models) == 1 else node.items
            return node._replace(items=tuple(self.value(items, one) for one in joined))
        model = holds.model_of(node)
        if model is not None and keys(model):
            return self._pairs(model, node)
        if model is not None or holds.values is None:
            return node
        entries = {}
        for word, entry in node.entries.items():
            found = RUN_TOGETHER.match(word) if entry.is_empty and not self._has_colon(entry.key) else None
            if found:  # `{bowl:red}`, `{bowl red}`, `{bowl=red}`
                code = "TWL-S022" if found["between"] == ":" else "TWL-S023"
                self._found(code, entry, key=found["key"], value=found["value"])
                value = Scalar(found["value"], entry.key.part(*found.span("value")))
                entries[found["key"]] = YamlEntry(entry.key.shortened(found["key"]), value)
                continue
            entries[word] = entry
            if entry.is_empty:
                self._empty(None, entry)
        values = holds.values
        return node._replace(
            entries={
                word: one if one.is_empty else one._replace(value=self.value(values, one.value))
                for word, one in entries.items()
            }
        )

    def _entries(self, model: type[BaseModel], node: Pairs) -> Pairs | YamlSequence:
        """The list that pairs in its place mean: one entry without its hyphen, or entries by their names."""
        written, (_, column, _) = self._source.lines[node.place.line - 1], node.place
        known = keys(model)
        if "name" not in known or "{" in written[: column - 1] or not node.entries:
            return node
        if all(isinstance(entry.value, Pairs) or entry.is_empty for entry in node.entries.values()):
            named = [(entry.key, entry.value) for entry in node.entries.values()]
            for name, _ in named:
                self.findings.append(self._source.finding("TWL-S184", name.place, value=name.text))
            return YamlSequence(tuple(_named(name, value) for name, value in named), node.place)
        if _nearest(next(iter(node.entries)), tuple(known)) is None or column < 3:
            return node
        rest = written[column - 1 :].partition(" #")[0].rstrip()
        self.findings.append(self._source.finding("TWL-S072", node.place, rest=rest, column=column - 3))
        return YamlSequence((node,), node.place)

    def _without_hyphens(self, model: type[BaseModel], items: tuple[Node, ...]) -> tuple[Node, ...]:
        """The entries; an entry that only continues the one above has a hyphen too many."""
        known, joined = keys(model), list[Node]()
        for item in items:
            above = joined[-1] if joined and "name" in known else None
            has, more = (_meant(one, known) if isinstance(one, Pairs) else set() for one in (above, item))
            goes_on = "name" in has and more and more <= known.keys() - has
            line, column, _ = item.place
            written = self._source.lines[line - 1]
            if (
                isinstance(item, Pairs)
                and isinstance(above, Pairs)
                and goes_on
                and written[: column - 1].strip() == "-"
            ):
                rest = written[column - 1 :].partition(" #")[0].rstrip()
                self.findings.append(self._source.finding("TWL-S185", item.place, rest=rest, column=column - 1))
                joined[-1] = above._replace(entries={**above.entries, **item.entries})
            else:
                joined.append(item)
        return tuple(joined)

    def _has_colon(self, key: Scalar) -> bool:
        return self._source.lines[key.place.line - 1][key.place.end - 1 :].lstrip().startswith(":")

    def _pairs(self, model: type[BaseModel], node: Pairs) -> Pairs:
        known, meant = keys(model), {}
        entries = self._beside_their_keyword(known, self._beginning_with_its_name(known, node.entries))
        if len(self.findings) < MOST_SOUGHT:
            entries = _renamed(entries, known, _misplaceable(model, self._files))
        self._outermost = self._outermost or entries
        for word, entry in entries.items():
            if (entry.key.text != word or word not in known) and len(self.findings) < MOST_SOUGHT:
                self._unknown(model, entry)
            if word not in known:
                meant[word] = entry
            elif entry.is_empty:
                self._empty(known[word].field, entry)
                meant[word] = entry
            else:
                meant[word] = entry._replace(value=self.value(known[word].holds, entry.value))
        return node._replace(entries=meant)

    def _beginning_with_its_name(
        self, known: Mapping[str, Keyword], entries: Mapping[str, YamlEntry]
    ) -> Mapping[str, YamlEntry]:
        """`- Lucia:` and its lines below, for `- name: Lucia`."""
        word, first = next(iter(entries.items()), ("", None))
        name = known.get("name")
        if first is None or name is None or not name.field.is_required() or not self._has_colon(first.key):
            return entries
        if not first.is_empty or len(entries) == 1 or "name" in entries or self._is_known(word, known):
            return entries
        self._found("TWL-S184", first, value=word)
        others = {other: entry for other, entry in entries.items() if other != word}
        return {"name": YamlEntry(first.key.shortened("name"), first.key), **others}

    def _is_known(self, word: str, known: Mapping[str, Keyword]) -> bool:
        return (
            _nearest(word, tuple(known)) is not None
            or word in self._files.own | self._files.other
            or word.casefold() in PASSWORDS
        )

    def _beside_their_keyword(
        self, known: Mapping[str, Keyword], entries: Mapping[str, YamlEntry]
    ) -> Mapping[str, YamlEntry]:
        """Pairs in the column of the empty keyword that they belong to: `color:` with `bowl: red` not further in."""
        moved: dict[str, YamlEntry] = {}
        holder: str | None = None
        for word, entry in entries.items():
            if holder is not None and not entry.is_empty and not self._is_known(word, known):
                found = entry.key.place.column - 1
                self._found("TWL-S021", entry, word=word, found=found, expected=found + 2)
                inner = moved[holder].value
                inside = inner.entries if isinstance(inner, Pairs) else {}
                moved[holder] = moved[holder]._replace(value=Pairs({**inside, word: entry}, entry.key.place))
                continue
            moved[word] = entry
            holds_pairs = word in known and known[word].holds.values is not None
            holder = word if holds_pairs and entry.is_empty and entry.comment is None else None
        return moved

    def _unknown(self, model: type[BaseModel], entry: YamlEntry) -> None:
        """Reports a keyword that is known, but in another place: the outermost level, the other file, an entry further
        in, or a group beside this one; or one that is unknown."""
        word, known, files = entry.key.text, keys(model), self._files
        inside = next((key for key, one in known.items() if any(word in keys(part) for part in one.models)), None)
        if word in files.own and word not in self._outermost:
            self._found("TWL-S018", entry, key=word)
        elif word in files.other:
            self._found("TWL-S012", entry, key=word, other=files.other_file)
        elif inside is not None:
            self._found("TWL-S016", entry, key=word, parent=inside)
        elif beside := self._group_beside(model, word):
            if word == "color" and "brightness" not in known and _is_dark(entry.value):  # a blackout
                self._found("TWL-S270", entry, key=word)
            else:
                self._found("TWL-S077", entry, key=word, group=beside)
        elif word.casefold() in PASSWORDS:
            self._found("TWL-S090", entry)
        elif (together := RUN_TOGETHER.match(word)) and together["key"] in known:
            code = "TWL-S022" if together["between"] == ":" else "TWL-S023"
            self._found(code, entry, key=together["key"], value=together["value"])
        elif suggestion := _nearest(word, tuple(known)):
            self._found("TWL-S010", entry, key=word, suggestion=suggestion)
        else:
            self._found("TWL-S011", entry, key=word, allowed=", ".join(known))

    def _group_beside(self, model: type[BaseModel], word: str) -> str | None:
        groups = {group: keyword.models for group, keyword in keys(self._model).items()}
        is_shortened = any(key.startswith(f"{word}_") for key in keys(model))
        if is_shortened or not any(model in models for models in groups.values()):
            return None
        others = (group for group, models in groups.items() if model not in models)
        return next((group for group in others if any(word in keys(one) for one in groups[group])), None)

    def _empty(self, field: FieldInfo | None, entry: YamlEntry) -> None:
        if entry.comment and COMMENTED_VALUE.match(entry.comment.text):
            place, value = entry.comment.place, entry.comment.text
            self.findings.append(self._source.finding("TWL-S004", place, key=entry.key.text, value=value))
        elif field is not None and field.is_required():
            self._found("TWL-S078", entry, key=entry.key.text)
        elif field is None or field.get_default(call_default_factory=True) not in ((), {}):
            self._found("TWL-S013", entry, key=entry.key.text)

    def _number(self, number: type | None, node: Scalar) -> None:
        if number is int and not WHOLE.fullmatch(node.text):
            self.findings.append(self._source.finding("TWL-S057", node.place, value=node.text))
        elif number is float and not DECIMAL.fullmatch(node.text):
            example = _plain_number(node.text)
            self.findings.append(self._source.finding("TWL-S058", node.place, value=node.text, example=example))

    def _found(self, code: str, entry: YamlEntry, **fields: object) -> None:
        self.findings.append(self._source.finding(code, entry.key.place, **fields))


def _is_dark(value: Node) -> bool:
    return isinstance(value, Scalar) and value.text.strip().casefold() in DARK_WORDS


def _named(name: Scalar, value: Node) -> Pairs:
    """An entry whose name was written above it."""
    inside = value.entries if isinstance(value, Pairs) else {}
    return Pairs({"name": YamlEntry(name.shortened("name"), name), **inside}, name.place)


def _meant(pairs: Pairs, known: Mapping[str, Keyword]) -> set[str]:
    return {_nearest(word, tuple(known)) or word for word in pairs.entries}


def _renamed(
    entries: Mapping[str, YamlEntry], known: Iterable[str], elsewhere: frozenset[str]
) -> Mapping[str, YamlEntry]:
    """The entries by the keyword that each was meant to be, unless that one is there itself."""
    if all(word in known for word in entries):
        return entries
    renamed: dict[str, YamlEntry] = {}
    for word, entry in entries.items():
        meant, value = word, entry
        if word not in known and word not in elsewhere and word.casefold() not in PASSWORDS:
            found = RUN_TOGETHER.match(word) if entry.is_empty else None
            if found and found["key"] in known:  # `{dates:6 June}` and `{dates 6 June}`: one word for YAML
                meant, text = found["key"], Scalar(found["value"], entry.key.part(*found.span("value")))
                value = YamlEntry(entry.key, text)
            else:
                meant = _nearest(word, tuple(known)) or word
        taken = meant != word and (meant in entries or meant in renamed)
        renamed[word if taken else meant] = entry if taken else value
    return renamed


def _plain_number(text: str) -> str:
    """The number that was most likely meant, as the file requires it; else any number as an example."""
    found = NEARLY.fullmatch(text.strip())
    part = (found["part"] or "").replace(",", ".") if found else ""
    meant = f"{'-' if found['sign'] else ''}{found['whole']}{part}" if found else ""
    return meant if DECIMAL.fullmatch(meant) else "56.899"
