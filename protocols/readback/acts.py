"""What a parsed file tells a machine to do, and what stood on the bench before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from world_model.terms.lab_profile import LabProfile

from ..labware import labware
from ..plan import PhysicalPlan

Place = tuple[str, str]
"""A plate's, holder's or dilution plate's name, and the well."""
Contents = dict[str, float]
"""Stock → nanolitres."""


class Act(NamedTuple):
    """One thing that a tip (or a drop of sound) does; a `change` throws the tip away or washes it. `line` is for messages."""

    kind: Literal["aspirate", "dispense", "change"]
    place: Place
    volume_nl: float
    line: int


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """The acts of one file, in order; `faults` are lines that break the format."""

    acts: tuple[Act, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What stands there: racks by name with their wells in the maker's order; capacities; what each well holds and can't give.

    `liquid_at` names the liquid of stock and dilution wells, so that two wells of one liquid count as one for a tip.
    """

    racks: Mapping[str, tuple[str, ...]]
    capacity_nl: Mapping[Place, int]
    dead_nl: Mapping[Place, int]
    start: Mapping[Place, Contents]
    liquid_at: Mapping[Place, str]


def bench_of(plan: PhysicalPlan, lab: LabProfile) -> Bench:
    """The bench before the first stage, from the plan's stocks and the makers' definitions."""
    load_names = {holder.name: holder.labware for holder in lab.holders} | dict(plan.dilution_plates) | {plan.plate: plan.plate_labware}
    shapes = {name: labware(load_name).wells for name, load_name in load_names.items()}
    liquid_at = {(stock.holder, well): stock.name for stock in plan.stocks for well in stock.start_nl}
    liquid_at |= {(dilution.plate, well): dilution.name for dilution in plan.dilutions for well in dilution.wells}
    dead = {(stock.holder, well): stock.dead_nl for stock in plan.stocks for well in stock.start_nl}
    dead |= {(dilution.plate, well): dilution.dead_nl for dilution in plan.dilutions for well in dilution.wells}
    return Bench(
        racks={name: tuple(wells) for name, wells in shapes.items()},
        capacity_nl={(name, well): shape.capacity_nl for name, wells in shapes.items() for well, shape in wells.items()},
        dead_nl=dead,
        start={(stock.holder, well): {stock.name: float(volume)} for stock in plan.stocks for well, volume in stock.start_nl.items() if volume > 0},
        liquid_at=liquid_at,
    )  # fmt: skip
