"""The transfer list, the plate map and the wells as CSV, for other software and for the results that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from ..plan import PhysicalPlan
from .plain_text import csv_text


@dataclass(frozen=True, kw_only=True)
class WellRow:
    """One row of `wells.csv`: one component of one well, at the well's final volume."""

    plate: str
    well: str
    experiment_id: str
    role: str
    volume_ul: float
    component: str
    asked: float
    planned: float
    unit: str


WELL_COLUMNS = ("plate", "well", "experiment_id", "role", "volume_ul", "component", "asked", "planned", "unit")
TRANSFER_COLUMNS = ("stage", "at_h", "source_plate", "source_well", "dest_plate", "dest_well", "volume_ul", "reagent", "step", "lot")
MAP_COLUMNS = ("plate", "well", "experiment_id", "role", "volume_ul")


def well_rows(plan: PhysicalPlan) -> tuple[WellRow, ...]:
    """Every component of every well in use."""
    return tuple(
        WellRow(
            plate=plan.plate, well=well.well, experiment_id=well.experiment_id, role=well.role, volume_ul=well.volume_nl / 1000,
            component=reached.component, asked=float(f"{reached.asked:.12g}"), planned=float(f"{reached.planned:.12g}"), unit=reached.unit,
        )
        for well in plan.wells
        for reached in well.reached
    )  # fmt: skip


def wells_csv(rows: Sequence[WellRow]) -> str:
    """`wells.csv`, long."""
    return csv_text(WELL_COLUMNS, [astuple(row) for row in rows])


def transfers_csv(plan: PhysicalPlan, *, lots: Mapping[str, str] | None = None) -> str:
    """Every transfer in the plan's order. `step` counts within its stage; `lots[stock]` is written where a stock has one."""
    known = lots or {}
    rows = []
    for stage in plan.stages:
        for step, transfer in enumerate(stage.transfers, start=1):
            stock = plan.stock(transfer.stock)
            rows.append(
                (
                    stage.name, stage.at_h, stock.holder, transfer.source_well, transfer.plate, transfer.well, transfer.volume_nl / 1000, transfer.stock, step,
                    known.get(transfer.stock, ""),
                )
            )  # fmt: skip
    return csv_text(TRANSFER_COLUMNS, rows)


def plate_map_csv(plan: PhysicalPlan) -> str:
    """One row a well: what it is, and each component's concentration in a column of its own, e.g. `glucose (mM)`."""
    columns = list(dict.fromkeys((reached.component, reached.unit) for well in plan.wells for reached in well.reached))
    rows = []
    for well in plan.wells:
        planned = {(reached.component, reached.unit): float(f"{reached.planned:.12g}") for reached in well.reached}
        rows.append((plan.plate, well.well, well.experiment_id, well.role, well.volume_nl / 1000, *(planned.get(column, 0.0) for column in columns)))
    return csv_text([*MAP_COLUMNS, *(f"{component} ({unit})" if unit else component for component, unit in columns)], rows)
