"""Well capacity and source volume at every moment: our own running ledger, for the robot accepts overfull and empty wells."""

from __future__ import annotations

from ..finding import Finding
from ..labware import labware
from ..nozzles import wells_under
from ..pipettes import pipette_data
from ..plan import PhysicalPlan, RobotStage
from ..rebuild import Place
from ..volumes import shown


def check_volumes(plan: PhysicalPlan, robot: tuple[RobotStage, ...]) -> list[Finding]:
    """Walk every move: what each well holds after it, and what each stock has left."""
    names = {item.slot: item.name for stage in robot for item in stage.deck if item.kind != "tips"}
    load_names = {item.slot: item.load_name for stage in robot for item in stage.deck if item.kind != "tips"}
    held: dict[Place, int] = {}
    left = {(stock.holder, well): volume for stock in plan.stocks for well, volume in stock.start_nl.items()}
    dead = {(stock.holder, well): stock.dead_nl for stock in plan.stocks for well in stock.wells}
    dead |= {(dilution.plate, well): dilution.dead_nl for dilution in plan.dilutions for well in dilution.wells}
    overfull: dict[Place, tuple[str, int]] = {}
    dry: dict[Place, tuple[str, str]] = {}
    drawn: dict[Place, int] = {}
    for stage in robot:
        for number, move in enumerate(stage.moves, start=1):
            moment = f"stage {stage.name}, move {number}"
            channels = pipette_data(stage.pipettes[move.pipette][1]).channels
            sources, targets = (
                [(names[slot], name) for name in wells_under(load_names[slot], well, channels) if name is not None]
                for slot, well in ((move.source_slot, move.source_well), (move.target_slot, move.well))
            )
            for source in sources:
                left[source] = left.get(source, 0) - move.volume_nl
                drawn[source] = drawn.get(source, 0) + move.volume_nl
                if left[source] < dead.get(source, 0):
                    dry.setdefault(source, (move.stock, moment))
            for target in targets:
                if target in dead:
                    left[target] = left.get(target, 0) + move.volume_nl
                held[target] = held.get(target, 0) + move.volume_nl
                if held[target] > labware(load_names[move.target_slot]).wells[target[1]].capacity_nl:
                    overfull[target] = moment, held[target]
    found = [
        Finding(
            rule="well capacity", severity="error", where=f"{well} of {plate} at {moment}", observed=f"{shown(volume)} in it",
            limit=f"at most {shown(labware(plan.labware_of(plate)).wells[well].capacity_nl)}", mend="Lower plate.volume_ul.",
        )
        for (plate, well), (moment, volume) in overfull.items()
    ]  # fmt: skip
    for (holder, well), (name, moment) in dry.items():
        stock = plan.stock(name)
        start_nl = next((d.wells[well] for d in plan.dilutions if d.name == name), None) or stock.start_nl.get(well, 0)
        lacking = drawn[holder, well] + stock.dead_nl - start_nl
        found.append(
            Finding(
                rule="stock runs dry", severity="error", where=f"stock {name!r} ({well} of {holder}), first at {moment}",
                observed=f"{shown(drawn[holder, well])} drawn by the plate from {shown(start_nl)}, of which {shown(stock.dead_nl)} can't be drawn",
                limit=f"at least {shown(drawn[holder, well] + stock.dead_nl)} in it", mend=f"Provide volume_ml = {_up_to_tenths(stock.total_nl + lacking):g} or more.",
            )
        )  # fmt: skip
    return found


def _up_to_tenths(volume_nl: int) -> float:
    return -(-volume_nl // 100_000) / 10
