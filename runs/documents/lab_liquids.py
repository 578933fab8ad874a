"""A lab file's liquids: hazard statements and reactive groups that exist, solvents that some stock has."""

from __future__ import annotations

import re
from typing import Any

from world_model.terms.errors import nearest

from .draft import Draft
from .toml_file import dotted


def check_liquids(draft: Draft) -> None:
    """Everything that stocks say about themselves besides place and volume."""
    _check_hazards(draft)
    _check_solvents(draft)


def _check_hazards(draft: Draft) -> None:
    from protocols.hazards.groups import GROUPS
    from protocols.hazards.statements import STATEMENTS

    for part in draft.of("stocks"):
        raw: Any = part.raw if isinstance(part.raw, dict) else {}
        for key, known, what in (("hazards", STATEMENTS, "a GHS or EUH hazard statement"), ("groups", GROUPS, "a reactive group")):
            told = raw.get(key)
            for i, name in enumerate(told if isinstance(told, list) else ()):
                if isinstance(name, str) and name not in known:
                    path = (*part.path, key, i)
                    # what the pattern of a code complains of is said better here, with the nearest code
                    draft.mistakes[:] = [noted for noted in draft.mistakes if noted.where != dotted(path)]
                    draft.mistake(path, expected=what, found=repr(name), mend=_mend(name, known))


def _mend(name: str, known: Any) -> str:
    """Codes are written apart and in capitals: `H300+H310` is two."""
    parts = [part.strip() for part in re.split(r"[+,;]", name)]
    if len(parts) > 1 and all(part in known for part in parts):
        return f"Write {', '.join(repr(part) for part in parts)}."
    same = [one for one in known if one.casefold() == name.strip().casefold()]
    return f"Did you mean {same[0]!r}?" if same else nearest(name, known)


def _check_solvents(draft: Draft) -> None:
    """A limit for a solvent that no stock has limits nothing."""
    used = {solvent for part in draft.of("stocks") if isinstance(part.raw, dict) and isinstance(part.raw.get("solvent"), dict) for solvent in part.raw["solvent"]}
    folded = {solvent.casefold() for solvent in used}
    limits = draft.data.get("solvent_limits")
    for solvent in limits if isinstance(limits, dict) else ():
        if solvent.casefold() not in folded:
            draft.mistake(("solvent_limits", solvent), expected="a solvent of some stock", found=repr(solvent), mend=nearest(solvent, used) or f"Write it into the stock: solvent = {{ {solvent} = 100 }}.")
    for solvent, percent in (limits.items() if isinstance(limits, dict) else ()):
        if isinstance(percent, int | float) and percent > 100:
            draft.mistake(("solvent_limits", solvent), expected="at most 100 % (v/v)", found=f"{percent:g}")
    for part in draft.of("stocks"):
        told = part.word.solvent if part.word is not None else {}
        if sum(told.values()) > 100 + 1e-9:
            draft.mistake((*part.path, "solvent"), expected="at most 100 % (v/v) in all", found=f"{sum(told.values()):g} %")

