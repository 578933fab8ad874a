"""Plain data as TOML text: tables of a list under `[[…]]`, everything below them in line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def as_toml(data: Mapping[str, Any], *, heading: Sequence[str] = ()) -> str:
    """The text of a document whose values are text, numbers, flags, lists and mappings.

    Args:
        heading: comment lines that come first.

    Raises:
        TypeError: another kind of value.
    """
    lines = [f"# {line}" for line in heading]
    plain = {key: value for key, value in data.items() if not _is_tables(value)}
    lines += ["", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
    for key, value in data.items():
        if _is_tables(value):
            for table in value:
                lines += ["", f"[[{_key(key)}]]", *(f"{_key(name)} = {_value(cell)}" for name, cell in table.items())]
    return "\n".join(lines).strip() + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if _BARE.match(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON escapes what TOML escapes, and the same way; DEL alone is left to us
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ("nan" if math.isnan(value) else "inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(cell)}" for key, cell in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"expected text, a number, a flag, a list or a mapping, found {type(value).__name__}")
