"""Well capacity and source volume at every moment: our own running ledger, for the robot accepts overfull and empty wells."""

from __future__ import annotations

from ..finding import Finding
from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from ..volumes import shown


def check_volumes(plan: PhysicalPlan, robot: tuple[RobotStage, ...]) -> list[Finding]:
    """Walk every move: what each well holds after it, and what each stock has left."""
    plate = labware(plan.plate_labware)
    held: dict[str, int] = {}
    left = {stock.name: stock.start_nl for stock in plan.stocks}
    overfull: dict[str, tuple[str, int]] = {}
    dry: dict[str, str] = {}
    drawn: dict[str, int] = {}
    for stage in robot:
        for number, move in enumerate(stage.moves, start=1):
            held[move.well] = held.get(move.well, 0) + move.volume_nl
            left[move.stock] -= move.volume_nl
            drawn[move.stock] = drawn.get(move.stock, 0) + move.volume_nl
            if held[move.well] > plate.wells[move.well].capacity_nl:
                overfull[move.well] = f"stage {stage.name}, move {number}", held[move.well]
            if left[move.stock] < plan.stock(move.stock).dead_nl:
                dry.setdefault(move.stock, f"stage {stage.name}, move {number}")
    found = [
        Finding(
            rule="well capacity", severity="error", where=f"{well} at {moment}", observed=f"{shown(volume)} in it",
            limit=f"at most {shown(plate.wells[well].capacity_nl)}", mend="Lower plate.volume_ul.",
        )
        for well, (moment, volume) in overfull.items()
    ]  # fmt: skip
    for name, moment in dry.items():
        stock = plan.stock(name)
        found.append(
            Finding(
                rule="stock runs dry", severity="error", where=f"stock {name!r} ({stock.well} of {stock.holder}), first at {moment}",
                observed=f"{shown(drawn[name])} drawn by the plate from {shown(stock.start_nl)}, of which {shown(stock.dead_nl)} can't be drawn",
                limit=f"at least {shown(drawn[name] + stock.dead_nl)} in it", mend=f"Provide volume_ml = {_up_to_tenths(drawn[name] + stock.dead_nl):g} or more.",
            )
        )  # fmt: skip
    return found


def _up_to_tenths(volume_nl: int) -> float:
    return -(-volume_nl // 100_000) / 10
