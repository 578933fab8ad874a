"""What each well holds in the end, and what it gets later."""

from __future__ import annotations

from ..plan import PhysicalPlan
from ..volumes import shown
from .blocks import Column, Table


def well_table(plan: PhysicalPlan) -> Table:
    """A line for each well with an experiment, a column for each component; plain diluents are left to `wells.csv`."""
    units = {reached.component: reached.unit for well in plan.wells if well.experiment_id for reached in well.reached if reached.unit != "µL"}
    rows = []
    for well in plan.wells:
        if well.experiment_id:
            reached = {entry.component: entry.planned for entry in well.reached}
            rows.append((well.well, well.experiment_id, well.role, *(f"{reached.get(name, 0.0):.4g}" for name in units)))
    columns = (
        Column(name="Well", bold=True, share=0.6), Column(name="Experiment", share=1.2), Column(name="Role", share=1.1),
        *(Column(name=f"{name} ({unit})" if unit else name, numeric=True) for name, unit in units.items()),
    )  # fmt: skip
    return Table(columns=columns, rows=tuple(rows))


def addition_table(plan: PhysicalPlan) -> Table:
    """Every addition after the set-up, with what the well holds until then."""
    names = {well.well: well.experiment_id for well in plan.wells}
    rows = []
    for number, stage in enumerate(plan.stages):
        if number > 0:
            held = plan.composition(until=number - 1)
            rows += [
                (f"{stage.at_h:g} h", t.well, names[t.well], shown(sum(held.get(t.well, {}).values())), shown(t.volume_nl), t.stock)
                for t in stage.transfers
                if t.plate == plan.plate
            ]
    columns = (
        Column(name="At", share=0.6), Column(name="Well", bold=True, share=0.6), Column(name="Experiment", share=1.2), Column(name="Holds before", numeric=True),
        Column(name="Added", numeric=True), Column(name="Stock", share=1.5),
    )  # fmt: skip
    return Table(columns=columns, rows=tuple(rows))
