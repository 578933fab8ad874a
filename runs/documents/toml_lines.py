"""Where each key of a TOML file stands: from a path of keys to the 1-based line.

tomllib gives values without positions, so this scanner walks the same text a second time and keeps only the lines. It
reads text that tomllib has accepted, and checks nothing itself.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


@dataclass(frozen=True)
class TomlLines:
    """Lines by path of keys; elements of arrays have their position in the path: `("factors", 1, "low")`."""

    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """The line of a path, or of its nearest parent that stands in the file; None for the file as a whole."""
        for length in range(len(path), 0, -1):
            if (found := self.lines.get(tuple(path[:length]))) is not None:
                return found
        return None

    def renamed(self, source: KeyPath, target: KeyPath) -> TomlLines:
        """The same lines, where what stands at `source` (and below it) is also found at `target`."""
        below = {target + path[len(source) :]: line for path, line in self.lines.items() if path[: len(source)] == source}
        return TomlLines({**self.lines, **below})


def toml_lines(text: str) -> TomlLines:
    """The line of every table, key and element of TOML text that tomllib accepts."""
    return TomlLines(_Scanner(text).scan())


@dataclass
class _Scanner:
    text: str
    at: int = 0
    lines: dict[KeyPath, int] = field(default_factory=dict)
    elements: dict[KeyPath, int] = field(default_factory=dict)

    def scan(self) -> dict[KeyPath, int]:
        # tomllib reads \r\n as \n; a lone \r is no line end in TOML
        table: KeyPath = ()
        self._skip()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header("]]")
            elif self.text[self.at] == "[":
                table = self._header("]")
            else:
                self._pair(table)
            self._skip()
        return self.lines

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _header(self, close: str) -> KeyPath:
        line = self._line()
        self.at += len(close)
        keys = self._keys()
        self.at += len(close)
        parent = self._resolve(keys[:-1])
        path = (*parent, keys[-1])
        if close == "]]":
            count = self.elements.get(path, 0)
            self.elements[path] = count + 1
            path = (*path, count)
        elif path in self.elements:
            path = (*path, self.elements[path] - 1)
        self._note(path, line)
        self.lines[path] = line
        return path

    def _resolve(self, keys: list[str]) -> KeyPath:
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.elements:
                path = (*path, self.elements[path] - 1)
        return path

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip()
            if self.text[self.at] in "\"'":
                start = self.at
                self._string()
                # tomllib itself undoes the escapes of a quoted key
                keys.append(tomllib.loads(f"v = {self.text[start:self.at]}")["v"])
            else:
                bare = _BARE.match(self.text, self.at)
                assert bare is not None, "tomllib accepted this text"
                keys.append(bare.group())
                self.at = bare.end()
            self._skip()
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._keys())
        self._note(path, line)
        self.at += 1  # the equals sign
        self._skip()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._string()
        else:
            scalar = _SCALAR.match(self.text, self.at)
            assert scalar is not None, "tomllib accepted this text"
            self.at = scalar.end()

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        position = 0
        while True:
            self._skip()
            if self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, position), self._line())
            self._value((*path, position))
            position += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self._skip()
            if self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)

    def _string(self) -> None:
        for pattern in _STRINGS:
            if found := pattern.match(self.text, self.at):
                self.at = found.end()
                return
        raise AssertionError("tomllib accepted this text")
