"""A TOML file that a person wrote: its text, its data, and the line of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from world_model.terms.errors import DocumentError, Mistake

from .toml_lines import KeyPath, TomlLines, toml_lines

_PLACE = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)


@dataclass(frozen=True)
class TomlFile:
    """`name` is how mistakes call the file; `data` is what tomllib read."""

    path: Path
    name: str
    text: str
    data: dict[str, Any]
    lines: TomlLines

    def mistake(self, path: KeyPath, *, expected: str, found: str, mend: str = "") -> Mistake:
        """A mistake at a path of keys."""
        return Mistake(file=self.name, line=self.lines.line(path), where=dotted(path), expected=expected, found=found, mend=mend)


def dotted(path: Sequence[str | int]) -> str:
    """`("factors", 1, "low")` → `factors[1].low`; names with blanks or dots are quoted."""
    shown = ""
    for key in path:
        if isinstance(key, int):
            shown += f"[{key}]"
        else:
            shown += ("." if shown else "") + (key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"')
    return shown


def read_toml(path: Path, *, name: str | None = None) -> TomlFile:
    """A file as TOML.

    Raises:
        DocumentError: no such file, not UTF-8, or not TOML; with the line, and the text found there.
    """
    name = name or path.name

    def refuse(line: int | None, expected: str, found: str, mend: str) -> DocumentError:
        return DocumentError([Mistake(file=name, line=line, where="", expected=expected, found=found, mend=mend)])

    try:
        raw = path.read_bytes()
    except IsADirectoryError as fault:
        raise refuse(None, "a TOML file", f"a folder at {path}", "Name the file in it.") from fault
    except OSError as fault:
        raise refuse(None, "a file that can be read", f"none at {path} ({fault.strerror})", "`nextwell new FOLDER` writes one.") from fault
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise refuse(line, "UTF-8 text", f"the byte 0x{raw[fault.start]:02x}", "Save the file as UTF-8.") from fault
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        place = _PLACE.match(str(fault))
        rows = text.split("\n")
        number = int(place["line"]) if place and place["line"] else len(rows)
        column = f", column {place['column']}" if place and place["column"] else ""
        shown = rows[number - 1].strip() if number <= len(rows) else ""
        found = (f"{shown!r}" if shown else "the end of the file" if number >= len(rows) else "an empty line") + column
        what = place["what"] if place else "nested too deeply"
        raise refuse(number, "valid TOML", found, f"TOML says: {what}.") from fault
    return TomlFile(path=path, name=name, text=text, data=data, lines=toml_lines(text))
