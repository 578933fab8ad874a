"""A target: what is written for a robot model, and how it is read back before it is released.

Opentrons' files are analysed by Opentrons' own engine. Every other format is parsed by readers of ours (`readback/`) that state
their formats themselves and share nothing with the emitters but the coding of names; each well is rebuilt from what they read.
Neither can be switched off.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from world_model.terms.lab_profile import LabProfile
from world_model.terms.robots import ECHO, OPENTRONS, TECAN

from .device import BY_HAND, is_echo_source
from .emitters.by_hand import emit_by_hand, emit_hands
from .emitters.echo import emit_pick_list
from .emitters.pylabrobot import emit_script
from .emitters.tables import plate_map_csv, transfers_csv
from .emitters.tecan import FIXED_WASH, NEW_TIP, emit_worklist, label, rack_label, rack_type
from .finding import Finding
from .plan import PhysicalPlan, RobotStage
from .readback.acts import Bench, Parsed, bench_of
from .readback.by_hand import parse_by_hand
from .readback.compare import compare, expected_contents, faults_as_findings
from .readback.echo import parse_pick_list
from .readback.gwl import Worktable, parse_worklist
from .readback.ledger_of_work import work_faults
from .readback.pylabrobot import parse_script
from .readback.transfers import parse_transfers, plate_map_faults
from .target_rules import check_names, check_room, check_steps, check_stocks, check_target, told_tips
from .work import Place, WorkStage, plan_work

if TYPE_CHECKING:
    from .verify import Verification

READBACK = "nextwell readback"
BY_HAND_FILE = "by_hand.csv"


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """What is written for one plate.

    Attributes:
        files: one text a stage, in the plan's order; `suffix` ends their names.
        also: name → text of further files that an approval binds, e.g. by_hand.csv.
        robot: L3 on an Opentrons. `work`: L3 anywhere else.
        findings: what the ledger says of L3 before anything is written.
    """

    files: tuple[str, ...]
    suffix: str
    also: dict[str, str] = field(default_factory=dict)
    robot: tuple[RobotStage, ...] = ()
    work: tuple[WorkStage, ...] = ()
    findings: tuple[Finding, ...] = ()


class Target(ABC):
    """One way of being told what to pipette."""

    def check(self, lab: LabProfile) -> list[Finding]:
        """What the lab file lacks for this target."""
        return check_target(lab)

    @abstractmethod
    def emit(self, plan: PhysicalPlan, lab: LabProfile) -> Emitted:
        """The files of a plan."""

    @abstractmethod
    def validate(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile) -> Verification:
        """Read the files back and compare them with the plan."""


def target_of(lab: LabProfile) -> Target:
    """The target of the lab's robot."""
    model = lab.robot.model
    if model in OPENTRONS:
        return Opentrons()
    if model in TECAN:
        return Tecan()
    if model in ECHO:
        return Echo()
    return Starlet() if model == "Hamilton STARlet" else Hands()


class Opentrons(Target):
    """Flex and OT-2: Python files, analysed by Opentrons' engine."""

    def emit(self, plan: PhysicalPlan, lab: LabProfile) -> Emitted:
        from .emitters.opentrons import emit_opentrons
        from .pipettes import mounted_hands
        from .robot_plan import plan_robot

        robot = plan_robot(plan, lab, mounted_hands(lab))
        return Emitted(files=tuple(emit_opentrons(stage, plan) for stage in robot), suffix=".py", robot=robot)

    def validate(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile) -> Verification:
        from .engine.client import warm_engine
        from .verify import verify

        return verify(emitted.files, plan, emitted.robot, engine=warm_engine())


class TextTarget(Target):
    """A target whose files our own readers parse."""

    suffix: str

    def work(self, plan: PhysicalPlan, lab: LabProfile) -> tuple[WorkStage, ...]:
        """L3: by default with a change of tips after every dispense."""
        return plan_work(plan, lab, tips="every time")

    @abstractmethod
    def texts(self, work: Sequence[WorkStage], plan: PhysicalPlan, lab: LabProfile) -> tuple[str, ...]:
        """One text a stage."""

    @abstractmethod
    def parse(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile, bench: Bench) -> list[list[Parsed]]:
        """The files of each stage as they are carried out."""

    def emit(self, plan: PhysicalPlan, lab: LabProfile) -> Emitted:
        work = self.work(plan, lab)
        dry = check_stocks(plan, lab)
        faults = [fault for fault in work_faults(work, bench_of(plan, lab)) if not (dry and fault.rule == "stock runs dry")]
        findings = [*check_names(plan, lab), *check_steps(work, machine=plan.device, hands=BY_HAND), *check_room(work, lab), *dry, *faults_as_findings(faults), *told_tips(work, lab)]
        return Emitted(files=self.texts(work, plan, lab), suffix=self.suffix, also=self.also(work), work=work, findings=tuple(findings))

    def also(self, work: Sequence[WorkStage]) -> dict[str, str]:
        """The table of what hands do beside the machine, where they do anything."""
        return {BY_HAND_FILE: emit_by_hand(work)} if any(stage.before or stage.after for stage in work) else {}

    def validate(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile) -> Verification:
        from .verify import Verification

        told = compare(self.parse(emitted, plan, lab, bench_of(plan, lab)), plan, lab)
        return Verification(
            engine=READBACK, stages=len(emitted.files), commands=told.acts, wells=told.wells, largest_gap_nl=told.largest_gap_nl, findings=told.findings
        )


