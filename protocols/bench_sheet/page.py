"""The bench sheet's content, in the order in which a person needs it. Nothing here knows HTML or PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from world_model.terms.goals import Measurement
from world_model.terms.lab_profile import LabProfile

from ..finding import Finding, joined
from ..intent import Inoculate, ProtocolIntent
from ..labware import labware
from ..layout.record import LayoutRecord
from ..plan import PhysicalPlan, RobotStage
from ..schedule.order import Schedule
from ..schedule.plan_times import time_rows
from ..volumes import shown
from .blocks import Column, Note, Paragraph, Section, SheetPage, Shown, Sign, Steps, Table
from .conditions import conditions_table, settings_to_make
from .deck_map import deck_map
from .gantt import gantt
from .hand_list import BETWEEN_MARKS, HandStage, hand_stages
from .pipetting_order import pipetting_order
from .plate_map import plate_map
from .steps import sheet_steps
from .stock_use import dilution_table, hazard_table, short_tubes, stock_table
from .well_tables import addition_table, well_table


def sheet_page(
    intent: ProtocolIntent, plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile, *, files: Mapping[str, str], whole: str,
    findings: Sequence[Finding], engine: str = "", schedule: Schedule | None = None, start: datetime | None = None, today: date | None = None,
    record: LayoutRecord | None = None, measurements: Sequence[Measurement] = (), context: Mapping[str, float | str] | None = None,
) -> SheetPage:  # fmt: skip
    """The page of one plate.

    Args:
        files: file's name (or its stage's, for `STAGE.py`) → SHA-256.
        whole: the hash that an approval binds.
        engine: what analysed the robot files; empty where nothing did.
        schedule: of this plate, or of all plates that share the bench; `start` gives its clock times.
        today: what expiry dates are compared with.
        record: the layout's blocks, zones and balance.
        measurements, context: what the campaign reads, and what it keeps fixed.
    """
    by_hand = hand_stages(plan, lab)
    how = _how(lab, files, by_hand)
    cells = any(isinstance(step, Inoculate) for step in intent.steps)
    used = [stock for stock in lab.stocks if any(transfer.stock == stock.name for stage in plan.stages for transfer in stage.transfers)]
    zero = f"Hours count from the end of the set-up{', when the cells are in' if cells else ''}. Note the clock time there: ______ : ______"
    hazards = hazard_table(used)
    steps = sheet_steps(
        intent, plan, how=how, pictures=bool(robot), order=pipetting_order(plan, robot, lab), measurements=measurements, settings=settings_to_make(intent, lab, record)
    )  # fmt: skip
    kept = conditions_table(intent, lab, record=record, measurements=measurements, context=context or {})
    sections = [Section(title="Conditions and readings", blocks=(kept,))] if kept.rows else []
    sections.append(Section(title="Steps", blocks=(Paragraph(text=zero), Steps(steps=tuple(steps)))))
    sections.append(
        Section(
            title="Stocks to provide",
            blocks=(
                stock_table(plan, lab, today=today),
                Paragraph(
                    text=f"“Provide” is what the plate draws from this place in all stages, {lab.overage_percent:g} % more, and what can't be drawn from the vessel (dead volume)."
                    + (" “!”: the lab file says less; it is enough, but not with the overage." if short_tubes(plan, lab) else "")
                    + " Tell the lab file when you provide less than it says: the ledger starts from there."
                ),
            ),
        )
    )  # fmt: skip
    if plan.dilutions:
        by = "Made by hand" if lab.robot.model == "hands" or plan.device.by == "sound" else "Made by the robot at the start of the set-up; the list says what to find there afterwards"
        sections.append(Section(title="Dilutions", blocks=(Paragraph(text=f"{by}."), dilution_table(plan))))
    if hazards.rows:
        sections.append(Section(title="Hazards", blocks=(hazards,)))
    sections.append(Section(title="Labware and tips", blocks=(_labware(plan, robot, lab),)))
    if schedule is not None:
        sections.append(_schedule(schedule, start))
    caption = "Numbers are the ends of the experiment ids; letters: c control, b blank, r replicate. Dashed wells stay empty. The cut corner is at A1."
    if record is not None:
        parted = " Lines part the blocks." if record.blocks > 1 else ""
        caption = f"{caption}{parted} {record.sentence}"
    sections.append(Section(title="Plate map", blocks=(Shown(picture=plate_map(plan, record), caption=caption, share=0.9),)))
    sections += [
        Section(title=f"Deck for {stage.name}" + (f" at {stage.minute / 60:g} h" if stage.minute else ""), blocks=(Shown(picture=deck_map(stage), caption=_deck_caption(stage), share=0.86),))
        for stage in robot
    ]
    for hands in by_hand:
        at = f" at {hands.at_h:g} h" if hands.at_h else ""
        told = f"Set the pipette once for each line and go down the columns; tick each well. “One tip”: it may go from well to well as long as it touches nothing but dry plastic and this liquid. {BETWEEN_MARKS}"
        sections.append(Section(title=f"By hand: {hands.stage}{at}{', ' + hands.when if hands.when else ''}", blocks=(Paragraph(text=told), *hands.rounds), new_page=True))
    sections.append(
        Section(title="Wells", blocks=(Paragraph(text=f"Final concentrations in {shown(plan.final_nl)}, as they are really reached."), well_table(plan)), new_page=True)
    )
    additions = addition_table(plan)
    if additions.rows:
        told = f"These wells hold less than {shown(plan.final_nl)} until their addition. Concentrations above are those after it."
        sections.append(Section(title="Additions", blocks=(Paragraph(text=told), additions)))
    sections.append(Section(title="Files and approval", blocks=(_files(files, whole), Sign(lines=("Approved by", "Carried out by")))))
    checked = f"Every file was read back by {engine}; each well's composition, rebuilt from what it read, equals this sheet's." if engine else ""
    return SheetPage(
        plate=plan.plate, objective=intent.objective, asks=("Date", "Person", *(["OD600 measured"] if cells else [])),
        notes=tuple(Note(severity=found.severity, rule=found.rule, text=str(found)) for found in joined(findings)), sections=tuple(sections),
        footer=f"Written by nextwell. {checked}".strip(), whole=whole,
    )  # fmt: skip


def _how(lab: LabProfile, files: Mapping[str, str], by_hand: Sequence[HandStage]) -> Callable[[str], str]:
    """How a stage is pipetted: by its file, by hand, or by both in turn."""
    beside = {(hands.stage, hands.when) for hands in by_hand}

    def how(stage: str) -> str:
        if lab.robot.model == "hands":
            return f"Pipette by hand, as in the list “By hand: {stage}”"
        named = next((name for name in files if name.startswith(f"{stage}.")), None)
        run = f"run {named or f'{stage}.py'}" if named or stage in files or not files else f"run the files of {stage}"
        parts = [f"pipette by hand, as in the list “By hand: {stage}, before the robot”"] if (stage, "before the robot") in beside else []
        parts.append(run)
        parts += [f"pipette by hand, as in the list “By hand: {stage}, after the robot”"] if (stage, "after the robot") in beside else []
        told = "; then ".join(parts)
        return told[0].upper() + told[1:]

    return how


def _schedule(schedule: Schedule, start: datetime | None) -> Section:
    rows = time_rows(schedule, start=start)
    columns = (
        Column(name="From", numeric=True, share=0.85), Column(name="To", numeric=True, share=0.85), Column(name="Who", share=0.9), Column(name="What", share=4),
    )  # fmt: skip
    told = [(row.clock_start or row.start, row.clock_end or row.end, "you" if row.hands else row.who, row.what) for row in rows]
    counts = f"Clock times of {start:%Y-%m-%d}" if start is not None else "Hours and minutes after you begin"
    text = f"{counts}; run times of machines are estimates." + ("" if schedule.shortest else " A shorter order may exist.")
    return Section(title="Schedule", blocks=(Shown(picture=gantt(schedule, start=start)), Paragraph(text=text), Table(columns=columns, rows=tuple(told), tick=True)))


def _labware(plan: PhysicalPlan, robot: Sequence[RobotStage], lab: LabProfile) -> Table:
    """Plate, holders, dilution plates and tips."""
    rows = [(labware(plan.plate_labware).title, f"plate {plan.plate}", "1")]
    drawn = {plan.stock(transfer.stock).holder for stage in plan.stages for transfer in stage.transfers}
    rows += [(labware(holder.labware).title, f"holder {holder.name}", "1") for holder in lab.holders if holder.name in drawn]
    rows += [(labware(load_name).title, name, "1") for name, load_name in plan.dilution_plates.items()]
    tips: dict[str, int] = {}
    racks: dict[str, int] = {}
    for stage in robot:
        for rack, count in stage.tips_used.items():
            tips[rack] = tips.get(rack, 0) + count
            racks[rack] = racks.get(rack, 0) + stage.racks_used.get(rack, -(-count // len(labware(rack).wells)))
    rows += [(labware(rack).title, "fresh tips, all stages", f"{count} tips, {racks[rack]} rack{'s' if racks[rack] > 1 else ''}") for rack, count in tips.items()]
    columns = (Column(name="What", bold=True, share=3), Column(name="For", share=2), Column(name="How much", numeric=True, share=1.2))
    return Table(columns=columns, rows=tuple(rows), tick=True)


def _deck_caption(stage: RobotStage) -> str:
    mounted = ", ".join(f"{name} on the {mount} mount" for mount, name in stage.pipettes)
    tips = ", ".join(f"{count} of {labware(rack).title}" for rack, count in stage.tips_used.items())
    refills = f" The robot waits {len(stage.refills)} times for full tip racks." if stage.refills else ""
    return f"Seen from the front. {mounted}. Tips used: {tips}.{refills}"


def _files(files: Mapping[str, str], whole: str) -> Table:
    rows = [(name if "." in name else f"{name}.py", sha) for name, sha in files.items()]
    rows.append(("all together (what an approval binds)", whole))
    return Table(columns=(Column(name="File", bold=True, share=1), Column(name="SHA-256", share=2.2)), rows=tuple(rows))
