"""L2: solved volumes and a layout become stages of transfers, with edge wells filled and stocks accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from .intent import ProtocolIntent
from .labware import labware
from .layout import edge_wells
from .plan import PhysicalPlan, PlannedWell, PlanStage, Reached, StockState, Transfer
from .solver.strengths import Strengths
from .solver.wells import Solved
from .template import minute_of
from .volumes import to_nl


def plan_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], layout: Mapping[str, str], solved: Mapping[str, Solved], intent: ProtocolIntent,
    lab: LabProfile, strengths: Strengths, drawn_ul: Mapping[str, float],
) -> PhysicalPlan:  # fmt: skip
    """The plan of one plate. Transfers are ordered by stage, then stock, then well down the columns."""
    item = labware(lab.plate.labware)
    rank = {well: i for i, well in enumerate(item.wells)}
    final_nl = to_nl(lab.plate.volume_ul)
    filled = [well for well in edge_wells(item.format) if well not in layout] if lab.plate.edge_fill is not None else []
    names = {0: "setup", **{minute_of(step.at_h): step.stage for step in intent.additions}}
    stages = []
    for minute, name in sorted(names.items()):
        due = {
            (stock, well): volume
            for well, experiment in layout.items()
            for stock, volume in solved[experiment].volumes.get(minute, {}).items()
        }
        if minute == 0:
            due |= {(str(lab.plate.edge_fill), well): final_nl for well in filled}
        stages.append(
            PlanStage(
                name=name, minute=minute,
                transfers=tuple(
                    Transfer(stock=stock.name, well=well, volume_nl=due[stock.name, well])
                    for stock in lab.stocks
                    for well in sorted((well for other, well in due if other == stock.name), key=rank.__getitem__)
                ),
            )
        )  # fmt: skip
    by_id = {experiment.id: experiment for experiment in experiments}
    wells = [
        PlannedWell(well=well, experiment_id=name, role=by_id[name].role, volume_nl=final_nl, reached=solved[name].reached)
        for well, name in layout.items()
    ]
    full = Reached(component=str(lab.plate.edge_fill), asked=final_nl / 1000, planned=final_nl / 1000, unit="µL")
    wells += [PlannedWell(well=well, experiment_id="", role="unused", volume_nl=final_nl, reached=(full,)) for well in filled]
    return PhysicalPlan(
        plate=plate, plate_labware=lab.plate.labware, final_nl=final_nl, stages=tuple(stages),
        wells=tuple(sorted(wells, key=lambda well: rank[well.well])),
        stocks=stock_states(lab, drawn_ul),
        strengths={name: dict(brings) for name, brings in strengths.of.items()}, units=dict(strengths.units),
    )  # fmt: skip


def stock_states(lab: LabProfile, drawn_ul: Mapping[str, float]) -> tuple[StockState, ...]:
    """What each stock holds before the set-up. A stock provided once lacks what earlier plates drew."""
    dead = {holder.name: to_nl(holder.dead_volume_ul) for holder in lab.holders}
    return tuple(
        StockState(
            name=stock.name, holder=stock.holder, well=stock.position.strip().upper(), dead_nl=dead[stock.holder],
            start_nl=to_nl(stock.volume_ml * 1000) - (to_nl(drawn_ul.get(stock.name, 0.0)) if stock.provided == "once" else 0),
        )
        for stock in lab.stocks
    )  # fmt: skip


def available_nl(lab: LabProfile, drawn_ul: Mapping[str, float]) -> dict[str, int]:
    """What can be drawn of each stock for experiments: without the dead volume, and without what fills the edge."""
    item = labware(lab.plate.labware)
    found = {state.name: state.start_nl - state.dead_nl for state in stock_states(lab, drawn_ul)}
    if lab.plate.edge_fill is not None and lab.plate.use == "inner":
        found[lab.plate.edge_fill] -= len(edge_wells(item.format)) * to_nl(lab.plate.volume_ul)
    return found