class Tecan(TextTarget):
    """EVO and Fluent: worklists."""

    suffix = ".gwl"

    def texts(self, work: Sequence[WorkStage], plan: PhysicalPlan, lab: LabProfile) -> tuple[str, ...]:
        return tuple(emit_worklist(stage, plan, lab) for stage in work)

    def parse(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile, bench: Bench) -> list[list[Parsed]]:
        racks = {rack_label(rack, plan): rack for rack in bench.racks}
        table = Worktable(
            racks=racks, types={told: label(rack_type(rack, plan, lab)) for told, rack in racks.items()}, liquid_class=label(lab.robot.liquid_class),
            change=FIXED_WASH if lab.robot.tips == "fixed" else NEW_TIP,
        )  # fmt: skip
        return [[parse_worklist(text, bench, table)] for text in emitted.files]


class Echo(TextTarget):
    """Pick lists, and a table for hands: what stands in no source plate, and dilutions."""

    suffix = ".csv"

    def texts(self, work: Sequence[WorkStage], plan: PhysicalPlan, lab: LabProfile) -> tuple[str, ...]:
        return tuple(emit_pick_list(stage, plan, lab) for stage in work)

    def parse(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile, bench: Bench) -> list[list[Parsed]]:
        types = {holder.name: holder.type for holder in lab.holders if is_echo_source(holder)}
        types |= {name: rack_type(name, plan, lab) for name in plan.dilution_plates}
        hands = parse_by_hand(emitted.also[BY_HAND_FILE], bench) if BY_HAND_FILE in emitted.also else {}
        stages = []
        for number, (text, stage) in enumerate(zip(emitted.files, plan.stages, strict=True)):
            files = [hands.pop((stage.name, "before"), Parsed(acts=()))]
            files.append(parse_pick_list(text, bench, source_types=types, plate=plan.plate, plate_type=lab.plate.type, step_nl=plan.device.step_nl))
            files.append(hands.pop((stage.name, "after"), Parsed(acts=())))
            if number == 0 and ("", "") in hands:
                files.append(hands.pop(("", "")))
            stages.append(files)
        return [*stages, *([list(hands.values())] if hands else [])]


class Starlet(TextTarget):
    """A PyLabRobot script for a Hamilton STARlet. Its tips are told, so that one may serve dry wells."""

    suffix = ".py"

    def work(self, plan: PhysicalPlan, lab: LabProfile) -> tuple[WorkStage, ...]:
        return plan_work(plan, lab, tips="as needed")

    def texts(self, work: Sequence[WorkStage], plan: PhysicalPlan, lab: LabProfile) -> tuple[str, ...]:
        return tuple(emit_script(stage, plan, lab, start_nl=_held_before(plan, number)) for number, stage in enumerate(work))

    def parse(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile, bench: Bench) -> list[list[Parsed]]:
        kinds = {rack: rack_type(rack, plan, lab) for rack in bench.racks}
        return [
            [parse_script(text, bench, kinds=kinds, held_nl=_held_before(plan, number), tips=stage.tips)]
            for number, (text, stage) in enumerate(zip(emitted.files, emitted.work, strict=True))
        ]


class Hands(TextTarget):
    """A person with pipettes: one table a stage, beside the bench sheet."""

    suffix = ".csv"

    def work(self, plan: PhysicalPlan, lab: LabProfile) -> tuple[WorkStage, ...]:
        return plan_work(plan, lab, tips="as needed")

    def texts(self, work: Sequence[WorkStage], plan: PhysicalPlan, lab: LabProfile) -> tuple[str, ...]:
        return tuple(emit_hands(stage) for stage in work)

    def parse(self, emitted: Emitted, plan: PhysicalPlan, lab: LabProfile, bench: Bench) -> list[list[Parsed]]:
        stages = []
        for text, stage in zip(emitted.files, plan.stages, strict=True):
            told = parse_by_hand(text, bench)
            stages.append([told.pop((stage.name, "alone"), Parsed(acts=())), *told.values()])
        return stages


@dataclass(frozen=True, kw_only=True)
class PlateTables:
    """Tables that every target gets, and where they differ from the plan when read back."""

    transfers_csv: str
    plate_map_csv: str
    findings: tuple[Finding, ...]


def plate_tables(plan: PhysicalPlan, lab: LabProfile) -> PlateTables:
    """`transfers.csv` and `plate_map.csv`, read back."""
    lots = {stock.name: stock.lot for stock in lab.stocks if stock.lot}
    transfers, wells = transfers_csv(plan, lots=lots), plate_map_csv(plan)
    told = parse_transfers(transfers, bench_of(plan, lab))
    stages = [[told.pop(stage.name, Parsed(acts=()))] for stage in plan.stages]
    found = compare([*stages, *([list(told.values())] if told else [])], plan, lab, order="as listed").findings
    wrong = [
        Finding(rule="round trip", severity="error", where="plate_map.csv", observed=fault, limit="what the plan says", mend="Compile again.")
        for fault in plate_map_faults(wells, plan)
    ]
    return PlateTables(transfers_csv=transfers, plate_map_csv=wells, findings=(*found, *wrong))


def _held_before(plan: PhysicalPlan, number: int) -> dict[Place, int]:
    """What each well holds before a stage, in whole nanolitres."""
    return {place: round(sum(contents.values())) for place, contents in expected_contents(plan, number - 1).items()}
