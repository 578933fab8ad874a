"""From a design to robot files that were checked: the room's one verb."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from world_model.terms.errors import ProtocolError
from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile
from world_model.terms.proposal import ProposedExperiment
from world_model.terms.space import SearchSpace

from .checks.hazards import Attendance
from .draft import Draft, draft_plate
from .emitters.tables import WellRow, well_rows, wells_csv
from .finding import Finding, Refused
from .intent import ProtocolIntent
from .layout import LayoutRecord
from .paperwork import Paperwork, draw_up
from .plan import PhysicalPlan
from .targets import plate_tables, target_of
from .verify import Verification


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One robot file: `setup` at 0 h, then one for each addition round (`induce_2h` …). `file` is its name, e.g. setup.gwl."""

    name: str
    at_h: float
    file: str
    robot_file: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class CompiledPlate:
    """One plate, ready for approval.

    Attributes:
        layout: well → experiment id. `record`: its seed, blocks, zones and balance.
        wells: the rows of `wells.csv`.
        planned: experiment id → factor → value really reached, in the factor's own unit.
        findings: warnings and notes; errors never get here.
        also: name → text of further files that belong to the stages, e.g. by_hand.csv.
        target: what --target calls the robot that the files are for.
        sha256: over all robot files, those in `also`, and the intent, whose instructions a person follows; what an approval binds.
        drawn_ul: stock → what this plate takes from it, all stages.
        papers: bench sheet, labels, order list, cost and schedule.
    """

    plate: str
    intent: ProtocolIntent
    plan: PhysicalPlan
    stages: tuple[Stage, ...]
    layout: dict[str, str]
    record: LayoutRecord
    wells: tuple[WellRow, ...]
    planned: dict[str, dict[str, float | str]]
    target: str
    also: dict[str, str]
    transfers_csv: str
    plate_map_csv: str
    wells_csv: str
    papers: Paperwork
    findings: tuple[Finding, ...]
    sha256: str
    verification: Verification
    drawn_ul: dict[str, float]

    @property
    def bench_sheet_html(self) -> str:
        return self.papers.sheet_html

    @property
    def plate_map_svg(self) -> str:
        return self.papers.plate_map_svg


def compile_plate(
    *, plate: str, experiments: Sequence[ProposedExperiment], space: SearchSpace, lab: LabProfile, seed: int,
    inoculum_od600: float | None = None, system: str = "", drawn_ul: Mapping[str, float] | None = None, target: str | None = None,
    day: date | None = None, attendance: Attendance = "attended", own_layout: Mapping[str, str] | None = None, run_s: float | None = None,
    measurements: Sequence[Measurement] = (), context: Mapping[str, float | str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> CompiledPlate:  # fmt: skip
    """Design to checked robot files, bench sheet and tables.

    Args:
        inoculum_od600: the OD measured that morning; without it the lab file's expected one is assumed, and said so.
        drawn_ul: stock → what earlier plates of the campaign took from it; counts for stocks that are provided once.
        target: one of the lab's machines; `[robot]` unless told.
        day, attendance, own_layout: see `draft_plate`.
        run_s: how long the plate is read, from the campaign's zero, for the schedule; some step must read it then.
        measurements, context: what the campaign reads, and what it keeps fixed: the bench sheet says both.

    Raises:
        Refused: the design can't be made, or the emitted files do not do what was planned; `.findings` holds every reason.
        ProtocolError: Opentrons' engine is missing or fails.
        ConflictError: the lab has no machine of that name.
    """
    tell = progress or (lambda message: None)
    lab = lab.for_target(target)
    tell(f"solving volumes for {len(experiments)} experiments")
    draft = draft_plate(
        plate=plate,
        experiments=experiments,
        space=space,
        lab=lab,
        seed=seed,
        inoculum_od600=inoculum_od600,
        system=system,
        drawn_ul=drawn_ul,
        day=day,
        attendance=attendance,
        own_layout=own_layout,
        run_s=run_s,
    )
    way = target_of(lab)
    tell(f"reading back {len(draft.files)} file{'s' if len(draft.files) > 1 else ''} for {lab.robot.called}")
    verification = way.validate(draft.emitted, draft.plan, lab)
    tables = plate_tables(draft.plan, lab)
    if not verification.passed or tables.findings:
        raise Refused(f"Plate {plate}: the emitted files", (*verification.findings, *tables.findings))
    stages = tuple(
        Stage(name=stage.name, at_h=stage.at_h, file=f"{stage.name}{draft.emitted.suffix}", robot_file=text, sha256=_sha(text))
        for stage, text in zip(draft.plan.stages, draft.files, strict=True)
    )
    rows = well_rows(draft.plan)
    bound = {**{stage.file: stage.sha256 for stage in stages}, **{name: _sha(text) for name, text in sorted(draft.emitted.also.items())}}
    intent_sha256 = _sha(draft.intent.model_dump_json())
    whole = _sha("\n".join(f"{name} {sha256}" for name, sha256 in [*bound.items(), ("intent", intent_sha256)]))
    tell("writing the bench sheet")
    papers = draw_up(draft, lab, files=bound, whole=whole, engine=verification.engine, day=day, run_s=run_s, measurements=measurements, context=context)
    drawn = dict.fromkeys((stock.name for stock in draft.plan.stocks), 0)
    for planned_stage in draft.plan.stages:
        for transfer in planned_stage.transfers:
            if transfer.stock in drawn:
                drawn[transfer.stock] += transfer.volume_nl
    return CompiledPlate(
        plate=plate, intent=draft.intent, plan=draft.plan, stages=stages, layout=draft.layout, record=draft.record, wells=rows, planned=draft.planned,
        target=lab.robot.called, also=draft.emitted.also, transfers_csv=tables.transfers_csv, plate_map_csv=tables.plate_map_csv, wells_csv=wells_csv(rows),
        papers=papers, findings=(*draft.findings, *papers.findings), sha256=whole, verification=verification,
        drawn_ul={stock: volume / 1000 for stock, volume in drawn.items() if volume},
    )  # fmt: skip


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["CompiledPlate", "Draft", "ProtocolError", "Refused", "Stage", "compile_plate", "draft_plate"]
