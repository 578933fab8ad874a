"""Contexts as a person writes them: `donor=D3`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.contexts import Context
from world_model.terms.errors import ResultsError, nearest


def read_contexts(told: Sequence[str]) -> dict[str, str]:
    """`NAME=LEVEL` → name → level.

    Raises:
        ResultsError: text of another form, or a name twice.
    """
    levels: dict[str, str] = {}
    for text in told:
        name, sign, level = text.partition("=")
        if not sign or not name.strip() or not level.strip():
            raise ResultsError(f"Expected --context NAME=LEVEL, such as donor=D3, found {text!r}.")
        if name.strip() in levels:
            raise ResultsError(f"Expected each context once, found {name.strip()!r} twice.")
        levels[name.strip()] = level.strip()
    return levels


def check_contexts(levels: Mapping[str, str], known: Sequence[Context]) -> None:
    """Each is a context of the campaign, at a level that it may have.

    Raises:
        ResultsError: it is not.
    """
    names = {context.name: context for context in known}
    for name, level in levels.items():
        if name not in names:
            mend = nearest(name, names) if names else "Declare it in the campaign file: [[contexts]] with a name."
            raise ResultsError(f"Expected a context of the campaign, found {name!r}. {mend}".rstrip())
        if (reason := names[name].reason_against(level)) is not None:
            raise ResultsError(f"Context {name!r}: {reason}")
