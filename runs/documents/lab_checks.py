"""A lab file's parts against each other and against the maker's data: names, places, capacities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from world_model.terms.errors import ProtocolError, nearest

from .campaign_checks import refuse_twice
from .complaints import take_apart
from .draft import Draft, Part
from .toml_lines import KeyPath


def check_bench(draft: Draft) -> None:
    """Everything that the lab file says about itself."""
    for key in ("stocks", "holders"):
        refuse_twice(draft, key)
    _check_references(draft)
    _check_mounts(draft)
    _check_labware(draft)


def _table(draft: Draft, key: str) -> dict[str, Any]:
    found = draft.data.get(key)
    return found if isinstance(found, dict) else {}


def _check_references(draft: Draft) -> None:
    """Stocks stand in holders; medium, cells and edge wells come from stocks; components are in some stock."""
    def resolve(path: KeyPath, name: object, what: str, key: str) -> None:
        if isinstance(name, str) and draft.of(key) and draft.unknown(key, name):
            draft.mistake(path, expected=what, found=repr(name), mend=nearest(name, draft.names(key)))

    for part in draft.of("stocks"):
        if isinstance(part.raw, dict):
            resolve((*part.path, "holder"), part.raw.get("holder"), "a holder's name", "holders")
    resolve(("medium", "diluent"), _table(draft, "medium").get("diluent"), "a stock's name", "stocks")
    resolve(("plate", "edge_fill"), _table(draft, "plate").get("edge_fill"), "a stock's name", "stocks")
    resolve(("cells", "stock"), _table(draft, "cells").get("stock"), "a stock's name", "stocks")
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


def _check_mounts(draft: Draft) -> None:
    pipettes = _table(draft, "robot").get("pipettes")
    mounts: dict[object, int] = {}
    for i, pipette in enumerate(pipettes if isinstance(pipettes, list) else ()):
        mount = pipette.get("mount") if isinstance(pipette, dict) else None
        if mount in mounts and isinstance(mount, str):
            draft.mistake(("robot", "pipettes", i, "mount"), expected="one pipette a mount", found=f"two on the {mount} mount")
        mounts.setdefault(mount, i)


def _check_labware(draft: Draft) -> None:
    """Load names against the maker's definitions, volumes against the wells' capacities."""
    from protocols.labware import labware
    from protocols.pipettes import pipette_data

    pipettes = _table(draft, "robot").get("pipettes")
    for i, pipette in enumerate(pipettes if isinstance(pipettes, list) else ()):
        if not isinstance(pipette, dict):
            continue
        path = ("robot", "pipettes", i)
        data = _look_up(draft, (*path, "name"), pipette.get("name"), pipette_data)
        racks = pipette.get("tip_racks")
        for j, rack in enumerate(racks if isinstance(racks, list) else ()):
            found = _look_up(draft, (*path, "tip_racks", j), rack, labware)
            if found is not None and data is not None and rack not in data.racks:
                draft.mistake(
                    (*path, "tip_racks", j), expected=f"a tip rack made for {data.load_name}", found=repr(rack), mend=nearest(rack, data.racks)
                )
    _check_plate(draft, _look_up(draft, ("plate", "labware"), _table(draft, "plate").get("labware"), labware))
    _check_stocks(draft, labware)


def _look_up(draft: Draft, path: KeyPath, name: object, find: Callable[[str], Any]) -> Any:
    if not isinstance(name, str):
        return None
    try:
        return find(name)
    except ProtocolError as fault:
        said = take_apart(str(fault))
        draft.mistake(path, expected=said.expected, found=said.found, mend=said.mend)
        return None


def _check_plate(draft: Draft, plate: Any) -> None:
    profile = next(iter(draft.words("plate")), None)
    if plate is None:
        return
    try:
        size = plate.format
    except ProtocolError as fault:
        said = take_apart(str(fault))
        draft.mistake(("plate", "labware"), expected=said.expected, found=said.found, mend=said.mend)
        return
    if profile is None:
        return
    if profile.use == "inner" and (size.rows < 3 or size.columns < 3):
        draft.mistake(("plate", "use"), expected="a plate that has inner wells", found=f"{size.rows} x {size.columns} wells", mend="Use 'all'.")
    holds_ul = min(shape.capacity_nl for shape in plate.wells.values()) / 1000
    if profile.volume_ul > holds_ul:
        draft.mistake(("plate", "volume_ul"), expected=f"at most {holds_ul:g} µL, what a well of {profile.labware} holds", found=f"{profile.volume_ul:g} µL")


def _check_stocks(draft: Draft, labware: Callable[[str], Any]) -> None:
    """Each stock stands in a well of its holder that is its own and that holds it."""
    holders: dict[str, tuple[Any, Any]] = {}
    for part in draft.of("holders"):
        found = _look_up(draft, (*part.path, "labware"), part.raw.get("labware") if isinstance(part.raw, dict) else None, labware)
        if found is not None and found.is_tip_rack:
            draft.mistake((*part.path, "labware"), expected="labware that holds liquid", found=f"{found.load_name!r}, a tip rack")
        elif found is not None and part.word is not None:
            holders[part.word.name] = (part.word, found)
    taken: dict[tuple[str, str], Part] = {}
    for part in draft.of("stocks"):
        stock = part.word
        if stock is None:
            continue
        well = stock.position.strip().upper()
        if (stock.holder, well) in taken:
            first = taken[stock.holder, well]
            draft.mistake((*part.path, "position"), expected="a place of its own", found=f"{well} of {stock.holder!r}, where {first.name!r} stands (line {draft.lines.line(first.path)})")
        taken.setdefault((stock.holder, well), part)
        if stock.holder not in holders:
            continue
        holder, found = holders[stock.holder]
        if well not in found.wells:
            draft.mistake((*part.path, "position"), expected=f"a well of {found.load_name}", found=repr(stock.position), mend=nearest(well, found.wells))
            continue
        holds_ml = found.wells[well].capacity_nl / 1e6
        if stock.volume_ml > holds_ml:
            draft.mistake((*part.path, "volume_ml"), expected=f"at most {holds_ml:g} mL, what a well of {found.load_name} holds", found=f"{stock.volume_ml:g} mL")
        if stock.volume_ml * 1000 <= holder.dead_volume_ul:
            draft.mistake(
                (*part.path, "volume_ml"), expected=f"more than the holder's dead volume of {holder.dead_volume_ul:g} µL", found=f"{stock.volume_ml * 1000:g} µL"
            )
