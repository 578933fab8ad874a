"""A serial dilution as transfers of whole nanolitres, with the strengths that they really give."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from world_model.terms.errors import ProtocolError
from world_model.terms.plates import FORMATS, PlateFormat, parse_well, well_name
from world_model.terms.quantities import nanolitres
from world_model.terms.steps import SerialDilution

from .volumes import STEP_NL, shown


@dataclass(frozen=True, kw_only=True)
class SerialTransfer:
    """One transfer. `source` is a stock's name, or the well before (`well A1`). `into_waste`: what the last well gives off."""

    well: str
    source: str
    volume_nl: int
    into_waste: bool = False


@dataclass(frozen=True, kw_only=True)
class SerialWell:
    """What a well of the series holds in the end: its strength as an exact part of the stock's."""

    well: str
    volume_nl: int
    part: Fraction


def carried_nl(step: SerialDilution, *, step_nl: int = STEP_NL) -> int:
    """What goes from well to well: volume / (factor - 1), in whole steps of the pipette."""
    return max(round(nanolitres(step.volume) / (step.factor.value - 1) / step_nl), 1) * step_nl


def series(step: SerialDilution, *, plate: PlateFormat = FORMATS[96], step_nl: int = STEP_NL) -> tuple[SerialWell, ...]:
    """The wells with their exact strengths: each is carried / (carried + volume) of the one before.

    Raises:
        ProtocolError: the series runs off the plate.
    """
    kept = _kept_nl(step, step_nl)
    ratio = Fraction(carried_nl(step, step_nl=step_nl), carried_nl(step, step_nl=step_nl) + kept)
    first = Fraction(1) if step.begins == "stock" else ratio
    return tuple(SerialWell(well=well, volume_nl=kept, part=first * ratio**i) for i, well in enumerate(_wells(step, plate)))


def dilute(
    step: SerialDilution, *, plate: PlateFormat = FORMATS[96], step_nl: int = STEP_NL, least_nl: int = STEP_NL, capacity_nl: int | None = None,
) -> tuple[SerialTransfer, ...]:  # fmt: skip
    """The transfers in order: diluent everywhere, stock into the first well, then from well to well; the last one gives off what it has too much.

    Args:
        least_nl: the least that the pipette measures.
        capacity_nl: what a well holds; before the next transfer a well holds `volume` and what is carried on.

    Raises:
        ProtocolError: the series runs off the plate, a transfer is below the pipette, or a well would overflow; with the numbers.
    """
    kept, carried = _kept_nl(step, step_nl), carried_nl(step, step_nl=step_nl)
    if carried < least_nl:
        highest = 1 + kept / least_nl
        raise ProtocolError(
            f"Expected transfers of at least {shown(least_nl)} in the serial dilution of {step.stock}, found {shown(carried)} "
            f"({shown(kept)} at a factor of {step.factor.value:g}). Use a factor of at most {highest:.3g}, or a larger volume."
        )
    if capacity_nl is not None and kept + carried > capacity_nl:
        raise ProtocolError(
            f"Expected at most {shown(capacity_nl)} in a well, found {shown(kept + carried)} in the serial dilution of {step.stock} "
            f"before {shown(carried)} of it goes on. Use a smaller volume or a larger factor."
        )
    wells = _wells(step, plate)
    neat = step.begins == "stock"
    rows = [SerialTransfer(well=well, source=step.diluent, volume_nl=kept) for well in wells[1 if neat else 0 :]]
    rows.append(SerialTransfer(well=wells[0], source=step.stock, volume_nl=kept + carried if neat else carried))
    rows += [SerialTransfer(well=after, source=f"well {before}", volume_nl=carried) for before, after in pairwise(wells)]
    if len(wells) > 1 or not neat:
        rows.append(SerialTransfer(well="waste", source=f"well {wells[-1]}", volume_nl=carried, into_waste=True))
    return tuple(rows)


def _kept_nl(step: SerialDilution, step_nl: int) -> int:
    return max(round(nanolitres(step.volume) / step_nl), 1) * step_nl


def _wells(step: SerialDilution, plate: PlateFormat) -> tuple[str, ...]:
    first = parse_well(step.first_well, plate)
    letters = first.rstrip("0123456789")
    row = next(row for row in range(plate.rows) if well_name(row, 0) == f"{letters}1")
    column = int(first[len(letters) :]) - 1
    points = int(step.points.value)
    room = plate.columns - column if step.along == "rows" else plate.rows - row
    if points > room:
        line = "row" if step.along == "rows" else "column"
        raise ProtocolError(
            f"Expected at most {room} points from {first} to the end of its {line}, found {points} in the serial dilution of {step.stock}. "
            f"Begin further {'left' if step.along == 'rows' else 'up'}, or dilute along {'columns' if step.along == 'rows' else 'rows'}."
        )
    return tuple(well_name(row, column + i) if step.along == "rows" else well_name(row + i, column) for i in range(points))
