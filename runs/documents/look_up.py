"""Ask the makers' data for a name; what they know nothing of is a mistake at its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from world_model.terms.errors import ProtocolError

from .complaints import take_apart
from .draft import Draft
from .toml_lines import KeyPath


def look_up(draft: Draft, path: KeyPath, name: object, find: Callable[[str], Any]) -> Any:
    """What `find` knows of a name; None, and a mistake, where it knows nothing; None alone where the name is no text."""
    if not isinstance(name, str):
        return None
    try:
        return find(name)
    except ProtocolError as fault:
        said = take_apart(str(fault))
        draft.mistake(path, expected=said.expected, found=said.found, mend=said.mend)
        return None
