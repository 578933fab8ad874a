"""A document on its way to being a word: every part that is whole can be checked against the others, whatever the rest holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from world_model.terms.errors import Mistake

from .complaints import complaints, parse_strictly, take_apart
from .model_keys import child
from .spelling import respell
from .toml_file import TomlFile, dotted
from .toml_lines import KeyPath, TomlLines

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9 _+\-./%()]{0,63}$")


@dataclass(frozen=True)
class Part:
    """One table of a document. `word` is None where the table has a mistake of its own."""

    path: KeyPath
    raw: Any
    word: Any

    @property
    def name(self) -> str | None:
        """What the table calls itself, whole or not."""
        if self.word is not None:
            return getattr(self.word, "name", None)
        name = self.raw.get("name") if isinstance(self.raw, dict) else None
        return name if isinstance(name, str) else None


@dataclass
class Draft:
    """A file's data with every name valid, its parts, and the mistakes found so far.

    `whole` is the document itself, None while any mistake keeps it from being built.
    """

    file: TomlFile
    model: type[BaseModel]
    data: dict[str, Any]
    lines: TomlLines
    mistakes: list[Mistake]
    broken: set[KeyPath]
    whole: Any = None
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)

    def mistake(self, path: KeyPath, *, expected: str, found: str, mend: str = "") -> None:
        """Note a mistake at a path of keys; a second one at the same place is the same mistake."""
        where = dotted(path)
        if any(noted.where == where and noted.file == self.file.name for noted in self.mistakes):
            return
        self.mistakes.append(self.complaint(path, expected=expected, found=found, mend=mend))

    def complaint(self, path: KeyPath, *, expected: str, found: str, mend: str = "") -> Mistake:
        """A mistake at a path of keys, with its line."""
        return Mistake(file=self.file.name, line=self.lines.line(path), where=dotted(path), expected=expected, found=found, mend=mend)

    def of(self, key: str) -> tuple[Part, ...]:
        """The tables of a list such as `factors`, or the one table of that name; empty where there is none."""
        return self.parts.get(key, ())

    def words(self, key: str) -> tuple[Any, ...]:
        """The parts that are whole."""
        return tuple(part.word for part in self.of(key) if part.word is not None)

    def sure(self, key: str) -> dict[str, Any]:
        """The whole parts of a list by name, without names that stand twice: which is meant nobody knows."""
        names = self.names(key)
        return {word.name: word for word in self.words(key) if names.count(word.name) == 1}

    def unknown(self, key: str, name: str) -> bool:
        """Whether a reference to a name that a list lacks is a mistake of its own.

        Where some name of the list is itself a mistake (twice, absent, or no name at all), a reference far from every good
        name most likely means that one.
        """
        names = self.names(key)
        if name in names:
            return False
        good = [known for known in names if names.count(known) == 1 and _NAME.match(known)]
        return len(good) == len(self.of(key)) or bool(get_close_matches(name, good, n=1, cutoff=0.6))

    def names(self, key: str) -> tuple[str, ...]:
        """Every name of a list, those of broken parts too: a reference to one of these is no second mistake."""
        return tuple(part.name for part in self.of(key) if part.name is not None)


def open_draft(file: TomlFile, model: type[BaseModel]) -> Draft:
    """The file against the names that its model knows."""
    spelled = respell(file, model)
    return Draft(file=file, model=model, data=spelled.data, lines=spelled.lines, mistakes=list(spelled.mistakes), broken=spelled.broken)


def build(draft: Draft) -> None:
    """Build the document and each of its parts; complaints become mistakes of the draft.

    A complaint about the document as a whole (names that don't resolve …) is kept back: checks of the parts say the same
    with a line. `complain_of_whole` adds it where they have found nothing.
    """
    try:
        draft.whole = parse_strictly(draft.model, draft.data)
    except ValidationError as fault:
        skip = {dotted(path) for path in draft.broken}
        for mistake in complaints(fault, data=draft.data, lines=draft.lines, file=draft.file.name):
            if mistake.where and mistake.where not in skip:
                draft.mistakes.append(mistake)
    draft.parts = {key: tuple(_parts(draft, key)) for key in draft.model.model_fields if key in draft.data}


def complain_of_whole(draft: Draft) -> None:
    """Where nothing was found and yet the document can't be built, say what its model says."""
    # a check of the parts that says the same as a table's own model says it with the better line
    below = {(noted.expected, noted.where) for noted in draft.mistakes}
    draft.mistakes[:] = [
        noted
        for noted in draft.mistakes
        if not any(expected == noted.expected and where != noted.where and where.startswith(f"{noted.where}.") for expected, where in below)
    ]
    if draft.whole is not None or draft.mistakes:
        return
    try:
        parse_strictly(draft.model, draft.data)
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            said = take_apart(str(error.get("ctx", {}).get("error", error["msg"])))
            path = _path_of(said.where)
            line = draft.lines.line(path)
            draft.mistakes.append(
                Mistake(file=draft.file.name, line=line, where=said.where, expected=said.expected, found=said.found, mend=said.mend)
            )


def _path_of(where: str) -> KeyPath:
    """`goals[0].readout` → `("goals", 0, "readout")`."""
    path: list[str | int] = []
    for key in where.split(".") if where else ():
        name, _, position = key.partition("[")
        path.append(name)
        if position:
            path.append(int(position.rstrip("]")))
    return tuple(path)


def _parts(draft: Draft, key: str) -> Iterator[Part]:
    annotation = child(draft.model, key, draft.data)
    raw = draft.data[key]
    several = [((key, i), element) for i, element in enumerate(raw)] if isinstance(raw, list) else [((key,), raw)]
    for path, element in several:
        inner = child(annotation, path[1], raw) if len(path) == 2 else annotation
        word = None
        if inner is not None and path not in draft.broken:
            try:
                word = _adapter(draft.model, key, inner).validate_json(json.dumps(element, default=str), strict=True)
            except ValidationError:
                word = None
        yield Part(path=path, raw=element, word=word)


_ADAPTERS: dict[tuple[type[BaseModel], str], TypeAdapter[Any]] = {}


def _adapter(model: type[BaseModel], key: str, annotation: Any) -> TypeAdapter[Any]:
    if (model, key) not in _ADAPTERS:
        _ADAPTERS[model, key] = TypeAdapter(annotation)
    return _ADAPTERS[model, key]
