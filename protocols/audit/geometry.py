"""Which nozzle stands over which well, and how high liquid stands; from the maker's definitions alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.trace import Definition, PipetteKind, WellGeometry

_MULTI_CENTRE = "centerMultichannelOnWells"
_MANY_WELLS = 96


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The nozzles in use and the one that goes to the named well."""

    nozzles: tuple[str, ...]
    primary: str


def full_layout(pipette: PipetteKind) -> Layout:
    return Layout(nozzles=tuple(pipette.nozzles), primary=next(iter(pipette.nozzles)))


def configured_layout(pipette: PipetteKind, asked: Mapping[str, Any]) -> Layout:
    """The layout of a configureNozzleLayout command."""
    style, primary = asked.get("style", "ALL"), asked.get("primaryNozzle", "A1")
    if style == "ALL":
        return full_layout(pipette)
    one, other = primary, primary
    if style == "QUADRANT":
        one, other = asked.get("backLeftNozzle", primary), asked.get("frontRightNozzle", primary)
    rows = sorted((one[0], other[0]))
    columns = sorted((int(one[1:]), int(other[1:])))
    chosen = [
        name
        for name in pipette.nozzles
        if (style == "COLUMN" or rows[0] <= name[0] <= rows[1]) and (style == "ROW" or columns[0] <= int(name[1:]) <= columns[1])
    ]
    return Layout(nozzles=tuple(chosen), primary=primary)


def wells_under(
    definition: Definition, well: str, *, pipette: PipetteKind, layout: Layout, dx_mm: float = 0.0, dy_mm: float = 0.0
) -> dict[str, str | None]:
    """The well under each nozzle when the pipette goes to `well`; None for a nozzle over no opening.

    As the engine moves: the primary nozzle goes to the well's centre; over labware that asks for it (reservoirs), the middle of
    the nozzles does, in both directions or along the column only.
    """
    places = {name: pipette.nozzles[name] for name in layout.nozzles}
    here = pipette.nozzles[layout.primary]
    centre_y = sum(y for _, y in places.values()) / len(places)
    centre_x = sum(x for x, _ in places.values()) / len(places)
    if _MULTI_CENTRE in definition.quirks:
        here = (here[0], centre_y) if 1 < len(definition.wells) < _MANY_WELLS else (centre_x, centre_y)
    target = definition.wells[well]
    under: dict[str, str | None] = {}
    for name, (x, y) in places.items():
        at_x, at_y = target.x_mm + x - here[0] + dx_mm, target.y_mm + y - here[1] + dy_mm
        named = [other for other, shape in definition.wells.items() if shape.holds(at_x - shape.x_mm, at_y - shape.y_mm)]
        under[name] = well if well in named else named[0] if named else None
    return under


def level_mm(well: WellGeometry, volume_ul: float) -> float:
    """How high a volume stands above the bottom, estimated from above: a tapered well is taken as a cone, the slimmest that it may be."""
    share = min(max(volume_ul, 0.0) / well.capacity_ul, 1.0) if well.capacity_ul > 0 else 0.0
    return well.depth_mm * (share if well.bottom == "flat" else share ** (1 / 3))


def tip_height_mm(location: Mapping[str, Any] | None, well: WellGeometry) -> float | None:
    """The tip's end above the well's bottom; None where it follows the liquid."""
    if location is None:
        return None
    offset = float(location.get("offset", {}).get("z", 0.0))
    match location.get("origin", "top"):
        case "top":
            return well.depth_mm + offset
        case "bottom":
            return offset
        case "center":
            return well.depth_mm / 2 + offset
        case _:
            return None
