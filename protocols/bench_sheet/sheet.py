"""The bench sheet: one HTML page that prints well and needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from world_model.terms.lab_profile import LabProfile, Stock

from ..finding import Finding, joined
from ..intent import ProtocolIntent
from ..labware import labware
from ..plan import PhysicalPlan, RobotStage
from ..volumes import shown
from .deck_map import deck_map_svg
from .markup import PAGE
from .plate_map import plate_map_svg
from .steps import sheet_steps


@dataclass(frozen=True, kw_only=True)
class StockLine:
    """A stock as the sheet lists it."""

    name: str
    contains: str
    place: str
    drawn: str
    least: str
    says: str
    stages: str
    keep: str


@dataclass(frozen=True, kw_only=True)
class LabwareLine:
    """What to fetch, and how many."""

    what: str
    use: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class WellLine:
    """A well as the sheet lists it: one cell a component."""

    well: str
    experiment: str
    role: str
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AdditionLine:
    """One addition to one well."""

    at: str
    well: str
    experiment: str
    before: str
    added: str
    stock: str


def bench_sheet(
    intent: ProtocolIntent, plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, files: Mapping[str, str], whole: str,
    findings: Sequence[Finding], engine: str,
) -> str:  # fmt: skip
    """The page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(PAGE)
    columns = _columns(plan)
    decks = [
        {
            "name": stage.name, "at_h": f"{stage.minute / 60:g}" if stage.minute else "", "picture": Markup(deck_map_svg(stage)),
            "caption": f"{', '.join(f'{name} on the {mount} mount' for mount, name in stage.pipettes)}. Tips used: "
            + ", ".join(f"{count} of {labware(rack).title}" for rack, count in stage.tips_used.items()) + ".",
        }
        for stage in robot
    ]  # fmt: skip
    return page.render(
        plate=plan.plate, objective=intent.objective, cells=lab.cells is not None, notes=joined(findings), conditions=intent.conditions,
        steps=sheet_steps(intent, plan, how=lambda stage: f"Run {stage}.py"), stocks=_stocks(plan, lab), labware=_labware(plan, robot, lab),
        plate_map=Markup(plate_map_svg(plan)), decks=decks, volume=shown(plan.final_nl), additions=_additions(plan),
        columns=[f"{name} ({unit})" if unit else name for name, unit in columns.items()], wells=_wells(plan, columns), files=files, whole=whole, engine=engine,
    )  # fmt: skip


def _stocks(plan: PhysicalPlan, lab: LabProfile) -> list[StockLine]:
    lines = []
    for state in plan.stocks:
        stages = [stage.name for stage in plan.stages if any(transfer.stock == state.name for transfer in stage.transfers)]
        if not stages:
            continue
        drawn = sum(transfer.volume_nl for stage in plan.stages for transfer in stage.transfers if transfer.stock == state.name)
        stock = lab.stock(state.name)
        lines.append(
            StockLine(
                name=state.name, contains=_contains(stock), place=f"{', '.join(state.wells)} of {state.holder}", drawn=shown(drawn), least=shown(drawn + state.dead_nl * len(state.wells)),
                says=shown(state.total_nl), stages=", ".join(stages), keep=stock.keep,
            )
        )  # fmt: skip
    return lines


def _contains(stock: Stock) -> str:
    return ", ".join(f"{name} {amount.concentration:g} {amount.unit}" for name, amount in stock.components.items()) or "–"


def _labware(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> list[LabwareLine]:
    """Plate, holders and tips."""
    lines = []
    lines.append(LabwareLine(what=labware(plan.plate_labware).title, use=f"plate {plan.plate}", amount="1"))
    holders = {stock.holder: next(h.labware for h in lab.holders if h.name == stock.holder) for stock in plan.stocks}
    used = {item.name for stage in robot for item in stage.deck if item.kind == "holder"}
    lines += [LabwareLine(what=labware(load_name).title, use=f"holder {name}", amount="1") for name, load_name in holders.items() if name in used]
    tips: dict[str, int] = {}
    for stage in robot:
        for rack, count in stage.tips_used.items():
            tips[rack] = tips.get(rack, 0) + count
    lines += [LabwareLine(what=labware(rack).title, use="fresh tips, all stages", amount=f"{count} tips") for rack, count in tips.items()]
    return lines


def _columns(plan: PhysicalPlan) -> dict[str, str]:
    """Component → unit, in the order in which wells list them; plain diluents are left to `wells.csv`."""
    return {reached.component: reached.unit for well in plan.wells if well.experiment_id for reached in well.reached if reached.unit != "µL"}


def _wells(plan: PhysicalPlan, columns: Mapping[str, str]) -> list[WellLine]:
    lines = []
    for well in plan.wells:
        if well.experiment_id:
            reached = {entry.component: entry.planned for entry in well.reached}
            cells = tuple(f"{reached.get(name, 0.0):.4g}" for name in columns)
            lines.append(WellLine(well=well.well, experiment=well.experiment_id, role=well.role, cells=cells))
    return lines


def _additions(plan: PhysicalPlan) -> list[AdditionLine]:
    """Every addition after the set-up, with what the well holds until then."""
    names = {well.well: well.experiment_id for well in plan.wells}
    return [
        AdditionLine(
            at=f"{stage.at_h:g} h", well=transfer.well, experiment=names[transfer.well], added=shown(transfer.volume_nl), stock=transfer.stock,
            before=shown(sum(plan.composition(until=number - 1).get(transfer.well, {}).values())),
        )
        for number, stage in enumerate(plan.stages)
        if number > 0
        for transfer in stage.transfers
    ]  # fmt: skip
