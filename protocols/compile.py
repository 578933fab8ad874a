"""From a design to robot files that were checked: the room's one verb."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from world_model.terms.errors import ProtocolError
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .bench_sheet.plate_map import plate_map_svg
from .bench_sheet.sheet import bench_sheet
from .checks.rules import check_plan
from .emitters.flex import emit_flex
from .emitters.tables import WellRow, transfers_csv, well_rows, wells_csv
from .engine.client import warm_engine
from .finding import Finding, Refused, errors_in
from .intent import Binding, ProtocolIntent
from .labware import labware
from .layout import draw_layout, usable_wells
from .physical_plan import available_nl, plan_plate
from .pipettes import mounted_hands
from .plan import PhysicalPlan, RobotStage
from .preflight import check_design, check_lab
from .robot_plan import plan_robot
from .solver.demands import Demand, check_additions, read_demands, shared_conditions
from .solver.strengths import read_strengths
from .solver.wells import Solver, solve_all
from .template import bind_factors, draft_intent
from .verify import Verification, verify


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One robot file: `setup` at 0 h, then one for each addition round (`induce_2h` …)."""

    name: str
    at_h: float
    robot_file: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class CompiledPlate:
    """One plate, ready for approval.

    Attributes:
        layout: well → experiment id.
        wells: the rows of `wells.csv`.
        planned: experiment id → factor → value really reached, in the factor's own unit.
        findings: warnings and notes; errors never get here.
        sha256: over all robot files; what an approval binds.
        drawn_ul: stock → what this plate takes from it, all stages.
    """

    plate: str
    intent: ProtocolIntent
    plan: PhysicalPlan
    stages: tuple[Stage, ...]
    layout: dict[str, str]
    wells: tuple[WellRow, ...]
    planned: dict[str, dict[str, float | str]]
    transfers_csv: str
    wells_csv: str
    bench_sheet_html: str
    plate_map_svg: str
    findings: tuple[Finding, ...]
    sha256: str
    verification: Verification
    drawn_ul: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plate as planned and emitted, before the engine has seen it."""

    intent: ProtocolIntent
    plan: PhysicalPlan
    robot: tuple[RobotStage, ...]
    files: tuple[str, ...]
    layout: dict[str, str]
    planned: dict[str, dict[str, float | str]]
    findings: tuple[Finding, ...]


def draft_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], space: SearchSpace, lab: LabProfile, seed: int,
    inoculum_od600: float | None = None, system: str = "", drawn_ul: Mapping[str, float] | None = None,
) -> Draft:  # fmt: skip
    """Everything up to the emitted files.

    Raises:
        Refused: the design can't be made; every reason is told.
    """
    subject = f"Plate {plate}"
    used = [experiment for experiment in experiments if experiment.role != "unused"]
    findings = check_lab(lab)
    _stop(subject, findings)
    layout_format = labware(lab.plate.labware).format
    bound = bind_factors(space, lab)
    strengths = read_strengths(lab, bound.bindings)
    conditions, mixed = shared_conditions(used, bound.conditions)
    findings += [*check_design(used, lab, layout_format), *bound.findings, *strengths.findings, *mixed]
    if inoculum_od600 is not None and not inoculum_od600 > 0:
        findings.append(Finding(rule="cells", severity="error", where="the inoculum", observed=f"OD600 {inoculum_od600:g}", limit="a positive OD600", mend="Measure it again."))
    if inoculum_od600 is not None and lab.cells is None:
        findings.append(Finding(rule="cells", severity="error", where="the inoculum", observed=f"OD600 {inoculum_od600:g}", limit="no inoculum, for the lab file has no [cells]", mend="Add [cells] or leave the OD out."))
    _stop(subject, findings)
    demands, bad = read_demands(used, bindings=bound.bindings, strengths=strengths, lab=lab)
    findings += [*bad, *check_additions(demands)]
    _stop(subject, findings)
    hands = mounted_hands(lab)
    least = min(hands, key=lambda hand: hand.smallest_nl)
    solver = Solver(lab=lab, strengths=strengths, smallest_nl=least.smallest_nl, least_pipette=least.pipette.load_name, inoculum_od600=inoculum_od600)
    solved, reasons = solve_all(solver, demands, available_nl=available_nl(lab, drawn_ul or {}))
    findings += reasons
    intent = draft_intent(
        plate=plate, experiments=used, bindings=bound.bindings, conditions=conditions, space=space, lab=lab, inoculum_od600=inoculum_od600, system=system,
    )  # fmt: skip
    _stop(subject, findings)
    layout = draw_layout(used, usable_wells(lab.plate, layout_format), seed=seed, plate=plate)
    plan = plan_plate(plate=plate, experiments=used, layout=layout, solved=solved, intent=intent, lab=lab, strengths=strengths, drawn_ul=drawn_ul or {})
    robot = plan_robot(plan, lab, hands)
    findings += check_plan(plan, robot, lab, used, intent)
    _stop(subject, findings)
    by_id = {experiment.id: experiment for experiment in used}
    times = {demand.experiment_id: _times(demand, bound.bindings) for demand in demands}
    planned = {name: {**by_id[name].settings, **_named({**answer.planned, **times[name]}, by_id[name])} for name, answer in solved.items()}
    return Draft(
        intent=intent, plan=plan, robot=robot, files=tuple(emit_flex(stage, plan) for stage in robot), layout=layout, planned=planned,
        findings=tuple(findings),
    )  # fmt: skip


def compile_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], space: SearchSpace, lab: LabProfile, seed: int,
    inoculum_od600: float | None = None, system: str = "", drawn_ul: Mapping[str, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> CompiledPlate:  # fmt: skip
    """Design to checked robot files, bench sheet and tables.

    Args:
        inoculum_od600: the OD measured that morning; without it the lab file's expected one is assumed, and said so.
        drawn_ul: stock → what earlier plates of the campaign took from it; counts for stocks that are provided once.

    Raises:
        Refused: the design can't be made, or the emitted files do not do what was planned; `.findings` holds every reason.
        ProtocolError: Opentrons' engine is missing or fails.
    """
    tell = progress or (lambda message: None)
    tell(f"solving volumes for {len(experiments)} experiments")
    draft = draft_plate(
        plate=plate, experiments=experiments, space=space, lab=lab, seed=seed, inoculum_od600=inoculum_od600, system=system, drawn_ul=drawn_ul
    )
    tell(f"checking {len(draft.files)} robot file{'s' if len(draft.files) > 1 else ''} with Opentrons' engine")
    verification = verify(draft.files, draft.plan, draft.robot, engine=warm_engine())
    if not verification.passed:
        raise Refused(f"Plate {plate}: the robot files", verification.findings)
    stages = tuple(
        Stage(name=stage.name, at_h=stage.minute / 60, robot_file=text, sha256=_sha(text)) for stage, text in zip(draft.robot, draft.files, strict=True)
    )
    rows = well_rows(draft.plan)
    whole = _sha("\n".join(f"{stage.name} {stage.sha256}" for stage in stages))
    svg = plate_map_svg(draft.plan)
    drawn: dict[str, int] = {}
    for planned_stage in draft.plan.stages:
        for transfer in planned_stage.transfers:
            drawn[transfer.stock] = drawn.get(transfer.stock, 0) + transfer.volume_nl
    tell("writing the bench sheet")
    return CompiledPlate(
        plate=plate, intent=draft.intent, plan=draft.plan, stages=stages, layout=draft.layout, wells=rows, planned=draft.planned,
        transfers_csv=transfers_csv(draft.plan), wells_csv=wells_csv(rows),
        bench_sheet_html=bench_sheet(draft.intent, draft.plan, draft.robot, lab, files={s.name: s.sha256 for s in stages}, whole=whole, findings=draft.findings, engine=verification.engine),
        plate_map_svg=svg, findings=draft.findings, sha256=whole, verification=verification,
        drawn_ul={stock: volume / 1000 for stock, volume in drawn.items()},
    )  # fmt: skip


def _times(demand: Demand, bindings: Sequence[Binding]) -> dict[str, float]:
    """Times of addition as the bench keeps them: whole minutes."""
    due = {share.factor: share.minute for share in demand.shares if share.asked > 0}
    return {
        binding.time_factor: due[binding.factor] / 60 for binding in bindings if binding.time_factor is not None and binding.factor in due
    }


def _named(planned: Mapping[str, float], experiment: ProposedExperiment) -> dict[str, float | str]:
    """A blank without settings keeps none: what it lacks is no value of a factor."""
    return {name: value for name, value in planned.items() if name in experiment.settings}


def _stop(subject: str, findings: Sequence[Finding]) -> None:
    if errors_in(findings):
        raise Refused(subject, findings)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["CompiledPlate", "Draft", "ProtocolError", "Refused", "Stage", "compile_plate", "draft_plate"]
