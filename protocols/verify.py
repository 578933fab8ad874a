"""Translation validation: the emitted text is analysed by Opentrons' engine, and what it does must be what was planned.

Five comparisons a stage, none of which can be switched off: the engine's errors (none); labware, pipettes and declared
liquids; the sequence of tips, aspirates and dispenses; each well's composition rebuilt from those commands; and the
engine's own final volumes. Composition finds swapped stocks; the sequence finds even a swap that leaves every well right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from .emitters.opentrons import BOTTOM_MM, STIR_TIMES
from .engine.analysis import Analysis, Event
from .finding import Finding
from .labware import labware
from .pipettes import pipette_data
from .plan import PhysicalPlan, RobotStage
from .rebuild import FULL_RACK, PAUSE, Contents, Place, rebuild
from .tip_rules import ABOVE_MM

if TYPE_CHECKING:
    from .engine.client import OpentronsEngine

TOLERANCE_NL = 1.0
_MOST_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What the engine's check of all stages found. `largest_gap_nl` is over all wells and stocks."""

    engine: str
    stages: int
    commands: int
    wells: int
    largest_gap_nl: float
    findings: tuple[Finding, ...] = field(default=())

    @property
    def passed(self) -> bool:
        return not self.findings


def verify(files: Sequence[str], plan: PhysicalPlan, stages: Sequence[RobotStage], *, engine: OpentronsEngine) -> Verification:
    """Analyse each stage's file in order and compare it with the plan; the next stage starts from the wells as rebuilt."""
    return judge((engine.analyse(text) for text in files), plan, stages, by=f"opentrons {engine.version}")


def judge(analyses: Iterable[Analysis], plan: PhysicalPlan, stages: Sequence[RobotStage], *, by: str) -> Verification:
    """Compare what each stage's file does, as `by` found it, with the plan."""
    findings: list[Finding] = []
    kept: dict[Place, Contents] = {}
    commands, worst = 0, 0.0
    for number, (analysis, stage) in enumerate(zip(analyses, stages, strict=True)):
        commands += len(analysis.events)
        slots = {item.name: item.slot for item in stage.deck if item.kind != "tips"}
        before: dict[Place, Contents] = {(slots[name], well): contents for (name, well), contents in kept.items() if name in slots}
        rebuilt = rebuild(analysis, before=before)
        found = [*_engine_errors(analysis), *_set_up(analysis, stage), *_sequence(analysis, stage), *rebuilt.reasons]
        gaps, worst_here = _composition(rebuilt.wells, plan, stage, number)
        found += [*gaps, *_final_volumes(analysis, plan, stage, number)]
        worst = max(worst, worst_here)
        findings += [
            Finding(
                rule="verification",
                severity="error",
                where=f"stage {stage.name}",
                observed=told,
                limit="what the plan says",
                mend="Compile again; a file is never edited by hand.",
            )
            for told in _few(found)
        ]
        made = {plan.plate, *plan.dilution_plates}
        kept |= {(item.name, well): contents for item in stage.deck for (slot, well), contents in rebuilt.wells.items() if slot == item.slot and item.name in made}
    return Verification(
        engine=by, stages=len(stages), commands=commands, wells=len(plan.composition()),
        largest_gap_nl=worst, findings=tuple(findings),
    )  # fmt: skip


def _few(found: Sequence[str]) -> list[str]:
    return [*found[:_MOST_SHOWN], *([f"{len(found) - _MOST_SHOWN} more differences"] if len(found) > _MOST_SHOWN else [])]


def _engine_errors(analysis: Analysis) -> list[str]:
    return [f"the engine's error {error}" for error in analysis.errors]


