"""A lab file's plate, holders, dilution plates and stocks against the labware definitions: wells that exist and that hold it."""

from __future__ import annotations

from typing import Any

from world_model.terms.errors import ProtocolError, nearest

from .complaints import take_apart
from .draft import Draft, Part
from .look_up import look_up


def check_labware(draft: Draft) -> None:
    """Every load name, and every volume against the wells' capacities."""
    from protocols.labware import labware

    plate = next((part.raw for part in draft.of("plate") if isinstance(part.raw, dict)), {})
    _check_plate(draft, look_up(draft, ("plate", "labware"), plate.get("labware"), labware))
    _check_stocks(draft, _holders(draft))
    _check_dilutions(draft)
    for key in ("on_hand", "prices"):
        told = draft.data.get(key)
        for name in told if isinstance(told, dict) else ():
            look_up(draft, (key, name), name, labware)


def _check_plate(draft: Draft, plate: Any) -> None:
    from protocols.layout.reasons import plate_faults

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
        return
    holds_ul = min(shape.capacity_nl for shape in plate.wells.values()) / 1000
    if profile.volume_ul > holds_ul:
        draft.mistake(("plate", "volume_ul"), expected=f"at most {holds_ul:g} µL, what a well of {profile.labware} holds", found=f"{profile.volume_ul:g} µL")
    for told in plate_faults(profile, size):
        draft.mistake(("plate", *told.key), expected=told.expected, found=told.found, mend=told.mend)


def _holders(draft: Draft) -> dict[str, tuple[Any, Any]]:
    """Holder's name → its word and its labware, those that hold liquid."""
    from protocols.labware import labware

    holders = {}
    for part in draft.of("holders"):
        found = look_up(draft, (*part.path, "labware"), part.raw.get("labware") if isinstance(part.raw, dict) else None, labware)
        if found is not None and _holds_liquid(draft, part, found) and part.word is not None:
            holders[part.word.name] = (part.word, found)
    return holders


def _holds_liquid(draft: Draft, part: Part, found: Any) -> bool:
    if found.is_tip_rack:
        draft.mistake((*part.path, "labware"), expected="labware that holds liquid", found=f"{found.load_name!r}, a tip rack")
        return False
    if not found.wells or min(shape.capacity_nl for shape in found.wells.values()) <= 0:
        draft.mistake((*part.path, "labware"), expected="labware that holds liquid", found=f"{found.load_name!r}, which has no wells that do")
        return False
    return True


def _check_dilutions(draft: Draft) -> None:
    from protocols.labware import labware

    for part in draft.of("dilutions"):
        raw = part.raw if isinstance(part.raw, dict) else {}
        found = look_up(draft, ("dilutions", "labware"), raw.get("labware"), labware)
        if found is None or not _holds_liquid(draft, part, found) or part.word is None:
            continue
        holds_ul = min(shape.capacity_nl for shape in found.wells.values()) / 1000
        if part.word.dead_volume_ul >= holds_ul:
            draft.mistake(("dilutions", "dead_volume_ul"), expected=f"less than {holds_ul:g} µL, what a well of {found.load_name} holds", found=f"{part.word.dead_volume_ul:g} µL")


def _check_stocks(draft: Draft, holders: dict[str, tuple[Any, Any]]) -> None:
    """Each stock stands in wells of its holder that are its own and that hold it."""
    taken: dict[tuple[str, str], Part] = {}
    for part in draft.of("stocks"):
        stock = part.word
        if stock is None:
            continue
        written = [(("position",), stock.position), *((("more_positions", i), place) for i, place in enumerate(stock.more_positions))]
        here: list[str] = []
        sound = True
        for key, place in written:
            well = place.strip().upper()
            if well in here:
                draft.mistake((*part.path, *key), expected="each of its wells once", found=f"{well} again")
                sound = False
            elif (stock.holder, well) in taken:
                first = taken[stock.holder, well]
                draft.mistake((*part.path, *key), expected="a place of its own", found=f"{well} of {stock.holder!r}, where {first.name!r} stands (line {draft.lines.line(first.path)})")
            taken.setdefault((stock.holder, well), part)
            here.append(well)
            if stock.holder in holders and well not in holders[stock.holder][1].wells:
                found = holders[stock.holder][1]
                draft.mistake((*part.path, *key), expected=f"a well of {found.load_name}", found=repr(place), mend=nearest(well, found.wells))
                sound = False
        if sound and stock.holder in holders:
            _check_volume(draft, part, list(dict.fromkeys(here)), *holders[stock.holder])


def _check_volume(draft: Draft, part: Part, wells: list[str], holder: Any, found: Any) -> None:
    stock = part.word
    holds_ml = min(found.wells[well].capacity_nl for well in wells) * len(wells) / 1e6
    what = f"a well of {found.load_name} holds" if len(wells) == 1 else f"{len(wells)} wells of {found.load_name} hold"
    if stock.volume_ml > holds_ml:
        draft.mistake((*part.path, "volume_ml"), expected=f"at most {holds_ml:g} mL, what {what}", found=f"{stock.volume_ml:g} mL")
    if stock.volume_ml * 1000 <= holder.dead_volume_ul * len(wells):
        of = f" in {len(wells)} wells" if len(wells) > 1 else ""
        draft.mistake(
            (*part.path, "volume_ml"), expected=f"more than the holder's dead volume of {holder.dead_volume_ul * len(wells):g} µL{of}", found=f"{stock.volume_ml * 1000:g} µL"
        )
