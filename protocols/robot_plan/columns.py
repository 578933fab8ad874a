"""Where eight channels may work at once: a whole column that gets the same volume of the same liquid, from one long well or
from a column of wells with that liquid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ..labware import labware
from ..nozzles import PITCH_MM
from ..plan import Transfer

CHANNELS = 8


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """What is dispensed at once: one transfer, or those of a column from back to front; or the same part of each of them."""

    transfers: tuple[Transfer, ...]
    volume_nl: int

    @property
    def first(self) -> Transfer:
        return self.transfers[0]

    @property
    def channels(self) -> int:
        return len(self.transfers)


def alone(transfer: Transfer, volume_nl: int | None = None) -> Stroke:
    """One transfer by itself, or a part of it."""
    return Stroke(transfers=(transfer,), volume_nl=transfer.volume_nl if volume_nl is None else volume_nl)


@cache
def passes(load_name: str) -> tuple[tuple[str, ...], ...]:
    """The sets of eight wells that eight channels reach together: a column of 96 wells, every second well of a column of 384."""
    found = []
    for column in labware(load_name).columns:
        if len(column) not in (CHANNELS, 2 * CHANNELS):
            return ()
        step = len(column) // CHANNELS
        found += [tuple(column[start::step]) for start in range(step)]
    return tuple(found)


@cache
def is_long_enough(load_name: str, well: str) -> bool:
    """Whether all eight nozzles fit into one well."""
    item = labware(load_name)
    return item.centred and well in item.wells and item.wells[well].along_y_mm > (CHANNELS - 1) * PITCH_MM


def columns_in(transfers: Sequence[Transfer], *, target: str, source: str) -> tuple[list[tuple[Transfer, ...]], list[Transfer]]:
    """Transfers of one liquid into one plate: those of whole columns that eight channels can serve, and the rest.

    Args:
        target, source: load names of the plate and of what holds the liquid.
    """
    by_well: dict[str, Transfer] = {}
    rest = []
    for transfer in transfers:
        if transfer.well in by_well:
            rest.append(transfer)
        else:
            by_well[transfer.well] = transfer
    found = []
    for wells in passes(target):
        group = tuple(by_well[well] for well in wells if well in by_well)
        if len(group) == CHANNELS and _drawn_at_once(group, source):
            found.append(group)
            for well in wells:
                del by_well[well]
    return found, [*by_well.values(), *rest]


def _drawn_at_once(group: Sequence[Transfer], source: str) -> bool:
    wells = tuple(transfer.source_well for transfer in group)
    return (len(set(wells)) == 1 and is_long_enough(source, wells[0])) or wells in passes(source)


def columns_in_wells(load_name: str, wells: Mapping[str, object]) -> list[tuple[str, ...]]:
    """The columns of eight among a liquid's wells."""
    return [column for column in passes(load_name) if all(well in wells for well in column)]
