"""pydantic's errors as mistakes: what was expected and what was found, in the words of the person who wrote the file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from world_model.terms.errors import Mistake, nearest
from world_model.terms.stocks import HazardCode, WellName
from world_model.terms.word import Name

from .toml_file import dotted
from .toml_lines import KeyPath, TomlLines

Document = TypeVar("Document", bound=BaseModel)
_TYPES = {
    "string_type": "text in quotes", "float_type": "a number", "float_parsing": "a number", "int_type": "a whole number",
    "int_parsing": "a whole number", "int_from_float": "a whole number", "finite_number": "a finite number", "bool_type": "true or false",
    "bool_parsing": "true or false", "tuple_type": "a list [ … ]", "list_type": "a list [ … ]", "dict_type": "a table of keys and values",
    "model_type": "a table of keys and values", "model_attributes_type": "a table of keys and values", "date_type": "a date such as 2027-03-31",
    "date_parsing": "a date such as 2027-03-31", "date_from_datetime_parsing": "a date such as 2027-03-31",
    "date_from_datetime_inexact": "a date such as 2027-03-31",
}  # fmt: skip
_BOUNDS = {"greater_than": ("gt", "more than"), "greater_than_equal": ("ge", "at least"), "less_than": ("lt", "less than"), "less_than_equal": ("le", "at most")}
NAME_RULE = "a name: a letter, then letters, digits, blanks or _ + - . / % ( ), at most 64 characters"
TEXT_RULE = "text without control characters"
# What the patterns of our own words say.
_PATTERNS = {
    constraint.pattern: words
    for word, words in ((Name, NAME_RULE), (WellName, "a well such as A1"), (HazardCode, "a GHS or EUH hazard statement, e.g. 'H225'"))
    for constraint in get_args(word)[1:]
}
_WHERE = re.compile(r"^(?P<where>[a-z_]+(?:\[\d+\])?(?:\.[\w]+(?:\[\d+\])?)*): (?=[Ee]xpected )")


@dataclass(frozen=True)
class Said:
    """A sentence of the house's form, taken apart. `where` is the path of keys that it begins with, if it does."""

    expected: str
    found: str
    mend: str = ""
    where: str = ""


def take_apart(message: str) -> Said:
    """`Expected a unit, found 'mm M'. Did you mean 'mM'?` → its parts; any other sentence is what was found."""
    text = message.removeprefix("Value error, ").strip()
    place = _WHERE.match(text)
    where = place["where"] if place else ""
    text = text[place.end() :] if place else text
    lowered = text[:1].lower() + text[1:]
    if not lowered.startswith("expected ") or ", found " not in lowered:
        return Said(expected="a valid value", found=text.rstrip("."), where=where)
    expected, rest = lowered[len("expected ") :].split(", found ", 1)
    found, mend = _first_clause(rest)
    return Said(expected=expected, found=found, mend=mend, where=where)


def complaints(fault: ValidationError, *, data: Mapping[str, Any], lines: TomlLines, file: str) -> list[Mistake]:
    """One mistake for each place that pydantic complains of.

    Args:
        data: what was validated; paths are followed in it, so that the tags of unions do not appear in them.
    """
    gathered: dict[KeyPath, list[Said]] = {}
    for error in fault.errors(include_url=False):
        path = _path_in(data, error["loc"])
        if error["type"] == "too_short" and len(error["input"] or ()) >= error["ctx"]["min_length"]:
            continue  # pydantic counts the elements that are whole; the broken ones have complaints of their own
        said = _said(error)
        gathered.setdefault((*path, *_key_meant(said, error["input"])), []).append(said)
    found = []
    for path, several in gathered.items():
        # a value that may be of two types and is of neither draws a complaint from each
        expected = " or ".join(dict.fromkeys(said.expected for said in several))
        first = several[0]
        found.append(Mistake(file=file, line=lines.line(path), where=dotted(path), expected=expected, found=first.found, mend=first.mend))
    return found


def parse_strictly(model: type[Document], data: Mapping[str, Any]) -> Document:
    """A document without coercion: text is no number, and a number is no text.

    JSON is the road, for there pydantic's strict mode still takes lists as tuples and whole numbers as numbers.
    """
    return model.model_validate_json(json.dumps(data, default=str), strict=True)


def _path_in(data: Any, loc: tuple[str | int, ...]) -> KeyPath:
    path: list[str | int] = []
    value: Any = data
    for position, key in enumerate(loc):
        if (isinstance(value, dict) and key in value) or (isinstance(value, list) and isinstance(key, int) and key < len(value)):
            value = value[key]  # type: ignore[index]
            path.append(key)
        elif position == len(loc) - 1 and isinstance(value, dict) and key != "[key]" and key != value.get("kind"):
            path.append(key)  # a key that is missing
    return tuple(path)


def _key_meant(said: Said, value: object) -> KeyPath:
    """A complaint about a whole table that begins with one of its keys (`low < high`) is about that key."""
    first = said.expected.split(" ", 1)[0].strip("`")
    return (first,) if isinstance(value, dict) and first in value else ()


def _said(error: Any) -> Said:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":
        return take_apart(str(context["error"]))
    if kind == "missing":
        return Said(expected=f"the key {error['loc'][-1]!r}", found="none")
    if kind in _TYPES:
        return Said(expected=_TYPES[kind], found=shown(value))
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return Said(expected=f"{words} {context[key]:g}", found=shown(value))
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", context["expected"])
        return Said(expected=("one of " if len(options) > 1 else "") + context["expected"], found=shown(value), mend=nearest(str(value), options))
    if kind == "string_pattern_mismatch":
        return Said(expected=_PATTERNS.get(context["pattern"], NAME_RULE if "A-Z" in context["pattern"] else TEXT_RULE), found=shown(value))
    if kind == "string_too_long":
        return Said(expected=f"at most {context['max_length']} characters", found=f"{len(value)}")
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        return Said(expected=f"at {'least' if kind == 'too_short' else 'most'} {bound}", found=str(len(value)))
    return Said(expected="a valid value", found=f"{shown(value)} ({error['msg']})")


def shown(value: object) -> str:
    """A value as the person wrote it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + " …"


def _first_clause(text: str) -> tuple[str, str]:
    """`found` and what follows it, split at the first `; ` or `. ` outside quotes and brackets."""
    quote, depth = "", 0
    for i, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and (i == 0 or not text[i - 1].isalnum()):
            quote = letter
        elif letter in "[(":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter in ";." and depth == 0 and text[i + 1 : i + 2] == " ":
            rest = text[i + 2 :].strip()
            return text[:i], rest[:1].upper() + rest[1:] + ("" if rest.endswith((".", "?", "!")) else ".")
    return text.rstrip("."), ""
