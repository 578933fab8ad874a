"""A liquid that stands in a whole column of wells is drawn from eight of them at once, each row of the plate from its own."""

from __future__ import annotations

from dataclasses import replace

from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import OPENTRONS

from .pipettes import mounted_hands
from .plan import PhysicalPlan, Transfer
from .robot_plan.columns import CHANNELS, columns_in_wells, passes

Place = tuple[int, int]


def drawn_by_columns(plan: PhysicalPlan, lab: LabProfile) -> PhysicalPlan:
    """The same volumes into the same wells, with other source wells where an eight-channel pipette can use them.

    A liquid whose wells could not give that much in this way is drawn as before.
    """
    if lab.robot.model not in OPENTRONS or all(hand.channels != CHANNELS for hand in mounted_hands(lab)):
        return plan
    targets = passes(plan.plate_labware)
    load_names = {holder.name: holder.labware for holder in lab.holders} | dict(plan.dilution_plates)
    moved: dict[Place, Transfer] = {}
    for name in [*(stock.name for stock in plan.stocks), *(dilution.name for dilution in plan.dilutions)]:
        state = plan.stock(name)
        columns = columns_in_wells(load_names[state.holder], state.start_nl)
        if columns and targets:
            made = next((dilution.wells for dilution in plan.dilutions if dilution.name == name), None)
            moved |= _by_columns(plan, name, columns, targets, dict(made or state.start_nl), state.dead_nl)
    if not moved:
        return plan
    return replace(
        plan,
        stages=tuple(
            replace(stage, transfers=tuple(moved.get((number, i), transfer) for i, transfer in enumerate(stage.transfers)))
            for number, stage in enumerate(plan.stages)
        ),
    )


def _by_columns(
    plan: PhysicalPlan, liquid: str, columns: list[tuple[str, ...]], targets: tuple[tuple[str, ...], ...], left_nl: dict[str, int], dead_nl: int
) -> dict[Place, Transfer]:
    """Where each transfer of one liquid comes from; nothing where some well would lack."""
    found: dict[Place, Transfer] = {}
    rest: list[tuple[Place, Transfer]] = []
    for number, stage in enumerate(plan.stages):
        ours = {(number, i): transfer for i, transfer in enumerate(stage.transfers) if transfer.stock == liquid}
        at = {transfer.well: place for place, transfer in ours.items() if transfer.plate == plan.plate}
        for wells in targets:
            if not all(well in at for well in wells):
                continue
            volumes = [ours[at[well]].volume_nl for well in wells]
            column = next((column for column in columns if all(left_nl[source] - dead_nl >= volume for source, volume in zip(column, volumes, strict=True))), None)
            if column is not None:
                for well, source, volume in zip(wells, column, volumes, strict=True):
                    found[at[well]] = replace(ours[at[well]], source_well=source)
                    left_nl[source] -= volume
        rest += [(place, transfer) for place, transfer in ours.items() if place not in found]
    for place, transfer in rest:
        source = max(left_nl, key=lambda well: left_nl[well])
        if left_nl[source] - dead_nl < transfer.volume_nl:
            return {}
        found[place] = replace(transfer, source_well=source)
        left_nl[source] -= transfer.volume_nl
    return found

