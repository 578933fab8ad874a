"""How factors act, and which further keys each way of acting needs: `hold` needs two hours, `edit` a mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from world_model.terms.word import Name

Acts = Literal["start", "set", "dose", "time", "hold", "ramp", "edit"]
EditMode = Literal["knock_out", "inhibit", "activate", "overexpress"]
Hour = Name | Annotated[float, Field(ge=0)]  # hours after the campaign's zero, or the factor with acts = 'time' that holds them

# acts → the keys that it needs; keys that are needed nowhere may be given where `_MAY` says so
_NEEDS: dict[str, tuple[str, ...]] = {"hold": ("from_h", "to_h"), "ramp": ("from_h", "to_h", "from_value"), "edit": ("mode",)}
_MAY: dict[str, tuple[str, ...]] = {"dose": ("variable",), "hold": ("variable",), "ramp": ("variable",), "edit": ("target", "no_edit")}
_MEANING = {
    "from_h": "hours, or a factor's name", "to_h": "hours, or a factor's name", "from_value": "a number, where the ramp begins",
    "mode": "knock_out, inhibit, activate or overexpress", "variable": "what is acted on", "target": "a gene", "no_edit": "a level",
}  # fmt: skip


def act_fault(acts: str | None, given: Mapping[str, object]) -> str | None:
    """What is wrong with the keys that belong to a way of acting, or None.

    Args:
        given: those of `from_h`, `to_h`, `from_value`, `variable`, `mode`, `target`, `no_edit` that have a value.
    """
    needs = _NEEDS.get(acts or "", ())
    for key in needs:
        if key not in given:
            return f"expected {key} ({_MEANING[key]}) with acts = {acts!r}, found none"
    for key in given:
        if key not in needs and key not in _MAY.get(acts or "", ()):
            owners = [act for act in (*_NEEDS, "dose") if key in (*_NEEDS.get(act, ()), *_MAY.get(act, ()))]
            return f"expected {key} only with acts = {' or '.join(map(repr, owners))}, found acts = {acts!r}"
    start, end = given.get("from_h"), given.get("to_h")
    if isinstance(start, float) and isinstance(end, float) and end <= start:
        return f"expected to_h after from_h = {start:g}, found {end:g}"
    return None
