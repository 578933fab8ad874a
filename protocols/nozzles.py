"""Which wells the nozzles of a pipette really stand over, from positions in millimetres alone: the geometry that checks trust."""

from __future__ import annotations

from functools import cache

from .labware import labware

# All of the maker's eight-channel pipettes; `pipettes.pipette_data` refuses one whose nozzles stand otherwise.
PITCH_MM = 9.0


@cache
def wells_under(load_name: str, well: str, channels: int) -> tuple[str | None, ...]:
    """The well under each nozzle, back to front, when the pipette is sent to `well`; None beside every well.

    Where the labware says so the pipette's middle goes to the well's centre, else its first nozzle does.
    """
    item = labware(load_name)
    if well not in item.wells:
        return (None,) * channels
    if channels == 1:
        return (well,)
    aim = item.wells[well]
    back = aim.y_mm + (channels - 1) * PITCH_MM / 2 if item.centred else aim.y_mm
    return tuple(_well_at(load_name, aim.x_mm, back - nozzle * PITCH_MM) for nozzle in range(channels))


def _well_at(load_name: str, x_mm: float, y_mm: float) -> str | None:
    return next((name for name, shape in labware(load_name).wells.items() if shape.is_over(x_mm, y_mm)), None)