def _set_up(analysis: Analysis, stage: RobotStage) -> list[str]:
    found = []
    deck = {item.slot: item.load_name for item in stage.deck}
    if analysis.labware != deck:
        found.append(f"labware {analysis.labware} instead of {deck}")
    mounted = {mount: pipette_data(name).engine_name for mount, name in stage.pipettes}
    if analysis.pipettes != mounted:
        found.append(f"pipettes {analysis.pipettes} instead of {mounted}")
    declared = {(load.slot, load.well): (load.liquid, round(load.volume_ul * 1000)) for load in analysis.loads if load.volume_ul > 0}
    due = {(load.slot, well): (load.liquid, volume) for load in stage.loads for well, volume in load.wells.items() if volume > 0}
    for place in sorted(declared.keys() | due.keys()):
        if declared.get(place) != due.get(place):
            found.append(f"{place[1]} of {place[0]} declared as {declared.get(place, 'empty')} instead of {due.get(place, 'empty')}")
    every = {(load.slot, load.well) for load in analysis.loads}
    undeclared = [
        f"{well} of {item.slot}"
        for item in stage.deck
        if item.kind != "tips"
        for well in labware(item.load_name).wells
        if (item.slot, well) not in every
    ]
    return found + [f"{place} is not declared, so the engine keeps no ledger of it" for place in undeclared]


@dataclass(frozen=True)
class _Act:
    kind: str
    mount: str
    slot: str
    well: str
    volume_nl: int
    above: bool

    def __str__(self) -> str:
        volume = f" {self.volume_nl / 1000:g} µL" if self.volume_nl else ""
        return f"{self.kind}{volume} at {self.well or '-'} of {self.slot or '-'} ({self.mount}{', from above' if self.above else ''})"


def expected_acts(stage: RobotStage) -> list[_Act]:
    """The tips, aspirates and dispenses that the moves stand for, in order."""
    acts: list[_Act] = []
    held: str | None = None
    refills = {refill.before: refill.slots for refill in stage.refills}
    for number, move in enumerate(stage.moves):
        mount = stage.pipettes[move.pipette][0]
        if number in refills:
            acts += [_Act("drop", held, "", "", 0, False)] if held is not None else []
            acts += [_Act(PAUSE, "", "", "", 0, False), *(_Act(FULL_RACK, "", slot, "", 0, False) for slot in refills[number])]
            held = None
        if move.tip is not None and held is not None:
            acts.append(_Act("drop", held, "", "", 0, False))
        if move.configure_nl is not None:
            acts.append(_Act("configure", mount, "", "", move.configure_nl, False))
        if move.tip is not None:
            acts.append(_Act("pick", mount, move.tip.slot, move.tip.place, 0, False))
            held = mount
        source, target = (move.source_slot, move.source_well), (move.target_slot, move.well)
        for _ in range(STIR_TIMES if move.stir_nl else 0):
            acts += [_Act("aspirate", mount, *source, move.stir_nl, False), _Act("dispense", mount, *source, move.stir_nl, False)]
        acts.append(_Act("aspirate", mount, *source, move.volume_nl, False))
        acts.append(_Act("dispense", mount, *target, move.volume_nl, move.manner == "air"))
        for _ in range(move.mix_times if move.mix_nl else 0):
            acts += [_Act("aspirate", mount, *target, move.mix_nl, False), _Act("dispense", mount, *target, move.mix_nl, False)]
    if held is not None:
        acts.append(_Act("drop", held, "", "", 0, False))
    return acts


def _act(event: Event) -> _Act:
    if event.kind == "other":
        return _Act(event.name, event.mount, event.slot, event.well, 0, False)
    above = event.kind == "dispense" and event.height_mm >= ABOVE_MM - 1e-6
    slot, well = ("", "") if event.kind == "drop" else (event.slot, event.well)
    return _Act(event.kind, event.mount, slot, well, round(event.volume_ul * 1000), above)


def _sequence(analysis: Analysis, stage: RobotStage) -> list[str]:
    due, done = expected_acts(stage), [_act(event) for event in analysis.events]
    found = [
        f"act {i}: {did} instead of {should}" for i, (should, did) in enumerate(zip(due, done, strict=False), start=1) if should != did
    ]
    if len(due) != len(done):
        found.append(f"{len(done)} acts instead of {len(due)}")
    found += _heights(analysis, stage)
    return found


# A robot loads the definitions of its API level, older ones than ours: depths differ by up to 0.7 mm.
HEIGHT_TOLERANCE_MM = 1.0


