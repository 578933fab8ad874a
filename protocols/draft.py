"""A plate as planned and emitted, before the engine has seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .checks.hazards import Attendance
from .checks.readings import check_reading
from .checks.rules import check_plan
from .checks.safety import check_safety
from .device import BY_HAND
from .finding import Finding, Refused, errors_in
from .fixes import told_fixes
from .intent import ProtocolIntent
from .labware import labware
from .layout import LayoutRecord, lay_out, layout_reasons
from .physical_plan import available_nl, plan_plate
from .plan import PhysicalPlan, RobotStage
from .preflight import check_design, check_lab
from .realised import told_settings
from .solver.demands import check_additions, read_demands, shared_conditions
from .solver.strengths import read_strengths
from .solver.wells import Solver, solve_all, solver_of
from .targets import Emitted, target_of
from .template import bind_factors, draft_intent


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plate as planned and emitted, before the emitted files have been read back. `record` says how it was laid out."""

    intent: ProtocolIntent
    plan: PhysicalPlan
    emitted: Emitted
    record: LayoutRecord
    planned: dict[str, dict[str, float | str]]
    findings: tuple[Finding, ...]

    @property
    def layout(self) -> dict[str, str]:
        """Well → experiment id."""
        return self.record.wells

    @property
    def robot(self) -> tuple[RobotStage, ...]:
        """L3 on an Opentrons; empty for other targets."""
        return self.emitted.robot

    @property
    def files(self) -> tuple[str, ...]:
        """One text a stage."""
        return self.emitted.files


def draft_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], space: SearchSpace, lab: LabProfile, seed: int,
    inoculum_od600: float | None = None, system: str = "", drawn_ul: Mapping[str, float] | None = None, day: date | None = None,
    attendance: Attendance = "attended", own_layout: Mapping[str, str] | None = None, run_s: float | None = None,
) -> Draft:  # fmt: skip
    """Everything up to the emitted files.

    Args:
        day: when the plate is made; without it stocks with a last day are not compared with any day, which a note says.
        attendance: whether a person stays beside the machine.
        own_layout: well → experiment id, which is checked and kept; else a layout is drawn.
        run_s: until when the plate is read, from the campaign's zero; None for end points.

    Raises:
        Refused: the design can't be made; every reason is told.
    """
    subject = f"Plate {plate}"
    used = [experiment for experiment in experiments if experiment.role != "unused"]
    findings = check_lab(lab)
    _stop(subject, findings)
    target = target_of(lab)
    findings += target.check(lab)
    layout_format = labware(lab.plate.labware).format
    bound = bind_factors(space, lab)
    strengths = read_strengths(lab, bound.bindings)
    conditions, mixed = shared_conditions(used, [name for name in bound.conditions if name not in lab.plate.zone_factors])
    findings += [*check_design(used, lab, layout_format), *bound.findings, *strengths.findings, *mixed]
    if inoculum_od600 is not None and not inoculum_od600 > 0:
        findings.append(
            Finding(
                rule="cells",
                severity="error",
                where="the inoculum",
                observed=f"OD600 {inoculum_od600:g}",
                limit="a positive OD600",
                mend="Measure it again.",
            )
        )
    if inoculum_od600 is not None and lab.cells is None:
        findings.append(
            Finding(
                rule="cells",
                severity="error",
                where="the inoculum",
                observed=f"OD600 {inoculum_od600:g}",
                limit="no inoculum, for the lab file has no [cells]",
                mend="Add [cells] or leave the OD out.",
            )
        )
    _stop(subject, findings)
    demands, bad = read_demands(used, bindings=bound.bindings, strengths=strengths, lab=lab)
    findings += [*bad, *check_additions(demands)]
    _stop(subject, findings)
    answer = solve_all(
        solver_of(lab, strengths, inoculum_od600=inoculum_od600), demands, available_nl=available_nl(lab, drawn_ul or {})
    )
    solved = answer.by_id
    findings += [*answer.reasons, *layout_reasons(used, lab, seed=seed, plate=plate, own=own_layout)]
    _stop(subject, findings)
    record = lay_out(used, lab, seed=seed, plate=plate, own=own_layout)
    held = {f"{factor} in {zone}": value for zone, values in record.zone_values.items() for factor, value in values.items()}
    intent = draft_intent(
        plate=plate, experiments=used, bindings=bound.bindings, conditions={**conditions, **held}, space=space, lab=lab, inoculum_od600=inoculum_od600, system=system,
    )  # fmt: skip
    findings += check_reading(intent, run_s=run_s)
    _stop(subject, findings)
    plan = plan_plate(
        plate=plate, experiments=used, layout=record.wells, solved=solved, intent=intent, solver=_making(answer.solver), drawn_ul=drawn_ul or {}
    )
    plan = replace(plan, device=answer.solver.making)
    emitted = target.emit(plan, lab)
    findings += [*emitted.findings, *check_plan(plan, emitted.robot, lab, used, intent), *told_fixes(plan, emitted.robot, answer)]
    findings += check_safety(plan, emitted.robot, lab, day=day, attendance=attendance)
    _stop(subject, findings)
    planned = told_settings(used, demands, solved, bound.bindings)
    return Draft(
        intent=intent, plan=plan, emitted=emitted, record=record, planned=planned, findings=tuple(findings),
    )  # fmt: skip


def _making(solver: Solver) -> Solver:
    """Sound mixes nothing: what an Echo draws from is diluted by hand, in the hands' steps."""
    return replace(solver, making=BY_HAND) if solver.making.by == "sound" else solver


def _stop(subject: str, findings: Sequence[Finding]) -> None:
    if errors_in(findings):
        raise Refused(subject, findings)
