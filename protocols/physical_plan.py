"""L2: solved volumes and a layout become stages of transfers, with dilutions made first, edge wells filled and stocks accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment

from .column_sources import drawn_by_columns
from .device import BY_HAND, Device, devices_by_stock, mark_nl
from .intent import ProtocolIntent
from .labware import labware
from .layout import edge_wells
from .plan import Dilution, PhysicalPlan, PlannedWell, PlanStage, Reached, StockState, Transfer
from .solver.wells import Solved, Solver
from .template import minute_of
from .volumes import to_nl
from .work import parts


def plan_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], layout: Mapping[str, str], solved: Mapping[str, Solved], intent: ProtocolIntent,
    solver: Solver, drawn_ul: Mapping[str, float],
) -> PhysicalPlan:  # fmt: skip
    """The plan of one plate. Transfers are ordered by stage, dilutions first, then stock, then well down the columns."""
    lab = solver.lab
    item = labware(lab.plate.labware)
    rank = {well: i for i, well in enumerate(item.wells)}
    final_nl = to_nl(lab.plate.volume_ul)
    filled = [well for well in edge_wells(item.format) if well not in layout] if lab.plate.edge_fill is not None else []
    names = {0: "setup", **{minute_of(step.at_h): step.stage for step in intent.additions}}
    due: dict[int, dict[str, dict[str, int]]] = {minute: {} for minute in sorted(names)}
    for well, experiment in layout.items():
        for minute, amounts in solved[experiment].volumes.items():
            for liquid, volume in amounts.items():
                due[minute].setdefault(liquid, {})[well] = volume
    for well in filled:
        due[0].setdefault(str(lab.plate.edge_fill), {})[well] = final_nl
    draws: dict[str, list[int]] = {}
    for stage in due.values():
        for liquid, volumes in stage.items():
            draws.setdefault(liquid, []).extend(volumes.values())
    dilutions = plan_dilutions(solver, draws)
    stocks = stock_states(lab, drawn_ul)
    sources = {stock.name: _Source(dict(stock.start_nl), stock.dead_nl) for stock in stocks}
    sources |= {dilution.name: _Source(dict(dilution.wells), dilution.dead_nl) for dilution in dilutions}
    order = [*(stock.name for stock in stocks), *(dilution.name for dilution in dilutions)]
    stages = []
    for minute, name in sorted(names.items()):
        transfers = _make_dilutions(dilutions, sources) if minute == 0 else []
        for liquid in order:
            volumes = due[minute].get(liquid, {})
            for well in sorted(volumes, key=rank.__getitem__):
                transfers.append(
                    Transfer(stock=liquid, source_well=sources[liquid].take(volumes[well]), plate=plate, well=well, volume_nl=volumes[well])
                )
        stages.append(PlanStage(name=name, minute=minute, transfers=tuple(transfers)))
    by_id = {experiment.id: experiment for experiment in experiments}
    wells = [
        PlannedWell(well=well, experiment_id=name, role=by_id[name].role, volume_nl=final_nl, reached=solved[name].reached)
        for well, name in layout.items()
    ]
    full = Reached(component=str(lab.plate.edge_fill), asked=final_nl / 1000, planned=final_nl / 1000, unit="µL")
    wells += [PlannedWell(well=well, experiment_id="", role="unused", volume_nl=final_nl, reached=(full,)) for well in filled]
    used = {dilution.name for dilution in dilutions}
    whole = PhysicalPlan(
        plate=plate, plate_labware=lab.plate.labware, final_nl=final_nl, stages=tuple(stages),
        wells=tuple(sorted(wells, key=lambda well: rank[well.well])), stocks=stocks,
        strengths={name: dict(brings) for name, brings in solver.strengths.of.items() if name in used or name in {stock.name for stock in stocks}},
        units=dict(solver.strengths.units), device=solver.making, dilutions=dilutions,
        dilution_plates={} if lab.dilutions is None else {dilution.plate: lab.dilutions.labware for dilution in dilutions},
        by_hand=frozenset(name for name, device in devices_by_stock(lab).items() if device is BY_HAND),
    )  # fmt: skip
    return drawn_by_columns(whole, lab)


@dataclass
class _Source:
    """What is left in each of a liquid's wells; they are drawn from in turn."""

    left_nl: dict[str, int]
    dead_nl: int
    last: str = field(default="")

    def take(self, volume_nl: int) -> str:
        """The well that gives a volume; where none has enough, the fullest one, which the volume rule then reports."""
        enough = [well for well, left in self.left_nl.items() if left - self.dead_nl >= volume_nl]
        well = self.last if self.last in enough else (enough or [max(self.left_nl, key=lambda name: self.left_nl[name])])[0]
        self.left_nl[well] -= volume_nl
        self.last = well
        return well