def _heights(analysis: Analysis, stage: RobotStage) -> list[str]:
    """A tip below a well's bottom breaks, and one that draws elsewhere than planned drowns or draws air; the engine accepts both."""
    wells = {item.slot: labware(item.load_name).wells for item in stage.deck}
    strokes = [event for event in analysis.events if event.kind in ("aspirate", "dispense")]
    found = []
    for event, due_mm in zip_longest(strokes, _stroke_heights(stage)):
        shape = None if event is None else wells.get(event.slot, {}).get(event.well)
        if event is None or shape is None:
            continue
        above_mm = event.height_mm + shape.depth_mm
        if above_mm < 0:
            found.append(f"{event.kind} {-above_mm:.2f} mm below the bottom of {event.well} of {event.slot}")
        elif due_mm is not None and abs(above_mm - due_mm) > HEIGHT_TOLERANCE_MM:
            found.append(f"{event.kind} {above_mm:.2f} mm above the bottom of {event.well} of {event.slot} instead of {due_mm:g} mm")
    return found


def _stroke_heights(stage: RobotStage) -> list[float | None]:
    """Where each aspirate and dispense happens, mm above the well's bottom; None for drops from above."""
    heights: list[float | None] = []
    for move in stage.moves:
        heights += [move.source_mm] * (2 * STIR_TIMES if move.stir_nl else 0)
        heights += [move.source_mm, None if move.manner == "air" else BOTTOM_MM]
        heights += [BOTTOM_MM] * (2 * move.mix_times if move.mix_nl else 0)
    return heights


def _composition(wells: dict[Place, Contents], plan: PhysicalPlan, stage: RobotStage, number: int) -> tuple[list[str], float]:
    """Per stock and per component, each well of the plate after this stage."""
    due = plan.composition(until=number)
    done = {well: contents for (slot, well), contents in wells.items() if slot == stage.plate_slot and contents}
    found, worst = [], 0.0
    strongest: dict[str, float] = {}
    for brings in plan.strengths.values():
        for component, strength in brings.items():
            strongest[component] = max(strongest.get(component, 0.0), strength)
    for well in sorted(due.keys() | done.keys()):
        planned, rebuilt = due.get(well, {}), done.get(well, {})
        for stock in sorted(planned.keys() | rebuilt.keys()):
            gap = abs(planned.get(stock, 0) - rebuilt.get(stock, 0.0))
            worst = max(worst, gap)
            if gap > TOLERANCE_NL:
                found.append(
                    f"{rebuilt.get(stock, 0.0) / 1000:.4g} µL of {stock} in {well} instead of {planned.get(stock, 0) / 1000:.4g} µL"
                )
        for component, strength in strongest.items():
            # amounts in units·nL; 1 nL of the strongest stock is the tolerance
            amount = sum(volume * plan.strengths.get(stock, {}).get(component, 0.0) for stock, volume in planned.items())
            other = sum(volume * plan.strengths.get(stock, {}).get(component, 0.0) for stock, volume in rebuilt.items())
            if abs(amount - other) > TOLERANCE_NL * strength:
                unit = plan.units.get(component, "")
                found.append(f"{component} in {well} {other / plan.final_nl:.4g} {unit} instead of {amount / plan.final_nl:.4g} {unit}")
    return found, worst


def _final_volumes(analysis: Analysis, plan: PhysicalPlan, stage: RobotStage, number: int) -> list[str]:
    """The engine's own ledger at the end: what was loaded, and what the plan's transfers of this stage add and take."""
    slots = {item.name: item.slot for item in stage.deck if item.kind != "tips"}
    due: dict[Place, int] = {(load.slot, well): volume for load in stage.loads for well, volume in load.wells.items()}
    for transfer in plan.stages[number].transfers:
        source, target = (slots[plan.stock(transfer.stock).holder], transfer.source_well), (slots[transfer.plate], transfer.well)
        due[source] = due.get(source, 0) - transfer.volume_nl
        due[target] = due.get(target, 0) + transfer.volume_nl
    found = []
    for place in sorted(due.keys() | analysis.final_ul.keys()):
        volume = analysis.final_ul.get(place)
        if not isinstance(volume, int | float):
            found.append(f"the engine knows no volume of {place[1]} of {place[0]}")
        elif abs(volume * 1000 - due.get(place, 0)) > TOLERANCE_NL:
            found.append(
                f"the engine's final volume of {place[1]} of {place[0]} is {volume:.4g} µL instead of {due.get(place, 0) / 1000:.4g} µL"
            )
    return found
