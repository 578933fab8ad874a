"""What parsed files do, held against the plan: every well's composition, every transfer, every stage, and the order in each well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from world_model.terms.lab_profile import LabProfile

from ..adding_order import turns
from ..finding import Finding
from ..plan import PhysicalPlan
from ..volumes import shown
from .acts import Parsed, Place, bench_of
from .walk import Fault, open_ledger

# a hundredth of a nanolitre: far below the smallest drop, far above what sums of floats drift
TOLERANCE_NL = 0.01
_MOST_SHOWN = 8
_MENDS = {
    "well capacity": "Lower plate.volume_ul, or take labware with larger wells.",
    "stock runs dry": "Provide more of it (volume_ml), or another well of it (more_positions).",
}


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """What the comparison found. `largest_gap_nl` is over all wells and stocks, dilutions too."""

    acts: int
    wells: int
    largest_gap_nl: float
    findings: tuple[Finding, ...]


def compare(
    parsed: Sequence[Sequence[Parsed]], plan: PhysicalPlan, lab: LabProfile, *, order: Literal["as pipetted", "as listed"] = "as pipetted"
) -> ReadBack:
    """Walk each stage's files in order.

    Args:
        parsed: `parsed[stage]` are the files of one stage as they are carried out; one list more than stages is a fault.
        order: whether the files say in which order liquids enter a well, or are a plain list of transfers.
    """
    ledger = open_ledger(bench_of(plan, lab))
    found: list[str] = []
    worst, acts = 0.0, 0
    if len(parsed) != len(plan.stages):
        found.append(f"{len(parsed)} stages instead of {len(plan.stages)}")
    for number, (stage, files) in enumerate(zip(plan.stages, parsed, strict=False)):
        moved: dict[tuple[Place, Place], float] = {}
        for file in files:
            found += [f"{stage.name}: {fault}" for fault in file.faults]
            acts += len(file.acts)
            for between, volume in ledger.walk(file.acts, stage=stage.name).items():
                moved[between] = moved.get(between, 0.0) + volume
        found += _transfers(moved, plan, number)
        told, gap = _contents(ledger.wells, plan, number)
        found += told
        worst = max(worst, gap)
    if order == "as pipetted":
        found += _order(ledger.entered, plan, lab)
    return ReadBack(acts=acts, wells=len(plan.composition()), largest_gap_nl=worst, findings=(*faults_as_findings(ledger.faults), *_differences(found)))


def faults_as_findings(faults: Sequence[Fault]) -> list[Finding]:
    """A ledger's faults as findings."""
    return [
        Finding(rule=fault.rule, severity="error", where=fault.where, observed=fault.observed, limit=fault.limit, mend=_MENDS.get(fault.rule, ""))
        for fault in faults
    ]


def _differences(found: Sequence[str]) -> list[Finding]:
    shown_ones = [*found[:_MOST_SHOWN], *([f"{len(found) - _MOST_SHOWN} more differences"] if len(found) > _MOST_SHOWN else [])]
    return [
        Finding(rule="round trip", severity="error", where="the emitted files, read back", observed=told, limit="what the plan says", mend="Compile again; a file is never edited by hand.")
        for told in shown_ones
    ]  # fmt: skip


def _transfers(moved: Mapping[tuple[Place, Place], float], plan: PhysicalPlan, number: int) -> list[str]:
    """A swap of two equal wells leaves every composition right: the transfers themselves must be the plan's."""
    due: dict[tuple[Place, Place], float] = {}
    for transfer in plan.stages[number].transfers:
        between = (plan.stock(transfer.stock).holder, transfer.source_well), (transfer.plate, transfer.well)
        due[between] = due.get(between, 0.0) + transfer.volume_nl
    return [
        f"{plan.stages[number].name}: {shown(moved.get(between, 0.0))} from {between[0][1]} of {between[0][0]} into {between[1][1]} of {between[1][0]}"
        f" instead of {shown(due.get(between, 0.0))}"
        for between in sorted(moved.keys() | due.keys())
        if abs(moved.get(between, 0.0) - due.get(between, 0.0)) > TOLERANCE_NL
    ]


def expected_contents(plan: PhysicalPlan, number: int) -> dict[Place, dict[str, float]]:
    """Every well on the bench after the stages up to position `number` (-1: before the set-up, which makes the dilutions)."""
    drawn: dict[tuple[str, str], int] = {}
    for stage in plan.stages[: number + 1]:
        for transfer in stage.transfers:
            source = transfer.stock, transfer.source_well
            drawn[source] = drawn.get(source, 0) + transfer.volume_nl
    held: dict[Place, dict[str, float]] = {(plan.plate, well): contents for well, contents in plan.composition(until=number).items()}
    for dilution in plan.dilutions if number >= 0 else ():
        parts = plan.made_of(dilution.name)
        for well, made in dilution.wells.items():
            left = made - drawn.get((dilution.name, well), 0)
            held[dilution.plate, well] = {stock: left * part for stock, part in parts.items()}
    for state in plan.stocks:
        for well, start in state.start_nl.items():
            held[state.holder, well] = {state.name: start - drawn.get((state.name, well), 0)}
    return held


def _contents(wells: Mapping[Place, Mapping[str, float]], plan: PhysicalPlan, number: int) -> tuple[list[str], float]:
    due = expected_contents(plan, number)
    found, worst = [], 0.0
    for place in sorted(due.keys() | wells.keys()):
        planned, done = due.get(place, {}), wells.get(place, {})
        for stock in sorted(planned.keys() | done.keys()):
            gap = abs(planned.get(stock, 0.0) - done.get(stock, 0.0))
            worst = max(worst, gap)
            if gap > TOLERANCE_NL:
                found.append(f"{plan.stages[number].name}: {shown(done.get(stock, 0.0))} of {stock} in {place[1]} of {place[0]} instead of {shown(planned.get(stock, 0.0))}")
    return found, worst


def _order(entered: Mapping[Place, Sequence[str]], plan: PhysicalPlan, lab: LabProfile) -> list[str]:
    """What is to be added first comes first, and cells come last. Additions to growing cultures follow the set-up anyway."""
    turn = turns(plan, lab)
    of_setup = {t.stock for t in plan.stages[0].transfers} if plan.stages else set()
    later = {t.stock for stage in plan.stages[1:] for t in stage.transfers}
    found = []
    for (plate, well), liquids in entered.items():
        if plate != plan.plate:
            continue
        told = [liquid for liquid in liquids if liquid in of_setup and liquid not in later]
        for before, after in pairwise(told):
            if turn.get(before, 1) > turn.get(after, 1):
                found.append(f"{before} comes before {after} in {well}, which is to be added earlier")
                break
    return found
