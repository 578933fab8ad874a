"""Unknown keys and unknown kinds: each is reported once and read as the nearest valid name, so that what follows is checked too.

A document with a mistake is never used; reading on as a compiler does only finds the other mistakes in the same pass.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from world_model.terms.errors import Mistake, nearest

from .model_keys import child, hints, keys_of, kinds, model_of
from .toml_file import TomlFile, dotted
from .toml_lines import KeyPath, TomlLines


@dataclass
class Respelled:
    """The data with every name valid (unknown ones renamed or left out), the lines that belong to it, and the mistakes.

    `broken` holds paths where a table could not be read as any kind: nothing below them says anything.
    """

    data: dict[str, Any]
    lines: TomlLines
    mistakes: list[Mistake] = field(default_factory=list)
    broken: set[KeyPath] = field(default_factory=set)


def respell(file: TomlFile, model: type[BaseModel]) -> Respelled:
    """Every key and kind of a file against the model that it is read as."""
    found = Respelled(data=copy.deepcopy(file.data), lines=file.lines)
    _walk(file, found, found.data, model, ())
    return found


def _walk(file: TomlFile, found: Respelled, value: Any, annotation: Any, path: KeyPath) -> None:
    if annotation is None:
        return
    if isinstance(value, list):
        for position, element in enumerate(value):
            _walk(file, found, element, child(annotation, position, value), (*path, position))
        return
    if not isinstance(value, dict):
        return
    told = hints(annotation)
    if told is not None and "kind" not in value and (told.default_if in value or not kind_meant(value)):
        value["kind"] = told.default
    if told is not None and (refused := told.refused.get(str(value.get("kind")))) is not None:
        found.mistakes.append(file.mistake((*path, "kind"), expected="a kind that a file can hold", found=repr(value["kind"]), mend=refused))
        found.broken.add(path)
        return
    if (known := kinds(annotation)) and not _respell_kind(file, found, value, known, path):
        found.broken.add(path)
        return
    if (model := model_of(annotation, value)) is not None:
        _respell_keys(file, found, value, model, path)
    for key in list(value):
        _walk(file, found, value[key], child(annotation, key, value), (*path, key))


def kind_meant(value: dict[str, Any]) -> bool:
    """Whether a key looks like a misspelt `kind`."""
    return bool(get_close_matches("kind", list(value), n=1, cutoff=0.6))


def _respell_kind(file: TomlFile, found: Respelled, value: dict[str, Any], known: tuple[str, ...], path: KeyPath) -> bool:
    kind = value.get("kind")
    if kind in known:
        return True
    one_of = "one of " + ", ".join(repr(name) for name in known)
    if kind is None:
        slip = get_close_matches("kind", [key for key in value if key != "kind"], n=1, cutoff=0.6)
        if slip:
            found.mistakes.append(file.mistake((*path, slip[0]), expected=f"the key 'kind' ({one_of})", found=repr(slip[0]), mend="Did you mean 'kind'?"))
            value["kind"] = value.pop(slip[0])
            found.lines = found.lines.renamed((*path, slip[0]), (*path, "kind"))
            return value["kind"] in known or _respell_kind(file, found, value, known, path)
        found.mistakes.append(file.mistake(path, expected=f"kind = {one_of}", found="no kind", mend=f"Add kind = {known[0]!r} or another."))
        return False
    where = Mistake(
        file=file.name, line=found.lines.line((*path, "kind")), where=dotted((*path, "kind")),
        expected=one_of, found=repr(kind), mend=nearest(str(kind), known),
    )  # fmt: skip
    found.mistakes.append(where)
    guess = get_close_matches(str(kind), known, n=1, cutoff=0.6)
    if guess:
        value["kind"] = guess[0]
    return bool(guess)


def _respell_keys(file: TomlFile, found: Respelled, value: dict[str, Any], model: type[BaseModel], path: KeyPath) -> None:
    known = keys_of(model)
    free = [key for key in known if key not in value]
    for key in [key for key in value if key not in known]:
        # a name that the table still lacks is likelier meant than one that it has
        guess = get_close_matches(key, free, n=1, cutoff=0.6)
        mend = f"Did you mean {guess[0]!r}?" if guess else nearest(key, known)
        place = f"a key of {dotted(path)}" if path else f"a key of {file.name}"
        found.mistakes.append(file.mistake((*path, key), expected=place, found=repr(key), mend=mend))
        content = value.pop(key)
        if guess:
            value[guess[0]] = content
            free.remove(guess[0])
            found.lines = found.lines.renamed((*path, key), (*path, guess[0]))