def plan_dilutions(solver: Solver, drawn_nl: Mapping[str, Sequence[int]]) -> tuple[Dilution, ...]:
    """How much of each dilution is made, and where: what wells and weaker dilutions draw, the overage and the dead volume."""
    profile = solver.lab.dilutions
    if profile is None:
        return ()
    item = labware(profile.labware)
    dead_nl, device = to_nl(profile.dead_volume_ul), solver.making
    needed = {liquid: list(volumes) for liquid, volumes in drawn_nl.items()}
    made: list[Dilution] = []
    capacity_nl = min(shape.capacity_nl for shape in item.wells.values())
    found: dict[str, list[int]] = {}
    for recipe in reversed(solver.recipes):
        draws = needed.get(recipe.name, [])
        if not draws:
            continue
        batch_nl = recipe.factor * device.step_nl
        # both parts of the mixture must be pipettable
        least_nl = max(_up(recipe.factor * device.least_nl, batch_nl), _up(2 * device.least_nl, batch_nl))
        asked_nl = round(sum(draws) * (1 + solver.lab.overage_percent / 100))
        # a draw is never split between wells: each well may be left with less than the next draw
        spare_nl = max(draws)
        for wells in range(1, len(item.wells) + 1):
            each = max(_up(-(-asked_nl // wells) + dead_nl + (spare_nl if wells > 1 else 0), batch_nl), least_nl)
            if each <= capacity_nl:
                break
        if device.name == BY_HAND.name or solver.lab.robot.model == "hands":
            each = _on_marks(each, batch_nl, capacity_nl, factor=recipe.factor, device=device)
        found[recipe.name] = [each] * wells
        needed.setdefault(recipe.parent, []).extend([each // recipe.factor] * wells)
    free = {f"dilutions {number}": list(item.wells) for number in range(1, profile.plates + 1)}
    for recipe in solver.recipes:
        if recipe.name not in found:
            continue
        volumes = found[recipe.name]
        plate = next((name for name, wells_left in free.items() if len(wells_left) >= len(volumes)), None)
        if plate is None:
            # one plate more than may stand there: the deck rule says so
            plate = f"dilutions {len(free) + 1}"
            free[plate] = list(item.wells)
        places, free[plate] = free[plate][: len(volumes)], free[plate][len(volumes) :]
        made.append(
            Dilution(
                name=recipe.name, parent=recipe.parent, factor=recipe.factor, diluent=solver.dilution_diluent, plate=plate,
                wells=dict(zip(places, volumes, strict=True)), dead_nl=dead_nl,
            )
        )  # fmt: skip
    return tuple(made)


def _make_dilutions(dilutions: Sequence[Dilution], sources: Mapping[str, _Source]) -> list[Transfer]:
    """Diluent first, then one part of the parent into it; strongest first."""
    transfers = []
    for dilution in dilutions:
        for well, volume in dilution.wells.items():
            part = volume // dilution.factor
            for liquid, amount in ((dilution.diluent, volume - part), (dilution.parent, part)):
                transfers.append(
                    Transfer(stock=liquid, source_well=sources[liquid].take(amount), plate=dilution.plate, well=well, volume_nl=amount)
                )
    return transfers


def _on_marks(each_nl: int, batch_nl: int, capacity_nl: int, *, factor: int, device: Device) -> int:
    """A little more of a dilution, so that hands set both its parts on a mark of their pipettes; as it was where the well has no room for that."""
    for more_nl in range(each_nl, min(capacity_nl, each_nl + 20 * batch_nl) + 1, batch_nl):
        part_nl = more_nl // factor
        if all(stroke % mark_nl(stroke) == 0 for volume in (part_nl, more_nl - part_nl) for stroke in parts(volume, device)):
            return more_nl
    return each_nl


def _up(volume_nl: int, step_nl: int) -> int:
    return -(-volume_nl // step_nl) * step_nl


def stock_states(lab: LabProfile, drawn_ul: Mapping[str, float]) -> tuple[StockState, ...]:
    """What each stock holds before the set-up. A stock provided once lacks what earlier plates drew, from its first wells on."""
    dead = {holder.name: to_nl(holder.dead_volume_ul) for holder in lab.holders}
    found = []
    for stock in lab.stocks:
        each, rest = divmod(to_nl(stock.volume_ml * 1000), len(stock.places))
        held = {place: each + (i < rest) for i, place in enumerate(stock.places)}
        lost = to_nl(drawn_ul.get(stock.name, 0.0)) if stock.provided == "once" else 0
        for i, place in enumerate(stock.places):
            last = i == len(stock.places) - 1
            taken = lost if last else min(lost, max(held[place] - dead[stock.holder], 0))
            held[place] -= taken
            lost -= taken
        found.append(StockState(name=stock.name, holder=stock.holder, start_nl=held, dead_nl=dead[stock.holder]))
    return tuple(found)


def available_nl(lab: LabProfile, drawn_ul: Mapping[str, float]) -> dict[str, int]:
    """What can be drawn of each stock for experiments: without the dead volume, and without what fills the edge."""
    item = labware(lab.plate.labware)
    found = {state.name: sum(held - state.dead_nl for held in state.start_nl.values()) for state in stock_states(lab, drawn_ul)}
    if lab.plate.edge_fill is not None and lab.plate.use == "inner":
        found[lab.plate.edge_fill] -= len(edge_wells(item.format)) * to_nl(lab.plate.volume_ul)
    return found
