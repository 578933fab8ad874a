"""A lab file's parts against each other and against the makers' data: names, places, capacities, hazards, machines."""

from __future__ import annotations

from typing import Any

from world_model.terms.errors import nearest

from .campaign_checks import refuse_twice
from .draft import Draft
from .lab_labware import check_labware
from .lab_liquids import check_liquids
from .lab_robots import check_robots
from .toml_lines import KeyPath


def check_bench(draft: Draft) -> None:
    """Everything that the lab file says about itself."""
    for key in ("stocks", "holders"):
        refuse_twice(draft, key)
    _check_references(draft)
    check_robots(draft)
    check_labware(draft)
    check_liquids(draft)


def _table(draft: Draft, key: str) -> dict[str, Any]:
    found = draft.data.get(key)
    return found if isinstance(found, dict) else {}


def _check_references(draft: Draft) -> None:
    """Stocks stand in holders; medium, cells, edge wells and steps name stocks; components are in some stock."""
    def resolve(path: KeyPath, name: object, what: str, key: str) -> None:
        if isinstance(name, str) and draft.of(key) and draft.unknown(key, name):
            draft.mistake(path, expected=what, found=repr(name), mend=nearest(name, draft.names(key)))

    for part in draft.of("stocks"):
        if isinstance(part.raw, dict):
            resolve((*part.path, "holder"), part.raw.get("holder"), "a holder's name", "holders")
    resolve(("medium", "diluent"), _table(draft, "medium").get("diluent"), "a stock's name", "stocks")
    resolve(("plate", "edge_fill"), _table(draft, "plate").get("edge_fill"), "a stock's name", "stocks")
    resolve(("dilutions", "diluent"), _table(draft, "dilutions").get("diluent"), "a stock's name", "stocks")
    resolve(("cells", "stock"), _table(draft, "cells").get("stock"), "a stock's name", "stocks")
    for part in draft.of("steps"):
        for key in ("stock", "diluent"):
            if isinstance(part.raw, dict):
                resolve((*part.path, key), part.raw.get(key), "a stock's name", "stocks")
    _check_component_names(draft)
    cells = next(iter(draft.words("cells")), None)
    if cells is not None and cells.final_od600 >= cells.expected_od600:
        draft.mistake(
            ("cells", "final_od600"), expected=f"an OD600 below the inoculum's {cells.expected_od600:g}", found=f"{cells.final_od600:g}",
            mend="The inoculum is diluted in the well: lower final_od600 or take a denser inoculum.",
        )  # fmt: skip


def _check_component_names(draft: Draft) -> None:
    made = components_made(draft)
    base = _table(draft, "medium").get("base")
    named: list[tuple[KeyPath, object]] = [(("components", factor), component) for factor, component in _table(draft, "components").items()]
    named += [(("medium", "base", component), component) for component in (base if isinstance(base, dict) else ())]
    named += [(("molar_masses", component), component) for component in _table(draft, "molar_masses")]
    for path, component in named:
        if isinstance(component, str) and made and component not in made:
            draft.mistake(path, expected="a component of some stock", found=repr(component), mend=nearest(component, made))


def components_made(draft: Draft) -> tuple[str, ...]:
    """Every component that some stock holds, broken stocks too."""
    tables = (part.raw.get("components") for part in draft.of("stocks") if isinstance(part.raw, dict))
    return tuple(dict.fromkeys(name for table in tables if isinstance(table, dict) for name in table))
