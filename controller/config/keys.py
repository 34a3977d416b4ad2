"""Checks the keywords of a document against the pydantic model that will read it, and the form of its numbers.

An unknown keyword is a mistake, with the near one that was probably meant; what it holds is then checked as that one's,
so that the mistakes inside are found in the same run. Of several models (kinds of gateways) the one that `kind` names
counts; where that is unknown, nothing is checked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, PlainValidator, WrapValidator
from pydantic.fields import FieldInfo

from controller.config.findings import Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence
from controller.config.synonyms import PASSWORDS, near

# digits without plus sign, leading zero, point or exponent: other readers take 010 for 8, 1e3 for 1000
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,15})?")
RUN_TOGETHER = re.compile(r"(?P<key>[^\W\d]\w*)(?P<between>:| +)(?P<value>\S.*)")
MAPPINGS = (dict, Mapping)
NEARLY = re.compile(
    r"[NEÖ]?\s*\+?(?P<sign>[-−–])?0*(?P<whole>[0-9]+)(?:[.,](?P<part>[0-9]{1,15}))?\s*°?\s*[NEÖ]?", re.IGNORECASE
)
"""A number in another form; south and west turn its sign, and a number with any other word is not guessed at."""
READERS = (BeforeValidator, PlainValidator, WrapValidator)
COMMENTED_VALUE = re.compile(r"#[^\s#]")
"""`#FF6A00` is a value without its quotes; `# later` is a comment."""


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """Keywords of the outermost level of the file that is checked (`own`) and of the other file."""

    own: frozenset[str]
    other: frozenset[str]
    other_file: str


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keyword that stands for each in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items() if not field.exclude}


def all_keys(model: type[BaseModel]) -> frozenset[str]:
    """The keywords of a model and of all models inside it."""
    inner = (one for field in keys(model).values() for part in _inner_models(field) for one in all_keys(part))
    return frozenset({*keys(model), *inner})


def as_meant(document: Document, model: type[BaseModel], files: OpenedFiles) -> Document:
    """The document with each misspelled keyword under the one that was meant; `key.text` stays as written."""
    root = document.root
    return document if root is None else replace(document, root=_as_meant(model, root, files))


def _as_meant(annotation: Any, node: Node, files: OpenedFiles) -> Node:
    if isinstance(node, YamlSequence):
        inner = next(_item_types(annotation), None)
        return replace(node, items=tuple(_as_meant(inner, item, files) for item in node.items))
    if not isinstance(node, Pairs):
        return node
    for model in _members(annotation, replace(node, entries=_renamed(node.entries, ("kind",), frozenset()))):
        known = keys(model)
        entries = _renamed(node.entries, known, _elsewhere(model, files))
        inside = {
            word: replace(entry, value=_as_meant(known[word].annotation, entry.value, files))
            if word in known
            else entry
            for word, entry in entries.items()
        }
        return replace(node, entries=inside)
    return node


def _elsewhere(model: type[BaseModel], files: OpenedFiles) -> frozenset[str]:
    """The words that are keywords, though not of this model."""
    inner = (word for field in keys(model).values() for one in _inner_models(field) for word in keys(one))
    return frozenset({*files.own, *files.other, *inner})


def _renamed(entries: Mapping[str, YamlEntry], known: Iterable[str], elsewhere: frozenset[str]) -> dict[str, YamlEntry]:
    """The entries by the keyword that each was meant to be, where that one is not there itself."""
    renamed: dict[str, YamlEntry] = {}
    for word, entry in entries.items():
        split = _split(entry, known)
        meant = word
        if word not in known and word not in elsewhere and word.casefold() not in PASSWORDS:
            meant = (split.key.text if split else near(word, known)) or word
        if meant == word or meant in entries or meant in renamed:
            renamed[word] = entry
        else:
            renamed[meant] = replace(split, key=entry.key) if split else entry
    return renamed


def _split(entry: YamlEntry, known: Iterable[str]) -> YamlEntry | None:
    """`{dates:6 June}` and `{dates 6 June}`: keyword and value in one word, since what parts them is missing."""
    found = RUN_TOGETHER.match(entry.key.text) if entry.is_empty else None
    if found is None or found["key"] not in known:
        return None
    return YamlEntry(
        Scalar(found["key"], entry.key.place), Scalar(found["value"], entry.key.part(*found.span("value")))
    )


def mistakes(document: Document, model: type[BaseModel], files: OpenedFiles) -> Iterator[Finding]:
    """Unknown, misplaced and empty keywords, and numbers in another form, of a document from `as_meant`."""
    if document.root is None:
        return
    for held, pairs in walk(model, document.root):
        known = keys(held)
        for word, entry in pairs.entries.items():
            if entry.key.text != word or word not in known:
                yield _misplaced(document, (model, held), entry, files) or _unknown(document, known, entry)
            if word not in known:
                continue
            if entry.is_empty:
                yield from _empty(document, known[word], entry)
            else:
                yield from _numbers(document, known[word].rebuild_annotation(), entry.value)
                yield from _empty_inside(document, known[word].annotation, entry.value)


def walk(annotation: Any, node: Node) -> Iterator[tuple[type[BaseModel], Pairs]]:
    """Every set of pairs under the node with the model that is to read it."""
    for model in _members(annotation, node):
        if isinstance(node, Pairs):
            yield model, node
            for word, field in keys(model).items():
                if word in node.entries:
                    yield from walk(field.annotation, node.entries[word].value)
    if isinstance(node, YamlSequence):
        for item_type in _item_types(annotation):
            for item in node.items:
                yield from walk(item_type, item)


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation's alternatives, bare."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for argument in get_args(annotation):
            yield from _parts(argument)
    else:
        yield annotation


def _is_model(part: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _members(annotation: Any, node: Node) -> list[type[BaseModel]]:
    models = [part for part in _parts(annotation) if _is_model(part)]
    if len(models) < 2:
        return models
    kind = node.entries.get("kind") if isinstance(node, Pairs) else None
    if kind is None or not isinstance(kind.value, Scalar):
        return []
    return [model for model in models if kind.value.text in choices(model, "kind")]


def choices(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """The words among which the file chooses for a keyword; empty where it is free."""
    parts = _parts(model.model_fields[key].annotation)
    return tuple(word for part in parts if get_origin(part) is Literal for word in get_args(part))


def _item_types(annotation: Any) -> Iterator[Any]:
    for part in _parts(annotation):
        if get_origin(part) in {tuple, list} and get_args(part):
            yield get_args(part)[0]


def _unknown(document: Document, known: Mapping[str, FieldInfo], entry: YamlEntry) -> Finding:
    word, place = entry.key.text, entry.key.place
    if word.casefold() in PASSWORDS:
        return document.source.finding("TWL-S090", place)
    together = RUN_TOGETHER.match(word)
    if together and together["key"] in known:
        code = "TWL-S022" if together["between"] == ":" else "TWL-S023"
        return document.source.finding(code, place, key=together["key"], value=together["value"])
    suggestion = near(word, known)
    if suggestion:
        return document.source.finding("TWL-S010", place, key=word, suggestion=suggestion)
    return document.source.finding("TWL-S011", place, key=word, allowed=", ".join(known))


def _misplaced(
    document: Document, models: tuple[type[BaseModel], type[BaseModel]], entry: YamlEntry, files: OpenedFiles
) -> Finding | None:
    """A keyword that is known, but in another place: the outermost level, the other file, an entry further in, or a
    group beside this one. `models` are those of the whole file and of the pairs that hold the keyword."""
    root, model = models
    word, place = entry.key.text, entry.key.place
    outermost = document.root.entries if isinstance(document.root, Pairs) else {}
    if word in files.own and word not in outermost:
        return document.source.finding("TWL-S018", place, key=word)
    if word in files.other:
        return document.source.finding("TWL-S012", place, key=word, other=files.other_file)
    for parent, field in keys(model).items():
        if any(word in keys(one) for one in _inner_models(field)):
            return document.source.finding("TWL-S016", place, key=word, parent=parent)
    groups = {group: _inner_models(field) for group, field in keys(root).items()}
    if any(model in models for models in groups.values()):
        for group, beside in groups.items():
            if model not in beside and any(word in keys(one) for one in beside):
                return document.source.finding("TWL-S077", place, key=word, group=group)
    return None


def _inner_models(field: FieldInfo) -> list[type[BaseModel]]:
    """The models that read what a keyword holds."""
    inner = (field.annotation, *_item_types(field.annotation))
    return [part for one in inner for part in _parts(one) if _is_model(part)]


def _empty_inside(document: Document, annotation: Any, node: Node) -> Iterator[Finding]:
    """Empty values where the file chooses the keywords: names of zones and colours."""
    if isinstance(node, YamlSequence):
        for item in node.items:
            yield from _empty_inside(document, next(_item_types(annotation), None), item)
    elif isinstance(node, Pairs) and any(get_origin(part) in MAPPINGS for part in _parts(annotation)):
        for entry in node.entries.values():
            yield from _empty(document, None, entry) if entry.is_empty else ()


def _empty(document: Document, field: FieldInfo | None, entry: YamlEntry) -> Iterator[Finding]:
    word = entry.key.text
    if entry.comment and COMMENTED_VALUE.match(entry.comment.text):
        place, value = entry.comment.place, entry.comment.text
        yield document.source.finding("TWL-S004", place, key=word, value=value)
    elif field is not None and field.is_required():
        yield document.source.finding("TWL-S078", entry.key.place, key=word)
    elif field is None or field.get_default(call_default_factory=True) not in ((), {}):
        yield document.source.finding("TWL-S013", entry.key.place, key=word)


def _numbers(document: Document, annotation: Any, node: Node) -> Iterator[Finding]:
    if isinstance(node, Scalar):
        wanted = _number_type(annotation)
        if wanted is int and not WHOLE.fullmatch(node.text):
            yield document.source.finding("TWL-S057", node.place, value=node.text)
        elif wanted is float and not DECIMAL.fullmatch(node.text):
            yield document.source.finding("TWL-S058", node.place, value=node.text, example=plain_number(node.text))
    elif isinstance(node, YamlSequence):
        for item_type in _item_types(annotation):
            for item in node.items:
                yield from _numbers(document, item_type, item)


def plain_number(text: str) -> str:
    """The number that was most likely meant, as the file wants it; else any number as an example."""
    found = NEARLY.fullmatch(text.strip())
    meant = (
        f"{'-' if found['sign'] else ''}{found['whole']}{'.' if found['part'] else ''}{found['part'] or ''}"
        if found
        else ""
    )
    return meant if DECIMAL.fullmatch(meant) else "56.899"


def _number_type(annotation: Any) -> type | None:
    """`int` or `float` where pydantic itself would read the number, and nothing else could be meant."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return None if any(isinstance(one, READERS) for one in metadata) else _number_type(inner)
    parts = set(_parts(annotation)) - {type(None)}
    return next((one for one in (int, float) if parts == {one}), None)
